"""The assertions of a case together, counted as promptfoo counts them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .checking import check
from .model import Assertion, Given, Number, Outcome
from .words import GROUP


@dataclass(frozen=True)
class Grade:
    """`passed` follows promptfoo's rule. With a threshold it can be true although some check could not be made.

    Whoever relies on it asks for `all_evaluated` too. `is_lost`: it fails however those come out that could not be made.
    """

    passed: bool
    score: float
    outcomes: tuple[Outcome, ...]
    is_lost: bool = False

    @property
    def all_evaluated(self) -> bool:
        return all(outcome.is_evaluated for outcome in self.outcomes)


def grade(
    assertions: Sequence[Assertion], given: Given, threshold: Number | None = None, judged: Mapping[str, Outcome] | None = None
) -> Grade:
    """The mean of all scores by weight. Without a threshold every assertion has to pass, with one the mean has to reach it.

    What could not be evaluated has the score 0 and has not passed. Nothing to check is passed with 1; see `proving.cannot_fail`.
    `judged` has the outcomes for which another model was asked, by the place of the assertion (`places_of`).
    """
    if not assertions:
        return Grade(True, 1.0, ())
    outcomes = tuple(_outcome(assertion, given, str(index), judged or {}) for index, assertion in enumerate(assertions))
    score = _mean(assertions, outcomes)
    return Grade(_passes(outcomes, score, threshold), score, outcomes, _is_lost(assertions, outcomes, threshold))


def places_of(assertions: Sequence[Assertion]) -> Iterator[tuple[str, Assertion]]:
    """Each assertion that is no group with its place: `2`, or within a group `2.0`."""
    for index, assertion in enumerate(assertions):
        if assertion.type == GROUP:
            yield from ((f"{index}.{number}", member) for number, member in enumerate(assertion.members))
        else:
            yield str(index), assertion


def _outcome(assertion: Assertion, given: Given, place: str, judged: Mapping[str, Outcome]) -> Outcome:
    is_group = assertion.type == GROUP and assertion.assertions is not None and assertion.counted >= 0
    return _of_group(assertion, given, place, judged) if is_group else check(assertion, given, judged.get(place))


def _of_group(group: Assertion, given: Given, place: str, judged: Mapping[str, Outcome]) -> Outcome:
    parts = tuple(check(member, given, judged.get(f"{place}.{number}")) for number, member in enumerate(group.members))
    score = _mean(group.members, parts)
    passed = _passes(parts, score, group.threshold)
    if not passed and not _is_lost(group.members, parts, group.threshold):
        return Outcome(None, score, "A check in this group could not be made.", parts)
    return Outcome(passed, score, f"{sum(part.passed is True for part in parts)} of {len(parts)} checks in this group passed.", parts)


def _passes(outcomes: Iterable[Outcome], score: float, threshold: Number | None) -> bool:
    if threshold is not None:
        return score >= threshold
    return all(outcome.passed for outcome in outcomes)


def _is_lost(assertions: Sequence[Assertion], outcomes: Sequence[Outcome], threshold: Number | None) -> bool:
    if threshold is None:
        return any(outcome.passed is False for outcome in outcomes)
    best = [Outcome(True, 1.0, "") if outcome.passed is None else outcome for outcome in outcomes]
    return _mean(assertions, best) < threshold


def _mean(assertions: Sequence[Assertion], outcomes: Sequence[Outcome]) -> float:
    pairs = list(zip(assertions, outcomes, strict=True))
    # promptfoo adds groups up last; a sum of doubles depends on the order.
    pairs.sort(key=lambda pair: pair[0].type == GROUP)
    total, weights = 0.0, 0.0
    for assertion, outcome in pairs:
        # A negative weight is a mistake, and would lift the mean.
        weight = max(assertion.counted, 0)
        total += outcome.score * weight
        weights += weight
    return total / weights if weights > 0 else 0.0
