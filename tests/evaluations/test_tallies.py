import pytest

from promptstudio.evaluations.cases import Case, parse_cases
from promptstudio.evaluations.models import Result
from promptstudio.evaluations.tallies import majority, outcome_of, suite_outcome

P, F, U, W = Result.Outcome.PASSED, Result.Outcome.FAILED, Result.Outcome.UNKNOWN, Result.Outcome.WAITING


@pytest.mark.parametrize(("outcomes", "says"), [([P, P, F], F), ([P, P, W], W), ([P, P, U], U), ([P, P, P], P), ([F, W, P], F), ([], U)])
def test_of_a_case_that_must_never_fail_the_worst_counts(outcomes: list[Result.Outcome], says: Result.Outcome) -> None:
    assert outcome_of(Case(must_never_fail=True), outcomes) == says


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ([P], P),
        ([F], F),
        ([U], U),
        ([W], W),
        ([P, P, F], P),
        ([F, P, F], F),
        ([P, F], U),
        ([P, F, U], U),
        ([P, P, W], P),
        ([P, F, W], W),
        ([P, P, F, W], W),
    ],
)
def test_more_than_half_of_all_answers_decide(outcomes: list[Result.Outcome], says: Result.Outcome) -> None:
    assert majority(outcomes) == says


@pytest.mark.parametrize(
    ("threshold", "passed", "says"),
    [
        (None, "abcd", True),
        (None, "abc", False),
        (0.7, "abc", True),
        (0.7, "ab", False),
        (0.7, "bcd", False),
        (0.8, "abc", False),
        (0, "a", True),
        (0, "", False),
    ],
)
def test_a_suite_passes_with_a_share_of_its_weight_and_with_what_must_never_fail(threshold: float | None, passed: str, says: bool) -> None:
    weights = {"a": 1, "b": 4, "c": 2, "d": 3}
    cases = [{"uid": uid, "weight": weight, "must_never_fail": uid == "a"} for uid, weight in weights.items()]
    outcomes = {uid: P if uid in passed else U for uid in weights}
    assert (suite_outcome(parse_cases({"cases": cases, "threshold": threshold}), outcomes) == P) is says
