"""Giving roles and taking them away."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib.errors import Conflict, Invalid

from . import controls
from .models import Folder, Membership, PendingChange, Project, Role
from .permissions import can
from .roles import IN_A_FOLDER
from .rules import ROLE_WORDS
from .saving import save_by


@transaction.atomic
def grant_role(*, project: Project, user: User, role: str, folder: Folder | None = None, actor: Actor) -> Membership | PendingChange:
    """Give a role in the whole project, or in `folder` and what lies below it. Raises Invalid, Conflict when the person has it already."""
    folder = folder if folder and folder.path else None
    can(actor, "administer", folder or project).require()
    if folder and folder.project_id != project.pk:
        raise Invalid({"folder": "That folder belongs to another project."})
    if folder and role not in IN_A_FOLDER:
        raise Invalid({"role": "The trail belongs to the whole project, so an auditor does too."})
    if Membership.objects.filter(project=project, folder=folder, user=user, role=role, source=Membership.Source.LOCAL).exists():
        raise Conflict(f"{user} already has this role here.")
    if role in Role.values and controls.counts(role, project) and controls.needs_second_person(actor, project):
        where = f" in {folder}" if folder else ""
        return controls.ask(
            kind="role",
            subject=f"role:{project.uid}:{folder.uid if folder else ''}:{user.uid}:{role}",
            label=f"The role {Role(role).label.lower()}{where}",
            reasons=[f"one more person counts as {ROLE_WORDS[role]}"],
            project=project,
            actor=actor,
            data={"user": str(user.uid), "role": role, "folder": str(folder.uid) if folder else None},
        )
    return put_role(Membership(project=project, folder=folder, user=user, role=role, granted_by=actor.user), actor)


def put_role(membership: Membership, actor: Actor) -> Membership:
    """Keep a role that somebody was allowed to give, and tell it."""
    save_by(membership, actor)
    record(
        actor=actor,
        action="role.granted",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=membership.project.uid,
        person=membership.user.uid,
        role=membership.role,
        source=membership.source,
        folder=membership.folder.path if membership.folder else None,
    )
    return membership


def _confirmed_role(change: PendingChange, actor: Actor) -> None:
    assert change.project
    folder = Folder.objects.get(uid=change.data["folder"]) if change.data["folder"] else None
    user = User.objects.get(uid=change.data["user"])
    put_role(Membership(project=change.project, folder=folder, user=user, role=change.data["role"], granted_by=change.asked_by), actor)


@transaction.atomic
def revoke_role(*, membership: Membership, actor: Actor) -> PendingChange | None:
    """Take a role away at once; an admin's, where the site asks for it, when a second person agrees: they are who confirms the rest."""
    project = membership.project
    can(actor, "administer", membership.folder or project).require()
    is_admin = membership.role == Role.ADMIN and not membership.folder
    if is_admin and not _other_admins(membership):
        raise Conflict(f"{membership.user} is the last project admin of {project}. Make someone else one first.")
    if is_admin and membership.user_id != actor.user.pk and controls.needs_second_person(actor, project):
        return controls.ask(
            kind="admin_taken",
            subject=f"admin_taken:{membership.uid}",
            label="Taking away the role project admin",
            reasons=["one person less confirms changes like this"],
            project=project,
            actor=actor,
            data={"membership": str(membership.uid), "user": str(membership.user.uid)},
        )
    take_role(membership, actor)
    return None


def take_role(membership: Membership, actor: Actor) -> None:
    """Take a role that somebody was allowed to take, and tell it."""
    record(
        actor=actor,
        action="role.revoked",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=membership.project.uid,
        person=membership.user.uid,
        role=membership.role,
        source=membership.source,
        folder=membership.folder.path if membership.folder else None,
    )
    membership._history_user = actor.user  # type: ignore[attr-defined]
    membership.delete()


def _confirmed_taking(change: PendingChange, actor: Actor) -> None:
    membership = Membership.objects.select_related("user", "project").filter(uid=change.data["membership"]).first()
    if membership is None:
        raise Conflict("The role is gone already.")
    if not _other_admins(membership):
        raise Conflict(f"{membership.user} is the last project admin of {membership.project} now. Make someone else one first.")
    take_role(membership, actor)


def _other_admins(membership: Membership) -> bool:
    admins = Membership.objects.filter(project=membership.project, folder=None, role=Role.ADMIN, user__is_active=True)
    return admins.exclude(pk=membership.pk).exists()


controls.register("role", carry_out=_confirmed_role)
controls.register("admin_taken", carry_out=_confirmed_taking)
