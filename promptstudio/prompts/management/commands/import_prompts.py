import codecs
import sys
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from promptstudio.accounts import actor as actors
from promptstudio.lib.errors import StudioError
from promptstudio.projects.management.finding import project_called
from promptstudio.projects.models import Project
from promptstudio.prompts.importing import Refused, Row, read_row
from promptstudio.prompts.imports import Taken, import_row

WORDS = {
    "created": "new",
    "appended": "continued",
    "unchanged": "here already",
    "diverged": "not taken: diverged",
    "refused": "not taken",
    "repeated": "not taken: repeated",
}


class Command(BaseCommand):
    help = "Load prompts with their histories from a JSONL file: one object a line, {title, versions: [{text, date}]}, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, metavar="SLUG")

    def handle(self, *args: Any, file: Path, project: str, **options: Any) -> None:
        space = project_called(project)
        try:
            lines = _lines(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        report = _Report()
        actor = actors.system(via="import")
        first_seen: dict[str, int] = {}
        for done, (number, line) in enumerate(lines, start=1):
            row = read_row(line, number)
            report.add(number, row, self._taken(space, row, number, first_seen, actor))
            _progress(sys.stderr, done, len(lines))
        self.stdout.write(_printable(report.text(), self.stdout))

    def _taken(self, space: Project, row: Row | Refused, number: int, first_seen: dict[str, int], actor: actors.Actor) -> Taken:
        if isinstance(row, Refused):
            return Taken("refused", 0, [row.sentence])
        if row.key in first_seen:
            return Taken("repeated", 0, [f"It has the title and the first text of line {first_seen[row.key]}."])
        first_seen[row.key] = number
        try:
            return import_row(project=space, row=row, actor=actor)
        except StudioError as error:
            return Taken("refused", 0, [error.sentence])


def _lines(content: bytes) -> list[tuple[int, bytes]]:
    """The lines that hold something, with their numbers in the file, from 1."""
    lines = enumerate(content.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1)
    return [(number, line) for number, line in lines if line.strip()]


def _printable(text: str, out: Any) -> str:
    """What the terminal cannot show (half a character, or umlauts in plain ASCII) as its number: the summary must not be lost."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class _Report:
    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.versions = 0
        self.remarks: list[str] = []

    def add(self, number: int, row: Row | Refused, taken: Taken) -> None:
        self.outcomes[taken.outcome] += 1
        self.versions += taken.versions
        if taken.notes and taken.outcome != "unchanged":
            title = " ".join(row.title.split())[:60] or "(no title)"
            self.remarks.append(f"line {number}, {title}: {WORDS[taken.outcome]}. {' '.join(taken.notes)}")

    def text(self) -> str:
        counts = ", ".join(f"{count} {WORDS[outcome]}" for outcome, count in self.outcomes.most_common())
        head = f"{sum(self.outcomes.values())} rows: {counts or 'nothing to take'}. {self.versions} versions made."
        if not self.remarks:
            return head
        return "\n".join([head, "", f"{len(self.remarks)} rows were not taken, or taken differently:", *self.remarks])


def _progress(out: TextIO, done: int, of: int) -> None:
    """A bar on a terminal, and nothing in a log."""
    if not (out.isatty() and (done % 10 == 0 or done == of)):
        return
    filled = 40 * done // max(of, 1)
    out.write(f"\r[{'█' * filled}{'·' * (40 - filled)}] {done}/{of}" + ("\n" if done == of else ""))
    out.flush()
