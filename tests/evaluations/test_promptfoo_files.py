"""Files of promptfoo: what they say of each case, what is kept and not run, what is refused, and that they leave as they came."""

import json
from typing import Any

import pytest

from promptstudio.evaluations.cases import Case, Cases, parse_cases
from promptstudio.evaluations.files.found import NotRead, Reading
from promptstudio.evaluations.files.reading import Words, read_cases, words_of
from promptstudio.evaluations.files.writing import WRITERS, yaml_of
from promptstudio.evaluations.files.yaml_text import load

CONFIG = """\
# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: Claims answers
prompts: [file://claims.json]
providers: [bedrock:anthropic.claude-3-5-sonnet-20240620-v1:0]
defaultTest:
  options: {provider: "bedrock:judge", transform: "output.trim()"}
  vars: {tone: polite}
  assert: [{type: latency, threshold: 4000}]
assertionTemplates:
  short: {type: word-count, value: {max: 80}}
scenarios:
  - config: [{vars: {language: de}}]
    tests: [{vars: {question: Hallo}}]
derivedMetrics: [{name: f1, value: "precision * recall"}]
tests:
  - description: water damage
    vars: {question: "Is a burst pipe covered?", no: off, since: 2026-01-01}
    metadata: {role: claims, priority: high}
    threshold: 0.8
    assert:
      - {type: icontains, value: covered, weight: 2, metric: correctness}
      - {type: llm-rubric, value: "Makes no promise of payout", metric: safety, provider: "bedrock:other"}
      - {type: javascript, value: "output.length > 3"}
      - $ref: '#/assertionTemplates/short'
  - vars: {question: "And hail?", tone: short}
    providerOutput: Yes.
    options: {disableDefaultAsserts: true}
    assert: [{type: contains, value: "{{tone}}"}]
"""


def read(text: str, *variables: str) -> Reading:
    return read_cases(words_of(text.encode(), "x.yaml"), variables or ["question", "tone"])


def checks(case: Case) -> list[str]:
    return [check.type for check in case.assertions]


def test_each_case_has_what_promptfoo_would_run() -> None:
    one, two = read(CONFIG).cases
    assert (one.name, one.threshold) == ("water damage", 0.8)
    assert one.values == {"tone": "polite", "question": "Is a burst pipe covered?", "no": "off", "since": "2026-01-01"}
    assert checks(one) == ["latency", "icontains", "llm-rubric", "javascript", "word-count"]
    assert one.assertions[-1].value == {"max": 80}
    assert (two.values["tone"], checks(two)) == ("short", ["contains"]), "its own options switch the default checks off"
    assert one.extra["options"] == {"provider": "bedrock:judge", "transform": "output.trim()"}
    assert one.extra["metadata"] == {"role": "claims", "priority": "high"}


def test_what_is_kept_and_not_run_is_told() -> None:
    notes = "\n".join(read(CONFIG).notes)
    assert "not run here, and kept" in notes
    assert "(javascript)" in notes
    assert "Its scenarios (1) are kept, and not run." in notes
    assert "not used here: description, prompts, providers, derivedMetrics" in notes
    assert "No variables of this prompt: no, since." in notes


def test_a_configuration_leaves_as_it_came() -> None:
    gone = load(yaml_of(read(CONFIG).suite))
    came = load(CONFIG)
    for test in gone["tests"]:
        del test["metadata"]["prompt_studio"]
        if not test["metadata"]:
            del test["metadata"]
    assert gone == came


def test_a_default_that_a_case_lost_is_kept_beside_and_the_cases_come_back_the_same() -> None:
    suite = read(CONFIG).suite
    first = suite.cases[0].model_copy(update={"assertions": suite.cases[0].assertions[1:]})
    edited = Cases(cases=(first, *suite.cases[1:]), extra=suite.extra)
    config = load(yaml_of(edited))
    assert "defaultTest" not in config
    assert read(yaml_of(edited).decode()).suite.digest == edited.digest


def test_an_assertion_that_was_changed_is_no_longer_that_of_its_template() -> None:
    data = json.loads(read(CONFIG).suite.canonical)
    data["cases"][0]["assertions"][-1]["value"] = {"max": 90}
    again = load(yaml_of(parse_cases(data)))
    assert again["tests"][0]["assert"][-1] == {"$ref": "#/assertionTemplates/short", "value": {"max": 90}}
    gone = parse_cases(data | {"extra": {**data["extra"], "assertionTemplates": {}}})
    assert "$ref" not in load(yaml_of(gone))["tests"][0]["assert"][-1], "there is no such template any more"
    assert read(yaml_of(gone).decode()).suite.digest == gone.digest


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_takes_a_whole_configuration_along(kind: str) -> None:
    suite = read(CONFIG).suite
    assert read_cases(words_of(WRITERS[kind][0](suite), f"x.{kind}"), ["question"]).suite.digest == suite.digest


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tests: file://cases.csv", "files and addresses are never opened"),
        ("tests: https://docs.google.com/spreadsheets/d/1", "files and addresses are never opened"),
        ("tests: {path: make.py}", "made by a program, which is never run"),
        ("defaultTest: file://d.yaml\ntests: [{vars: {question: x}}]", "files and addresses are never opened"),
        ("scenarios: [{}]", "scenarios are not run here"),
        ("description: x\nproviders: [echo]", "It has no tests"),
        ("tests: [" + "{vars: {a: b}}, " * 501 + "]", "at most 500"),
        ("tests: []", "There is no case in it"),
        ("just words", "There is no test in it"),
        ("tests: [{vars: {1: x}}]", "Names of fields are text"),
        ("tests: [{vars: {question: .nan}}]", "not a number that can be stored"),
        ("tests: !!python/object/apply:os.system ['true']", "cannot be read as YAML"),
        ("a: &a [*a]", "part of itself"),
        ("tests: [\n  - x", "Look at line"),
    ],
)
def test_what_is_not_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(NotRead) as refused:
        read(text)
    assert sentence in refused.value.sentence


