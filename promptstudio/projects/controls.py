"""Control over the controls: what makes an environment easier to reach waits for a second person.

A service calls `ask()` instead of acting; `control_services.confirm_change` carries it out through what is registered for its kind.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import Identity, User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict

from .models import Environment, FolderReviewer, Membership, PendingChange, Project, Role

Carry = Callable[[PendingChange, Actor], None]
_carry: dict[str, Carry] = {}
_refuse: dict[str, Carry] = {}


def register(kind: str, *, carry_out: Carry, refused: Carry | None = None) -> None:
    """How a change of `kind` is carried out once it is confirmed, and what its refusal undoes."""
    _carry[kind] = carry_out
    if refused:
        _refuse[kind] = refused


def carry_out(change: PendingChange, actor: Actor) -> None:
    _carry[change.kind](change, actor)


def undo(change: PendingChange, actor: Actor) -> None:
    if change.kind in _refuse:
        _refuse[change.kind](change, actor)


def needs_second_person(actor: Actor, project: Project | None) -> bool:
    """Only what people do by hand, and only where somebody else is there who could confirm it."""
    return bool(settings.SECOND_PERSON) and actor.user.kind == User.Kind.PERSON and others_who_confirm(actor.user, project).exists()


def others_who_confirm(user: User, project: Project | None) -> Any:
    """Site admins, and for a change in a project its admins, without `user`."""
    admins = Membership.objects.filter(project=project, folder=None, role=Role.ADMIN).given_by_others().values("user")
    able = Q(is_superuser=True) | (Q(pk__in=admins) if project else Q(pk=None))
    others = User.objects.filter(able, kind=User.Kind.PERSON, is_active=True).exclude(pk=user.pk)
    return others.exclude(identities__issuer=Identity.BREAK_GLASS)


def counts(role: str, project: Project) -> bool:
    """Whether this role opens something: it changes the settings, or the conditions of an environment with approvals speak of it,
    themselves or through who answers for a folder.

    Where there is no environment yet, there is nothing to open.
    """
    guarded = [place.policy.rules for place in project.environments.all()]
    if role == Role.ADMIN:
        return bool(guarded)
    if any(role in rules.approvals or role in rules.deployers for rules in guarded if rules.asks_approval):
        return True
    return any(rules.folder_reviewers for rules in guarded) and FolderReviewer.objects.filter(folder__project=project, role=role).exists()


def is_guarded(environment: Environment) -> bool:
    return environment.policy.rules.asks_approval


def ask(
    *, kind: str, subject: str, label: str, reasons: list[str], project: Project | None, actor: Actor, data: dict[str, Any]
) -> PendingChange:
    """Note the wish for a second person. Raises Conflict while an earlier wish about the same thing waits."""
    try:
        with transaction.atomic():
            change = PendingChange.objects.create(
                project=project,
                kind=kind,
                subject=subject,
                label=label[:400],
                reasons=reasons,
                data=data,
                asked_by=actor.user,
                asked_at=clock.now(),
            )
    except IntegrityError:
        other = PendingChange.objects.open().select_related("asked_by").get(subject=subject)
        raise Conflict(f"{other.asked_by} asked for this already: {other}. It waits for a second person.") from None
    record(
        actor=actor,
        action="control.asked",
        subject=change,
        label=change.label,
        project_uid=project.uid if project else None,
        kind=kind,
        reasons=reasons,
    )
    return change
