from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.bundle import parse
from promptstudio.prompts.reading.found import Found, user_message
from promptstudio.prompts.reading.marks import MARKS, bundle_of, seen_in
from promptstudio.prompts.templating import render, variables_of

TEXT = "Dear «Customer», claim [Claim number] of {date}: ${Amount:100} [see](here) {{name}} {{ open {x}}"


def made(text: str, *accepted: str, **more: Any) -> tuple[dict[str, Any], list[str]]:
    return bundle_of(Found(title="A", messages=user_message(text), **more), accepted)


def names(data: dict[str, Any]) -> list[str]:
    return [variable["name"] for variable in data["variables"]]


def test_nothing_but_placeholders_is_taken_unasked() -> None:
    data, notes = made(TEXT)
    assert names(data) == ["name"]
    assert data["messages"][0]["text"] == TEXT.replace("{{ open", "{{open_braces}} open")
    assert notes == ["Literal {{ is kept as text through {{open_braces}}."]


@pytest.mark.parametrize(
    ("kind", "name", "mark"),
    [("guillemets", "customer", "«Customer»"), ("brackets", "claim_number", "[Claim number]"), ("braces", "date", "{date}")],
)
def test_a_kind_of_mark_becomes_variables_where_somebody_ticks_it(kind: str, name: str, mark: str) -> None:
    data, _ = made(TEXT, kind)
    assert sorted(names(data)) == sorted(["name", name])
    assert f"{{{{{name}}}}}" in data["messages"][0]["text"]
    assert mark not in data["messages"][0]["text"].replace(f"{{{{{name}}}}}", "")
    assert "[see](here)" in data["messages"][0]["text"]


def test_a_value_in_a_mark_is_the_default() -> None:
    data, _ = made("${Company Type:Acme}", "dollar")
    assert data["variables"] == [{"name": "company_type", "required": False, "default": "Acme", "description": "Company Type"}]


def test_what_was_declared_keeps_its_kind() -> None:
    data, _ = made("Sort {{amount}}", variables=[{"name": "amount", "type": "number", "example": 3}])
    assert data["variables"] == [{"name": "amount", "type": "number", "example": 3}]


def test_what_a_prompt_has_no_room_for_stays_text() -> None:
    data, notes = made(" ".join(f"[mark {n}]" for n in range(25)), "brackets")
    assert len(data["variables"]) <= 20
    parse(data)
    assert any("at most 20 variables" in note for note in notes)


def test_conditions_are_said_not_carried_out() -> None:
    data, notes = made("{{#if urgent}}Hurry{{/if}} {% for x in y %}")
    assert data["messages"][0]["text"] == "{{open_braces}}#if urgent}}Hurry{{open_braces}}/if}} {% for x in y %}"
    assert any("not carried out" in note for note in notes)


def test_several_messages_are_a_conversation() -> None:
    assert made("Hi", system="Be kind")[0]["kind"] == "chat"
    assert made("Hi")[0]["kind"] == "text"


def test_the_kinds_in_a_file_are_told_with_their_names() -> None:
    prompts = [Found(title="A", messages=user_message(TEXT)), Found(title="B", messages=user_message("[Claim number] [x/y]"))]
    assert {seen.kind: (seen.names, seen.prompts) for seen in seen_in(prompts)} == {
        "dollar": (["Amount"], 1),
        "braces": (["date"], 1),
        "brackets": (["Claim number"], 2),
        "guillemets": (["Customer"], 1),
    }


@given(st.text(st.sampled_from("{}[]«»$: ab\n("), max_size=60), st.sets(st.sampled_from(list(MARKS))))
def test_what_a_model_receives_is_what_stood_there(text: str, accepted: set[str]) -> None:
    """Filled in with the marks themselves, a prompt is its text again."""
    data, _ = made(text or "x", *sorted(accepted))
    bundle = parse(data)
    values = {name: f"<{name}>" for name in variables_of(bundle)}
    rendered = render(bundle, values).messages[0].text
    if not values:
        assert rendered == (text or "x")
    assert "open_braces" not in rendered