@pytest.mark.parametrize(
    ("test", "column", "sentence"),
    [
        ("file://one.yaml", "tests", "never opened"),
        ({"vars": {"question": "file://q.txt"}}, "vars.question", "never opened"),
        ({"vars": "file://q.csv"}, "vars", "never opened"),
        ({"assert": [{"type": "contains", "value": "file://x.txt"}]}, "assert 1", "files are never opened"),
        ({"assert": [{"type": "is-json"}, {"$ref": "#/assertionTemplates/none"}]}, "assert 2", "There is no none in assertionTemplates"),
        ({"assert": [{"$ref": "file://x.yaml#/short"}]}, "assert 1", "outside assertionTemplates"),
        ({"assert": [{"type": "no such"}]}, "assert 1", "no type of assertion"),
        ({"assert": [{"value": "x"}]}, "assert 1", ""),
        ({"assert": "is-json"}, "assert", "a list of assertions"),
        ({"vars": {}, "description": 7}, "description", ""),
        ({"vars": {}, "threshold": 7}, "threshold", "between 0 and 1"),
        ({"vars": {}, "metadata": {"prompt_studio": {"weight": "heavy"}}}, "metadata.prompt_studio.weight", "This is a number"),
    ],
)
def test_what_is_wrong_with_a_test_is_said_at_its_place_and_the_others_come_in(test: Any, column: str, sentence: str) -> None:
    reading = read(json.dumps({"tests": [{"vars": {"question": "x"}}, test]}))
    [problem] = reading.problems
    assert (problem.row, problem.column) == ("Case 2", column)
    assert sentence in problem.sentence
    assert len(reading.cases) == 1


def test_a_line_that_is_wrong_is_named_and_the_others_come_in() -> None:
    lines = '{"vars": {"question": "x"}}\n\nnot json\n{"vars": {"question": NaN}}\n[1]\n'
    reading = read_cases(Words("jsonl", lines), ["question"])
    assert [problem.row for problem in reading.problems] == ["Line 3", "Line 4", "Line 5"]
    assert len(reading.cases) == 1


@pytest.mark.parametrize("merge", [False, True], ids=["lists", "merged"])
def test_aliases_that_grow_without_end_are_refused_at_once(merge: bool) -> None:
    laughs = ["a0: &a0 {x: 1, y: 2}"]
    for level in range(1, 40):
        members = f"<<: [{', '.join([f'*a{level - 1}'] * 9)}]" if merge else f"z: [{', '.join([f'*a{level - 1}'] * 9)}]"
        laughs.append(f"a{level}: &a{level} {{{members}}}")
    with pytest.raises(NotRead, match="unfold to more"):
        read("\n".join(laughs))


def test_aliases_and_merges_that_people_write_are_read() -> None:
    text = "common: &c {type: contains, value: x}\ntests:\n  - vars: {question: x}\n    assert: [*c, {<<: *c, value: y}]\n"
    [case] = read(text).cases
    assert [check.value for check in case.assertions] == ["x", "y"]


def test_a_list_of_tests_or_a_single_one_is_read_as_well() -> None:
    assert len(read("- vars: {question: x}\n- vars: {question: y}\n").cases) == 2
    assert len(read("vars: {question: x}\nassert: [{type: is-json}]\n").cases) == 1


def test_a_list_that_promptfoo_would_make_cases_of_is_told() -> None:
    assert "promptfoo would make a case of each member" in " ".join(read("- vars: {question: [a, b]}").notes)


def test_what_is_left_empty_has_the_default() -> None:
    text = "defaultTest: {vars: {tone: x}, assert: [{type: is-json}]}\ntests:\n  - {description: a, vars: , assert: }\n"
    [case] = read(text).cases
    assert (case.values, checks(case)) == ({"tone": "x"}, ["is-json"])


def test_hostile_members_are_told_and_nothing_breaks() -> None:
    own = {"uid": ["x"], "tags": {"a": 1}, "turns": "x", "suite": [], "extra": 7, "assert": [1], "owner": {}}
    tests = [
        {"vars": {}, "metadata": {"prompt_studio": own}},
        {"vars": {}, "metadata": 7, "options": [], "assert": [7]},
        {"vars": 7},
        None,
        7,
    ]
    for default in ({"vars": 7, "options": [], "assert": {}, "threshold": "x"}, {}):
        reading = read(json.dumps({"tests": tests, "defaultTest": default, "assertionTemplates": 7, "metadata": 7}))
        assert {problem.row for problem in reading.problems} >= {"Case 1", "Case 2", "Case 3", "Case 4", "Case 5"}
    with pytest.raises(NotRead):
        read("[" * 100_000)


def test_numbers_are_read_as_promptfoo_reads_them() -> None:
    [case] = read("- vars: {a: 1e3, b: 0o17, c: 0x1f, d: yes, e: 012, f: 1.5, g: -2, h: +.5, i: 1:30}").cases
    assert case.values == {"a": 1000, "b": 15, "c": 31, "d": "yes", "e": 12, "f": 1.5, "g": -2, "h": 0.5, "i": "1:30"}
