"""Agreement and chance, against worked examples that others published."""

import pytest

from promptstudio.evaluations.agreement import agreement, preference, wilson


def units(*raters: str) -> list[list[str]]:
    """A row of votes for each rater becomes the votes about each thing; a dot is no vote."""
    return [[vote for vote in votes if vote != "."] for votes in zip(*(rater.split() for rater in raters), strict=True)]


@pytest.mark.parametrize(
    ("raters", "alpha"),
    [
        # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section A: two observers, two values.
        (("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"), 0.095),
        # Section B: two observers, names, nothing missing.
        (("a a b b d c c c e d d a", "b a b b b c c c e d d d"), 0.692),
        # Section C: four observers, names, values missing.
        (
            (
                "1 2 3 3 2 1 4 1 2 . . .",
                "1 2 3 3 2 2 4 1 2 5 . 3",
                ". 3 3 3 2 3 4 2 2 5 1 .",
                "1 2 3 3 2 4 4 1 2 5 1 .",
            ),
            0.743,
        ),
    ],
)
def test_alpha_is_what_its_inventor_works_out(raters: tuple[str, ...], alpha: float) -> None:
    found = agreement(units(*raters))
    assert found
    assert found.alpha == pytest.approx(alpha, abs=0.0005)


def test_equal_votes_are_counted_by_couples() -> None:
    found = agreement([["new", "new", "old"], ["old", "old"], ["new"]])
    assert found
    assert (found.equal, found.compared, found.share) == (2, 4, 0.5)


def test_where_all_say_one_thing_alpha_says_nothing() -> None:
    found = agreement([["new", "new"], ["new", "new"]])
    assert found
    assert (found.share, found.alpha) == (1.0, None)


@pytest.mark.parametrize("votes", [[], [[]], [["new"], ["old"]]])
def test_nobody_agrees_alone(votes: list[list[str]]) -> None:
    assert agreement(votes) is None


@pytest.mark.parametrize(
    ("found", "total", "low", "high"),
    # Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_wilsons(found: int, total: int, low: float, high: float) -> None:
    assert wilson(found, total) == pytest.approx((low, high), abs=0.00005)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)
    assert preference(0, 0).could_be_chance


@pytest.mark.parametrize(("ones", "others", "p", "chance"), [(14, 6, 0.1153, True), (15, 5, 0.0414, False), (5, 15, 0.0414, False)])
def test_the_sign_test_is_exact(ones: int, others: int, p: float, chance: bool) -> None:
    """The tails of the binomial with n = 20 and p = 1/2, as every table of it has them (.0577 and .0207), twice."""
    found = preference(ones, others)
    assert found.p == pytest.approx(p, abs=0.0001)
    assert found.could_be_chance is chance
