"""Tools and the form of the answer as tables with their JSON beside them: one says what the other says, and nothing is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Prompt
from promptstudio.web.forms.bundle_form import BundleFields, fields_from, fields_of
from promptstudio.web.forms.draft_steps import take
from promptstudio.web.forms.merging import merge, seen
from promptstudio.web.forms.schema_form import FieldRow, walk
from tests.cast import Cast, a_version, bundle
from tests.prompts.strategies import json_values, schemas
from tests.web.test_editing import ODD, posted, query, save_url, words
from tests.web.test_prompts import address, browser

CLAIM: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "amount": {"type": "number", "minimum": 0, "description": "In euros\r\nwithout tax"},
        "count": {"type": "integer"},
        "cover": {"enum": ["pipe", "storm"], "x-note": 1},
        "photos": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "any": {},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "One or the other"},
        "always": True,
        "person": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "home": {"type": "object", "properties": {"city": {"type": "string"}}}},
            "required": ["name", "unknown"],
        },
    },
    "required": ["person", "gone", "amount"],
}


FORM = {"type": "object", "properties": {"cover": CLAIM["properties"]["cover"]}, "required": ["cover"]}


def with_schemas(content: dict[str, Any], fields: BundleFields | None = None) -> dict[str, Any]:
    """What a browser sends of `content`, tools and the form of the answer included."""
    fields = fields or fields_of(content)
    data = posted(content) | {"schemas": "1", "tool": [tool.key for tool in fields.tools], "tool_choice": fields.tool_choice}
    for tool in fields.tools:
        data |= {f"t{tool.key}-name": tool.name, f"t{tool.key}-description": tool.description}
    data |= {"has_output": "1"} if fields.output else {}
    for block, schema in fields.schemas.items():
        data |= {f"{block}-json": schema.text.replace("\n", "\r\n"), f"{block}-seen": schema.mark}
        data |= {f"{block}-table": "1"} if schema.has_table else {}
        data |= _rows(block, schema.rows)
    return data


def _rows(block: str, rows: list[FieldRow]) -> dict[str, Any]:
    data: dict[str, Any] = {f"field-{block}": [row.key for row in rows]}
    for row in rows:
        names = ("name", "type", "meaning", "choices", "kept")
        data |= {f"p{row.key}-{name}": getattr(row, name).replace("\n", "\r\n") for name in names}
        data |= {f"p{row.key}-required": "on"} if row.required else {}
        data |= _rows(f"p{row.key}", row.rows)
    return data


def sent(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return fields_from(query(with_schemas(content) | changes)).content(content)


def answer(schema: Any) -> dict[str, Any]:
    return ODD | {"output_schema": schema}


def key_of(content: dict[str, Any], name: str) -> str:
    return next(row.key for row in fields_of(content).fields if row.name == name)


# One says what the other says


def test_showing_and_sending_back_keeps_schemas_to_the_letter() -> None:
    content = answer(CLAIM) | {"tools": [{"name": "look_up", "description": "a\r\nb", "input_schema": CLAIM}], "tool_choice": "any"}
    assert sent(content) == content


@given(schemas | json_values.filter(lambda value: not isinstance(value, str)))
def test_whatever_stands_in_a_draft_is_kept(schema: Any) -> None:
    assert sent(answer(schema))["output_schema"] == schema


def test_a_page_that_knows_no_tools_takes_none_away() -> None:
    content = answer(CLAIM)
    assert fields_from(query(posted(content))).content(content) == content


def test_the_table_shows_one_level_inside_a_group() -> None:
    rows = {row.name: row for row in fields_of(answer(CLAIM)).fields}

    assert {name: row.type for name, row in rows.items()} == {
        "amount": "number",
        "count": "number",
        "cover": "choice",
        "photos": "list",
        "any": "other",
        "either": "other",
        "always": "other",
        "person": "object",
        "name": "text",
        "home": "object",
    }
    assert [row.name for row in rows["person"].rows] == ["name", "home"]
    assert rows["home"].rows == []
    assert [name for name, row in rows.items() if row.required] == ["amount", "person", "name"]


def test_what_the_table_changes_changes_nothing_else() -> None:
    content = answer(CLAIM)
    amount, cover, city = key_of(content, "amount"), key_of(content, "cover"), key_of(content, "name")

    made = sent(content, **{f"p{amount}-name": "sum", f"p{cover}-choices": "pipe\r\nstorm\r\nfire", f"p{city}-meaning": "In full"})

    expected = json.loads(json.dumps(CLAIM))
    properties = expected["properties"]
    properties["sum"] = properties.pop("amount")
    properties["cover"]["enum"] = ["pipe", "storm", "fire"]
    properties["person"]["properties"]["name"]["description"] = "In full"
    expected["required"] = ["person", "gone", "sum"]
    assert made["output_schema"] == expected


def test_another_type_takes_what_belonged_to_the_old_one() -> None:
    content = answer(CLAIM)
    amount, photos = key_of(content, "amount"), key_of(content, "photos")

    made = sent(content, **{f"p{amount}-type": "text", f"p{photos}-type": "object"})["output_schema"]["properties"]

    assert made["amount"] == {"type": "string", "description": "In euros\r\nwithout tax"}
    assert made["photos"] == {"type": "object", "properties": {}}


def test_the_json_wins_where_both_were_changed() -> None:
    content = answer(CLAIM)
    typed = json.dumps({"type": "object", "properties": {"new": {"type": "boolean"}}})

    fields = fields_from(query(with_schemas(content) | {"out-json": typed, f"p{key_of(content, 'amount')}-name": "sum"}))

    assert fields.content(content)["output_schema"] == json.loads(typed)
    assert [(row.name, row.type, row.required) for row in fields.fields] == [("new", "yes-no", False)]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ('{"type": "object",\n "properties" {}}', "Line 2, column 15: A colon is missing here."),
        ("", "Line 1, column 1: A value is missing here."),
        ('{"a": 1, "a": 2}', "“a” stands twice in one object."),
        ('{"a": NaN}', "This cannot be read as JSON"),
        ("[" * 100_000, "This cannot be read as JSON"),
        ('{"a": "\\ud800"}', "half a character"),
        ("just words", "Line 1, column 1: A value is missing here."),
        ('"a text"', "This must be an object: { … }."),
    ],
)
def test_json_that_cannot_be_read_is_kept_and_says_where(cast: Cast, draft: Draft, typed: str, sentence: str) -> None:
    services.save_draft(draft=draft, content=draft.content | {"output_schema": CLAIM}, revision=draft.revision, actor=cast.alice)

    answer = browser(cast.alice).post(save_url(draft), sent_words(draft, **{"out-json": typed}), headers={"X-Editor": "1"})

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert sentence in answer.text
    assert draft.content["output_schema"] == typed
    again = fields_of(draft.content)
    assert again.output
    assert (again.output.text, again.output.has_table) == (typed, False)
    assert sent(draft.content) == draft.content


# Steps


def test_buttons_add_and_remove_tools_and_fields() -> None:
    fields = fields_of(ODD | {"tools": []})
    assert take(fields, "add_tool:")
    assert take(fields, "add_output:")
    fields.tools[0].name = "look_up"
    tool = f"t{fields.tools[0].key}"
    for step in (f"add_field:{tool}", f"add_field:{tool}", "add_field:out", "add_field:out"):
        take(fields, step)
    assert fields.output
    fields.output.rows[0].type = "object"
    take(fields, f"add_field:p{fields.output.rows[0].key}")
    take(fields, f"remove_field:{fields.output.rows[1].key}")
    take(fields, f"remove_field:{fields.tools[0].schema.rows[0].key}")

    made = fields.content(ODD)

    schema = {"type": "object", "properties": {"field_2": {"type": "string"}}, "required": ["field_2"]}
    assert made["tools"] == [{"name": "look_up", "description": "", "input_schema": schema}]
    group = {"type": "object", "properties": {"field_1": {"type": "string"}}, "required": ["field_1"]}
    assert made["output_schema"] == {"type": "object", "properties": {"field_1": group}, "required": ["field_1"]}
    keys = [row.key for row in walk(fields.output.rows)] + [tool.key for tool in fields.tools] + [row.key for row in fields.messages]
    assert len(set(keys)) == len(keys)
    assert take(fields, "remove_output:")
    assert fields.content(ODD)["output_schema"] is None


@pytest.mark.parametrize("step", ["add_field:nowhere", "add_field:p99", "remove_field:x", "remove_tool:99", "add_field:"])
def test_steps_about_what_is_not_there_do_nothing(step: str) -> None:
    fields = fields_of(answer(CLAIM))
    take(fields, step)
    assert fields.content(answer(CLAIM)) == answer(CLAIM)


def test_two_fields_of_one_name_are_both_kept() -> None:
    content = answer(CLAIM)
    made = sent(content, **{f"p{key_of(content, 'count')}-name": "amount"})["output_schema"]["properties"]
    assert (made["amount"], made["amount (2)"]) == (CLAIM["properties"]["amount"], {"type": "integer"})


def test_a_schema_with_more_fields_than_a_page_can_send_is_edited_as_json() -> None:
    large = answer({"type": "object", "properties": {f"f{number}": {"type": "string"} for number in range(201)}})
    fields = fields_of(large)
    assert fields.output
    assert (fields.output.has_table, fields.output.rows) == (False, [])
    assert sent(large) == large


# The page


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    a_version(prompt, by=cast.alice)
    return services.open_draft(prompt=prompt, actor=cast.alice)


def sent_words(draft: Draft, **changes: Any) -> dict[str, Any]:
    return words(draft) | with_schemas(draft.content) | changes


def test_the_editor_shows_tools_and_the_form_of_the_answer(cast: Cast, draft: Draft) -> None:
    content = draft.content | {"output_schema": CLAIM, "tools": [{"name": "look_up", "description": "<b>finds</b>", "input_schema": CLAIM}]}
    services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)

    page = browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/")).text

    assert 'name="out-json"' in page
    assert page.count("&quot;additionalProperties&quot;: false") == 2
    assert "&lt;b&gt;finds&lt;/b&gt;" in page
    assert "“gone” must be there but is no field." in page


def test_a_field_of_the_table_changes_the_json_beside_it(cast: Cast, draft: Draft) -> None:
    services.save_draft(draft=draft, content=draft.content | {"output_schema": CLAIM}, revision=draft.revision, actor=cast.alice)
    draft.refresh_from_db()
    name = f"p{key_of(draft.content, 'count')}-name"

    answer = browser(cast.alice).post(save_url(draft), sent_words(draft, **{name: "how_many"}), headers={"X-Editor": "1"})

    assert "&quot;how_many&quot;: {" in answer.text
    assert 'id="editor-form"' not in answer.text
    draft.refresh_from_db()
    assert "how_many" in draft.content["output_schema"]["properties"]


def test_what_is_wrong_with_a_schema_stands_at_its_field(cast: Cast, draft: Draft) -> None:
    wrong = {"type": "object", "properties": {"cover": {"enum": []}, "amount": {"type": "money"}, "n": {"type": "number", "minimum": "x"}}}
    services.save_draft(draft=draft, content=draft.content | {"output_schema": wrong}, revision=draft.revision, actor=cast.alice)

    draft.refresh_from_db()
    page = browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/")).text

    for name, sentence in (("cover", "list what can be chosen"), ("amount", "this is no type"), ("n", "this must be a number")):
        margin = page.split(f'id="f-p{key_of(draft.content, name)}"')[1].split("</fieldset>")[0]
        assert sentence in margin


def test_without_script_buttons_of_the_table_work(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), sent_words(draft, step="add_output:"))
    assert answer.status_code == 303
    draft.refresh_from_db()
    browser(cast.alice).post(save_url(draft), sent_words(draft, step="add_field:out"))

    draft.refresh_from_db()
    assert draft.content["output_schema"] == {"type": "object", "properties": {"field_1": {"type": "string"}}, "required": ["field_1"]}


def test_two_people_in_two_tools_keep_both() -> None:
    base = ODD | {"tools": [{"name": name, "description": "", "input_schema": {}} for name in ("a", "b")]}
    mine = base | {"tools": [base["tools"][0] | {"description": "Mine"}, base["tools"][1]]}
    theirs = base | {"tools": [base["tools"][0], base["tools"][1] | {"description": "Theirs"}], "output_schema": CLAIM}

    merged = merge(mine=mine, theirs=theirs, seen=seen(base), decided={})

    assert not merged.clashes
    assert [tool["description"] for tool in merged.content["tools"]] == ["Mine", "Theirs"]
    assert merged.content["output_schema"] == CLAIM
    clash = merge(mine=base | {"output_schema": {}}, theirs=theirs, seen=seen(base), decided={}).clashes
    assert [item.label for item in clash] == ["Form of the answer"]


@given(st.lists(st.text(max_size=20), max_size=8))
def test_hostile_rows_never_break_a_page(given: list[str]) -> None:
    content = answer(CLAIM)
    row = key_of(content, "amount")
    names = ("name", "type", "meaning", "choices", "kept")
    changes = {f"p{row}-{name}": text for name, text in zip(names, given, strict=False)}
    assert "output_schema" in sent(content, **changes)


def test_a_version_shows_its_tools_and_the_form_of_its_answer_in_words(cast: Cast, prompt: Prompt) -> None:
    data = bundle(output_schema=FORM, tools=[{"name": "look_up", "description": "<b>finds</b>"}], kind="chat")
    version = services.save_version(prompt=prompt, data=data, change=services.Change(summary="New."), actor=cast.alice)

    page = browser(cast.vera).get(address(prompt, f"versions/{version.semver}/")).text

    assert "Tool look_up" in page
    assert "&lt;b&gt;finds&lt;/b&gt;" in page
    assert "Choice of pipe, storm" in page
