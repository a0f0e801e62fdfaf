"""Any file of cases, or a pasted table: what it is, and the cases in it."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from promptstudio.prompts.reading import csv_file, xlsx
from promptstudio.prompts.reading.files import REFUSED
from promptstudio.prompts.reading.found import Unreadable
from promptstudio.prompts.reading.office import parts_of
from promptstudio.prompts.reading.texts import decoded
from promptstudio.prompts.soundness import problem_of

from . import yaml_text
from .found import LARGEST_FILE, LONGEST_TEXT, NotRead, Person, Reading, Row, check_number, finished
from .promptfoo import rows_in, rows_of_tests
from .tables import MOST_COLUMNS, read_table
from .telling import notes_on

FORMATS = {
    "csv": "a table",
    "xlsx": "an Excel workbook",
    "jsonl": "lines of JSON",
    "yaml": "YAML of promptfoo",
    "json": "JSON of promptfoo",
}
BY_ENDING = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
YAML = re.compile(
    r"(?:#.*\n|---[ \t]*\n|\s)*(?:-[ \t]+)?[\"']?(?:tests|defaultTest|description|prompts|providers|scenarios|vars|assert\w*)[\"']?:",
    re.ASCII,
)


@dataclass(frozen=True)
class Words:
    """A file as text that people can correct. `notes` say what was not taken of it."""

    format: str
    text: str
    notes: tuple[str, ...] = ()


def words_of(content: bytes, name: str) -> Words:
    """`name` is that of the file; pasted text has none. A workbook becomes a table. Raises NotRead."""
    if len(content) > LARGEST_FILE:
        raise NotRead(f"It is too large: at most {LARGEST_FILE // 1024 // 1024} MB.")
    try:
        words = _words(content, name)
    except Unreadable as error:
        raise NotRead(error.sentence) from None
    return corrected(words)


def corrected(words: Words) -> Words:
    """Raises NotRead where there is too much of them."""
    if len(words.text) > LONGEST_TEXT:
        raise NotRead(f"There is too much text in it: at most {LONGEST_TEXT:,} characters. Split it.")
    return words


def read_cases(words: Words, variables: Sequence[str], person: Person = str) -> Reading:
    """Raises NotRead, and nothing else; what is wrong with single cases is among the problems."""
    try:
        reading = _reading(words, variables, person)
    except Unreadable as error:
        raise NotRead(error.sentence) from None
    reading.notes = [*words.notes, *notes_on(reading, variables)]
    return reading


def _words(content: bytes, name: str) -> Words:
    if content.startswith(b"PK"):
        if "xl/workbook.xml" not in parts_of(content):
            raise NotRead("This is an archive, but no workbook of Excel. Unpack it, and bring in its files one by one.")
        rows, notes = xlsx.rows_of(content, most_columns=MOST_COLUMNS)
        return Words("xlsx", as_csv(_trimmed(rows)), tuple(notes))
    if any(map(content.startswith, REFUSED)):
        raise NotRead("This is no table and no text, or an older or locked file of Excel. Save it as .xlsx or CSV, and try again.")
    if PurePosixPath(name.lower()).suffix == ".xlsx":
        raise NotRead("Its name says that it is a workbook of Excel, and it is none. Save it again there.")
    try:
        text = decoded(content)
    except Unreadable:
        raise NotRead("This is no text that can be read. Save it as .xlsx, CSV, YAML or JSON, and try again.") from None
    return Words(_format(text, name), text)


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _trimmed(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    width = max((number for row in rows for number, cell in enumerate(row, 1) if cell), default=0)
    return [row[:width] for row in rows]


def _format(text: str, name: str) -> str:
    if known := BY_ENDING.get(PurePosixPath(name.lower()).suffix):
        return known
    start = text.lstrip()[:1]
    if start in ("{", "["):
        lines = [line for line in text.split("\n") if line.strip()]
        return "jsonl" if start == "{" and len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines) else "json"
    return "yaml" if YAML.match(text) else "csv"


def _reading(words: Words, variables: Sequence[str], person: Person) -> Reading:
    match words.format:
        case "yaml":
            return _of_data(words.format, yaml_text.load(words.text), person)
        case "json":
            return _of_data(words.format, _json(words.text), person)
        case "jsonl":
            return _of_lines(words.text, person)
    return read_table(csv_file.rows_of(words.text), variables, format=words.format, person=person)


def _of_data(kind: str, data: Any, person: Person) -> Reading:
    if problem := problem_of({"file": data}):
        raise NotRead(f"{problem.sentence} Look at {problem.place.removeprefix('file.')[:200]}.")
    rows, suite = rows_in(data)
    return finished(rows, suite=suite, person=person, format=kind)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotRead(f"It cannot be read as JSON. Look at line {error.lineno}.") from None
    except (ValueError, RecursionError):
        raise NotRead("It cannot be read as JSON.") from None


def _of_lines(text: str, person: Person) -> Reading:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    check_number(len(lines))
    found = [(f"Line {number}", *_line(line)) for number, line in lines]
    rows = [rows_of_tests([test], names=[name])[0] if not wrong else Row(name, wrong=[("", wrong)]) for name, test, wrong in found]
    return finished(rows, suite=_suite(found[0][1]) if found else {}, person=person, format="jsonl")


def _line(line: str) -> tuple[Any, str]:
    try:
        test = json.loads(line)
    except (ValueError, RecursionError):
        return None, "This line cannot be read as JSON."
    problem = problem_of({"line": test})
    return test, problem.sentence if problem else ""


def _suite(test: Any) -> dict[str, Any]:
    return rows_in([test])[1]
