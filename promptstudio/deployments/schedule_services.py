"""Promoting at a moment that somebody names, through the one door: its conditions are asked again when the moment has come."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.projects.models import ApiKey, Environment
from promptstudio.prompts.models import Version

from . import door
from .door import ANY, Blocked, Seen
from .models import Schedule
from .permissions import can_cancel_schedule, can_deploy, can_move_schedule
from .services import deploy

log = structlog.get_logger(__name__)
LONGEST_AHEAD = timedelta(days=366)


def schedule_promotion(
    *, version: Version, environment: Environment, at: datetime, zone: str, actor: Actor, reason: str = "", replaces: Seen = ANY
) -> Schedule:
    """Promote `version` at `at` (aware), which was said in the time zone `zone`. Conditions may be open until then.

    Raises NotAllowed, Invalid under `at`, and Conflict where somebody was faster or another promotion waits there already.
    """
    door.same_project(version, environment)
    door.permitted(can_deploy(actor, environment, version.prompt), version, environment, "deployment", actor)
    _check_moment(at)
    check_lengths(reason=reason)
    with transaction.atomic():
        placement = door.lock_placement(version.prompt, environment)
        door.is_still_in_the_library(version.prompt)
        newest = placement.newest
        door.nobody_was_faster(placement, newest, version, replaces)
        if other := Schedule.objects.waiting().filter(placement=placement).select_related("version", "by").first():
            raise Conflict(f"{other.by} scheduled {other.version.semver} for {environment} already: {other.when}. Cancel that one first.")
        key = actor.key if isinstance(actor.key, ApiKey) else None
        made: Schedule = Schedule.objects.create(
            placement=placement,
            version=version,
            at=at,
            zone=zone,
            reason=reason.strip(),
            replaces=newest,
            by=actor.user,
            key=key,
            created_at=clock.now(),
        )
        door.schedule_recorded(made, "schedule.made", actor, words={"reason": made.reason})
    return made


def move_schedule(*, schedule: Schedule, at: datetime, zone: str, actor: Actor) -> Schedule:
    """Another moment. Raises NotAllowed, Invalid under `at`, Conflict when it is settled."""
    can_move_schedule(actor, schedule).require()
    _check_moment(at)
    with transaction.atomic():
        row = _locked(schedule)
        _is_waiting(row)
        row.at, row.zone = at, zone
        row.save(update_fields=["at", "zone"])
        door.schedule_recorded(row, "schedule.moved", actor)
    return row


def cancel_schedule(*, schedule: Schedule, actor: Actor) -> Schedule:
    can_cancel_schedule(actor, schedule).require()
    with transaction.atomic():
        row = _locked(schedule)
        _is_waiting(row)
        _settle(row, Schedule.State.CANCELLED, cancelled_by=actor.user)
        door.schedule_recorded(row, "schedule.cancelled", actor)
    return row


def promote_due(*, actor: Actor) -> int:
    """Whatever its moment has come for is promoted or refused, each once. Only the clock does it. Returns how many."""
    if actor.user.kind != User.Kind.SYSTEM:
        raise NotAllowed("Only the clock promotes what was scheduled.")
    return sum(_settled_once(row, actor) for row in Schedule.objects.due().select_related("placement__prompt", "placement__environment"))


def _settled_once(schedule: Schedule, actor: Actor) -> bool:
    """One transaction promotes it and says so: a clock that is killed in between has done neither, and the next one does both."""
    try:
        with transaction.atomic():
            row = _locked(schedule)
            if not row.is_waiting or row.at > clock.now():
                return False
            _promote(row, actor)
    except (OperationalError, InterfaceError):
        # The database is away or was too busy: the next round tries it, and the others are due all the same.
        log.warning("schedule.put_off", schedule=str(schedule.uid), exc_info=True)
        return False
    except Exception as error:
        log.exception("schedule.broken", schedule=str(schedule.uid))
        sentence = f"Something unexpected happened ({type(error).__name__}), so nothing was promoted."
        with transaction.atomic():
            row = _locked(schedule)
            if row.is_waiting:
                _refuse(row, Schedule.Because.BROKEN, actor, sentence=sentence)
    return True


def _promote(row: Schedule, actor: Actor) -> None:
    try:
        _stands_as_asked(row)
        place = row.placement.environment
        made = deploy(version=row.version, environment=place, reason=row.reason, replaces=row.replaces, actor=row.actor)
    except Blocked as blocked:
        _refuse(row, Schedule.Because.BLOCKED, actor, evaluation=blocked.evaluation)
    except NotAllowed as error:
        _refuse(row, Schedule.Because.NOT_ALLOWED, actor, sentence=error.sentence)
    except _Overtaken:
        _refuse(row, Schedule.Because.OVERTAKEN, actor, overtaken_by=row.placement.newest)
    except Conflict as error:
        _refuse(row, Schedule.Because.CONFLICT, actor, sentence=error.sentence)
    else:
        _settle(row, Schedule.State.PROMOTED, deployment=made)
        door.schedule_recorded(row, "schedule.promoted", actor)


class _Overtaken(Conflict):
    """Something else was sent there after it was asked for. Who did it is read from the deployment, not kept in words."""


def _stands_as_asked(row: Schedule) -> None:
    """Nobody is promoted for who is not here any more, and nothing is replaced that nobody saw."""
    if not row.by.is_active:
        raise NotAllowed("Whoever scheduled it has no account here any more.")
    if row.key and row.key.state != "in use":
        raise NotAllowed(f"The key that scheduled it is {row.key.state}.")
    if row.placement.newest != row.replaces:
        raise _Overtaken("Somebody was faster.")


def _refuse(row: Schedule, because: Schedule.Because, actor: Actor, **why: Any) -> None:
    _settle(row, Schedule.State.REFUSED, because=because, **why)
    evaluation = row.evaluation
    gates = [outcome["gate"] for outcome in evaluation.blocked] if evaluation else []
    door.schedule_recorded(row, "schedule.refused", actor, because=because.value, gates=gates)


def _settle(row: Schedule, state: Schedule.State, **more: Any) -> None:
    for name, value in {"state": state, "settled_at": clock.now(), **more}.items():
        setattr(row, name, value)
    row.save()


def _locked(schedule: Schedule) -> Schedule:
    """After its placement, in the order that everybody keeps."""
    door.lock_placement(schedule.placement.prompt, schedule.placement.environment)
    related = (
        "placement__prompt__project",
        "placement__environment__project",
        "version__prompt__project",
        "by",
        "key__account",
        "replaces",
    )
    return locked(Schedule.objects.all(), *related, pk=schedule.pk)


def _is_waiting(row: Schedule) -> None:
    if not row.is_waiting:
        raise Conflict(f"It does not wait any more: {row.get_state_display().lower()} on {row.settled_at:%-d %B at %H:%M} UTC.")


def _check_moment(at: datetime) -> None:
    if at <= clock.now():
        raise Invalid({"at": "That moment has passed. Choose a later one, or promote it now."})
    if at > clock.now() + LONGEST_AHEAD:
        raise Invalid({"at": "That is more than a year ahead. Choose an earlier moment."})
