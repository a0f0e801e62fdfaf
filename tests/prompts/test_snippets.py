"""What `{{> name}}` stands for: which version, how deep, and where a mistake is shown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import snippets
from promptstudio.prompts.findings import Finding
from promptstudio.prompts.semver import Impact
from promptstudio.prompts.snippets import Stored, check_text, renewed, resolve, step
from promptstudio.prompts.templating import escape_braces

from .strategies import braced, bundle_data, json_values, texts


def shelf(**texts_by_name):
    """A loader. A text is version 1.0.0; a dictionary has texts by number."""
    stored = {}
    for name, versions in texts_by_name.items():
        versions = versions if isinstance(versions, dict) else {"1.0.0": versions}
        found = [Stored(name, tuple(map(int, number.split("."))), text, hash((name, number))) for number, text in versions.items()]
        stored[name] = sorted(found, key=lambda one: one.number, reverse=True)
    return lambda name, on_shelf: stored.get(name, [])


def of_text(text):
    return {"kind": "text", "messages": [{"role": "user", "text": text}]}


def resolved(text, **stored):
    found = resolve(of_text(text), shelf(**stored))
    return found.data["messages"][0]["text"], [problem.sentence for problem in found.problems]


GREETINGS = {"1.0.0": "Hi", "1.2.0": "Hello", "2.0.0": "Dear {{name}}", "2.1.0": "Dear {{name}},"}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("", "Dear {{name}},"),
        ("@2.0.0", "Dear {{name}}"),
        ("@1", "Hello"),
        ("@^1", "Hello"),
        ("@~2.0", "Dear {{name}}"),
        ("@*", "Dear {{name}},"),
    ],
)
def test_an_include_takes_the_newest_version_that_it_allows(wanted, words):
    assert resolved(f"{{{{> greeting{wanted} }}}} Go on.", greeting=GREETINGS) == (f"{words} Go on.", [])


def test_what_is_held_names_the_snippets_inside_snippets_too():
    load = shelf(letter="{{> greeting@1}}\n{{> footer}}", greeting=GREETINGS, footer="Yours")
    found = resolve({**of_text("{{> letter}}"), "system": "{{>footer}}"}, load)
    assert (found.data["system"], found.data["messages"][0]["text"]) == ("Yours", "Hello\nYours")
    assert {(one.name, one.semver) for one in found.held} == {("letter", "1.0.0"), ("greeting", "1.2.0"), ("footer", "1.0.0")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{> nowhere}}", "There is no snippet called nowhere. Check its name, or make it under Snippets."),
        ("{{> greeting@3}}", "The snippet greeting has no version 3. Its newest is 2.1.0."),
        ("{{> greeting@1.2.3.4}}", "The snippet greeting has no version 1.2.3.4. Its newest is 2.1.0."),
        ("{{> Bad Name}}", "“Bad Name” names no snippet. Write {{> name}} or {{> name@2.1.0}}."),
        ("{{>}}", "“” names no snippet. Write {{> name}} or {{> name@2.1.0}}."),
        ("{{> outer}}", "In the snippet outer: There is no snippet called nowhere. Check its name, or make it under Snippets."),
        ("{{> round}}", "In the snippet trip: The snippet round would include itself (round → trip → round). Take it out of one of them."),
    ],
)
def test_what_cannot_be_included_is_refused_with_a_sentence(text, sentence):
    stored = {"greeting": GREETINGS, "outer": "{{> nowhere}}", "round": "{{> trip}}", "trip": "{{> round}}"}
    assert resolved(text, **stored)[1] == [sentence]


def test_a_mistake_is_shown_at_its_line():
    (problem,) = resolve(of_text("One\nTwo {{> nowhere}}"), shelf()).problems
    assert (problem.place, problem.line, problem.column, problem.level) == ("messages.0.text", 2, 5, "error")


def test_five_levels_are_possible_and_six_are_not():
    chain = {f"s{depth}": f"{{{{> s{depth + 1}}}}}" for depth in range(1, 6)} | {"s6": "End"}
    assert resolved("{{> s2}}", **chain) == ("End", [])
    (sentence,) = resolved("{{> s1}}", **chain)[1]
    assert "5 levels deep at most" in sentence
    # Whatever was put together before.
    assert len(resolved("{{> s2}}{{> s1}}", **chain)[1]) == 1


def test_what_grows_without_end_is_refused_quickly():
    bomb = {f"s{depth}": f"{{{{> s{depth + 1}}}}}" * 5000 for depth in range(1, 4)} | {"s4": "x" * 1000}
    started = time.perf_counter()
    (sentence,) = resolved("{{> s1}}", **bomb)[1]
    assert "longer than 200,000 characters" in sentence
    assert len(resolved("{{> nowhere}}" * 15_000)[1]) == snippets.MOST_PROBLEMS
    assert time.perf_counter() - started < 5


def test_a_snippet_cannot_be_saved_so_that_it_includes_itself():
    with pytest.raises(Invalid) as refused:
        check_text("One\n{{> letter}}", shelf(letter="{{> greeting}}"), name="greeting")
    assert refused.value.errors == {
        "text": "Line 2: In the snippet letter: The snippet greeting would include itself (greeting → letter → greeting). "
        "Take it out of one of them."
    }


def test_a_finding_about_the_words_of_a_snippet_stands_at_the_line_that_includes_it():
    found = resolve(of_text("A\n{{> two-lines}} and {{ x }}"), shelf(**{"two-lines": "B\n{{b}}"}))
    at = found.at_source(Finding("error", "messages.0.text", "b is unknown.", 3, 1, "escape_braces"))
    assert (at.line, at.column, at.sentence, at.fix) == (2, 1, "In the snippet two-lines: b is unknown.", None)
    after = found.at_source(Finding("error", "messages.0.text", "x is unknown.", 3, 11, "add_variable", "x"))
    assert (after.line, after.column, after.sentence, after.fix) == (2, 21, "x is unknown.", "add_variable")


def test_what_stands_on_the_shelf_includes_what_stands_there_alone():
    asked = []

    def load(name, on_shelf):
        asked.append((name, on_shelf))
        return [Stored(name, (1, 0, 0), "{{> footer}}" if name == "letter" else "Yours", hash(name), on_shelf=True)]

    resolve(of_text("{{> letter}}"), load)
    assert asked == [("letter", False), ("footer", True)]


@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        ("Be kind.", "Be kind and {{tone}}.", Impact.BREAKING),
        ("Pay at most 10.", "Pay at most 20.", Impact.FEATURE),
        ("Write kindly.", "Write friendly.", Impact.FIX),
        ("Hello. {{> footer}}", "Hello. {{> footer@2}}", Impact.FEATURE),
        ("Hello {{> one}}", "Hello {{> two}}", Impact.FEATURE),
    ],
)
def test_its_number_says_how_much_changed(old, new, impact):
    assert step(old, new).impact == impact
    assert step(new, new) is None


def test_a_pinned_include_asks_for_the_newest_when_it_is_renewed():
    data = of_text("{{> a@1.0.0}} {{> a}} {{> a@^2}} {{> a@1}} {{> b@1}} {{> not one}}")
    text = renewed(data, "a", (2, 1, 0))["messages"][0]["text"]
    assert text == "{{> a@2.1.0}} {{> a}} {{> a@^2}} {{> a@2.1.0}} {{> b@1}} {{> not one}}"


def test_keeping_braces_as_text_leaves_includes_alone():
    assert escape_braces("{{> a}} {{ {{> not closed") == "{{> a}} {{open_braces}} {{open_braces}}> not closed"


includes = st.lists(st.sampled_from(["{{> a}}", "{{> b@2}}", "{{>a@^1.0}}", "{{> c}}", "{{>", "}}", "\n", "x", "{{x}}"]), max_size=12).map(
    "".join
)


@given(includes | braced | texts, includes, includes)
def test_it_never_raises_and_findings_always_find_their_line(text, a, b):
    found = resolve(of_text(text), shelf(a=a, b={"1.0.0": b, "2.0.0": a}))
    whole = found.data["messages"][0]["text"]
    for offset in range(len(whole)):
        line, column = whole.count("\n", 0, offset) + 1, offset - (whole.rfind("\n", 0, offset) + 1) + 1
        at = found.at_source(Finding("hint", "messages.0.text", "Here.", line, column))
        assert 1 <= at.line <= text.count("\n") + 1
        if not found.has_snippets:
            assert (at.line, at.column) == (line, column)


@given(bundle_data | json_values)
def test_data_of_any_shape_is_taken(data):
    before = repr(data)
    resolve(data, shelf(a="x"))
    assert repr(data) == before
