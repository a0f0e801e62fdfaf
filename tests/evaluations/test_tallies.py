import pytest

from promptstudio.evaluations.models import Result
from promptstudio.evaluations.tallies import majority

P, F, U, W = Result.Outcome.PASSED, Result.Outcome.FAILED, Result.Outcome.UNKNOWN, Result.Outcome.WAITING


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
