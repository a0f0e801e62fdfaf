"""Placeholders follow Bedrock's rule, values are filled in once, and braces that mean themselves survive."""

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import templating
from promptstudio.prompts.bundle import parse
from promptstudio.prompts.templating import Piece, escape_braces, literal, preview, render, stray_braces, variables_in

from .strategies import braced, text_bundle, texts

BRACES = {"open_braces": "{{"}


def filled(text, values):
    """The rule once more, in other words: look at each `{{`, read a name up to `}}`, go on behind it."""
    out, at = "", 0
    while at < len(text):
        close = text.find("}}", at + 2)
        inside = text[at + 2 : close].strip(" \t") if text.startswith("{{", at) and close >= 0 else ""
        if re.fullmatch(r"([0-9a-zA-Z][_-]?){1,100}", inside) and inside in values:
            out, at = out + values[inside], close + 2
        else:
            out, at = out + text[at], at + 1
    return out


def rendered(text, **values):
    declared = [{"name": name} for name in variables_in(text)]
    return render(text_bundle(text, variables=declared), values).messages[0].text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{a}} {{ b }} {{\tc\t}} {{a}}", ["a", "b", "c"]),
        ("{{{x}}}", ["x"]),
        ("{{{{x}}", ["x"]),
        ("{{Claim_no-2}}", ["Claim_no-2"]),
        ("{{a b}} {{a__b}} {{_a}} {{}} {{ü}} {{a.b}} {{\na}} { {a}} {{a}", []),
        ("{{" + "a" * 100 + "}} {{" + "b" * 101 + "}}", ["a" * 100]),
        ("{{open_braces}}x", []),
    ],
)
def test_what_is_a_variable(text, names):
    assert variables_in(text) == names


def test_variables_are_found_in_system_text_first():
    bundle = parse({"kind": "chat", "system": "{{b}}", "messages": [{"text": "{{a}} {{b}}"}, {"role": "assistant", "text": "{{c}}"}]})
    assert templating.variables_of(bundle) == ["b", "a", "c"]


def test_open_braces_is_told_apart():
    assert templating.reserved_in(text_bundle("{{open_braces}}")) == BRACES
    assert not templating.reserved_in(text_bundle("{{ open }}"))


@given(braced, texts, texts)
def test_values_are_filled_in_once_and_nothing_else_changes(text, a, b):
    values = {"a": a + "{{b}}", "b": "{{a}}" + b, "open_braces": "{{"}
    assume(set(variables_in(text)) <= {"a", "b"})
    sent = {name: values[name] for name in variables_in(text)}
    assert rendered(text, **sent) == filled(text, values)


def test_a_value_with_a_placeholder_is_not_expanded():
    assert rendered("{{a}}{{b}}", a="{{b}}", b="{{a}}") == "{{b}}{{a}}"


def test_neighbouring_values_make_no_placeholder():
    assert rendered("{{a}}b}}", a="{{") == "{{b}}"


@given(braced)
def test_escaped_braces_render_as_they_stood(text):
    values = {"a": "A", "b": "B"}
    assume(set(variables_in(text)) <= {"a", "b"})
    sent = {name: values[name] for name in variables_in(text)}
    assert rendered(escape_braces(text), **sent) == filled(text, values | BRACES)


@given(braced | texts)
def test_after_escaping_no_brace_is_stray_and_escaping_again_changes_nothing(text):
    escaped = escape_braces(text)
    assert stray_braces(escaped) == []
    assert escape_braces(escaped) == escaped
    assert variables_in(escaped) == variables_in(text)


@given(braced | texts)
def test_a_literal_text_renders_to_itself_and_has_no_variable(text):
    assert variables_in(literal(text)) == []
    assert rendered(literal(text)) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("{{ a b }}", "{{open_braces}} a b }}"),
        ("{{{x}}}", "{{{x}}}"),
        ("{{{{", "{{open_braces}}{{open_braces}}"),
        ("{{{{x}}}}", "{{open_braces}}{{x}}}}"),
        ("}} {", "}} {"),
    ],
)
def test_escaping(text, escaped):
    assert escape_braces(text) == escaped


def test_stray_braces_are_found_by_line_and_column():
    assert stray_braces("{{a}} }}\n😀{{ {{{{\n\n{{b b}}") == [(2, 2), (2, 5), (2, 7), (4, 1)]


