"""May this actor do this? Every `can_` question about roles ends here."""

from typing import cast

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied

from .models import (
    ApiKey,
    Folder,
    FolderGroupPermission,
    FolderQuerySet,
    Membership,
    PendingChange,
    Project,
    ProjectGroupPermission,
    granted,
)
from .roles import DEEDS, ROLES, SCOPES
from .rules import ROLE_WORDS, either

Place = Project | Folder


def roles_at(user: User, place: Place) -> set[str]:
    """The roles that count in a folder (its own, those of the folders above it, the project's), or in the whole project."""
    held = Membership.objects.filter(user=user)
    held = held.at(place) if isinstance(place, Folder) else held.filter(project=place, folder=None)
    return set(held.values_list("role", flat=True))


def can(actor: Actor, verb: str, place: Place) -> Allowed | Denied:
    """The general answer for a project or a folder: role for people, scope for keys."""
    if actor.user.kind == User.Kind.SYSTEM:
        return Allowed()
    if actor.key:
        return _key_can(actor.key, verb, place)
    if actor.user.is_site_admin or _is_granted(actor.user, verb, place):
        return Allowed()
    wanted = either([word for role, word in ROLE_WORDS.items() if role in ROLES[verb]])
    deed = DEEDS[verb].format(place="folder" if isinstance(place, Folder) and place.path else "project")
    return Denied(f"Your role does not allow you to {deed}. Ask a project admin for the role {wanted}.")


def can_give_somewhere(actor: Actor, project: Project) -> Allowed | Denied:
    """Give roles in the project, or in a folder of it that is this person's to keep."""
    general = can(actor, "administer", project)
    return general if general or not folders_to_give(actor, project).exists() else Allowed()


def folders_to_give(actor: Actor, project: Project) -> FolderQuerySet:
    """Folders of `project` in which a role of this person allows to give roles, besides what the project's roles allow."""
    found = project.folders.granted(actor.user, "administer")
    return cast(FolderQuerySet, found.none() if actor.key else found)


def can_create_project(actor: Actor) -> Allowed | Denied:
    return Allowed() if can_administer_site(actor) else Denied("Only an administrator of this installation makes projects.")


def can_administer_site(actor: Actor) -> Allowed | Denied:
    if actor.user.kind == User.Kind.SYSTEM or (actor.user.is_site_admin and not actor.key):
        return Allowed()
    return Denied("Only a site admin does this.")


def can_map_groups(actor: Actor) -> Allowed | Denied:
    return Allowed() if can_administer_site(actor) else Denied("Only a site admin says what the groups of your company give here.")


def can_confirm(actor: Actor, change: PendingChange) -> Allowed | Denied:
    """A second person: whoever may administer the same thing and did not ask for it."""
    if actor.key or actor.user.kind != User.Kind.PERSON:
        return Denied("A second person has to confirm this, and a key is none.")
    if change.asked_by_id == actor.user.pk:
        return Denied("You asked for this yourself. Somebody else has to confirm it.")
    if change.project is None:
        return Allowed() if actor.user.is_site_admin else Denied("Only a site admin confirms this.")
    return can(actor, "administer", change.project)


def _is_granted(user: User, verb: str, place: Place) -> bool:
    project = place.project_id if isinstance(place, Folder) else place.pk
    if granted(ProjectGroupPermission, user, verb).filter(content_object=project).exists():
        return True
    return isinstance(place, Folder) and granted(FolderGroupPermission, user, verb).filter(content_object=place).exists()


def _key_can(key: object, verb: str, place: Place) -> Allowed | Denied:
    assert isinstance(key, ApiKey)
    if key.project_id != (place.project_id if isinstance(place, Folder) else place.pk):
        return Denied("This key belongs to another project.")
    scope = SCOPES.get(verb)
    if scope is None:
        return Denied("A key cannot do this. A person has to.")
    if not key.has_scope(scope):
        return Denied(f"This key lacks the scope “{scope}”.")
    if key.folder and isinstance(place, Folder) and not key.folder.holds(place):
        return Denied(f"This key is bound to the folder {key.folder}.")
    return Allowed()
