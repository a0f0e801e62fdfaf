"""May this actor do this with a request? Whoever reads may ask, whoever writes may take it, and the asker says whether it is that."""

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import Folder, Membership, Project
from promptstudio.projects.permissions import can
from promptstudio.projects.roles import ROLES

from .models import Prompt, Request
from .permissions import can_create_prompt, can_here, can_write


def can_ask(actor: Actor, place: Folder | Prompt) -> Allowed | Denied:
    if actor.key:
        return Denied("A key asks for nothing. A person has to.")
    if isinstance(place, Prompt) and place.archived_at:
        return Denied("This prompt is archived. Restore it first, or ask for a new one.")
    return can_here(actor, "read", place) if isinstance(place, Prompt) else can(actor, "read", place)


def folders_to_ask_in(actor: Actor, project: Project) -> list[Folder]:
    """Folders in which this person may read, and so may ask; outermost first."""
    found = project.folders.order_by("path")
    return list(found if can(actor, "read", project) else found.granted(actor.user, "read"))


def can_take(actor: Actor, request: Request) -> Allowed | Denied:
    if actor.key:
        return Denied("A key takes no requests. A person has to.")
    return can_write(actor, request.prompt) if request.prompt else can_create_prompt(actor, request.folder)


def can_hand_over(actor: Actor, request: Request) -> Allowed | Denied:
    """Whoever has it, and whoever keeps the place."""
    if request.owner_id == actor.user.pk and not actor.key:
        return can_take(actor, request)
    return _keeps(actor, request) or Denied("Only who has taken it, or a project admin, hands it to somebody else.")


def can_decline(actor: Actor, request: Request) -> Allowed | Denied:
    """Once a version answers it, those who write cannot close it any more: what the asker has to confirm would fall away."""
    if actor.key:
        return Denied("A key declines nothing. A person has to.")
    if request.asked_by_id == actor.user.pk:
        return _here(actor, "read", request)
    if _keeps(actor, request):
        return Allowed()
    if request.events.exclude(version=None).exists():
        return Denied("A version answers it already. Only its asker, or a project admin, closes it now.")
    if request.owner_id not in (None, actor.user.pk):
        return Denied(f"{request.owner} has taken it. They, its asker or a project admin may decline it.")
    return can_take(actor, request)


def can_confirm_answer(actor: Actor, request: Request) -> Allowed | Denied:
    """The asker; where they are gone, a project admin in their place."""
    if actor.key:
        return Denied("A key confirms nothing. A person has to.")
    if request.asked_by_id == actor.user.pk:
        return _here(actor, "read", request)
    if not is_gone(request):
        return Denied(f"{request.asked_by} asked for it, so {request.asked_by} says whether this is what was wanted.")
    return _keeps(actor, request) or Denied(f"{request.asked_by} is not here any more. A project admin can answer in their place.")


def can_say(actor: Actor, request: Request) -> Allowed | Denied:
    if actor.key:
        return Denied("A key cannot take part in a conversation. A person has to.")
    return _here(actor, "read", request)


def is_gone(request: Request) -> bool:
    """Whether the asker can be asked no more: cannot sign in, or does not see it."""
    asker = request.asked_by
    return not asker.is_active or not _here(Actor(asker), "read", request)


def is_shut_out(request: Request) -> bool:
    """Whether the asker reads here and is not named on the restricted prompt that answers them."""
    asker = request.asked_by
    inside = asker.is_active and bool(can(Actor(asker), "read", request.place))
    return inside and request.prompt is not None and not sees(asker, request.prompt)


def sees(person: User, prompt: Prompt) -> bool:
    return bool(can_here(Actor(person), "read", prompt))


def writers_for(request: Request) -> list[User]:
    """Who could write it, by name."""
    members = Membership.objects.at(request.place).filter(user__is_active=True, role__in=ROLES["write"]).values("user")
    people = User.objects.filter(pk__in=members, kind=User.Kind.PERSON).order_by("name", "pk")
    prompt = request.prompt
    return [person for person in people if prompt is None or not prompt.restricted or sees(person, prompt)]


def _here(actor: Actor, deed: str, request: Request) -> Allowed | Denied:
    return can_here(actor, deed, request.prompt) if request.prompt else can(actor, deed, request.folder)


def _keeps(actor: Actor, request: Request) -> Allowed | Denied:
    return _here(actor, "administer", request)
