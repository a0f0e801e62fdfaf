"""Checks for JSON: the whole answer, or objects within it."""

import json
import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml

from .javascript import json_of
from .saying import MOST_SECONDS, CannotSay, Fact
from .schemas import check_schema, conforms

LONGEST_OBJECT = 100_000
# Objects that are no plain JSON and are therefore read as YAML, which is slow.
MOST_LOOSE = 300
LONGEST_LOOSE = 10_000
_ANY: Any = object()


class _Yaml12(yaml.SafeLoader):
    """YAML 1.2's core schema: `yes`, `on` and dates are texts. Without aliases, which make much of little."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)


_Yaml12.yaml_implicit_resolvers = {}
for _tag, _expression, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+0123456789."),
):
    _Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_expression), list(_first))


def _number(loader: Any, node: Any) -> float:
    text = loader.construct_scalar(node).lower().replace("_", "x")
    try:
        return float(int(text, 0)) if text[:2] in ("0x", "0o") else float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except (ValueError, OverflowError):
        raise yaml.YAMLError("number") from None


_Yaml12.add_constructor("tag:yaml.org,2002:int", _number)
_Yaml12.add_constructor("tag:yaml.org,2002:float", _number)


def schema_of(value: Any) -> Any:
    """The schema that an assertion's value is: as an object, or written as YAML or JSON. Without one, everything fits. Raises CannotSay."""
    if value in (None, False, 0, ""):
        return _ANY
    if isinstance(value, str):
        return _schema_in(value)
    if isinstance(value, dict):
        return value
    raise CannotSay("A JSON schema is an object.")


@lru_cache(maxsize=64)
def _schema_in(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _schema_in_yaml(text)
    if not isinstance(value, (dict, bool)):
        raise CannotSay("A JSON schema is an object.")
    return value


def _schema_in_yaml(text: str) -> Any:
    if len(text) > LONGEST_LOOSE:
        raise CannotSay(f"A schema of more than {LONGEST_LOOSE:,} characters is written as JSON.")
    try:
        return yaml.load(text, Loader=_Yaml12)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError):
        raise CannotSay("The schema cannot be read: it is neither JSON nor YAML.") from None


def is_json(text: str, value: Any) -> Fact:
    schema = schema_of(value)
    try:
        parsed = json_of(text)
    except ValueError:
        return Fact(False, "The answer is no JSON.")
    if schema is _ANY:
        return Fact(True, "The answer is JSON.")
    holds = conforms(parsed, schema)
    return Fact(holds, f"The answer is JSON and {'fits' if holds else 'does not fit'} the schema.")


def contains_json(text: str, value: Any) -> Fact:
    schema, some, doubt = schema_of(value), False, None
    for found in _objects(text):
        if isinstance(found, CannotSay):
            doubt = found
        elif schema is _ANY or conforms(found, schema):
            return Fact(True, "The answer contains JSON" + (" that fits the schema." if schema is not _ANY else "."))
        else:
            some = True
    if doubt:
        raise doubt
    return Fact(False, "No JSON in the answer fits the schema." if some else "The answer contains no JSON object.")


def _objects(text: str) -> Iterator[Any]:
    """Every outermost `{…}` that is JSON, or reads as such with names and texts without quotation marks; also one that breaks off.

    A CannotSay stands for one that may or may not be such.
    """
    until, loose, at = time.monotonic() + MOST_SECONDS, 0, text.find("{")
    # One as the very last character begins nothing.
    while 0 <= at < len(text) - 1:
        end, missing = _end_of(text, at)
        found, is_plain = _read(text[at:end] + "}" * missing)
        loose += not is_plain
        if time.monotonic() > until or loose > MOST_LOOSE:
            raise CannotSay("Looking for JSON in this answer took too long.")
        if isinstance(found, (dict, list, CannotSay)):
            yield found
        else:
            end = at + 1
        at = text.find("{", end)


_BRACES = re.compile("[{}]")


def _end_of(text: str, start: int) -> tuple[int, int]:
    """Where the object ends that begins at `start`, and how many braces are missing there."""
    depth, most = 0, min(start + LONGEST_OBJECT, len(text))
    for brace in _BRACES.finditer(text, start, most):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end(), 0
    return most, depth


def _read(text: str) -> tuple[Any, bool]:
    """What it says, and whether it is plain JSON. Says a CannotSay where that is not certain."""
    try:
        return json_of(text), True
    except ValueError:
        pass
    except CannotSay as doubt:
        return doubt, True
    try:
        return _loose(text), False
    except CannotSay as doubt:
        return doubt, False


def _loose(text: str) -> Any:
    text = _without_remarks(text)
    if len(text) > LONGEST_LOOSE or _UNSURE.search(text):
        raise CannotSay("What stands between { and } in the answer is no plain JSON, and is read differently elsewhere.")
    try:
        return yaml.load(text, Loader=_Yaml12)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


_STRING = r""""(?:\\.|[^"\\])*"|(?<![a-zA-Z])'(?:\\.|[^'\\])*'"""
_REMARK = re.compile(rf"({_STRING})|(?:^|(?<=[ \t]))//.*")
# Where readers of YAML differ: tabs, remarks, keys and texts over several lines, and signs of YAML's own that begin something.
_UNSURE = re.compile(r"[\t\r?#]|//|(?:^|[\s,\[{:])(?::|-(?=[\s,\]}]|$)|[&*!|>%@`]|<<)|[^\s,{\[:}\]] *\n(?!\s*[}\],])")


def _without_remarks(text: str) -> str:
    """Without what stands behind `//`, which promptfoo allows."""
    return "\n".join(map(_without_remark, text.split("\n"))) if "//" in text else text


def _without_remark(line: str) -> str:
    said = _REMARK.sub(lambda found: found[1] or "", line)
    if not _QUOTE_MARKS.isdisjoint(_WRITTEN.sub("", said)):
        raise CannotSay("Quotation marks in the answer's JSON are not closed.")
    return said


_QUOTE_MARKS = frozenset("\"'")
_WRITTEN = re.compile(_STRING)


def check_value(value: Any) -> None:
    """Raises CannotSay where it is no schema that could be used."""
    schema = schema_of(value)
    if schema is not _ANY and not isinstance(schema, bool):
        check_schema(schema)
