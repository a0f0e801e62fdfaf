"""Statistics that gates speak of, against definitions and worked examples."""

import math
import random
from fractions import Fraction
from itertools import product

import pytest

from promptstudio.evaluations.paired import p95
from promptstudio.evaluations.significance import bootstrap, mcnemar, significance


@pytest.mark.parametrize(("better", "worse"), list(product(range(7), repeat=2)))
def test_mcnemar_is_the_share_of_coin_tosses_at_least_as_uneven(better: int, worse: int) -> None:
    """Counted out: of all ways in which the discordant cases could fall, those as uneven as this one or more."""
    total = better + worse
    uneven = abs(better - worse)
    ways = sum(math.comb(total, heads) for heads in range(total + 1) if abs(total - 2 * heads) >= uneven)
    assert mcnemar(better, worse) == pytest.approx(float(Fraction(ways, 2**total)))


def test_mcnemar_of_many_cases() -> None:
    """The table of the British general practice example that textbooks give (discordant 59 and 16): far below 0.001."""
    assert mcnemar(59, 16) < 0.000_001


def test_the_bootstrap_holds_the_mean_and_narrows_with_more_cases() -> None:
    draw = random.Random(7)
    few = tuple(draw.gauss(0.1, 0.3) for _ in range(60))
    low, high = bootstrap(few, "a")
    assert low < sum(few) / 60 < high
    narrow_low, narrow_high = bootstrap(few * 10, "a")
    assert narrow_high - narrow_low < high - low


def test_the_bootstrap_is_near_the_normal_interval() -> None:
    """For a mean of many, theory says mean ± 1.96 standard errors."""
    draw = random.Random(11)
    values = tuple(draw.gauss(0, 1) for _ in range(400))
    mean = sum(values) / 400
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / 400 / 400)
    low, high = bootstrap(values, "seed")
    assert (low, high) == (pytest.approx(mean - 1.96 * error, abs=0.02), pytest.approx(mean + 1.96 * error, abs=0.02))


def test_it_says_the_same_twice_and_nothing_of_few_pairs() -> None:
    passes = [(True, True)] * 50 + [(True, False)] * 10
    differences = [0.0] * 50 + [-1.0] * 10
    found = significance(passes, differences, "runs")
    assert found == significance(passes, differences, "runs")
    assert found is not None
    assert (found.better, found.worse, found.is_worse, found.is_chance) == (0, 10, True, False)
    assert significance(passes[:59], differences[:59], "runs") is None


def test_equal_sides_are_chance() -> None:
    found = significance([(True, True)] * 60, [0.0] * 60, "runs")
    assert found is not None
    assert (found.p, found.low, found.high, found.is_worse, found.is_chance) == (1.0, 0.0, 0.0, False, True)


@pytest.mark.parametrize(("latencies", "expected"), [([], None), ([5], 5), (range(1, 21), 19), (range(1, 101), 95), ([3, 1, 2], 3)])
def test_the_95th_percentile_is_the_nearest_rank(latencies: list[int], expected: int | None) -> None:
    assert p95(latencies) == expected
