"""What the pages of an import show: a row for each prompt that was found, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.lib.lengths import LONGEST_TITLE, too_long
from promptstudio.prompts import lint
from promptstudio.prompts.came_before import namesakes_of
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ImportBatch, ImportRow, ModelEntry, Prompt
from promptstudio.prompts.reading.marks import EXAMPLES, bundle_of
from promptstudio.prompts.templating import as_text

PER_PAGE = 50
SHOWN_TEXT = 1_500
TYPE_WORDS = {"string": "text", "number": "number", "boolean": "yes or no", "choice": "choice"}
ROLE_WORDS = {"user": "Message", "assistant": "Answer of the assistant"}


@dataclass(frozen=True)
class Mark:
    """One kind of mark in the file, and whether it becomes variables."""

    kind: str
    example: str
    names: list[str]
    more: int
    prompts: int
    taken: bool


@dataclass(frozen=True)
class ShownRow:
    """`before` is the prompt that it became another time, `namesake` another one of the same title, `too_long` said of its title."""

    row: ImportRow
    kind: str = ""
    texts: tuple[tuple[str, str, bool], ...] = ()
    variables: tuple[tuple[str, str, str], ...] = ()
    settings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    too_long: str = ""
    before: Prompt | None = None
    namesake: Prompt | None = None

    @property
    def open(self) -> bool:
        return not (self.row.problem or self.before)


def marks_of(batch: ImportBatch) -> list[Mark]:
    return [
        Mark(kind, EXAMPLES[kind], names, number - len(names), prompts, kind in batch.marks) for kind, names, number, prompts in batch.seen
    ]


def shown(batch: ImportBatch, rows: list[ImportRow], actor: Actor) -> list[ShownRow]:
    """Three queries, however many rows."""
    known = ModelEntry.objects.catalogue()
    namesakes = namesakes_of(batch.project, rows, actor)
    seen = prompts_of(rows, actor)
    return [_shown(batch, row, seen.get(row.prompt_id or 0), namesakes.get(row.title), known) for row in rows]


def prompts_of(rows: Iterable[ImportRow], actor: Actor) -> dict[int, Prompt]:
    """What rows became, as far as this person may see it."""
    wanted = [row.prompt_id for row in rows if row.prompt_id]
    return {prompt.pk: prompt for prompt in Prompt.objects.visible_to(actor).filter(pk__in=wanted).select_related("project")}


def _shown(batch: ImportBatch, row: ImportRow, before: Prompt | None, namesake: Prompt | None, known: Catalogue) -> ShownRow:
    if row.problem:
        return ShownRow(row, notes=tuple(row.data["notes"]))
    found = row.found
    data, notes = bundle_of(found, batch.marks)
    return ShownRow(
        row=row,
        kind="conversation" if data["kind"] == "chat" else "one message",
        texts=tuple(_texts(data)),
        variables=tuple(map(_variable, data["variables"])),
        settings=tuple(_settings(data, known)),
        notes=(*found.notes, *notes),
        errors=tuple(dict.fromkeys(lint.errors_of(data).values())),
        too_long=too_long(row.title, LONGEST_TITLE),
        before=before,
        namesake=namesake if namesake and namesake != before else None,
    )


def _texts(data: dict[str, Any]) -> Iterable[tuple[str, str, bool]]:
    parts = [("System text", data["system"]), *((ROLE_WORDS[message["role"]], message["text"]) for message in data["messages"])]
    return ((label, text[:SHOWN_TEXT], len(text) > SHOWN_TEXT) for label, text in parts if text)


def _variable(variable: dict[str, Any]) -> tuple[str, str, str]:
    value = variable.get("example") if variable.get("example") is not None else variable.get("default")
    return variable["name"], TYPE_WORDS[variable.get("type") or "string"], "" if value is None else as_text(value)


def _settings(data: dict[str, Any], known: Catalogue) -> Iterable[str]:
    if data["model"]:
        model = known.find(data["model"])
        yield model.label if model else data["model"]
    words = {"temperature": "temperature", "top_p": "top p", "max_tokens": "longest answer", "stop_sequences": "stops at"}
    for name, word in words.items():
        value = data["inference"].get(name)
        if value not in (None, [], ()):
            yield f"{word} {', '.join(map(str, value)) if isinstance(value, (list, tuple)) else as_text(value)}"
