"""What a file of cases holds, before anybody decided anything about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.canonical import canonical_json

from ..cases import MOST_CASES, Case, Cases, parse_cases, refused_checks

LARGEST_FILE = 5 * 1024 * 1024
LONGEST_TEXT = 2_000_000

# The uid of whoever is called so; what was given where nobody is.
Person = Callable[[str], str]


class NotRead(Invalid):
    """The file as a whole cannot be taken; the sentence says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"file": sentence})


@dataclass(frozen=True)
class Problem:
    """Why a case does not come in: `row` and `column` are what whoever wrote the file calls them."""

    row: str
    column: str
    sentence: str


@dataclass(frozen=True)
class Column:
    header: str
    meaning: str


@dataclass
class Row:
    """A case as `parse_cases` takes it. `columns` say where each place of it (`assertions.0`, `values.claim`) stands in the file."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    wrong: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Reading:
    """`rows` name where each of the cases stands. `threshold` and `extra` are the suite's."""

    format: str
    cases: tuple[Case, ...] = ()
    rows: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    threshold: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def suite(self) -> Cases:
        """Raises Invalid."""
        return parse_cases({"cases": [case.as_json() for case in self.cases], "threshold": self.threshold, "extra": self.extra})


def is_same(one: Any, other: Any) -> bool:
    """As JSON: 1 is 1.0, and no member's place counts."""
    return canonical_json(one) == canonical_json(other)


def check_number(cases: int) -> None:
    """Raises NotRead before the time is spent that so many would take."""
    if cases > MOST_CASES:
        raise NotRead(f"It has {cases:,} cases, and a suite has at most {MOST_CASES}. Split it.")


def finished(rows: Iterable[Row], *, suite: Mapping[str, Any], person: Person, **more: Any) -> Reading:
    """With every problem at its row and column. Raises NotRead for a file without cases."""
    rows = list(rows)
    if not rows:
        raise NotRead("There is no case in it. Give it a row for each, below the names of the columns.")
    cases, names, problems = list[Case](), list[str](), list[Problem]()
    taken: set[str] = set()
    for row in rows:
        uid = row.data.get("uid")
        if isinstance(uid, str) and uid in taken:
            # A row that was copied is another case.
            row.data["uid"] = str(uuid4())
        if isinstance(row.data.get("owner"), str):
            row.data["owner"] = person(row.data["owner"])
        case, wrong = _parsed(row)
        problems += [Problem(row.name, column, sentence) for column, sentence in [*row.wrong, *wrong]]
        if case and not row.wrong and not wrong:
            taken.add(case.uid)
            cases.append(case)
            names.append(row.name)
    threshold, extra, said = _suite(suite)
    return Reading(cases=tuple(cases), rows=tuple(names), problems=[*said, *problems], threshold=threshold, extra=extra, **more)


def _parsed(row: Row) -> tuple[Case | None, list[tuple[str, str]]]:
    try:
        cases = parse_cases({"cases": [row.data]})
    except Invalid as error:
        return None, [(column_of(row, place), sentence) for place, sentence in error.errors.items()]
    return cases.cases[0], [(column_of(row, place), sentence) for place, sentence in refused_checks(cases).items()]


def column_of(row: Row, place: str) -> str:
    """What the file calls the place `cases.0.assertions.2.value`; nothing where it has no name there."""
    parts = place.removeprefix("cases.0").strip(".").split(".")
    for end in range(len(parts), 0, -1):
        if found := row.columns.get(".".join(parts[:end])):
            return found
    return ""


def _suite(data: Mapping[str, Any]) -> tuple[float | None, dict[str, Any], list[Problem]]:
    try:
        suite = parse_cases({"threshold": data.get("threshold"), "extra": data.get("extra") or {}})
    except Invalid as error:
        return None, {}, [Problem("The file", place, sentence) for place, sentence in error.errors.items()]
    return suite.threshold, dict(suite.extra), []
