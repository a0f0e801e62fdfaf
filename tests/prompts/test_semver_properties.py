"""Whatever is taken away from those who send or read, or newly asked of them, is breaking; an equal bundle is no step."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.bundle import parse
from promptstudio.prompts.semver import Bump, Impact, compare

from .strategies import bundle_data, bundles

FIELDS = st.dictionaries(
    st.sampled_from(["amount", "cover", "date", "note"]),
    st.sampled_from([{"type": "string"}, {"type": "number"}, {"type": "string", "enum": ["pipe", "storm"]}, {"type": "boolean"}]),
    min_size=1,
)


def schema(fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required}


def step(data: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> Bump:
    bump = compare(parse(data | old), parse(data | new))
    assert bump
    return bump


def places(of: dict[str, Any]) -> list[dict[str, Any]]:
    """A schema as that of a tool, and as the form of the answer."""
    return [{"tools": [{"name": "pay", "input_schema": of}], "tool_choice": None}, {"output_schema": of}]


@given(bundles)
def test_a_bundle_is_no_step_from_itself(bundle: Any) -> None:
    assert compare(bundle, parse(bundle.as_json())) is None


@given(bundle_data, FIELDS, st.data())
def test_a_field_that_is_removed_or_renamed_is_breaking(data: dict[str, Any], fields: dict[str, Any], draw: Any) -> None:
    gone = draw.draw(st.sampled_from(sorted(fields)))
    rest = {name: field for name, field in fields.items() if name != gone}
    for changed in (rest, rest | {"renamed": fields[gone]}):
        for old, new in zip(places(schema(fields, [])), places(schema(changed, [])), strict=True):
            assert step(data, old, new).impact is Impact.BREAKING


@given(bundle_data, FIELDS, st.data())
def test_a_field_of_a_tool_that_is_newly_required_is_breaking(data: dict[str, Any], fields: dict[str, Any], draw: Any) -> None:
    name = draw.draw(st.sampled_from(sorted(fields)))
    for old, new in zip(places(schema(fields, [])), places(schema(fields, [name])), strict=True):
        assert step(data, old, new).impact is Impact.BREAKING


@given(bundle_data, FIELDS, st.sampled_from([{"minLength": 3}, {"enum": ["pipe"]}, {"type": "integer"}, {"pattern": "^a"}, {"const": "x"}]))
def test_a_field_that_is_narrowed_is_breaking(data: dict[str, Any], fields: dict[str, Any], narrower: dict[str, Any]) -> None:
    wide = {"type": "string", "enum": ["pipe", "storm"]}
    for old, new in zip(places(schema(fields | {"x": wide}, [])), places(schema(fields | {"x": wide | narrower}, [])), strict=True):
        assert step(data, old, new).impact is Impact.BREAKING


@given(bundle_data)
def test_a_tool_that_is_removed_or_renamed_and_a_choice_that_is_taken_away_are_breaking(data: dict[str, Any]) -> None:
    tools = [{"name": "pay"}, {"name": "ask"}]
    old: dict[str, Any] = {"tools": tools, "tool_choice": None}
    assert step(data, old, {"tools": tools[:1], "tool_choice": None}).impact is Impact.BREAKING
    assert step(data, old, {"tools": [tools[0], {"name": "other"}], "tool_choice": None}).impact is Impact.BREAKING
    variable = {"name": "cover", "type": "choice", "choices": ["pipe", "storm"], "required": False}
    narrowed = variable | {"choices": ["pipe"]}
    assert step(data, {"variables": [variable]}, {"variables": [narrowed]}).impact is Impact.BREAKING
    assert step(data, {"variables": [variable | {"required": True}]}, {"variables": []}).impact is Impact.BREAKING
