"""A version has to fit the places that it is sent to, and its model has to be there still, at the moment of the promotion."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from promptstudio.deployments import gates, target_services
from promptstudio.deployments.glance import Pair, answers_for
from promptstudio.deployments.models import Target
from promptstudio.deployments.services import Blocked
from promptstudio.lib import clock
from promptstudio.projects.services import change_policy
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import ModelEntry, Prompt, Version
from tests.cast import Cast, bundle, promote

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
BEFORE, THE_DAY = datetime(2027, 4, 7, 23, 59, tzinfo=UTC), datetime(2027, 4, 8, tzinfo=UTC)


@pytest.fixture
def frankfurt(cast: Cast) -> Target:
    change_policy(environment=cast.development, data={"portable": True, "model_not_retired": True}, actor=cast.dora)
    return target_services.add_target(environment=cast.development, name="Frankfurt", actor=cast.dora)


def saved(prompt: Prompt, cast: Cast, **more: Any) -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(**more), change=prompts.Change(summary="Say it better."), actor=cast.alice)


def outcome(cast: Cast, version: Version, gate: str) -> gates.Outcome:
    alone = gates.evaluate(gates.candidate_for(version, cast.development))
    assert answers_for([Pair(version, cast.development)]) == {(version.pk, cast.development.pk): alone}
    return next(found for found in alone if found.gate == gate)


def test_what_fits_is_let_in(cast: Cast, prompt: Prompt, frankfurt: Target) -> None:
    version = saved(prompt, cast, model=SONNET)
    assert outcome(cast, version, "portable").reason == "It fits Frankfurt."
    assert promote(version, cast.development, by=cast.alice)


def test_what_does_not_fit_is_held_back_with_every_reason(cast: Cast, prompt: Prompt, frankfurt: Target) -> None:
    version = saved(prompt, cast, output_schema={"type": "object"})
    refused = outcome(cast, version, "portable")
    assert not refused.passed
    assert refused.reason.startswith("Frankfurt: Bedrock needs a model")
    assert "Bedrock cannot store the form of the answer" in refused.reason
    with pytest.raises(Blocked, match="Frankfurt: Bedrock needs a model"):
        promote(version, cast.development, by=cast.alice)


@pytest.mark.parametrize("kind", ["somewhere else", "nowhere"])
def test_no_place_with_such_rules_holds_nothing_back(cast: Cast, prompt: Prompt, frankfurt: Target, kind: str) -> None:
    Target.objects.update(**({"is_active": False} if kind == "nowhere" else {"kind": kind}))
    assert outcome(cast, saved(prompt, cast), "portable").passed


def test_the_model_may_be_used_until_the_day_on_which_it_retires(cast: Cast, prompt: Prompt, frankfurt: Target) -> None:
    version = saved(prompt, cast, model=f"eu.{SONNET}")
    with clock.at(BEFORE):
        assert outcome(cast, version, "model_not_retired").reason.endswith("retires on 8 April 2027.")
    with clock.at(THE_DAY):
        refused = outcome(cast, version, "model_not_retired")
        assert not refused.passed
        assert "retired on 8 April 2027. Claude Sonnet 5.5 is meant to follow it." in refused.reason
        with pytest.raises(Blocked, match="retired on 8 April 2027"):
            promote(version, cast.development, by=cast.alice)


def test_the_list_of_models_decides_at_that_moment(cast: Cast, prompt: Prompt, frankfurt: Target) -> None:
    version = saved(prompt, cast, model=SONNET)
    with clock.at(THE_DAY):
        ModelEntry.objects.filter(model_id=SONNET).update(retires_on=date(2028, 1, 1))
        assert outcome(cast, version, "model_not_retired").passed
        ModelEntry.objects.filter(model_id=SONNET).update(retires_on=None)
        assert outcome(cast, version, "model_not_retired").reason.endswith("is not to retire.")


@pytest.mark.parametrize(
    ("model", "words"), [("", "It names no model."), ("acme.new-model", "acme.new-model is not in the list of models")]
)
def test_of_a_model_that_nobody_knows_no_day_is_known(cast: Cast, prompt: Prompt, frankfurt: Target, model: str, words: str) -> None:
    found = outcome(cast, saved(prompt, cast, model=model), "model_not_retired")
    assert (found.passed, words in found.reason) == (True, True)
