"""Whether a difference between two runs over the same cases could be chance. Pure."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Fewer pairs say too little for numbers that look exact.
FEWEST_PAIRS = 60
RESAMPLES = 2000
LEVEL = 0.05


@dataclass(frozen=True)
class Significance:
    """`better` and `worse` count cases that only one side passes, `p` is McNemar's exact two-sided probability for them.

    `low` and `high` are the 95 % bootstrap interval of the mean difference of scores, candidate less live.
    """

    pairs: int
    better: int
    worse: int
    p: float
    low: float
    high: float

    @property
    def is_chance(self) -> bool:
        """Whether both measures are such as chance alone brings easily."""
        return self.p >= LEVEL and self.low <= 0 <= self.high

    @property
    def is_worse(self) -> bool:
        """Whether either measure says that the candidate is worse, and not by chance."""
        return (self.p < LEVEL and self.worse > self.better) or self.high < 0


def mcnemar(better: int, worse: int) -> float:
    """The exact two-sided probability of a split at least as uneven, if each side were as likely (McNemar 1947, binomial form)."""
    total = better + worse
    if not total:
        return 1.0
    tail = sum(math.comb(total, count) for count in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**total)


@lru_cache(maxsize=512)
def bootstrap(differences: tuple[float, ...], seed: str) -> tuple[float, float]:
    """The 95 % percentile interval of their mean (Efron 1979). Equal seeds give equal intervals, so a gate says the same twice."""
    if not differences:
        return 0.0, 0.0
    draw = random.Random(seed)  # noqa: S311 -- nothing secret
    size = len(differences)
    means = sorted(math.fsum(draw.choices(differences, k=size)) / size for _ in range(RESAMPLES))
    return means[int(RESAMPLES * LEVEL / 2)], means[int(RESAMPLES * (1 - LEVEL / 2)) - 1]


def significance(passes: Sequence[tuple[bool, bool]], differences: Sequence[float], seed: str) -> Significance | None:
    """`passes` are live's and the candidate's outcome of each case. None for fewer pairs than can be spoken of."""
    if len(passes) < FEWEST_PAIRS:
        return None
    better = sum(now and not before for before, now in passes)
    worse = sum(before and not now for before, now in passes)
    return Significance(len(passes), better, worse, mcnemar(better, worse), *bootstrap(tuple(differences), seed))
