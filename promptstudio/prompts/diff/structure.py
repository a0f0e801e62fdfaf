"""Rows of the tables that stand beside the text, and JSON values compared place by place."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..canonical import canonical_json

Word = Literal["Added", "Removed", "Changed", "Renamed", "Now optional", "Now required", "Lower", "Higher"]
Path = tuple[str, ...]

NOT_THERE = "not there"
NOT_SET = "not set"
_MISSING = object()
_DEEPEST = 40
_TYPES = {
    "string": "Text",
    "number": "Number",
    "integer": "Whole number",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Group",
    "null": "Nothing",
}
# What people call the keywords of a JSON schema.
_KEYWORDS = {
    "description": "meaning",
    "enum": "choices",
    "items": "entries",
    "minimum": "smallest",
    "maximum": "largest",
    "minLength": "shortest",
    "maxLength": "longest",
    "minItems": "fewest entries",
    "maxItems": "most entries",
    "additionalProperties": "other fields",
    "required": "always there",
}


@dataclass(frozen=True)
class FieldChange:
    """One row of a table. `label` is for people; `name` is the variable, or the place in the bundle (`inference.temperature`).

    `field` is the field of a schema that the row is about, where there is one.
    """

    label: str
    name: str
    old: str
    new: str
    word: Word
    note: str = ""
    field: str = ""


def alike(old: Any, new: Any) -> bool:
    """Equal as JSON: unlike Python's ==, which takes true for 1."""
    return canonical_json(old) == canonical_json(new)


def shown(value: Any) -> str:
    """A JSON value for people."""
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


def differences(old: Any, new: Any, *, place: str, label: str) -> list[FieldChange]:
    """Each place where two JSON values differ; None on one side means that it is not there. Schema properties go by their names."""
    old, new = _MISSING if old is None else old, _MISSING if new is None else new
    return [_row(change, place, label) for change in _walk(old, new, ())]


Difference = tuple[Path, Any, Any, Word]


def _walk(old: Any, new: Any, path: Path) -> Iterator[Difference]:
    if old is _MISSING or new is _MISSING:
        if old is not new:
            yield path, old, new, "Added" if old is _MISSING else "Removed"
    elif alike(old, new):
        return
    elif len(path) < _DEEPEST and isinstance(old, dict) and isinstance(new, dict):
        yield from _walk_object(old, new, path)
    elif len(path) < _DEEPEST and isinstance(old, list) and isinstance(new, list) and _are_objects(old, new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _walk(before, after, (*path, str(index)))
    else:
        yield path, old, new, "Changed"


def _are_objects(old: list[Any], new: list[Any]) -> bool:
    return len(old) == len(new) and all(isinstance(item, dict) for item in old + new)


def _walk_object(old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[Difference]:
    needs = list(_needs(old, new, path))
    yield from needs
    for key in [*new, *(key for key in old if key not in new)]:
        if key != "required" or not needs:
            yield from _walk(old.get(key, _MISSING), new.get(key, _MISSING), (*path, key))


def _needs(old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[Difference]:
    """Properties of a JSON schema, there on both sides, that became required or optional."""
    had, has = old.get("properties"), new.get("properties")
    before, after = old.get("required", []), new.get("required", [])
    if not (isinstance(had, dict) and isinstance(has, dict) and isinstance(before, list) and isinstance(after, list)):
        return
    for name in has:
        if name in had and name in after and name not in before:
            yield (*path, "properties", name), "optional", "required", "Now required"
        elif name in had and name in before and name not in after:
            yield (*path, "properties", name), "required", "optional", "Now optional"


def _row(difference: Difference, place: str, label: str) -> FieldChange:
    path, old, new, word = difference
    parts = list(_parts(path))
    named = " › ".join(part if is_field else _KEYWORDS.get(part, part) for part, is_field in parts)
    # What stands below the last field is about that field.
    last = max((index for index, (_, is_field) in enumerate(parts) if is_field), default=-1)
    field = " › ".join(part for part, is_field in parts[: last + 1] if is_field)
    as_field = not parts or parts[-1][1]
    keyword = parts[-1][0] if parts else ""
    before, after = _side(old, word, as_field, keyword), _side(new, word, as_field, keyword)
    return FieldChange(f"{label}: {named}" if named else label, ".".join((place, *path)), before, after, word, field=field)


def _side(value: Any, word: Word, as_field: bool, keyword: str) -> str:
    if value is _MISSING:
        return NOT_THERE
    if word in ("Now required", "Now optional"):
        return str(value)
    if as_field or keyword == "items":
        return field_in_words(value)
    if keyword == "type" and isinstance(value, str):
        return _TYPES.get(value, value)
    if keyword in ("enum", "required") and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return shown(value)


def field_in_words(schema: Any, *, inside: bool = True) -> str:
    """A field of a JSON schema for people; the JSON where words would not say it."""
    if not isinstance(schema, dict) or not isinstance(schema.get("type", ""), str):
        return shown(schema)
    kind, choices = _TYPES.get(schema.get("type", "")), schema.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        kind = f"Choice of {', '.join(choices)}"
    if kind is None:
        return shown(schema) if schema else "Anything"
    if inside and isinstance(schema.get("properties"), dict) and schema["properties"]:
        kind += f" of {', '.join(_with_kind(name, field, schema) for name, field in schema['properties'].items())}"
    if inside and kind == "List" and isinstance(schema.get("items"), dict):
        kind += f" of {field_in_words(schema['items'], inside=False)}"
    description = schema.get("description")
    return f"{kind}; “{description}”" if inside and isinstance(description, str) and description else kind


def _with_kind(name: str, field: Any, schema: dict[str, Any]) -> str:
    needed = schema.get("required")
    always = ", always there" if isinstance(needed, list) and name in needed else ""
    return f"{name} ({field_in_words(field, inside=False)}{always})"


def _parts(path: Path) -> Iterator[tuple[str, bool]]:
    """The path without the keyword `properties`, which may itself be the name of a property; and which parts are names of fields."""
    after_keyword = False
    for part in path:
        if part == "properties" and not after_keyword:
            after_keyword = True
        else:
            yield part, after_keyword
            after_keyword = False
