"""A JSON schema as a table of fields with its JSON beside it, and back.

Fields of a schema that stands in `block` (`t3` for a tool, `out` for the answer): `<block>-json`, `<block>-seen` (a mark of the
JSON as it was shown, to tell who changed what), `<block>-table` where the table stands on the page, the repeated `field-<block>`
with the keys of its rows, and for each row `p<key>-name`, `-type`, `-required`, `-meaning`, `-choices` and `-kept`: the field's
own JSON, so that what the table cannot show stays to the letter. Rows inside a row stand under `field-p<key>`. Edits of the JSON
win over those of the table.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from promptstudio.prompts.schema_text import read, written
from promptstudio.prompts.soundness import listed, mapping, text_of

OTHER = "other"
MOST_ROWS = 200
TYPES = (
    ("text", "Text"),
    ("number", "Number"),
    ("yes-no", "Yes or no"),
    ("choice", "Choice"),
    ("list", "List"),
    ("object", "Group"),
)
JSON_TYPES = {"text": "string", "number": "number", "yes-no": "boolean", "choice": "string", "list": "array", "object": "object"}
SHOWN_AS = {"string": "text", "number": "number", "integer": "number", "boolean": "yes-no", "array": "list", "object": "object"}
# What says nothing about the type, and stays when another is chosen.
EXPLAINING = ("title", "description", "$comment", "deprecated")
NEW_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
NewKey = Callable[[], str]


@dataclass
class FieldRow:
    """A field as it was typed. `kept` is its JSON as it was when the row was shown."""

    key: str
    name: str = ""
    type: str = "text"
    required: bool = True
    meaning: str = ""
    choices: str = ""
    kept: str = '{"type": "string"}'
    rows: list["FieldRow"] = field(default_factory=list)
    nests: bool = True

    def value(self) -> Any:
        """The field's JSON: what was kept, with what the row says otherwise."""
        kept, mistake = read(self.kept)
        kept = {} if mistake else kept
        before = _look(kept)
        if not isinstance(kept, dict) and self.type == OTHER:
            return kept
        found = {**mapping(kept)}
        if self.type not in (before.type, OTHER):
            found = {name: found[name] for name in EXPLAINING if name in found} | _of_type(self.type)
        if self.meaning != before.meaning:
            found = {**found, "description": self.meaning} if self.meaning else _without(found, "description")
        if self.type == "choice" and (self.choices != before.choices or "enum" not in found):
            found["enum"] = [line.strip() for line in self.choices.split("\n") if line.strip()]
        return with_rows(found, self.rows) if self.type == "object" and self.nests else found


@dataclass
class SchemaFields:
    """`text` is the JSON beside the table; `rows` say it otherwise where they were edited."""

    text: str
    rows: list[FieldRow] = field(default_factory=list)
    was_typed: bool = False
    has_table: bool = True

    @property
    def mark(self) -> str:
        return mark_of(self.text)

    def value(self) -> Any:
        """The schema; the text itself where it is no JSON yet, so that a draft keeps it."""
        value, mistake = read(self.text)
        if mistake or isinstance(value, str):
            return self.text
        return with_rows(value, self.rows) if isinstance(value, dict) and self.has_table else value

    def settle(self) -> None:
        """Let the JSON say what the table says."""
        value, before = self.value(), read(self.text)[0]
        if isinstance(value, dict) and value != before:
            self.text = written(value)


def schema_fields(value: Any, new_key: NewKey) -> SchemaFields:
    """The fields that show a schema as it stands in a draft."""
    text = value if isinstance(value, str) else written(value)
    return SchemaFields(text, rows_of(value, new_key), has_table=isinstance(value, dict))


def fit(schemas: Iterable[SchemaFields]) -> None:
    """A browser sends so many fields and no more: schemas beyond that are edited as JSON."""
    room = MOST_ROWS
    for schema in schemas:
        room -= sum(1 for _ in walk(schema.rows))
        if room < 0:
            schema.rows, schema.has_table = [], False


def schema_from(post: QueryDict, block: str, keys_of: Callable[[Iterable[str]], Iterator[str]], new_key: NewKey) -> SchemaFields:
    text = _lines(post.get(f"{block}-json", ""))
    if mark_of(text) != post.get(f"{block}-seen", ""):
        value, _ = read(text)
        return SchemaFields(text, rows_of(value, new_key), was_typed=True, has_table=isinstance(value, dict))
    rows = [_row_from(post, key, keys_of, nests=True) for key in keys_of(post.getlist(f"field-{block}"))]
    return SchemaFields(text, rows, has_table=f"{block}-table" in post)


