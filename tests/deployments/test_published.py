"""A suite can call what is published, as applications call it: only what a place confirmed, and only as it was approved."""

from typing import Any
from uuid import uuid4

import pytest

from promptstudio.deployments import published, services
from promptstudio.deployments.models import Target
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Answer, Run, Suite
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle, promote
from tests.evaluations.scripted import MODEL, PATH, saying

from .fake_target import KIND, Forgetful, a_target, publish_everything, use_fake_publisher


@pytest.fixture(autouse=True)
def calls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.MODEL_RUNNER = PATH
    monkeypatch.setattr(published, "CALLABLE", KIND)
    with saying() as heard:
        yield heard


def save(cast: Cast, prompt: Prompt, text: str = "Sort this claim: {{claim}}") -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(text, model=MODEL), change=prompts.Change(summary="Say it."), actor=cast.alice)


@pytest.fixture
def version(cast: Cast, prompt: Prompt, settings: Any) -> Version:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    version = save(cast, prompt)
    promote(version, cast.development, by=cast.alice)
    publish_everything()
    return version


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    rows = [{"values": {"claim": "The pipe burst."}, "assertions": [{"type": "icontains", "value": "pipe"}]}]
    return suite_services.add_suite(prompt=version.prompt, name="Usual", cases=parse_cases({"cases": rows}), actor=cast.alice)


def test_it_is_called_by_its_address_with_the_values_of_the_case(cast: Cast, version: Version, suite: Suite, calls: list[Call]) -> None:
    [receipt] = published.published_of(version.prompt)
    wanted = published.wanted_of(version.prompt, receipt.uid)
    [run] = run_services.start_runs(suite=suite, wanted=[wanted], actor=cast.alice)
    answer_due()
    [call] = calls
    assert (call.address, call.variables) == ("arn:fake:1", {"claim": "The pipe burst."})
    assert call.marks["studio-digest"] == version.digest
    run = Run.objects.get(pk=run.pk)
    assert (run.address, run.environment, run.version) == ("arn:fake:1", cast.development, version)
    assert run.label == "1.0.0 as published in Development (Bedrock, Frankfurt)"
    assert (run.results.get().outcome, Answer.objects.get().address) == ("passed", "arn:fake:1")


def test_an_answer_from_there_is_another_than_one_to_the_words_alone(version: Version) -> None:
    asked = {"bundle": version.bundle, "label": "", "values": {"claim": "x"}}
    assert Question(**asked).asked != Question(**asked, address="arn:fake:1").asked


def test_nothing_is_offered_before_a_place_confirmed_it(cast: Cast, prompt: Prompt, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    promote(save(cast, prompt), cast.development, by=cast.alice)
    assert published.published_of(prompt) == []


def test_what_is_offered_is_what_the_place_holds_now(cast: Cast, version: Version) -> None:
    promote(save(cast, version.prompt, "Shorter: {{claim}}"), cast.development, by=cast.alice)
    publish_everything()
    assert [receipt.version.semver for receipt in published.published_of(version.prompt)] == ["1.0.1"]
    services.roll_back(prompt=version.prompt, environment=cast.development, reason="Wrong.", actor=cast.dora)
    publish_everything()
    assert [receipt.version.semver for receipt in published.published_of(version.prompt)] == ["1.0.0"]


def test_a_place_that_is_switched_off_is_not_called(version: Version) -> None:
    [receipt] = published.published_of(version.prompt)
    Target.objects.update(is_active=False)
    with pytest.raises(Conflict, match="not published there any more"):
        published.wanted_of(version.prompt, receipt.uid)


def test_another_prompts_publication_is_not_there(cast: Cast, version: Version) -> None:
    [receipt] = published.published_of(version.prompt)
    other = prompts.create_prompt(project=cast.claims, title="Storm", actor=cast.alice)
    for prompt, uid in ((other, receipt.uid), (version.prompt, uuid4())):
        with pytest.raises(Conflict, match="not published there any more"):
            published.wanted_of(prompt, uid)


def test_what_is_not_as_it_was_approved_is_not_called(cast: Cast, prompt: Prompt, settings: Any) -> None:
    use_fake_publisher(settings, Forgetful)
    a_target(cast.development, by=cast.dora)
    promote(save(cast, prompt), cast.development, by=cast.alice)
    publish_everything()
    for receipt in published.published_of(prompt):
        with pytest.raises(Conflict, match=r"is not 1\.0\.0 as it was approved"):
            published.wanted_of(prompt, receipt.uid)


def test_it_is_called_with_its_own_model_alone(cast: Cast, version: Version, suite: Suite) -> None:
    with pytest.raises(Invalid, match="with the model that it was published with"):
        run_services.start_run(
            suite=suite,
            bundle=version.bundle,
            label="1.0.0",
            version=version,
            model="amazon.nova-lite-v1:0",
            address="arn:fake:1",
            actor=cast.alice,
        )
