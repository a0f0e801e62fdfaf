"""Which judge decides: Studio's own, or a prompt of the project at a version that was chosen or is live."""

import json
from typing import Any

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.judge_texts import NEEDED, built_in
from promptstudio.evaluations.judges import chosen_for, kept, misfit_of
from promptstudio.evaluations.models import Bench, Judge, JudgeChoice
from promptstudio.lib.append_only import NeverChanges
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment
from promptstudio.prompts import services as prompts
from promptstudio.prompts.catalogue import BUILT_IN
from promptstudio.prompts.lint import errors_of
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, promote

NOVA, OPUS = "amazon.nova-pro-v1:0", "anthropic.claude-opus-5-5"


def a_judge(cast: Cast, bench: Bench = Bench.ONE, text: str = "", **more: Any) -> Version:
    own = built_in(bench, NOVA, BUILT_IN).as_json()
    prompt = a_prompt(cast.claims, by=cast.alice, title=f"Judge {bench} {text}")
    return change(cast.alice, prompt, own | {"system": own["system"] + text} | more)


def change(actor: Actor, prompt: Prompt, data: dict[str, Any]) -> Version:
    return prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Judge better."), actor=actor)


@pytest.mark.parametrize("bench", Bench)
@pytest.mark.parametrize("model", [NOVA, OPUS])
def test_the_judge_that_studio_brings_along_is_a_sound_prompt(bench: Bench, model: str) -> None:
    own = built_in(bench, model, BUILT_IN)
    assert misfit_of(bench, own) is None
    assert errors_of(own.as_json()) == {}
    assert (own.inference.temperature is None) == (model == OPUS)
    assert all(f"{{{{{name}}}}}" in own.messages[0].text for name in NEEDED[bench])


def test_without_a_choice_it_is_studios_own(cast: Cast, settings: Any) -> None:
    settings.JUDGE_MODEL = NOVA
    chosen = chosen_for(cast.claims, Bench.ONE)
    assert (chosen.version, chosen.model, chosen.bundle) == (None, NOVA, built_in(Bench.ONE, NOVA, BUILT_IN))


def test_a_pinned_version_stays_when_others_follow(cast: Cast) -> None:
    first = a_judge(cast)
    choose_judge(project=cast.claims, bench=Bench.ONE, prompt=first.prompt, version=first, actor=cast.dora)
    change(cast.alice, first.prompt, first.bundle.as_json() | {"system": "Be kind."})
    assert chosen_for(cast.claims, Bench.ONE).version == first


def test_what_is_live_in_the_last_environment_judges(cast: Cast) -> None:
    project = cast.elsewhere
    first_lane, last = (add_environment(project=project, slug=slug, name=slug, rules=Rules(), actor=cast.root) for slug in ("test", "live"))
    own = built_in(Bench.ONE, NOVA, BUILT_IN).as_json()
    prompt = a_prompt(project, by=cast.charlie, title="Our judge")
    first = change(cast.charlie, prompt, own)
    with pytest.raises(Invalid, match="Nothing is live of this prompt"):
        choose_judge(project=project, bench=Bench.ONE, prompt=prompt, actor=cast.root)
    assert not JudgeChoice.objects.exists()
    promote(first, first_lane, last, by=cast.charlie)
    choose_judge(project=project, bench=Bench.ONE, prompt=prompt, model="amazon.nova-lite-v1:0", actor=cast.root)
    second = change(cast.charlie, prompt, own | {"system": "Be strict."})
    promote(second, first_lane, by=cast.charlie)
    assert chosen_for(project, Bench.ONE).version == first
    promote(second, last, by=cast.charlie)
    assert (chosen_for(project, Bench.ONE).version, chosen_for(project, Bench.ONE).model) == (second, "amazon.nova-lite-v1:0")


def test_who_chose_stands_in_the_trail(cast: Cast) -> None:
    first = a_judge(cast)
    choose_judge(project=cast.claims, bench=Bench.ONE, prompt=first.prompt, version=first, actor=cast.dora)
    entry = Entry.objects.get(action="judge.appointed")
    data = json.loads(entry.data)
    assert (data["semver"], data["model"]) == ("1.0.0", NOVA)
    with pytest.raises(NeverChanges):
        JudgeChoice.objects.all().delete()


