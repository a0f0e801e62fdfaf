"""Whole conversations: a case goes on where the filled-in prompt ends, and the model answers its last turn."""

from typing import Any

import pytest

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import Turn, parse_cases
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.models import Version
from tests.cast import Cast, bundle

from .scripted import MODEL

USER, ASSISTANT = {"role": "user", "text": "And the roof?"}, {"role": "assistant", "text": "The pipe is covered."}
SYSTEM_ONLY = {"kind": "chat", "system": "You sort claims.", "messages": [], "variables": [], "model": MODEL}


def question(data: dict[str, Any], *turns: dict[str, str]) -> Question:
    return Question(bundle=parse(data), label="1.0.0", values={"claim": "x"}, turns=tuple(Turn(**turn) for turn in turns))


def run_cases(cast: Cast, version: Version, *cases: dict[str, Any], data: dict[str, Any] | None = None) -> None:
    rows = [{"values": {"claim": "A pipe burst."}, "assertions": [{"type": "icontains", "value": "roof"}], **case} for case in cases]
    suite = suite_services.add_suite(prompt=version.prompt, name="Talks", cases=parse_cases({"cases": rows}), actor=cast.alice)
    asked = parse(data) if data else version.bundle
    run_services.start_run(suite=suite, bundle=asked, label="1.0.0", version=None if data else version, actor=cast.alice)


def test_the_model_is_asked_with_the_prompt_and_the_turns_after_it(cast: Cast, version: Version, calls: list[Call]) -> None:
    run_cases(cast, version, {"turns": [ASSISTANT, USER]})
    answer_due()
    [call] = calls
    assert [(message.role, message.text) for message in call.rendered.messages] == [
        ("user", "Sort this claim: A pipe burst."),
        ("assistant", "The pipe is covered."),
        ("user", "And the roof?"),
    ]
    answer = Answer.objects.get()
    assert (answer.turns, answer.result.outcome) == ([ASSISTANT, USER], "passed")


def test_a_prompt_of_system_text_alone_is_spoken_to_first(cast: Cast, version: Version, calls: list[Call]) -> None:
    run_cases(cast, version, {"values": {}, "turns": [USER]}, data=SYSTEM_ONLY)
    answer_due()
    assert [(message.role, message.text) for message in calls[0].rendered.messages] == [("user", "And the roof?")]


@pytest.mark.parametrize(
    ("data", "turns", "sentence"),
    [
        (bundle(model=MODEL), [USER], "the prompt ends with a message of the user. Begin with the assistant."),
        (SYSTEM_ONLY, [ASSISTANT, USER], "it has only system text. Begin with the user."),
        (bundle(model=MODEL), [ASSISTANT], "The conversation ends with the assistant."),
        (bundle(model=MODEL), [ASSISTANT, USER, USER], "Turns 2 and 3 are both the user's."),
    ],
)
def test_turns_that_do_not_fit_say_why(data: dict[str, Any], turns: list[dict[str, str]], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        question(data, *turns).rendered()


def test_a_case_that_does_not_fit_is_told_and_the_others_run(cast: Cast, version: Version) -> None:
    run_cases(cast, version, {"turns": [USER]}, {"turns": [ASSISTANT, USER]})
    answer_due()
    odd, even = Answer.objects.order_by("id")
    assert (odd.state, odd.error_code, odd.result.outcome) == ("failed", "does_not_fit", "unknown")
    assert "Begin with the assistant" in odd.error
    assert even.state == "answered"


def test_questions_without_turns_keep_their_digest() -> None:
    """Answers of former versions are found again."""
    plain = Question(bundle=Bundle(model=MODEL), label="", values={})
    assert plain.asked == "sha256:806629d6b020d11fb34914fd5a08e2ccf45064ed54c335f351a3540a3600ded8"
    assert question(bundle(model=MODEL), ASSISTANT, USER).asked != question(bundle(model=MODEL)).asked
