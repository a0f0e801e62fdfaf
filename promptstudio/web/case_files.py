"""Cases that come in: a file or a paste, what it would become, and where it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from promptstudio.evaluations.cases import MOST_CASES, Cases
from promptstudio.evaluations.files.found import LARGEST_FILE, NotRead, Problem, Reading
from promptstudio.evaluations.files.joining import Joined, joined
from promptstudio.evaluations.files.reading import FORMATS, Words, corrected, read_cases, words_of
from promptstudio.evaluations.models import Suite, SuiteVersion
from promptstudio.evaluations.owners import STRANGER, Owner, owner_called
from promptstudio.evaluations.standing import newest_versions
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Prompt

ENDINGS = ".csv,.tsv,.xlsx,.jsonl,.ndjson,.json,.yaml,.yml,.txt"
NEW, SHOWN = "new", 50


@dataclass(frozen=True)
class Place:
    """Where cases may go. `address` is `new`, `replace:<uid>` or `add:<uid>`."""

    address: str
    label: str
    suite: Suite | None = None
    newest: SuiteVersion | None = None

    @property
    def replace(self) -> bool:
        return self.address.startswith("replace")


@dataclass
class CaseImport:
    """What the page has. `told` are sentences at fields."""

    places: list[Place]
    into: Place
    words: Words | None = None
    reading: Reading | None = None
    typed: str = ""
    told: dict[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> Sequence[Any]:
        return self.reading.cases[:SHOWN] if self.reading else ()

    @property
    def more(self) -> int:
        return len(self.reading.cases) - len(self.shown) if self.reading else 0

    @property
    def format(self) -> str:
        return FORMATS[self.reading.format] if self.reading else ""

    @property
    def joined(self) -> Joined | None:
        """Beside the cases of the chosen suite; None for a new one, and where there is no room."""
        if self.into.newest is None or self.reading is None:
            return None
        try:
            return joined(self.into.newest.content, self.reading.suite, replace=self.into.replace)
        except (Invalid, ValueError):
            return None

    @property
    def cases(self) -> Cases:
        """As they would be saved. Raises Invalid."""
        assert self.reading is not None
        if self.into.newest is None:
            return self.reading.suite
        if (found := self.joined) is None:
            raise Invalid({"into": f"With these the suite would have more than {MOST_CASES} cases. Choose another one."})
        return found.suite


def places_of(prompt: Prompt) -> list[Place]:
    suites = list(prompt.suites.in_use())
    newest = newest_versions(suites)
    found = [Place(NEW, "A new suite")]
    for suite in suites:
        cases = f"{len(newest[suite.pk].cases)} case{'' if len(newest[suite.pk].cases) == 1 else 's'}"
        found.append(Place(f"add:{suite.uid}", f"Add them to {suite} ({cases})", suite, newest[suite.pk]))
        found.append(Place(f"replace:{suite.uid}", f"Put them in place of the cases of {suite} ({cases})", suite, newest[suite.pk]))
    return found


def began(prompt: Prompt, wanted: str) -> CaseImport:
    """`wanted` is the address of a place, or the uid of a suite."""
    places = places_of(prompt)
    into = next((place for place in places if wanted and (place.address == wanted or place.address == f"add:{wanted}")), places[0])
    return CaseImport(places, into)


def take(page: CaseImport, post: QueryDict, file: UploadedFile | None) -> None:
    """What was sent, as words; a sentence at its field where it is none."""
    page.typed = post.get("text", "").replace("\r\n", "\n")
    if file and page.typed.strip() and not post.get("format"):
        page.told["text"] = "There is a file and a text. Take one of them away, so that it is clear what you mean."
    elif file and (file.size or 0) > LARGEST_FILE:
        page.told["file"] = f"This file is too large: at most {LARGEST_FILE // 1024 // 1024} MB."
    elif not file and not page.typed.strip():
        page.told["file"] = "Choose a file, or paste the rows below."
    else:
        _take_words(page, post, file)


def look(page: CaseImport, variables: Sequence[str], owners: Mapping[str, Owner]) -> None:
    """Read the words, and keep them where they cannot be read."""
    if page.words is None:
        return
    page.typed = page.words.text
    try:
        page.reading = read_cases(page.words, variables, lambda typed: owner_called(typed, owners))
    except NotRead as error:
        page.told["text"] = error.sentence
        return
    known = {case.owner for case in page.into.newest.cases} if page.into.newest else set()
    _refuse_strangers(page.reading, owners, known | {""})


def _take_words(page: CaseImport, post: QueryDict, file: UploadedFile | None) -> None:
    try:
        if file:
            page.words = words_of(file.read(), file.name or "")
        elif (known := post.get("format", "")) in FORMATS:
            page.words = corrected(Words(known, page.typed, tuple(note[:500] for note in post.getlist("note")[:10])))
        else:
            page.words = words_of(page.typed.encode("utf-8", "surrogatepass"), "")
    except NotRead as error:
        page.told["file" if file else "text"] = error.sentence


def _refuse_strangers(reading: Reading, owners: Mapping[str, Owner], known: set[str]) -> None:
    here = {uid for uid, owner in owners.items() if owner.here}
    strange = [(row, case) for row, case in zip(reading.rows, reading.cases, strict=True) if case.owner not in here | known]
    reading.problems += [Problem(row, "owner", STRANGER) for row, _ in strange]
    left_out = {case.uid for _, case in strange}
    kept = [(row, case) for row, case in zip(reading.rows, reading.cases, strict=True) if case.uid not in left_out]
    reading.rows, reading.cases = tuple(row for row, _ in kept), tuple(case for _, case in kept)