def test_the_same_choice_twice_is_no_change(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Nothing changed"):
        choose_judge(project=cast.claims, bench=Bench.ONE, actor=cast.dora)
    choose_judge(project=cast.claims, bench=Bench.ONE, model=NOVA, actor=cast.dora)
    with pytest.raises(Conflict, match="Nothing changed"):
        choose_judge(project=cast.claims, bench=Bench.ONE, model=f" {NOVA} ", actor=cast.dora)
    assert chosen_for(cast.claims, Bench.PAIR).model != NOVA


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        ({"output_schema": None}, "answers in the form"),
        ({"output_schema": {"type": "object", "properties": {"verdict": {"type": "string"}}}}, "answers in the form"),
        ({"system": "", "messages": [{"text": "{{answer}}"}], "variables": [{"name": "answer"}]}, "lacks task, criterion"),
        ({"model": ""}, "names none"),
    ],
)
def test_a_prompt_that_cannot_judge_is_refused(cast: Cast, odd: dict[str, Any], sentence: str) -> None:
    version = a_judge(cast, **odd)
    with pytest.raises(Invalid, match=sentence):
        choose_judge(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, version=version, actor=cast.dora)


def test_a_variable_that_nobody_fills_is_refused(cast: Cast) -> None:
    own = built_in(Bench.ONE, NOVA, BUILT_IN)
    more = [*own.as_json()["variables"], {"name": "mood"}]
    assert "Nothing fills in mood" in str(misfit_of(Bench.ONE, type(own).model_validate(own.as_json() | {"variables": more})))


def test_each_bench_has_a_judge_of_its_own(cast: Cast) -> None:
    version = a_judge(cast, Bench.PAIR)
    with pytest.raises(Invalid, match="needs the variables task, criterion, answer"):
        choose_judge(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, version=version, actor=cast.dora)
    choose_judge(project=cast.claims, bench=Bench.PAIR, prompt=version.prompt, version=version, actor=cast.dora)
    assert (chosen_for(cast.claims, Bench.PAIR).version, chosen_for(cast.claims, Bench.ONE).version) == (version, None)


def test_a_model_that_takes_no_temperature_is_refused_where_the_prompt_sets_one(cast: Cast) -> None:
    version = a_judge(cast)
    with pytest.raises(Invalid, match="takes no temperature"):
        choose_judge(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, version=version, model=OPUS, actor=cast.dora)
    choose_judge(project=cast.claims, bench=Bench.ONE, model=OPUS, actor=cast.dora)


def test_prompts_of_others_do_not_judge(cast: Cast) -> None:
    theirs = a_prompt(cast.elsewhere, by=cast.charlie)
    with pytest.raises(Invalid, match="a prompt of this project"):
        choose_judge(project=cast.claims, bench=Bench.ONE, prompt=theirs, actor=cast.dora)
    first, second = a_judge(cast), a_judge(cast, text="2")
    with pytest.raises(Invalid, match="a version of this prompt"):
        choose_judge(project=cast.claims, bench=Bench.ONE, prompt=first.prompt, version=second, actor=cast.dora)


def test_equal_judges_are_one(cast: Cast) -> None:
    """Runs are compared by the digest of wording and model, wherever the wording stands."""
    own, again = kept(chosen_for(cast.claims, Bench.ONE)), kept(chosen_for(cast.elsewhere, Bench.ONE))
    assert own == again
    version = a_judge(cast)
    choose_judge(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, version=version, actor=cast.dora)
    choose_judge(project=cast.elsewhere, bench=Bench.ONE, model=NOVA, actor=cast.root)
    theirs, ours = kept(chosen_for(cast.elsewhere, Bench.ONE)), kept(chosen_for(cast.claims, Bench.ONE))
    assert theirs.digest == ours.digest != own.digest
    assert Judge.objects.count() == 3


@pytest.mark.parametrize("bench", Bench)
def test_a_model_reasons_before_it_decides(bench: Bench) -> None:
    """Members stand by name in what is kept, and models that hold to a form write them in that order."""
    sent = json.loads(built_in(bench, NOVA, BUILT_IN).canonical)["output_schema"]
    assert next(iter(sent["properties"])) == "because"
