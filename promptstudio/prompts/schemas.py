"""What changed between two JSON schemas, for whoever sends or reads data of that form."""

from collections.abc import Iterator
from typing import Any

from .canonical import canonical_json

# Keywords that only explain.
ANNOTATIONS = frozenset(("title", "description", "examples", "$comment", "default", "deprecated", "$schema", "$id"))
# Keywords whose larger value allows more (+1) or less (-1).
LIMITS = {
    "maximum": 1, "exclusiveMaximum": 1, "maxLength": 1, "maxItems": 1, "maxProperties": 1,
    "minimum": -1, "exclusiveMinimum": -1, "minLength": -1, "minItems": -1, "minProperties": -1,
}  # fmt: skip
Change = tuple[str, str]


def schema_changes(*, old: Any, new: Any, new_field: str, path: str = "") -> Iterator[Change]:
    """(`narrowed` | `widened` | `explained`, sentence) for each change; nothing where the two are equal.

    `new_field` says what a new field that is always there counts as. What cannot be judged (a pattern, a reference, a
    combination) counts as narrowed.
    """
    if _equal(old, new):
        return
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield "narrowed", f"{_field(path)} has another form."
        return
    yield from _fields(old, new, new_field, path)
    yield from _required(old, new, new_field, path)
    yield from schema_changes(old=old.get("items", {}), new=new.get("items", {}), new_field=new_field, path=f"{path}[]")
    for keyword in sorted((old.keys() | new.keys()) - {"properties", "required", "items"}):
        if not _same(old, new, keyword):
            yield _keyword(keyword, old, new, path)


def _equal(old: Any, new: Any) -> bool:
    # Python holds 1 and True for equal, JSON does not.
    return canonical_json(old) == canonical_json(new)


def _same(old: dict[str, Any], new: dict[str, Any], keyword: str) -> bool:
    return keyword in old and keyword in new and _equal(old[keyword], new[keyword])


def _fields(old: dict[str, Any], new: dict[str, Any], new_field: str, path: str) -> Iterator[Change]:
    before, after = _mapping(old.get("properties")), _mapping(new.get("properties"))
    for name in before:
        if name not in after:
            yield "narrowed", f"{_field(_join(path, name))} was removed."
        else:
            yield from schema_changes(old=before[name], new=after[name], new_field=new_field, path=_join(path, name))
    for name in after:
        if name not in before:
            yield "widened", f"{_field(_join(path, name))} was added."


def _required(old: dict[str, Any], new: dict[str, Any], new_field: str, path: str) -> Iterator[Change]:
    before, after = _names(old.get("required")), _names(new.get("required"))
    known = _mapping(old.get("properties"))
    for name in sorted(after - before):
        yield ("narrowed" if name in known else new_field), f"{_field(_join(path, name))} is now always there."
    for name in sorted(before - after):
        if name in _mapping(new.get("properties")):
            yield "narrowed", f"{_field(_join(path, name))} may now be missing."


def _keyword(keyword: str, old: dict[str, Any], new: dict[str, Any], path: str) -> Change:
    field = _field(path)
    before, after = old.get(keyword), new.get(keyword)
    if keyword in ANNOTATIONS:
        return "explained", f"The explanation of {field} changed."
    if keyword == "enum" and isinstance(before, list):
        return _choices(field, before, after)
    if keyword in LIMITS and _is_number(before, after):
        widened = after is None or (before is not None and (after - before) * LIMITS[keyword] > 0)
        return ("widened" if widened else "narrowed"), f"{field}: {keyword} {_shown(before)} → {_shown(after)}."
    if keyword == "type":
        return "narrowed", f"{field} was {_shown(before)} and is now {_shown(after)}."
    return "narrowed", f"{field}: {keyword} changed."


def _choices(field: str, before: list[Any], after: Any) -> Change:
    if not isinstance(after, list):
        return "widened", f"{field} is no longer a choice among values."
    kept = {canonical_json(value) for value in after}
    gone = [value for value in before if canonical_json(value) not in kept]
    if gone:
        return "narrowed", f"{field} can no longer be {_listed(gone)}."
    if kept == {canonical_json(value) for value in before}:
        return "explained", f"The order of the choices of {field} changed."
    return "widened", f"{field} has more choices."


def _is_number(*values: Any) -> bool:
    return all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _field(path: str) -> str:
    return path or "The whole"


def _listed(values: list[Any]) -> str:
    return " or ".join(str(value) for value in values[:5])


def _shown(value: Any) -> str:
    return "any" if value is None else str(value)
