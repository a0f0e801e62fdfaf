"""How a case came out that was asked more than once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from .cases import Cases
from .models import Result

Outcome = Result.Outcome


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
