"""The assertions of a case together, counted as promptfoo counts them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .checking import check
from .model import Assertion, Given, Number, Outcome
from .words import GROUP


@dataclass(frozen=True)
class Grade:
    """`passed` follows promptfoo's rule. With a threshold it can be true although some check could not be made.

    Whoever relies on it asks for `all_evaluated` too.
    """

    passed: bool
    score: float
    outcomes: tuple[Outcome, ...]

    @property
    def all_evaluated(self) -> bool:
        return all(outcome.is_evaluated for outcome in self.outcomes)


def grade(assertions: Sequence[Assertion], given: Given, threshold: Number | None = None) -> Grade:
    """The mean of all scores by weight. Without a threshold every assertion has to pass, with one the mean has to reach it.

    What could not be evaluated has the score 0 and has not passed. Nothing to check is passed with 1; see `proving.cannot_fail`.
    """
    if not assertions:
        return Grade(True, 1.0, ())
    outcomes = tuple(_outcome(assertion, given) for assertion in assertions)
    score = _mean(assertions, outcomes)
    return Grade(_passes(outcomes, score, threshold), score, outcomes)


def _outcome(assertion: Assertion, given: Given) -> Outcome:
    is_group = assertion.type == GROUP and assertion.assertions is not None and assertion.counted >= 0
    return _of_group(assertion, given) if is_group else check(assertion, given)


def _of_group(group: Assertion, given: Given) -> Outcome:
    parts = tuple(check(member, given) for member in group.members)
    score = _mean(group.members, parts)
    passed = _passes(parts, score, group.threshold)
    if not passed and not any(part.passed is False for part in parts) and any(part.passed is None for part in parts):
        return Outcome(None, score, "A check in this group could not be made.", parts)
    return Outcome(passed, score, f"{sum(part.passed is True for part in parts)} of {len(parts)} checks in this group passed.", parts)


def _passes(outcomes: Iterable[Outcome], score: float, threshold: Number | None) -> bool:
    if threshold is not None:
        return score >= threshold
    return all(outcome.passed for outcome in outcomes)


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
