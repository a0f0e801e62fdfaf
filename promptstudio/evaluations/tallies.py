"""How a case came out that was asked more than once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Avg, Count

from .cases import Case, Cases
from .models import Result, Run, SuiteVersion

Outcome = Result.Outcome


@dataclass(frozen=True)
class Tally:
    """What the answers of a case say (`outcome_of`): `agreeing` of `asked`. `score` is their mean, None where none has one."""

    outcome: Outcome
    agreeing: int
    asked: int
    score: float | None = None

    @property
    def is_divided(self) -> bool:
        """Whether its answers came out differently."""
        return self.outcome != Outcome.WAITING and self.agreeing < self.asked


def majority(outcomes: Iterable[Outcome]) -> Outcome:
    """What more than half of all its answers say, else that it cannot be told. Waiting while any of them may still turn it."""
    rows = list(outcomes)
    for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN):
        if 2 * rows.count(outcome) > len(rows):
            return outcome
    return Outcome.WAITING if Outcome.WAITING in rows else Outcome.UNKNOWN


def outcome_of(case: Case, outcomes: Iterable[Outcome]) -> Outcome:
    """What most answers say; of a case that must never fail the worst counts, because it has to pass each time."""
    return _said_by(list(outcomes), case.must_never_fail)


def _said_by(rows: list[Outcome], must_never_fail: bool) -> Outcome:
    if must_never_fail and rows:
        return next(outcome for outcome in (Outcome.FAILED, Outcome.WAITING, Outcome.UNKNOWN, Outcome.PASSED) if outcome in rows)
    return majority(rows)


def suite_outcome(cases: Cases, outcomes: Mapping[str, Outcome]) -> Outcome:
    """What the suite says when its cases came out like this; waiting only while that could still change it."""
    asked = [(case, outcomes[case.uid]) for case in cases.cases if case.uid in outcomes]
    needed = [outcome for case, outcome in asked if cases.threshold is None or case.must_never_fail]
    if Outcome.FAILED in needed or not _reaches(cases, asked, Outcome.PASSED, Outcome.WAITING, Outcome.UNKNOWN):
        return Outcome.FAILED
    if asked and all(outcome == Outcome.PASSED for outcome in needed) and _reaches(cases, asked, Outcome.PASSED):
        return Outcome.PASSED
    return Outcome.WAITING if any(outcome == Outcome.WAITING for _, outcome in asked) else Outcome.UNKNOWN


def _reaches(cases: Cases, asked: list[tuple[Case, Outcome]], *counted: Outcome) -> bool:
    """Whether these outcomes together are as many, by weight, as the threshold of the suite asks for."""
    if cases.threshold is None:
        return True
    reached = sum(case.weight for case, outcome in asked if outcome in counted)
    whole = sum(case.weight for case, _ in asked)
    # 7 of 25 is 28 %, which a product of floats does not know.
    return whole > 0 and reached >= cases.threshold * whole - 1e-9


def tallies_of(runs: Iterable[Run | int]) -> dict[int, dict[str, Tally]]:
    """By run and case, of runs or their keys. Three queries at most, however many; the results themselves are not read."""
    keys = [run if isinstance(run, int) else run.pk for run in runs]
    never = _never_fail_in(keys)
    rows = Result.objects.filter(run__in=keys).order_by().values_list("run", "case", "outcome")
    counted: dict[int, dict[str, list[tuple[Outcome, int, float | None]]]] = defaultdict(lambda: defaultdict(list))
    for run, case, outcome, count, score in rows.annotate(count=Count("pk"), score=Avg("score")):
        counted[run][case].append((Outcome(outcome), count, score))
    return {run: {case: _tally(parts, case in never[run]) for case, parts in cases.items()} for run, cases in counted.items()}


def _never_fail_in(runs: list[int]) -> dict[int, set[str]]:
    """By run, the cases that must never fail. Where each was asked once, its one answer decides anyway, and no suite is read."""
    repeated = dict(Run.objects.filter(pk__in=runs, repeats__gt=1).values_list("pk", "suite_version"))
    suites = SuiteVersion.objects.in_bulk(set(repeated.values()))
    never = {pk: {case.uid for case in suite.cases if case.must_never_fail} for pk, suite in suites.items()}
    return defaultdict(set, {run: never[suite] for run, suite in repeated.items()})


def _tally(parts: list[tuple[Outcome, int, float | None]], must_never_fail: bool) -> Tally:
    outcome = _said_by([each for each, count, _ in parts for _ in range(count)], must_never_fail)
    scored = [(count, score) for _, count, score in parts if score is not None]
    score = sum(count * score for count, score in scored) / sum(count for count, _ in scored) if scored else None
    return Tally(outcome, sum(count for each, count, _ in parts if each == outcome), sum(count for _, count, _ in parts), score)
