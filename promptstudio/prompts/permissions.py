"""May this actor do this with a prompt? The tooltip and the refusal say the same sentence."""

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import Folder, Membership, Project
from promptstudio.projects.permissions import can

from .models import Draft, Prompt


def can_here(actor: Actor, verb: str, prompt: Prompt) -> Allowed | Denied:
    """The general answer for one prompt: its folder's and its project's roles, and whether it is restricted to others."""
    if prompt.restricted and actor.user.kind != User.Kind.SYSTEM and not Prompt.objects.visible_to(actor).filter(pk=prompt.pk).exists():
        return Denied("This prompt is restricted to named people. Its owner can add you.")
    return can(actor, verb, prompt.folder)


def can_create_prompt(actor: Actor, place: Project | Folder) -> Allowed | Denied:
    return can(actor, "write", place)


def can_create_somewhere(actor: Actor, project: Project) -> Allowed | Denied:
    """In the project at large, or in a folder of it: whether the button to start with is there."""
    general = can(actor, "write", project)
    return general if actor.key or general or not folders_to_write(actor, project) else Allowed()


def folders_to_write(actor: Actor, project: Project) -> list[Folder]:
    """Folders in which a role of this person allows to write, besides what the project's roles allow; outermost first."""
    return list(project.folders.granted(actor.user, "write").order_by("path"))


def can_write(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if prompt.archived_at:
        return Denied("This prompt is archived. It can be read, not changed.")
    return can_here(actor, "write", prompt)


def can_restrict(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Its owner, and whoever administers the place."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt) if prompt.owner_id == actor.user.pk else can_here(actor, "administer", prompt)


def people_to_name(prompt: Prompt) -> list[User]:
    """Who has a role that reads the place of `prompt`, and could be named on it when it is restricted; by name."""
    members = Membership.objects.at(prompt.folder).filter(user__is_active=True).values("user")
    return list(User.objects.filter(pk__in=members, kind=User.Kind.PERSON).order_by("name", "pk"))


def can_edit(actor: Actor, draft: Draft) -> Allowed | Denied:
    if not draft.is_open:
        return Denied(
            f"This draft became version {draft.became.semver}. Open a new draft to go on." if draft.became else "This draft was discarded."
        )
    return can_write(actor, draft.prompt)
