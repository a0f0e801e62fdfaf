"""Assertions: what they say before they are run, what they say afterwards, and what never counts as passed."""

from typing import Any

import pytest

from promptstudio.evaluations.assertions import (
    WORDS,
    Assertion,
    Given,
    check,
    grade,
    is_run,
    label_of,
    parse,
    problem_of,
    problems_of,
)
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Tool

COVERED = Given(text="Yes, the burst pipe is covered.", latency_ms=900, cost=0.002, stop_reason="end_turn")


def a(assertion_type: str, **members: Any) -> Assertion:
    return parse({"type": assertion_type, **members})


def told(assertion: Assertion) -> list[tuple[str, str, str]]:
    return [(found.level, found.place, found.sentence) for found in problems_of(assertion)]


def test_it_says_what_it_found_in_words() -> None:
    assert check(a("icontains", value="COVERED"), COVERED).reason == "The answer contains “COVERED”."
    outcome = check(a("not-contains", value="covered"), COVERED)
    assert (outcome.passed, outcome.score, outcome.reason) == (False, 0.0, "The answer contains “covered”.")


def test_every_type_of_promptfoo_has_its_words() -> None:
    assert len(WORDS) == 66 + 3
    for name, word in WORDS.items():
        assert word.label, name
        assert word.explanation.endswith("."), name
        assert label_of(name) == word.label
    assert len({word.label for word in WORDS.values()}) == len(WORDS)
    assert label_of("not-contains") == "The answer does not contain"


def test_what_studio_runs_and_what_not() -> None:
    assert is_run("contains")
    assert is_run("not-regex")
    assert is_run("assert-set")
    assert not any(map(is_run, ("classifier", "javascript", "meteor", "human", "nonsense", "not-human")))


@pytest.mark.parametrize("name", [name for name, word in WORDS.items() if word.group not in ("run", "asked")])
def test_what_is_not_run_is_said_and_never_counts_as_passed(name: str) -> None:
    assertion = a(name, value="return true")
    outcome = check(assertion, COVERED)
    assert outcome.passed is None
    assert "not run here" in outcome.reason or "never run here" in outcome.reason
    assert not grade([assertion], COVERED).passed
    assert [level for level, _, _ in told(assertion)] == ["warning"]


def test_what_was_read_is_written_again_to_the_letter() -> None:
    data = {
        "type": "assert-set",
        "assert": [{"type": "contains", "value": "x", "weight": 2, "provider": {"id": "y"}, "strange": [1, None]}],
        "threshold": 0.5,
        "config": {"a": None},
        "$ref": "#/assertionTemplates/short",
    }
    assert parse(data).as_json() == data
    assert parse({"type": "equals", "value": None}).as_json() == {"type": "equals", "value": None}
    assert isinstance(parse({"type": "latency", "threshold": 4000}).as_json()["threshold"], int)


