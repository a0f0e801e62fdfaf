"""Who asks what next. Claims are short transactions; how many calls a model and a run may have under way is decided in them."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from promptstudio.lib import clock

from .ceilings import Verdict, end_at_ceiling, verdict_on
from .grading import settle_result
from .models import Answer, AnswerQuerySet, ModelPace
from .pace import Traffic, locked_pace

log = structlog.get_logger(__name__)
MOST_TRIES = 4
# A worker that is gone is missed after so many seconds; one that works says so more often.
LEASE_SECONDS = 20
RENEWED_EVERY = 5


@dataclass(frozen=True)
class Claim:
    answer: Answer
    token: uuid.UUID
    began: datetime


def claim_next() -> Claim | None:
    """The next call to make; None while nothing is due that may be asked now."""
    held: set[uuid.UUID] = set()
    busy: set[str] = set()
    while (model := _next_model(held, busy)) is not None:
        if claim := _claim(model, held, busy):
            return claim
    return None


def could_begin() -> int:
    """How many calls that are due could begin at this moment."""
    now = clock.now()
    traffic, paces = Traffic.at(now), {pace.model: pace for pace in ModelPace.objects.all()}
    due = _due(now).order_by().values("model").annotate(calls=Count("id"))
    return sum(min(row["calls"], traffic.room(row["model"], paces.get(row["model"]), now)) for row in due)


def mine(claim: Claim) -> AnswerQuerySet:
    """The row while it is this worker's: somebody may have stopped it, or another worker may have taken it over."""
    return Answer.objects.waiting().filter(pk=claim.answer.pk, lease_token=claim.token)  # type: ignore[no-any-return]


def let_go(claim: Claim) -> None:
    """The call is over, whoever owns its row now."""
    Answer.objects.filter(pk=claim.answer.pk, lease_token=claim.token).update(lease_until=None)


def _next_model(held: set[uuid.UUID], busy: set[str]) -> str | None:
    """Whose turn it is. Outside a transaction: most workers that look find nothing, and shall not hold others up for it."""
    now = clock.now()
    traffic = Traffic.at(now)
    due = _due(now).exclude(model__in=[*traffic.closed(now), *busy]).exclude(round__in=held)
    return _in_turn(due, traffic).values_list("model", flat=True).first()


@transaction.atomic
def _claim(model: str, held: set[uuid.UUID], busy: set[str]) -> Claim | None:
    """The next call of this model. None where its run has to wait, which is in `held` then, or there is none after all, as `busy` says."""
    pace, now = locked_pace(model), clock.now()
    traffic = Traffic.at(now)
    if not traffic.room(model, pace, now):
        busy.add(model)
        return None
    due = _due(now).filter(model=model).exclude(round__in=held)
    answer = _in_turn(due.select_for_update(skip_locked=True), traffic).first()
    if answer is None:
        # Others hold all of its rows, and look after them.
        busy.add(model)
        return None
    if not _may_be_asked(answer, held):
        return None
    token = uuid.uuid4()
    answer.lease_token, answer.lease_until = token, now + timedelta(seconds=LEASE_SECONDS)
    answer.tries, answer.half_text = answer.tries + 1, ""
    answer.save(update_fields=["lease_token", "lease_until", "tries", "half_text"])
    return Claim(answer, token, now)


def _may_be_asked(answer: Answer, held: set[uuid.UUID]) -> bool:
    if answer.tries >= MOST_TRIES:
        # Whatever took it before never came back to say what happened, so the call itself may be what ends workers.
        _given_up(answer)
        return False
    match verdict_on(answer):
        case Verdict.GO:
            return True
        case Verdict.WAIT:
            held.add(answer.round)
        case Verdict.REACHED:
            end_at_ceiling(answer.round)
    return False


def _due(now: datetime) -> AnswerQuerySet:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Answer.objects.waiting().filter(free, due_at__lte=now)  # type: ignore[no-any-return]


def _in_turn(due: QuerySet[Answer], traffic: Traffic) -> QuerySet[Answer]:
    """Rounds that have the fewest calls under way come first, so that a run of hundreds holds nobody's single question up."""
    if not traffic.rounds:
        # PostgreSQL takes a bare number to sort by for a column.
        return due.order_by("due_at", "id")
    under_way = [When(round=uid, then=Value(calls)) for uid, calls in traffic.rounds.items()]
    turn = Case(*under_way, default=Value(0), output_field=IntegerField())
    return due.order_by(turn, "due_at", "id")


def _given_up(answer: Answer) -> None:
    answer.state, answer.ended_at, answer.lease_until, answer.half_text = Answer.State.FAILED, clock.now(), None, ""
    answer.error, answer.error_code = f"It was asked {MOST_TRIES} times, and no answer could be kept.", "given_up"
    answer.save()
    settle_result(answer)


class Keeper:
    """Renews the leases of all calls that this process makes, in one write, while any are under way."""

    def __init__(self) -> None:
        self._held: set[uuid.UUID] = set()
        self._guard = threading.Lock()
        self._empty = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        self._add(claim.token)
        try:
            yield
        finally:
            self._remove(claim.token)

    def _add(self, token: uuid.UUID) -> None:
        with self._guard:
            self._held.add(token)
            self._empty.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, daemon=True)
                self._thread.start()

    def _remove(self, token: uuid.UUID) -> None:
        with self._guard:
            self._held.discard(token)
            if not self._held:
                self._empty.set()

    def _keep(self) -> None:
        try:
            while tokens := self._still_held():
                if not self._empty.wait(RENEWED_EVERY):
                    renew(tokens)
        finally:
            connection.close()

    def _still_held(self) -> set[uuid.UUID]:
        with self._guard:
            if not self._held:
                self._thread = None
            return set(self._held)


def renew(tokens: set[uuid.UUID]) -> None:
    """A database that is away for a moment must not end it: models would be asked, and paid, twice."""
    try:
        until = clock.now() + timedelta(seconds=LEASE_SECONDS)
        Answer.objects.filter(lease_token__in=tokens, lease_until__isnull=False).update(lease_until=until)
    except Exception:
        log.warning("model.leases_not_renewed", calls=len(tokens), exc_info=True)
        connection.close()


KEEPER = Keeper()
