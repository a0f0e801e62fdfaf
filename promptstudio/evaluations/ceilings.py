"""What a run may cost at most. Spent is what its answers cost; a call that is under way counts with the most that it may cost."""

from decimal import Decimal
from enum import Enum, auto
from uuid import UUID

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from promptstudio.lib import clock

from .grading import settle_judged, waiting_results
from .models import Answer, Result, Run

CEILING = "ceiling"
# No answer came, and yet it may have been written and paid.
PERHAPS_PAID = ("no_answer", "given_up")


class Verdict(Enum):
    GO = auto()
    # It fits once what is under way turns out to cost less than it might.
    WAIT = auto()
    REACHED = auto()


def verdict_on(answer: Answer) -> Verdict:
    """Whether this call still fits under its run's ceiling. Holds the run: calls of its judges begin under the lock of another model."""
    run = Run.objects.select_for_update(no_key=True).filter(uid=answer.round, most__isnull=False).only("most").first()
    if run is None or run.most is None:
        return Verdict.GO
    needed = spent_in(answer.round) + (answer.most_cost or Decimal())
    under_way = _under_way(answer.round)
    if needed + under_way <= run.most:
        return Verdict.GO
    return Verdict.WAIT if under_way else Verdict.REACHED


def spent_in(round_uid: UUID) -> Decimal:
    """In US dollars. Where nobody said what an answer cost, the most that it may have."""
    paid = Q(state=Answer.State.ANSWERED) | Q(error_code__in=PERHAPS_PAID)
    return _sum(Answer.objects.filter(paid, round=round_uid).aggregate(sum=Sum(Coalesce(F("cost"), F("most_cost")))))


def sentence_of(most: Decimal) -> str:
    return f"The ceiling of {in_dollars(most)} was reached, so it was not asked."


def in_dollars(amount: Decimal) -> str:
    return f"{amount:.2f} US dollars" if amount >= Decimal("0.01") else f"{amount:.2g} US dollars"


def end_at_ceiling(round_uid: UUID) -> None:
    """Nothing more of this run is asked. Part of a transaction."""
    run, now = Run.objects.get(uid=round_uid), clock.now()
    assert run.most is not None
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    rest = Answer.objects.waiting().filter(free, round=round_uid)
    rest.update(state=Answer.State.FAILED, ended_at=now, error=sentence_of(run.most), error_code=CEILING)
    ended = Result.objects.filter(run=run, outcome=Result.Outcome.WAITING, answer__error_code=CEILING)
    ended.update(outcome=Result.Outcome.UNKNOWN, owed=0)
    for result in waiting_results(run=run, judgements__answer__error_code=CEILING):
        settle_judged(result)


def _under_way(round_uid: UUID) -> Decimal:
    leased = Answer.objects.filter(round=round_uid, lease_until__gt=clock.now())
    return _sum(leased.aggregate(sum=Sum("most_cost")))


def _sum(found: dict[str, Decimal | None]) -> Decimal:
    return found["sum"] or Decimal()
