"""How far people agree, and whether what they prefer could be chance. Pure."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from .significance import LEVEL, mcnemar

# The normal deviate of a two-sided interval of 95 %.
DEVIATE = 1.959963984540054
# Krippendorff's own customary bounds (2004, p. 241): reliable, and good enough for tentative conclusions.
RELIABLE, TENTATIVE = 0.8, 0.667


@dataclass(frozen=True)
class Preference:
    """How often each of two was preferred, where either was. `low` and `high` bound the share of the first; `p` is the sign test's."""

    ones: int
    others: int
    low: float
    high: float
    p: float

    @property
    def total(self) -> int:
        return self.ones + self.others

    @property
    def could_be_chance(self) -> bool:
        return self.p >= LEVEL


@dataclass(frozen=True)
class Agreement:
    """`equal` of `compared` couples of votes about the same thing say the same. `alpha` is None where all votes alike say one thing."""

    compared: int
    equal: int
    alpha: float | None

    @property
    def share(self) -> float:
        return self.equal / self.compared


def preference(ones: int, others: int) -> Preference:
    """The sign test (exact, two-sided) asks what McNemar's asks: whether so uneven a split comes easily where either is as likely."""
    return Preference(ones, others, *wilson(ones, ones + others), mcnemar(ones, others))


def wilson(found: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927). Of nothing, nothing is known."""
    if not total:
        return 0.0, 1.0
    share, square = found / total, DEVIATE**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = DEVIATE * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def agreement(units: Iterable[Sequence[Hashable]]) -> Agreement | None:
    """`units` are the votes about each thing, as many as there are. None where nowhere two people voted about the same."""
    shared = [Counter(votes) for votes in units if len(votes) > 1]
    if not shared:
        return None
    compared = sum(math.comb(votes.total(), 2) for votes in shared)
    equal = sum(math.comb(count, 2) for votes in shared for count in votes.values())
    return Agreement(compared, equal, _alpha(shared))


def _alpha(shared: Sequence[Counter[Hashable]]) -> float | None:
    """Krippendorff's alpha for names without an order, however many votes are missing (Krippendorff 2011, section C)."""
    totals = sum(shared, Counter[Hashable]())
    size = totals.total()
    expected = size**2 - sum(count**2 for count in totals.values())
    if not expected:
        return None
    observed = math.fsum((votes.total() ** 2 - sum(count**2 for count in votes.values())) / (votes.total() - 1) for votes in shared)
    return 1 - (size - 1) * observed / expected