def rows_of(schema: Any, new_key: NewKey, *, nests: bool = True) -> list[FieldRow]:
    needed = listed(mapping(schema).get("required"))
    return [_row(name, value, name in needed, new_key, nests) for name, value in mapping(mapping(schema).get("properties")).items()]


def walk(rows: Iterable[FieldRow]) -> Iterator[FieldRow]:
    for row in rows:
        yield row
        yield from walk(row.rows)


def with_rows(before: dict[str, Any], rows: list[FieldRow]) -> dict[str, Any]:
    """`before` with the fields that the rows say; all else in it stays."""
    known = before.get("properties")
    if not rows and not isinstance(known, dict):
        return before
    fields: dict[str, Any] = {}
    needed = []
    for row in rows:
        name = _free(row.name, fields)
        fields[name] = row.value()
        needed += [name] if row.required else []
    after = {**(before or {"type": "object"}), "properties": fields}
    required = _required(listed(before.get("required")), mapping(known), fields, needed)
    if required or "required" in before:
        after["required"] = required if isinstance(before.get("required", []), list) else before["required"]
    return after


def mark_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def row_at(rows: list[FieldRow], place: str) -> FieldRow | None:
    """The row that a place inside a schema (`properties.claim.type`) belongs to; names may hold dots."""
    if not place.startswith("properties."):
        return None
    rest = place.removeprefix("properties.")
    for row in sorted(rows, key=lambda row: -len(row.name)):
        if rest == row.name or rest.startswith(f"{row.name}."):
            return row_at(row.rows, rest[len(row.name) + 1 :]) or row
    return None


def _required(before: list[Any], known: dict[str, Any], fields: dict[str, Any], needed: list[str]) -> list[Any]:
    # A name that no field has is none of the table's business.
    stays = [name for name in before if name in needed or not isinstance(name, str) or (name not in known and name not in fields)]
    return stays + [name for name in needed if name not in stays]


def _free(name: str, taken: dict[str, Any]) -> str:
    # Two rows of one name while somebody types: neither may swallow the other.
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _look(value: Any) -> FieldRow:
    """How the table shows a field's JSON."""
    if not isinstance(value, dict):
        return FieldRow("", type=OTHER)
    type_, choices = value.get("type"), value.get("enum")
    is_choice = type_ in (None, "string") and isinstance(choices, list) and all(isinstance(choice, str) for choice in choices)
    shown = "choice" if is_choice else SHOWN_AS.get(type_, OTHER) if isinstance(type_, str) else OTHER
    return FieldRow(
        "", type=shown, meaning=_lines(text_of(value.get("description"))), choices=_lines("\n".join(listed(choices))) if is_choice else ""
    )


def _row(name: str, value: Any, required: bool, new_key: NewKey, nests: bool) -> FieldRow:
    row = _look(value)
    row.key, row.name, row.required, row.nests = new_key(), name, required, nests
    row.kept = json.dumps(value, ensure_ascii=False)
    row.rows = rows_of(value, new_key, nests=False) if nests and row.type == "object" else []
    return row


def _row_from(post: QueryDict, key: str, keys_of: Callable[[Iterable[str]], Iterator[str]], *, nests: bool) -> FieldRow:
    type_ = post.get(f"p{key}-type", "text")
    return FieldRow(
        key=key,
        name=_lines(post.get(f"p{key}-name", "")).strip(),
        type=type_ if type_ in JSON_TYPES else OTHER,
        required=f"p{key}-required" in post,
        meaning=_lines(post.get(f"p{key}-meaning", "")),
        choices=_lines(post.get(f"p{key}-choices", "")),
        kept=post.get(f"p{key}-kept", ""),
        rows=[_row_from(post, inner, keys_of, nests=False) for inner in keys_of(post.getlist(f"field-p{key}"))] if nests else [],
        nests=nests,
    )


def _of_type(type_: str) -> dict[str, Any]:
    more: dict[str, dict[str, Any]] = {"list": {"items": {"type": "string"}}, "object": {"properties": {}}}
    return {"type": JSON_TYPES[type_], **more.get(type_, {})}


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: member for other, member in value.items() if other != name}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
