"""How a thing with a history is saved."""

from typing import Any

from django.core.exceptions import ValidationError

from promptstudio.accounts.actor import Actor
from promptstudio.lib.errors import Invalid


def save_by(thing: Any, actor: Actor) -> None:
    """Raises Invalid with what the model refuses, by field."""
    # simple-history keeps this attribute on the instance, so it is set right before each save.
    try:
        thing.full_clean()
    except ValidationError as error:
        raise Invalid({field: " ".join(sentences) for field, sentences in error.message_dict.items()}) from None
    thing._history_user = actor.user
    thing.save()
