"""What a run measures, by the names of the metrics that it can tell."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .models import Answer, Result
from .run_verdicts import Verdict

Outcome = Result.Outcome


@dataclass(frozen=True)
class Measured:
    """It lies between these two, however what could not be told would have come out."""

    least: Decimal
    most: Decimal

    def holds(self, direction: str, threshold: Decimal) -> bool | None:
        """None where what is missing decides."""
        if direction == "at_least":
            return _settled(self.least >= threshold, self.most >= threshold)
        return _settled(self.most <= threshold, self.least <= threshold)


def _settled(at_worst: bool, at_best: bool) -> bool | None:
    return at_worst if at_worst == at_best else None


def measured(metric: str, verdict: Verdict) -> Measured | None:
    """Of a run that ended. None where it tells nothing: no case, an answer without a price, cases that no answer could fail."""
    return MEASURES[metric](verdict) if verdict.cases else None


def _pass_rate(verdict: Verdict) -> Measured | None:
    if verdict.idle:
        return None
    total, passed, unknown = len(verdict.cases), verdict.count(Outcome.PASSED), verdict.count(Outcome.UNKNOWN)
    return Measured(Decimal(100 * passed) / total, Decimal(100 * (passed + unknown)) / total)


def _mean_score(verdict: Verdict) -> Measured | None:
    if verdict.idle:
        return None
    results = _results(verdict)
    known = [Decimal(str(result.score)) for result in results if result.outcome != Outcome.UNKNOWN and result.score is not None]
    missing, total = len(results) - len(known), sum(known, Decimal(0))
    return Measured(total / len(results), (total + missing) / len(results))


def _cost_per_call(verdict: Verdict) -> Measured | None:
    costs = [result.answer.cost for result in _results(verdict) if result.answer.state == Answer.State.ANSWERED]
    known = [cost for cost in costs if cost is not None]
    return _exactly(sum(known, Decimal(0)) / len(known)) if known and len(known) == len(costs) else None


def _median_latency(verdict: Verdict) -> Measured | None:
    return _latency(verdict, statistics.median)


def _p95_latency(verdict: Verdict) -> Measured | None:
    """By nearest rank: of 95 in 100 answers, the slowest."""
    return _latency(verdict, lambda seconds: seconds[math.ceil(0.95 * len(seconds)) - 1])


def _latency(verdict: Verdict, summed_up: Callable[[Sequence[Decimal]], Decimal]) -> Measured | None:
    """In seconds. Where an answer never came nobody knows how long it would have taken, only how long the others did."""
    asked = [result.answer for result in _results(verdict) if result.answer.error_code != "does_not_fit"]
    seconds = sorted(Decimal(answer.latency_ms) / 1000 for answer in asked if answer.latency_ms is not None)
    if not seconds:
        return None
    value = summed_up(seconds)
    return _exactly(value) if len(seconds) == len(asked) else Measured(value, Decimal("Infinity"))


def _results(verdict: Verdict) -> Sequence[Result]:
    return [result for each in verdict.cases for result in each.results]


def _exactly(value: Decimal) -> Measured:
    return Measured(value, value)


MEASURES: dict[str, Callable[[Verdict], Measured | None]] = {
    "pass_rate": _pass_rate,
    "mean_score": _mean_score,
    "cost_per_call": _cost_per_call,
    "median_latency": _median_latency,
    "p95_latency": _p95_latency,
}
