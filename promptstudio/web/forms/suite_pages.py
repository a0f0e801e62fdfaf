"""A suite of many cases is edited some at a time: a page stays quick to show, and small enough to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptstudio.evaluations.cases import Case

MOST_CASES = 20
# Below what one form may hold (DATA_UPLOAD_MAX_NUMBER_FIELDS), with room for what is added to it.
MOST_FIELDS = 1_500


@dataclass(frozen=True)
class Part:
    """Cases from `start` up to `end`, counted from 0."""

    number: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start + 1}" if self.end == self.start + 1 else f"{self.start + 1}–{self.end}"


def parts_of(cases: Sequence[Case]) -> list[Part]:
    """At least one, which may be empty."""
    parts, start, fields = list[Part](), 0, 0
    for number, case in enumerate(cases):
        size = _fields_of(case)
        if number > start and (number - start == MOST_CASES or fields + size > MOST_FIELDS):
            parts.append(Part(len(parts) + 1, start, number))
            start, fields = number, 0
        fields += size
    return [*parts, Part(len(parts) + 1, start, len(cases))]


def part_called(parts: Sequence[Part], number: str | None, case: str | None, cases: Sequence[Case]) -> Part:
    """The one with that number, or with that case in it; else the first."""
    at = next((index for index, each in enumerate(cases) if each.uid == case), None)
    wanted = next((part for part in parts if at is not None and part.start <= at < part.end), None)
    return wanted or next((part for part in parts if str(part.number) == number), parts[0])


def _fields_of(case: Case) -> int:
    return 8 + len(case.values) + 6 * len(case.assertions) + 3 * len(case.turns)
