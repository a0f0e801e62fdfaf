"""A difference in few lines of plain text, for where no comparison fits: e-mails."""

from collections.abc import Iterator
from dataclasses import dataclass

from promptstudio.prompts.diff.cards import CardDiff
from promptstudio.prompts.diff.comparison import Comparison
from promptstudio.prompts.diff.structure import FieldChange
from promptstudio.prompts.diff.text import Span

MOST, LONGEST = 40, 300


@dataclass(frozen=True)
class ChangedLine:
    """`sign` is − or +, or empty for the heading of what follows."""

    sign: str
    text: str


def changed_lines(comparison: Comparison, most: int = MOST) -> tuple[list[ChangedLine], int]:
    """The first `most` changed lines, each under its heading, and how many more there are."""
    shown: list[ChangedLine] = []
    signed = left = 0
    for line in _all(comparison):
        if line.sign and signed == most:
            left += 1
        elif signed < most:
            shown.append(line)
            signed += bool(line.sign)
    while shown and not shown[-1].sign:
        shown.pop()
    return shown, left


def _all(comparison: Comparison) -> Iterator[ChangedLine]:
    for card in comparison.cards:
        if card.changes:
            yield ChangedLine("", f"{card.role}{', moved' if card.moved else ''}")
            yield from _of_card(card)
    if comparison.fields:
        yield ChangedLine("", "Variables and settings")
        for change in comparison.fields:
            yield from _of_field(change)


def _of_card(card: CardDiff) -> Iterator[ChangedLine]:
    for row in card.rows:
        if row.kind in ("changed", "removed"):
            yield ChangedLine("−", _text(row.old))
        if row.kind in ("changed", "added"):
            yield ChangedLine("+", _text(row.new))


def _of_field(change: FieldChange) -> Iterator[ChangedLine]:
    if change.word != "Added":
        yield ChangedLine("−", _short(f"{change.label}: {change.old}"))
    if change.word != "Removed":
        yield ChangedLine("+", _short(f"{change.label}: {change.new}"))


def _text(spans: tuple[Span, ...]) -> str:
    return _short("".join(span.text for span in spans))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