def test_every_wrong_value_is_named_at_once():
    bundle = text_bundle(
        "{{a}}{{n}}{{b}}{{c}}{{t}}{{undeclared}}",
        variables=[
            {"name": "a"},
            {"name": "n", "type": "number"},
            {"name": "b", "type": "boolean"},
            {"name": "c", "type": "choice", "choices": ["warm", "plain"]},
            {"name": "t"},
        ],
    )
    with pytest.raises(Invalid) as refused:
        render(bundle, {"n": "many", "b": 1, "c": "cold", "t": 5, "rooms": 3})
    assert refused.value.errors == {
        "variables.rooms": "rooms is not a variable of this prompt. Leave it out, or check its spelling.",
        "variables.a": "a is missing. Send a value for it.",
        "variables.n": "n must be a number, such as 1200 or 2.5.",
        "variables.b": "b must be true or false.",
        "variables.c": "c must be one of warm, plain.",
        "variables.t": "t must be text.",
        "variables.undeclared": "undeclared stands in the text but is not in the table of variables. Add it there first.",
    }


def test_open_braces_may_be_sent_but_stands_for_itself_only():
    bundle = text_bundle("{{open_braces}}x}}")
    assert render(bundle, BRACES).messages[0].text == "{{x}}"
    with pytest.raises(Invalid) as refused:
        render(bundle, {"open_braces": "[["})
    assert "variables.open_braces" in refused.value.errors


@pytest.mark.parametrize(
    ("variable", "values", "text"),
    [
        ({"required": False, "default": "x"}, {}, "x"),
        ({"required": True, "default": "x"}, {}, "x"),
        ({"required": False, "default": "x"}, {"v": None}, "x"),
        ({"required": False, "default": "x"}, {"v": ""}, ""),
        ({"required": False}, {}, ""),
        ({"type": "number"}, {"v": 1.0}, "1"),
        ({"type": "number"}, {"v": 1e21}, "1000000000000000000000"),
        ({"type": "number"}, {"v": 0.00001}, "0.00001"),
        ({"type": "number"}, {"v": -0.0}, "0"),
        ({"type": "number"}, {"v": "12.50"}, "12.50"),
        ({"type": "boolean"}, {"v": True}, "true"),
        ({"type": "boolean", "default": False}, {}, "false"),
        ({"type": "choice", "choices": ["warm"]}, {"v": "warm"}, "warm"),
    ],
)
def test_values_and_defaults(variable, values, text):
    bundle = text_bundle("{{v}}", variables=[{"name": "v"} | variable])
    assert render(bundle, values).messages[0].text == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "1e5", "", "1" * 400, 10**400, [1]])
def test_no_number(value):
    assert templating.misfit("number", (), value)


def test_a_long_value_may_make_a_text_longer_than_a_stored_one_may_be():
    assert len(rendered("{{a}}{{a}}", a="x" * 200_000)) == 400_000


def test_a_default_that_does_not_fit_is_named():
    bundle = text_bundle("{{v}}", variables=[{"name": "v", "type": "number", "default": "many"}])
    with pytest.raises(Invalid, match="v must be a number"):
        render(bundle, {})


def test_a_preview_shows_what_is_known_and_what_is_missing():
    assert preview("Dear {{ name }}, {{rooms}} {{open_braces}}", {"rooms": 2.0}) == [
        Piece("Dear ", "text"),
        Piece("{{ name }}", "missing", "name"),
        Piece(", ", "text"),
        Piece("2", "value", "rooms"),
        Piece(" ", "text"),
        Piece("{{", "text"),
    ]


@given(braced | texts, st.dictionaries(st.sampled_from(["a", "b"]), st.none() | st.integers() | st.lists(st.integers()) | st.floats()))
def test_a_preview_never_raises_and_loses_no_text(text, values):
    shown = {name: templating.as_text(value) for name, value in values.items() if value is not None}
    assert "".join(piece.text for piece in preview(text, values)) == filled(text, shown | BRACES)


def test_examples_come_before_defaults():
    bundle = parse({"variables": [{"name": "a", "example": "x", "default": "y"}, {"name": "b", "default": 0}, {"name": "c"}]})
    assert templating.example_values(bundle) == {"a": "x", "b": 0}


@pytest.mark.parametrize("text", ["{" * 200_000, "{{" + " " * 200_000, "{{" + "a_" * 100_000, "{{a" * 66_000, ("{{" + " " * 98) * 2000])
def test_hostile_texts_take_no_time(text):
    started = time.perf_counter()
    stray_braces(escape_braces(text))
    assert time.perf_counter() - started < 10
