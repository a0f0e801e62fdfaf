"""A candidate beside what is live, case by case, over the same cases. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .cases import Case
from .models import Result
from .significance import Significance, significance
from .standing import Measured, Standing

Outcome = Result.Outcome
DECIDED = (Outcome.PASSED, Outcome.FAILED)


@dataclass(frozen=True)
class Pair:
    """How one case came out on what is live and on the candidate, each by the majority of its answers."""

    case: Case
    live: Outcome
    candidate: Outcome

    @property
    def is_worse(self) -> bool:
        """Live passes it, and the candidate does not, or not for sure."""
        return self.live == Outcome.PASSED and self.candidate != Outcome.PASSED

    @property
    def is_better(self) -> bool:
        return self.candidate == Outcome.PASSED and self.live != Outcome.PASSED

    @property
    def is_unclear(self) -> bool:
        """The candidate does not pass it, and nobody knows whether live does: that is no better than worse."""
        return self.candidate != Outcome.PASSED and self.live not in DECIDED


@dataclass(frozen=True)
class Paired:
    """One suite on both. Without a run on either side there is nothing to compare."""

    candidate: Standing
    live: Standing

    @cached_property
    def pairs(self) -> list[Pair]:
        cases, before, now = self.candidate.cases.cases, self.live.outcomes, self.candidate.outcomes
        return [Pair(case, before[case.uid], now[case.uid]) for case in cases]

    @property
    def held_back(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.is_worse or pair.is_unclear]

    @cached_property
    def significance(self) -> Significance | None:
        decided = [pair for pair in self.pairs if pair.live in DECIDED and pair.candidate in DECIDED]
        passes = [(pair.live == Outcome.PASSED, pair.candidate == Outcome.PASSED) for pair in decided]
        scored = [pair.case.uid for pair in decided]
        differences = [_mean_score(self.candidate.by_case[uid]) - _mean_score(self.live.by_case[uid]) for uid in scored]
        runs = [str(standing.run.uid) for standing in (self.live, self.candidate) if standing.run]
        return significance(passes, differences, "".join(runs))

    def answered_by_both(self) -> list[tuple[Sequence[Measured], Sequence[Measured]]]:
        """Live's and the candidate's answers to each case that both answered."""
        both = [(self.live.by_case.get(case.uid, ()), self.candidate.by_case.get(case.uid, ())) for case in self.candidate.cases.cases]
        return [(_answered(before), _answered(now)) for before, now in both if _answered(before) and _answered(now)]


def paired(candidate: Iterable[Standing], live: Iterable[Standing]) -> list[Paired]:
    """The standings of both sides, suite by suite."""
    before = {standing.suite.pk: standing for standing in live}
    return [Paired(standing, before[standing.suite.pk]) for standing in candidate if standing.suite.pk in before]


def p95(latencies: Iterable[int]) -> int | None:
    """The nearest-rank 95th percentile, in the unit of what was given; None of nothing."""
    ordered = sorted(latencies)
    return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None


def _answered(measured: Sequence[Measured]) -> list[Measured]:
    return [each for each in measured if each.latency_ms is not None]


def _mean_score(measured: Sequence[Measured]) -> float:
    return sum(each.score or 0.0 for each in measured) / len(measured)
