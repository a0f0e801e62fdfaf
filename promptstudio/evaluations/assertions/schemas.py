"""JSON schemas as promptfoo reads them (draft 7, strictly), within a time limit and without fetching anything."""

import ipaddress
import json
import re
import time
from calendar import monthrange
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import referencing
from jsonschema import Draft7Validator, FormatChecker, SchemaError, ValidationError
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable

from promptstudio.prompts.canonical import canonical_json

from .javascript import SPACES
from .patterns import NotAPattern, compile_pattern, found_in
from .saying import MAX_TEXT, MOST_SECONDS, CannotSay, shown

DRAFT = "http://json-schema.org/draft-07/schema"
_SILENT = "$schema $id $comment definitions $defs title description default examples readOnly writeOnly deprecated"
_KNOWN = frozenset((*Draft7Validator.VALIDATORS, *_SILENT.split(), "then", "else", "contentMediaType", "contentEncoding"))
# Members that hold schemas: by name, in a list, or one.
_NAMED = ("properties", "patternProperties", "definitions", "$defs", "dependencies")
_LISTED = ("allOf", "anyOf", "oneOf", "items")
_SINGLE = ("not", "if", "then", "else", "items", "additionalItems", "additionalProperties", "contains", "propertyNames")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:z|([+-])(\d\d)(?::?(\d\d))?)", re.ASCII | re.IGNORECASE)
_FORMATS = {
    "email": re.compile(
        r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
        re.ASCII | re.IGNORECASE,
    ),
    "uuid": re.compile(r"(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE),
}
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
FORMATS = frozenset((*_FORMATS, "date", "time", "date-time", "ipv4"))


class _Late(Exception):
    pass


def conforms(value: Any, schema: Any) -> bool:
    """Whether `value` (numbers as doubles) fits. Raises CannotSay for a schema that promptfoo refuses or that is read otherwise here."""
    if isinstance(schema, bool):
        return schema
    check_schema(schema)
    try:
        return _validator(schema, time.monotonic() + MOST_SECONDS).is_valid(value)
    except _Late:
        raise CannotSay("Comparing with the schema took too long.") from None
    except (Unresolvable, RecursionError, ValueError):
        raise CannotSay("The schema refers to something that is not in it, or to itself without end.") from None


def check_schema(schema: Any) -> None:
    """Raises CannotSay, with the reason."""
    try:
        text = canonical_json(schema)
    except (AttributeError, TypeError, ValueError, RecursionError):
        # YAML takes anything as a key, JSON texts alone.
        raise CannotSay("This is no JSON schema.") from None
    _checked(text)


@lru_cache(maxsize=64)
def _checked(text: str) -> None:
    schema = json.loads(text)
    if not isinstance(schema, dict):
        raise CannotSay("A JSON schema is an object.")
    if len(text) > MAX_TEXT:
        raise CannotSay("The schema is too long.")
    try:
        Draft7Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
        _strict(schema)
    except (SchemaError, re.error):
        raise CannotSay("This is no JSON schema of draft 7.") from None
    except RecursionError:
        raise CannotSay("The schema is nested too deeply.") from None


def _strict(schema: Any, is_root: bool = True) -> None:
    if isinstance(schema, bool):
        return
    for problem in _strangeness(schema, is_root):
        raise CannotSay(f"The schema cannot be used here: {problem}.")
    for inner in _inner(schema):
        _strict(inner, False)


def _strangeness(schema: dict[str, Any], is_root: bool) -> Iterator[str]:
    if unknown := schema.keys() - _KNOWN:
        yield f"{shown(min(unknown))} is not known"
    if schema.get("$schema", DRAFT).rstrip("#") != DRAFT:
        yield "it is not of draft 7"
    if not is_root and "$id" in schema:
        yield "a part of it has an address of its own"
    if "$ref" in schema and schema.keys() - {"$ref", "$comment", "title", "description", "definitions", "$defs", "$schema", "$id"}:
        yield "something stands beside $ref"
    if ("if" in schema) != bool({"then", "else"} & schema.keys()):
        yield "if stands without then and else, or they without it"
    if "additionalItems" in schema and not isinstance(schema.get("items"), list):
        yield "additionalItems stands without a list of items"
    if schema.get("enum") == []:
        yield "enum is empty"
    if "properties" in schema and "patternProperties" in schema:
        yield "properties and patternProperties stand together"
    if (name := schema.get("format")) is not None and name not in FORMATS:
        yield f"the format {shown(str(name))} is not known here"
    yield from _patterns(schema)


def _patterns(schema: dict[str, Any]) -> Iterator[str]:
    for pattern in [*([schema["pattern"]] if "pattern" in schema else []), *schema.get("patternProperties", {})]:
        try:
            compile_pattern(pattern, strict=True)
        except NotAPattern as refused:
            yield f"{shown(pattern)} is no regular expression. {refused.sentence.rstrip('.')}"


def _inner(schema: dict[str, Any]) -> Iterator[Any]:
    for name in _NAMED:
        yield from (inner for inner in schema.get(name, {}).values() if not isinstance(inner, list))
    for name in _LISTED:
        if isinstance(schema.get(name), list):
            yield from schema[name]
    for name in _SINGLE:
        if isinstance(schema.get(name), (dict, bool)):
            yield schema[name]


def _validator(schema: dict[str, Any], until: float) -> Any:
    def watched(keyword: Any) -> Any:
        def check(*arguments: Any) -> Any:
            if time.monotonic() > until:
                raise _Late
            return keyword(*arguments)

        return check

    keywords = {**Draft7Validator.VALIDATORS, "pattern": _pattern, "patternProperties": _pattern_properties, "uniqueItems": _unique}
    # Without a registry of our own, jsonschema would fetch what a schema refers to.
    return extend(Draft7Validator, {name: watched(keyword) for name, keyword in keywords.items()})(
        schema, registry=referencing.Registry(), format_checker=_CHECKER
    )


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not found_in(pattern, instance, strict=True):
        yield ValidationError("does not match")


def _pattern_properties(validator: Any, patterns: dict[str, Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, inner in patterns.items():
            for name, member in instance.items():
                if found_in(pattern, name, strict=True):
                    yield from validator.descend(member, inner, path=name, schema_path=pattern)


def _unique(validator: Any, unique: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # jsonschema compares each with each, which takes for ever in a long list.
    if unique and isinstance(instance, list) and len({canonical_json(each) for each in instance}) < len(instance):
        yield ValidationError("not unique")


_CHECKER = FormatChecker(formats=())


def _register(name: str, fits: Any) -> None:
    _CHECKER.checkers[name] = (lambda value: not isinstance(value, str) or fits(value), ())


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    # The year 0 is a leap year, and the calendar's own check knows none.
    return 1 <= month <= 12 and 1 <= day <= monthrange(year or 2000, month)[1]


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if not found:
        return False
    hour, minute, second = int(found[1]), int(found[2]), float(found[3])
    ahead, zone_hour, zone_minute = -1 if found[4] == "-" else 1, int(found[5] or 0), int(found[6] or 0)
    if hour > 23 or minute > 59 or zone_hour > 23 or zone_minute > 59 or second >= 61:
        return False
    # A leap second ends a day of Greenwich.
    at_greenwich = hour * 60 + minute - ahead * (zone_hour * 60 + zone_minute)
    return second < 60 or at_greenwich % 1440 == 1439


def _is_moment(text: str) -> bool:
    parts = re.split(f"[tT{SPACES}]", text)
    return len(parts) == 2 and _is_date(parts[0]) and _is_time(parts[1])


def _is_ipv4(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


for _name, _expression in _FORMATS.items():
    _register(_name, _expression.fullmatch)
_register("date", _is_date)
_register("time", _is_time)
_register("date-time", _is_moment)
_register("ipv4", _is_ipv4)
