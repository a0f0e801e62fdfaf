"""How a case came out that was asked more than once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
