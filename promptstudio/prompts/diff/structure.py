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


@dataclass(frozen=True)
class FieldChange:
    """One row of a table. `label` is for people; `name` is the variable, or the place in the bundle (`inference.temperature`)."""

    label: str
    name: str
    old: str
    new: str
    word: Word
    note: str = ""


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
    named = " › ".join(_named(path))
    return FieldChange(f"{label}: {named}" if named else label, ".".join((place, *path)), _side(old, word), _side(new, word), word)


def _side(value: Any, word: Word) -> str:
    if value is _MISSING:
        return NOT_THERE
    return str(value) if word in ("Now required", "Now optional") else shown(value)


def _named(path: Path) -> Iterator[str]:
    """The path without the keyword `properties`, which may itself be the name of a property."""
    after_keyword = False
    for part in path:
        after_keyword = part == "properties" and not after_keyword
        if not after_keyword:
            yield part
