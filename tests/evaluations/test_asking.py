"""Asking models: what is kept, what is refused, and that nothing is asked twice by mistake."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from promptstudio.accounts import actor as actors
from promptstudio.audit.models import Entry
from promptstudio.deployments.upkeep_services import archive_prompt
from promptstudio.evaluations import services
from promptstudio.evaluations.answers import newest_answers
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Answer, Wording
from promptstudio.evaluations.questions import Question, table_values, values_for
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.lib.append_only import NeverChanges
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services as prompts
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.models import Version
from tests.cast import Cast, a_key, an_application, bundle

from .scripted import MODEL


def question(version: Version, claim: str = "The pipe burst.", **more: Any) -> Question:
    return Question(bundle=version.bundle, label=version.semver, version=version, values={"claim": claim}, **more)


def ask(cast: Cast, version: Version, *questions: Question) -> list[Answer]:
    round_uid = services.ask_models(prompt=version.prompt, questions=questions or [question(version)], actor=cast.alice)
    return list(Answer.objects.filter(round=round_uid))


def test_a_question_waits_with_everything_that_decides_its_answer(cast: Cast, version: Version) -> None:
    [answer] = ask(cast, version)
    assert (answer.state, answer.model, answer.values) == ("waiting", MODEL, {"claim": "The pipe burst."})
    assert answer.wording.digest == version.digest
    assert answer.wording.bundle == version.bundle
    assert (answer.asked_by, answer.version, answer.label) == (cast.alice.user, version, "1.0.0")


def test_the_trail_says_who_asked_which_model_and_not_what_with(cast: Cast, version: Version) -> None:
    ask(cast, version)
    entry = Entry.objects.get(action="model.asked")
    assert entry.actor_uid == cast.alice.user.uid
    assert MODEL in entry.data
    assert "burst" not in entry.data


def test_a_button_pressed_twice_asks_once(cast: Cast, version: Version) -> None:
    first, second = ask(cast, version), ask(cast, version)
    assert first == second
    assert Answer.objects.count() == 1
    [other] = ask(cast, version, question(version, "A tree fell."))
    assert other.round != first[0].round


def test_asking_again_later_asks_again(cast: Cast, version: Version) -> None:
    ask(cast, version)
    answer_due()
    Answer.objects.update(asked_at=clock.now() - timedelta(seconds=services.PRESSED_TWICE + 1))
    ask(cast, version)
    assert Answer.objects.count() == 2


def test_two_who_ask_the_same_each_have_their_round(cast: Cast, version: Version) -> None:
    ask(cast, version)
    services.ask_models(prompt=version.prompt, questions=[question(version)], actor=cast.bob)
    assert Answer.objects.values("round").distinct().count() == 2


def test_what_is_missing_is_named_and_nothing_is_asked(cast: Cast, version: Version) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast, version, question(version), Question(bundle=version.bundle, label="1.0.0", version=version))
    assert "variables.claim" in refused.value.errors
    assert refused.value.sentence.startswith("1.0.0: ")
    assert not Answer.objects.exists()


def test_a_prompt_without_a_model_says_so(cast: Cast, version: Version) -> None:
    with pytest.raises(Invalid, match="has no model"):
        ask(cast, version, Question(bundle=Bundle.model_validate(bundle()), label="Draft of Alice", values={"claim": "x"}))


def test_another_model_is_asked_with_the_same_wording(cast: Cast, version: Version, calls: list[Call]) -> None:
    [own, other] = ask(cast, version, question(version), question(version, other_model="amazon.nova-lite-v1:0"))
    answer_due()
    assert own.wording == other.wording
    assert own.asked != other.asked
    assert [call.model for call in calls] == [MODEL, "amazon.nova-lite-v1:0"]


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_whoever_only_reads_asks_for_nothing(cast: Cast, version: Version, who: str) -> None:
    with pytest.raises(NotAllowed):
        services.ask_models(prompt=version.prompt, questions=[question(version)], actor=getattr(cast, who))


def test_no_key_asks(cast: Cast, version: Version) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "write", by=cast.dora)
    with pytest.raises(NotAllowed, match="A key cannot do this"):
        services.ask_models(prompt=version.prompt, questions=[question(version)], actor=key)


def test_an_archived_prompt_is_not_tried(cast: Cast, version: Version) -> None:
    archive_prompt(prompt=version.prompt, actor=cast.dora)
    version.prompt.refresh_from_db()
    with pytest.raises(NotAllowed, match="archived"):
        ask(cast, version)


def test_an_installation_without_a_runner_says_so(cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_RUNNER = ""
    with pytest.raises(NotAllowed, match="No models are called from here"):
        ask(cast, version)


def test_at_most_so_many_go_at_once(cast: Cast, version: Version) -> None:
    many = [question(version, f"Claim {number}") for number in range(services.MOST_AT_ONCE + 1)]
    with pytest.raises(Invalid, match="At most 40 go at once"):
        ask(cast, version, *many)


def test_a_person_has_so_many_a_day(cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 2
    ask(cast, version)
    with pytest.raises(Conflict, match="2 times in 24 hours, and 1 of them is left"):
        ask(cast, version, question(version, "a"), question(version, "b"))
    ask(cast, version, question(version, "a"))
    Answer.objects.update(asked_at=clock.now() - timedelta(days=1, seconds=1))
    ask(cast, version, question(version, "b"))


def test_what_is_stopped_is_not_asked_any_more(cast: Cast, version: Version, calls: list[Call]) -> None:
    [answer] = ask(cast, version)
    assert services.stop_asking(prompt=version.prompt, round_uid=answer.round, actor=cast.bob) == 1
    answer_due()
    answer.refresh_from_db()
    assert (answer.state, answer.error, calls) == ("failed", "This was stopped.", [])
    assert services.stop_asking(prompt=version.prompt, round_uid=answer.round, actor=cast.bob) == 0
    assert Entry.objects.filter(action="model.stopped").count() == 1


def test_the_round_of_another_prompt_is_not_stopped(cast: Cast, version: Version) -> None:
    [answer] = ask(cast, version)
    other = prompts.create_prompt(project=cast.claims, title="Other", actor=cast.alice)
    assert services.stop_asking(prompt=other, round_uid=answer.round, actor=cast.alice) == 0
    assert services.stop_asking(prompt=version.prompt, round_uid=uuid.uuid4(), actor=cast.alice) == 0
    assert Answer.objects.get().is_waiting


def test_an_answer_is_found_again_by_what_was_asked(cast: Cast, version: Version) -> None:
    ask(cast, version)
    answer_due()
    same = question(version)
    assert newest_answers([same], cast.vera)[same.asked].text == "SORT THIS CLAIM: THE PIPE BURST."
    assert newest_answers([question(version, "Another.")], cast.vera) == {}
    assert newest_answers([same], cast.charlie) == {}


def test_an_answer_that_is_there_stands_before_one_that_is_not(cast: Cast, version: Version) -> None:
    [answered] = ask(cast, version)
    answer_due()
    services.ask_models(prompt=version.prompt, questions=[question(version)], actor=cast.bob)
    same = question(version)
    assert newest_answers([same], cast.vera)[same.asked] == answered


def test_the_clock_forgets_what_drafts_were_asked_with_and_keeps_what_versions_answered(cast: Cast, version: Version) -> None:
    draft = prompts.open_draft(prompt=version.prompt, actor=cast.alice)
    of_draft = Question(bundle=version.bundle, label="Draft", draft=draft, values={"claim": "x"})
    ask(cast, version, question(version, from_table=True), of_draft)
    answer_due()
    Answer.objects.update(asked_at=clock.now() - timedelta(days=10))
    with pytest.raises(NotAllowed):
        services.forget_old_answers(before=clock.now(), actor=cast.root)
    assert services.forget_old_answers(before=clock.now() - timedelta(days=11), actor=actors.system()) == 0
    assert services.forget_old_answers(before=clock.now() - timedelta(days=9), actor=actors.system()) == 1
    assert Answer.objects.get().version == version


def test_a_wording_never_changes(cast: Cast, version: Version) -> None:
    ask(cast, version)
    with pytest.raises(NeverChanges):
        Wording.objects.update(canonical="{}")


def test_what_an_example_lacks_comes_from_the_table(version: Version) -> None:
    rows = [
        {"name": "claim"},
        {"name": "reader", "example": "adjuster"},
        {"name": "tone", "required": False, "example": "kind"},
        {"name": "days", "type": "number", "default": 3},
    ]
    with_rows = Bundle.model_validate(bundle(variables=rows))
    assert values_for(with_rows, {"claim": "x"}) == {"claim": "x", "reader": "adjuster"}
    assert table_values(with_rows) == {"reader": "adjuster", "tone": "kind", "days": 3}


def test_another_prompts_words_are_not_tried_here(cast: Cast, version: Version) -> None:
    other = prompts.create_prompt(project=cast.claims, title="Severance", actor=cast.alice)
    with pytest.raises(Invalid, match="Another prompt is tried on its own page"):
        services.ask_models(prompt=other, questions=[question(version)], actor=cast.alice)


@pytest.mark.parametrize("model", ["arn:aws:bedrock:eu-central-1:123456789012:prompt/ABCDEFGHIJ:1", "no model", "x" * 3000])
def test_what_names_no_model_is_not_asked(cast: Cast, version: Version, model: str) -> None:
    with pytest.raises(Invalid, match="not how Bedrock names a model"):
        ask(cast, version, question(version, other_model=model))


def test_a_button_pressed_twice_asks_once_even_when_the_first_is_answered(cast: Cast, version: Version) -> None:
    first = ask(cast, version)
    answer_due()
    assert ask(cast, version) == first


def test_values_that_somebody_typed_are_forgotten_for_versions_too(cast: Cast, version: Version) -> None:
    example = prompts.save_example(prompt=version.prompt, name="pipe", values={"claim": "A pipe."}, actor=cast.alice)
    ask(cast, version, question(version), question(version, "A pipe.", example=example))
    answer_due()
    assert services.forget_old_answers(before=clock.now() + timedelta(seconds=1), actor=actors.system()) == 1
    assert Answer.objects.get().example == example


def test_no_name_of_a_person_is_kept_with_an_answer(cast: Cast, version: Version) -> None:
    draft = prompts.open_draft(prompt=version.prompt, actor=cast.alice)
    ask_draft = Question(bundle=version.bundle, label="Draft of Alice", draft=draft, values={"claim": "x"})
    [answer] = ask(cast, version, ask_draft)
    services.stop_asking(prompt=version.prompt, round_uid=answer.round, actor=cast.alice)
    answer.refresh_from_db()
    assert (answer.label, answer.title) == ("Draft", "Draft of Alice")
    assert "Alice" not in answer.error