@pytest.mark.parametrize(
    ("data", "place", "sentence"),
    [
        ([], "assertion", "An assertion is an object with a type."),
        ({"value": "x"}, "type", "Say what is looked at: a type, such as contains."),
        ({"type": "contains", "threshold": "0.5"}, "threshold", "This is a number."),
        ({"type": "contains", "weight": True}, "weight", "This is a number."),
        ({"type": "contains", "metric": 5}, "metric", "This is a name, as text."),
        ({"type": "assert-set", "assert": "x"}, "assert", "This is a list of assertions."),
        ({"type": "assert-set", "assert": [5]}, "assert.0", "This is an object with a type."),
        ({"type": "assert-set", "assert": [{"value": 1}]}, "assert.0.type", "Say what is looked at: a type, such as contains."),
        ({"type": "contains", "value": float("nan")}, "value", "This is not a number that can be stored."),
    ],
)
def test_what_cannot_be_read_is_said_at_its_place(data: Any, place: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(data)
    assert refused.value.errors == {place: sentence}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"type": "containz", "value": "x"}, ("error", "type", "“containz” is no type of assertion. Check its spelling.")),
        ({"type": "contains"}, ("error", "value", "Give the text that should be in the answer.")),
        ({"type": "contains", "value": ["x"]}, ("error", "value", "Give the text that should be in the answer.")),
        ({"type": "contains-any", "value": '"x'}, ("error", "value", "A quotation mark in the list is never closed.")),
        ({"type": "regex", "value": "("}, ("error", "value", "This is no regular expression. A bracket ( is never closed.")),
        (
            {"type": "regex", "value": "a{2,1}"},
            ("error", "value", "This is no regular expression. The numbers between { and } are out of order."),
        ),
        ({"type": "word-count", "value": {"min": 3, "max": 2}}, ("error", "value", "The fewest words (min) are more than the most (max).")),
        ({"type": "is-json", "value": "?"}, ("error", "value", "This is no JSON schema.")),
        ({"type": "is-json", "value": {"type": "x"}}, ("error", "value", "This is no JSON schema of draft 7.")),
        ({"type": "latency"}, ("error", "threshold", "Give the threshold: milliseconds.")),
        ({"type": "contains", "value": "x", "weight": -1}, ("error", "weight", "A weight cannot be less than 0.")),
        ({"type": "contains", "value": "x", "weight": 0}, ("warning", "weight", "With a weight of 0 this can never fail.")),
        ({"type": "bleu", "value": "x", "threshold": 0}, ("warning", "threshold", "With this threshold it can never fail.")),
        ({"type": "not-bleu", "value": "x", "threshold": 2}, ("warning", "threshold", "With this threshold it can never fail.")),
        ({"type": "not-latency", "threshold": -1}, ("warning", "threshold", "With this threshold it can never fail.")),
        (
            {"type": "gleu", "value": "x", "threshold": 2},
            ("warning", "threshold", "With this threshold it can never pass: the highest score is 1."),
        ),
        (
            {"type": "contains", "value": "file://secret.txt"},
            ("error", "value", "It stands in a file elsewhere. Put its text here; files are never opened."),
        ),
        (
            {"type": "contains", "value": "x", "transform": "output.trim()"},
            ("error", "transform", "It changes the answer with code first. Code is kept and never run here."),
        ),
        ({"type": "assert-set"}, ("error", "assert", "A group needs a list of assertions.")),
        ({"type": "assert-set", "assert": [{"type": "regex"}]}, ("error", "assert.0.value", "Give a regular expression.")),
        ({"type": "assert-set", "assert": [{"type": "assert-set"}]}, ("error", "assert.0.type", "A group cannot hold another group.")),
    ],
)
def test_mistakes_are_named_at_their_place(data: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assertion = parse(data)
    assert told(assertion) == [expected]
    if expected[0] == "error":
        assert check(assertion, COVERED).passed is None


def test_a_sound_assertion_has_no_problem() -> None:
    assert problem_of(a("contains", value="{{word}}")) is None
    assert problems_of(a("is-json")) == []
    assert problems_of(a("word-count", value={"min": 1})) == []


def test_values_of_the_case_are_put_in_once() -> None:
    given = Given(text="Dear {{other}}, 7", values={"name": "{{other}}", "other": "Bob", "n": 7, "many": [1]})
    assert check(a("contains", value="Dear {{ name }}, {{n}}"), given).passed
    assert check(a("contains-all", value=["{{name}}", "{{n}}"]), given).passed
    assert check(a("contains", value="{{nobody}}"), given).reason == "It asks for “nobody”, and the case has no such value."
    assert check(a("contains", value="{{many}}"), given).passed is None
    # A value is text there, also where it looks like a pattern that the author did not write.
    assert check(a("regex", value="^{{pattern}}$"), Given(text="x", values={"pattern": "("})).passed is None


@pytest.mark.parametrize("value", ["{{ a.b }}", "{% if a %}x{% endif %}", "{{ a | upper }}", "{# a #}", "{{ range(9) }}", "{{"])
def test_logic_in_templates_is_never_run(value: str) -> None:
    assert check(a("not-contains", value=value), Given(text="", values={"a": "b"})).passed is None


def test_what_is_not_known_of_an_answer_is_no_pass() -> None:
    silent = Given(text="x")
    assert check(a("latency", threshold=1000), silent).reason == "How long this answer took is not known."
    assert check(a("not-cost", threshold=1), silent).passed is None
    assert check(a("latency", threshold=1000), COVERED).passed


def test_reasons_to_stop_are_known_by_bedrocks_name_and_by_promptfoos() -> None:
    assert check(a("finish-reason", value="stop"), COVERED).passed
    assert check(a("finish-reason", value="END_TURN"), COVERED).passed
    assert check(a("finish-reason", value="length"), COVERED).passed is False
    assert check(a("finish-reason", value="length"), Given(text="", stop_reason="max_tokens")).passed


def test_calls_are_held_against_the_tools_of_the_prompt() -> None:
    pay = Tool(name="pay", input_schema={"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]})

    def calling(name: str, **sent: Any) -> bool | None:
        return check(a("is-valid-function-call"), Given(text="", tool_calls=({"name": name, "input": sent},), tools=(pay,))).passed

    assert calling("pay", amount=5)
    assert calling("pay", amount=5.5) is False
    assert calling("steal", amount=5) is False
    assert check(a("not-is-valid-function-call"), Given(text="")).passed is None


def test_a_check_that_could_not_be_made_keeps_a_case_from_passing() -> None:
    assertions = [a("contains", value="covered"), a("llm-rubric", value="polite")]
    found = grade(assertions, COVERED)
    assert (found.passed, found.score, found.all_evaluated) == (False, 0.5, False)
    with_threshold = grade(assertions, COVERED, 0.5)
    assert (with_threshold.passed, with_threshold.all_evaluated) == (True, False)
    harmless = grade([assertions[0], a("llm-rubric", value="polite", weight=0)], COVERED)
    assert (harmless.passed, harmless.score) == (False, 1.0)


def test_a_negative_weight_lifts_no_score() -> None:
    sunk = {"type": "contains", "value": "tomorrow", "weight": -1}
    found = grade([a("contains", value="covered", weight=2), parse(sunk)], COVERED, 1.5)
    assert (found.passed, found.score, found.all_evaluated) == (False, 1.0, False)
    group = a("assert-set", weight=-1, **{"assert": [{"type": "contains", "value": "covered"}]})
    assert grade([group], COVERED).outcomes[0].passed is None


def test_json_behind_braces_that_are_none_is_found() -> None:
    answer = Given(text='Is {it?} covered: {"covered": true}')
    assert check(a("contains-json", value={"required": ["covered"]}), answer).passed
    assert check(a("contains-json", value={"required": ["paid"]}), answer).passed is None


def test_a_group_says_what_is_in_it() -> None:
    group = a("assert-set", **{"assert": [{"type": "contains", "value": "covered"}, {"type": "contains", "value": "tomorrow"}]})
    found = grade([group], COVERED).outcomes[0]
    assert (found.passed, found.reason) == (False, "1 of 2 checks in this group passed.")
    assert [part.passed for part in found.parts] == [True, False]
    unsure = a("assert-set", **{"assert": [{"type": "contains", "value": "covered"}, {"type": "human"}]})
    found = grade([unsure], COVERED)
    assert found.outcomes[0].passed is None
    assert not found.passed
    assert not found.all_evaluated
