"""What a pasted form leaves to be filled in becomes a variable; what only looks like it stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.bundle import MAX_TEXT, VARIABLE_NAME
from promptstudio.prompts.gaps import filled, gaps, variable_name
from promptstudio.prompts.templating import variables_in


def names(text: str) -> list[str]:
    return [gap.name for gap in gaps(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your claim [Claim number] of [Date of loss].", ["claim_number", "date_of_loss"]),
        ("Dear «Customer», «Vor- und Nachname»", ["customer", "vor_und_nachname"]),
        ("Dear <name>, your <policy number> is here.", ["name", "policy_number"]),
        ("Policy: ______ Date: ____", ["policy", "date"]),
        ("Name ........ und Straße: ……………", ["name", "strasse"]),
        ("[Größe] und [größe]", ["groesse", "groesse"]),
        ("Between ____ and ____", ["between", "and"]),
        ("____ : ____ ,", ["value", "value_2"]),
        ("[date] and date: ____", ["date", "date_2"]),
    ],
)
def test_gaps_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "See [the handbook](https://example.test) and [handbook][1], [1], [ ], [x], [X].",
        "<instructions>\nBe brief.\n</instructions>",
        "A line<br>and a <p> and <div class='x'> and a < b > c",
        "___\n\n------\n",
        "__init__ and snake___case and an ellipsis... and ….....x",
        'rows[index] ["a", "b"] ![image] {{name}} \\[sic]',
        "Il a dit : « Bonjour, je suis là. »",
        "[This is a whole sentence in brackets, which nobody would fill in at all]",
    ],
)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert names(text) == []


def test_all_of_one_name_are_filled_at_once() -> None:
    assert filled("[Claim number] and [claim number], not [Date].", "claim_number") == (
        "{{claim_number}} and {{claim_number}}, not [Date].",
        "Claim number",
    )
    assert filled("From ____ to ____ days", "to") == ("From ____ to {{to}} days", "to")


def test_a_name_that_no_gap_has_changes_nothing() -> None:
    assert filled("[Claim number]", "other") == ("[Claim number]", "")


@given(st.text())
def test_every_label_makes_a_name_that_can_be_a_variable(label: str) -> None:
    assert VARIABLE_NAME.fullmatch(variable_name(label))


@given(st.text(alphabet="[]«»<>_ .…aB1\n:/{}ü", max_size=80))
def test_filling_a_gap_uses_the_variable(text: str) -> None:
    for gap in gaps(text)[:1]:
        after, _ = filled(text, gap.name)
        # Braces that touch the gap would change what it is.
        assert gap.name in variables_in(after) or "{" in text or "}" in text


@pytest.mark.parametrize("text", ["[a " * 60_000, "<a " * 60_000, "_" * MAX_TEXT, "a._" * 60_000, "«a-a" * 50_000, "a: ___ " * 28_000])
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    started = time.perf_counter()
    gaps(text[:MAX_TEXT])
    assert time.perf_counter() - started < 2
