"""Reading rows of prompts from elsewhere: `{"title", "versions": [{"text", "date"}]}`, one JSON object a line.

`${Company Type:Acme}` becomes the variable `company_type` with the default `Acme`. Everything else is kept to the letter: where the
author wrote `{{`, the text says `{{open_braces}}`, so that the model receives what the author wrote.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .bundle import MAX_VARIABLES, Bundle, parse
from .canonical import canonical_json
from .names import ascii_words, short_hash
from .soundness import problem_of
from .templating import LITERAL_BRACES, OPEN_BRACES, literal, placeholder

MARK = re.compile(r"\$\{([^{}:\n]*)(?::([^{}]*))?\}")
MAX_NAME = 80
NAMED_IN_A_NOTE = 3


@dataclass(frozen=True)
class ImportedText:
    text: str
    authored_at: datetime


@dataclass(frozen=True)
class Row:
    """`key` is the hex SHA-256 of title and first text: the same row has the same key however its history grew."""

    title: str
    key: str
    versions: list[ImportedText]


@dataclass(frozen=True)
class Refused:
    """A row that was not taken, and why. `number` is its line, from 1."""

    number: int
    title: str
    sentence: str


@dataclass
class _Marks:
    """What the `${…}` of one text become."""

    room: int
    originals: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str | None] = field(default_factory=dict)
    kept_for_name: list[str] = field(default_factory=list)
    kept_for_room: list[str] = field(default_factory=list)
    other_defaults: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)


def read_row(line: str | bytes, number: int) -> Row | Refused:
    """One line of the file. Never raises; `number` is named in what is refused."""
    try:
        line = line.decode() if isinstance(line, bytes) else line
    except UnicodeDecodeError as error:
        return Refused(number, "", f"This line is not UTF-8: its byte {error.start + 1} belongs to another encoding.")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return Refused(number, "", "This line is not JSON.")
    title = data.get("title") if isinstance(data, dict) else None
    if not isinstance(title, str) or not title.strip():
        return Refused(number, "", "This row has no title.")
    if problem := problem_of(data):
        return Refused(number, title, f"{problem.place}: {problem.sentence}")
    try:
        versions = list(_versions(data.get("versions")))
    except ValueError as error:
        return Refused(number, title, str(error))
    return Row(title, hashlib.sha256(canonical_json([title, versions[0].text]).encode()).hexdigest(), versions)


def to_bundle(text: str) -> tuple[Bundle, list[str]]:
    """The text as a prompt without a model, and sentences on what was taken differently from how it stands.

    Rendered with a value for each variable that has no default, it is `text` to the letter, each taken mark replaced by its value.
    Raises Invalid for a text that is too long for a prompt.
    """
    # Where braces stay, their constant takes one of the places that Bedrock has for variables.
    braces = any(LITERAL_BRACES in part for part in _between_marks(text))
    marks = _Marks(room=MAX_VARIABLES - braces)
    parts: list[str] = []
    end = 0
    for match in MARK.finditer(text):
        taken = _take(marks, match)
        if taken:
            parts += [literal(text[end : match.start()]), placeholder(taken)]
            end = match.end()
    parts.append(literal(text[end:]))
    variables = [_variable(name, marks) for name in marks.defaults]
    bundle = parse({"messages": [{"role": "user", "text": "".join(parts)}], "variables": variables})
    return bundle, _notes(marks, braces)


def _versions(value: Any) -> Iterator[ImportedText]:
    if not isinstance(value, list) or not value:
        raise ValueError("This row has no versions.")
    for index, version in enumerate(value, start=1):
        text = version.get("text") if isinstance(version, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"Version {index} of this row has no text.")
        yield ImportedText(text, _moment(version.get("date"), index))


def _moment(value: Any, index: int) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"Version {index} of this row has no date such as 2024-05-31T09:00:00+02:00.") from None


def _between_marks(text: str) -> Iterator[str]:
    end = 0
    for match in MARK.finditer(text):
        yield text[end : match.start()]
        end = match.end()
    yield text[end:]


def _take(marks: _Marks, match: re.Match[str]) -> str | None:
    """The variable that a mark becomes; None where it stays text."""
    words, default = match[1].strip(), match[2]
    if not is_words(words):
        marks.kept_for_name.append(match[0])
        return None
    name = variable_name(words)
    if name not in marks.defaults:
        if len(marks.defaults) >= marks.room:
            marks.kept_for_room.append(match[0])
            return None
        marks.originals[name], marks.defaults[name] = words, default
        return name
    _remember_again(marks, name, words, default)
    return name


def _remember_again(marks: _Marks, name: str, words: str, default: str | None) -> None:
    if words != marks.originals[name]:
        marks.joined.append(f"“{marks.originals[name]}” and “{words}”")
    if default is not None and marks.defaults[name] is None:
        marks.defaults[name] = default
    elif default is not None and default != marks.defaults[name]:
        marks.other_defaults.append(f"{name} (“{default}”)")


def is_words(words: str) -> bool:
    def is_part(character: str) -> bool:
        # Vowel signs of Indic scripts are marks, not letters.
        return character.isalnum() or character in " _-" or unicodedata.category(character).startswith("M")

    return any(map(str.isalnum, words)) and all(map(is_part, words))


def variable_name(words: str) -> str:
    name = ascii_words(words, separator="_", at_most=2 * len(words) + MAX_NAME)
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME - 9].rstrip('_')}_{short_hash(words)}"
    if not name:
        # The same words get the same name in every version of a prompt.
        return f"variable_{short_hash(words)}"
    return f"{OPEN_BRACES}_value" if name == OPEN_BRACES else name


def _variable(name: str, marks: _Marks) -> dict[str, Any]:
    original, default = marks.originals[name], marks.defaults[name]
    description = original[:1000] if original.casefold() != name else ""
    return {"name": name, "required": default is None, "default": default, "description": description}


def _notes(marks: _Marks, braces: bool) -> list[str]:
    notes = []
    if braces:
        notes.append(f"Literal {LITERAL_BRACES} is kept as text through {placeholder(OPEN_BRACES)}.")
    if marks.kept_for_name:
        notes.append(f"Left as text, because it is no word: {some(marks.kept_for_name)}.")
    if marks.kept_for_room:
        notes.append(f"Left as text, because a prompt has at most {MAX_VARIABLES} variables: {some(marks.kept_for_room)}.")
    if marks.other_defaults:
        notes.append(f"The first default is kept; others were given for {some(marks.other_defaults)}.")
    if marks.joined:
        notes.append(f"Became one variable: {some(marks.joined)}.")
    return notes


def some(items: list[str]) -> str:
    unique = [item if len(item) <= 80 else item[:79] + "…" for item in dict.fromkeys(items)]
    more = len(unique) - NAMED_IN_A_NOTE
    return ", ".join(unique[:NAMED_IN_A_NOTE]) + (f" and {more} more" if more > 0 else "")
