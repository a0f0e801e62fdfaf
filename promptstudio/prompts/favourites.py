"""A person's stars. They concern nobody else, so the trail, which others read, does not have them."""

from promptstudio.accounts.models import User

from .models import Favourite, Prompt


def star(prompt: Prompt, user: User) -> None:
    Favourite.objects.get_or_create(prompt=prompt, user=user)


def unstar(prompt: Prompt, user: User) -> None:
    Favourite.objects.filter(prompt=prompt, user=user).delete()


def is_starred(prompt: Prompt, user: User) -> bool:
    return Favourite.objects.filter(prompt=prompt, user=user).exists()


def starred(user: User) -> set[int]:
    return set(Favourite.objects.filter(user=user).values_list("prompt_id", flat=True))
