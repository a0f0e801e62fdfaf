"""How a case came out that was asked more than once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Avg, Count

from .cases import Cases
from .models import Result, Run

Outcome = Result.Outcome


@dataclass(frozen=True)
class Tally:
    """What most answers of a case say: `agreeing` of `asked`. `score` is their mean, None where none has one."""

    outcome: Outcome
    agreeing: int
    asked: int
    score: float | None = None

    @property
    def is_divided(self) -> bool:
        """Whether its answers came out differently."""
        return self.outcome != Outcome.WAITING and self.agreeing < self.asked


def by_case(results: Iterable[Result]) -> Mapping[str, Outcome]:
    """The outcome of each case, by its uid, in the order of the results."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for result in results:
        found[result.case].append(Outcome(result.outcome))
    return {case: majority(outcomes) for case, outcomes in found.items()}


def majority(outcomes: Iterable[Outcome]) -> Outcome:
    """What more than half of all its answers say, else that it cannot be told. Waiting while any of them may still turn it."""
    rows = list(outcomes)
    for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN):
        if 2 * rows.count(outcome) > len(rows):
            return outcome
    return Outcome.WAITING if Outcome.WAITING in rows else Outcome.UNKNOWN


def suffices(suite: Cases, outcomes: Mapping[str, Outcome]) -> bool:
    """Whether the suite passed: with every case, or where it has a threshold with that share by weight and each that must never fail."""
    passed = [case for case in suite.cases if outcomes.get(case.uid) == Outcome.PASSED]
    if suite.threshold is None:
        return len(passed) == len(suite.cases)
    if any(case.must_never_fail and case not in passed for case in suite.cases):
        return False
    whole = sum(case.weight for case in suite.cases)
    # Shares such as 0.7 have no exact place among doubles.
    return whole > 0 and sum(case.weight for case in passed) / whole >= suite.threshold - 1e-9


def tallies_of(runs: Iterable[Run | int]) -> dict[int, dict[str, Tally]]:
    """By run and case, of runs or their keys. One query, however many; the results themselves are not read."""
    rows = Result.objects.filter(run__in=list(runs)).order_by().values_list("run", "case", "outcome")
    counted: dict[int, dict[str, list[tuple[Outcome, int, float | None]]]] = defaultdict(lambda: defaultdict(list))
    for run, case, outcome, count, score in rows.annotate(count=Count("pk"), score=Avg("score")):
        counted[run][case].append((Outcome(outcome), count, score))
    return {run: {case: _tally(parts) for case, parts in cases.items()} for run, cases in counted.items()}


def _tally(parts: list[tuple[Outcome, int, float | None]]) -> Tally:
    outcome = majority(each for each, count, _ in parts for _ in range(count))
    scored = [(count, score) for _, count, score in parts if score is not None]
    score = sum(count * score for count, score in scored) / sum(count for count, _ in scored) if scored else None
    return Tally(outcome, sum(count for each, count, _ in parts if each == outcome), sum(count for _, count, _ in parts), score)
