"""Promise 3: a gate that cannot be evaluated blocks. For every gate, by what it asks for and not by itself."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from promptstudio.deployments import gates
from promptstudio.deployments.candidate import FACTS, Candidate, fact
from promptstudio.deployments.glance import Pair, _Bulk, answers_for, at_a_glance
from promptstudio.deployments.models import Deployment
from promptstudio.deployments.services import Blocked
from promptstudio.projects.models import Policy
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import Version
from promptstudio.reviews.models import Review
from tests.cast import Cast, promote
from tests.evaluations.scripted import PATH

from .everything_asked import EVERYTHING, after_its_stay, ready

# What each gate asks for. A gate that is not here fails the tests below: write down what breaks it.
ASKS_FOR = {
    "not_recalled": "recall",
    "previous_environment": "was_live_before",
    "previous_hours": "serves_before",
    "change_record": "missing_from_record",
    "model_not_retired": "known_models",
    "portable": "targets",
    "asker_confirms": "requests",
    "no_open_changes": "decisions",
    "no_open_comments": "open_threads",
    "approvals": "members",
    "folder_reviewers": "answering",
    "tests": "tests",
    "never_fail": "tests",
    "no_regression": "live_tests",
    "cost": "live_tests",
    "latency": "live_tests",
    "same_baseline": "decisions",
    "other_hands": "writers",
    "allowed_time": "allowed_at",
}
EACH = pytest.mark.parametrize("gate", gates.GATES, ids=lambda gate: gate.name)


@pytest.fixture
def version(cast: Cast, settings: Any) -> Version:
    settings.MODEL_RUNNER = PATH
    return ready(cast)


def fails(*_: Any) -> Any:
    raise ConnectionError("no answer")


def broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Nobody gets this fact any more, one by one or for many."""
    nothing = fact(fails)
    nothing.__set_name__(Candidate, name)
    monkeypatch.setattr(Candidate, name, nothing)
    monkeypatch.setattr(_Bulk, name, fails)


def says_so(outcome: gates.Outcome) -> bool:
    return not outcome.passed and outcome.reason == "This could not be checked, so it blocks (ConnectionError). Tell an administrator."


def test_nothing_is_missing_from_the_story(cast: Cast, version: Version) -> None:
    """Every gate is asked and lets it in, so that what blocks below is what was broken."""
    assert all(gate.applies(Rules.model_validate(EVERYTHING)) for gate in gates.GATES)
    with after_its_stay():
        deployment = promote(version, cast.production, by=cast.alice)
    assert [(o["gate"], o["passed"]) for o in deployment.evaluation.outcomes] == [(gate.name, True) for gate in gates.GATES]


@EACH
def test_at_the_door_it_blocks(cast: Cast, version: Version, gate: gates.Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, ASKS_FOR[gate.name])
    with after_its_stay(), pytest.raises(Blocked, match="could not be checked, so it blocks"):
        promote(version, cast.production, by=cast.alice)
    assert not Deployment.objects.filter(placement__environment=cast.production).exists()


@EACH
def test_alone_it_blocks_and_says_so(cast: Cast, version: Version, gate: gates.Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, ASKS_FOR[gate.name])
    with after_its_stay():
        outcomes = gates.evaluate(gates.candidate_for(version, cast.production, by=cast.alice.user))
    assert [outcome.gate for outcome in outcomes] == [each.name for each in gates.GATES]
    assert says_so(next(outcome for outcome in outcomes if outcome.gate == gate.name))


@EACH
def test_among_many_it_blocks_and_the_others_answer(
    cast: Cast, version: Version, gate: gates.Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody promotes in a list, so that the gate about other hands has nobody to ask about: it blocks with its rules."""
    broken(monkeypatch, "rules" if gate.name == "other_hands" else ASKS_FOR[gate.name])
    [review] = Review.objects.open().with_everything()
    with after_its_stay():
        outcomes = at_a_glance([review])[review.pk]
    assert [outcome.gate for outcome in outcomes] == [each.name for each in gates.GATES]
    assert says_so(next(outcome for outcome in outcomes if outcome.gate == gate.name))
    if gate.name != "other_hands":
        assert any(outcome.passed for outcome in outcomes)


@EACH
def test_a_gate_that_raises_by_itself_blocks(cast: Cast, version: Version, gate: gates.Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(gate), "check", fails)
    with after_its_stay(), pytest.raises(Blocked, match="could not be checked") as refused:
        promote(version, cast.production, by=cast.alice)
    outcomes = [(outcome["gate"], outcome["passed"]) for outcome in refused.value.evaluation.outcomes]
    assert outcomes == [(each.name, each is not gate) for each in gates.GATES]


def test_every_fact_can_be_told_for_many() -> None:
    assert [name for name in FACTS if not hasattr(_Bulk, name)] == []
    assert set(ASKS_FOR.values()) <= set(FACTS)


def test_a_query_that_fails_leaves_the_rest_of_the_list_its_transaction(
    cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_table(bulk: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT missing FROM nowhere")

    monkeypatch.setattr(_Bulk, "targets", no_such_table)
    with after_its_stay():
        [outcomes] = answers_for([Pair(version, cast.production)]).values()
    assert [outcome.gate for outcome in outcomes if not outcome.passed] == ["portable"]


def test_conditions_that_cannot_be_read_block_everything(cast: Cast, version: Version) -> None:
    """As after a step back to a Studio that knows fewer rules."""
    Policy.objects.create(environment=cast.production, number=9, data={"a_rule_of_tomorrow": True}, created_by=cast.dora.user)
    [review] = Review.objects.open().with_everything()
    for outcomes in (at_a_glance([review])[review.pk], gates.evaluate(gates.candidate_for(version, cast.production))):
        assert {outcome.passed for outcome in outcomes} == {False}


def test_every_gate_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
    assert [gate.name for gate in gates.GATES if f"| {gate.title} (`{gate.name}`) |" not in page] == []
