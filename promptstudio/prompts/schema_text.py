"""JSON schemas as people type them: read with the place of a mistake, written, and checked against what a schema may say."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft4Validator, Draft6Validator, Draft7Validator, Draft201909Validator, Draft202012Validator

from .soundness import listed, mapping, problem_of

MOST_MISTAKES = 5
DIALECTS = {
    str(kind.META_SCHEMA.get("$id") or kind.META_SCHEMA.get("id")).rstrip("#"): kind
    for kind in (Draft4Validator, Draft6Validator, Draft7Validator, Draft201909Validator, Draft202012Validator)
}
KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
}
# What json.JSONDecodeError says, in the words of a reader.
SENTENCES = {
    "Expecting property name": "A name in double quotes belongs here.",
    "Illegal trailing comma": "There is one comma too many here.",
    "Expecting ',' delimiter": "A comma or a closing bracket is missing here.",
    "Expecting ':' delimiter": "A colon is missing here.",
    "Expecting value": "A value is missing here.",
    "Extra data": "The JSON is over before this; take away what follows, or a bracket before it.",
    "Unterminated string": "A text begins here, and its closing quotation mark is missing.",
    "Invalid control character": "A line break or tab cannot stand inside a text. Write \\n or \\t.",
    "Invalid \\": "A backslash stands here that JSON does not know. Write two of them.",
}


@dataclass(frozen=True)
class Mistake:
    """`line` and `column` count from 1; None where the mistake has no single place."""

    sentence: str
    line: int | None = None
    column: int | None = None


class _Twice(ValueError):
    pass


def read(text: str) -> tuple[Any, Mistake | None]:
    """The value that `text` says, or why it says none."""
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_members)
    except json.JSONDecodeError as error:
        return None, _mistake(error)
    except _Twice as twice:
        return None, Mistake(f"“{str(twice)[:80]}” stands twice in one object. Each name stands once.")
    except (ValueError, RecursionError):
        return None, Mistake("This cannot be read as JSON: a number is too large, or it is nested too deeply.")
    problem = problem_of({"": value})
    return (None, Mistake(problem.sentence)) if problem else (value, None)


def written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _refuse(name: str) -> None:
    raise ValueError(name)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _mistake(error: json.JSONDecodeError) -> Mistake:
    sentence = next((words for start, words in SENTENCES.items() if error.msg.startswith(start)), "This cannot be read as JSON.")
    return Mistake(f"Line {error.lineno}, column {error.colno}: {sentence}", error.lineno, error.colno)


def mistakes(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """(place inside the schema, sentence) for what no JSON schema may say; its own `$schema` decides, else 2020-12."""
    return _mistakes(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=64)
def _mistakes(text: str) -> list[tuple[str, str]]:
    # Kept, because it is asked again with each pause in typing and takes its time for a long schema.
    schema = json.loads(text)
    found = [*_unsound(schema), *_needs_unknown(schema, "")]
    return list(islice(dict.fromkeys(found), MOST_MISTAKES))


def _unsound(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    named = schema.get("$schema")
    kind = DIALECTS.get(named.rstrip("#"), Draft202012Validator) if isinstance(named, str) else Draft202012Validator
    for error in kind(kind.META_SCHEMA).iter_errors(schema):
        path = [str(part) for part in error.absolute_path]
        yield ".".join(path), f"{_at(path)}{_sentence(error, path)}"


def _at(path: list[str]) -> str:
    shown = [part for part in path if part not in ("properties", "items")]
    return f"{' › '.join(shown)[:120]}: " if shown else ""


def _sentence(error: Any, path: list[str]) -> str:
    if path and path[-1] == "type":
        return "this is no type. JSON schemas know string, number, integer, boolean, array, object and null."
    if error.validator == "type":
        wanted: Iterable[str] = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return f"this must be {' or '.join(KINDS.get(kind, kind) for kind in wanted)}."
    if error.validator in ("minimum", "exclusiveMinimum"):
        return f"this must be at least {error.validator_value}."
    if error.validator == "uniqueItems":
        return "each entry stands here once."
    if error.validator in ("minItems", "minProperties"):
        return "this must not be empty."
    return "a JSON schema cannot say this."


def _needs_unknown(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """Names that have to be there, and are described nowhere: nobody can fill them in rightly."""
    fields = mapping(mapping(schema).get("properties"))
    if fields:
        for name in listed(schema.get("required")):
            if isinstance(name, str) and name not in fields and not schema.get("patternProperties"):
                yield f"{path}required", f"“{name[:80]}” must be there but is no field. Add the field, or take the name out of “required”."
    for name, inner in fields.items():
        yield from _needs_unknown(inner, f"{path}properties.{name}.")
