"""Deciding about what waits for a second person."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.lib.locking import locked

from . import controls
from .models import PendingChange
from .permissions import can_confirm


@transaction.atomic
def confirm_change(*, change: PendingChange, actor: Actor) -> PendingChange:
    """Carry out what somebody else asked for. Raises NotAllowed, and Conflict when it was decided or no longer fits."""
    change = _open_change(change)
    can_confirm(actor, change).require()
    controls.carry_out(change, actor)
    return _decided(change, PendingChange.Outcome.CONFIRMED, "control.confirmed", actor)


@transaction.atomic
def decline_change(*, change: PendingChange, actor: Actor) -> PendingChange:
    """Leave everything as it is. Whoever asked withdraws it by the same way."""
    change = _open_change(change)
    own = change.asked_by_id == actor.user.pk and not actor.key
    if not own:
        can_confirm(actor, change).require()
    controls.undo(change, actor)
    if own:
        return _decided(change, PendingChange.Outcome.WITHDRAWN, "control.withdrawn", actor)
    return _decided(change, PendingChange.Outcome.DECLINED, "control.declined", actor)


def _open_change(change: PendingChange) -> PendingChange:
    change = locked(PendingChange.objects.all(), "project", "asked_by", pk=change.pk)
    if change.outcome:
        raise Conflict(f"This is decided already: {change.get_outcome_display().lower()}.")
    return change


def _decided(change: PendingChange, outcome: str, action: str, actor: Actor) -> PendingChange:
    change.outcome, change.decided_by, change.decided_at = outcome, actor.user, clock.now()
    change.save()
    record(
        actor=actor,
        action=action,
        subject=change,
        label=change.label,
        project_uid=change.project.uid if change.project else None,
        person=change.asked_by.uid,
        kind=change.kind,
    )
    return change
