"""The difference of two bundles as HTML: `{% compare_text %}`, `{% compare_tables %}`, `{% compare_summary %}`."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from typing import Any, Literal

from django import template
from django.http import QueryDict
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from promptstudio.prompts.diff import CardDiff, Comparison, FieldChange, Row, Span, words
from promptstudio.prompts.diff.tokens import tokens
from promptstudio.prompts.templating import PLACEHOLDER

from ..line_talk import LineForm, ShownThread, Spot, Talk, old_place

register = template.Library()

Side = Literal["old", "new"]

# What a page bears without `full`; measured in lines and characters.
MOST_FOLDED = 400
MOST_CHANGED = 1_000
LONGEST_UNCHANGED = 800
EDGE = 240

_SIGNS = {"removed": "−", "added": "+"}
_TAGS = {"removed": "del", "added": "ins"}
_INVISIBLE = {" ": "␣", "\t": "⇥", "\r": "␍", "\n": "↵"}


@dataclass
class Cell:
    """One line of one side; without number where the side has no such line."""

    no: int | None
    html: SafeString
    mark: str
    side: str
    comment_url: str = ""

    @property
    def sign(self) -> str:
        return _SIGNS.get(self.mark, "")

    @property
    def look(self) -> str:
        return f"is-{self.mark}" if self.mark else ""


@dataclass
class Line:
    """A table row: both sides, or the one cell of a single column. `change` is the number of the change that begins here."""

    kind: str
    cells: list[Cell]
    change: int | None = None
    threads: list[ShownThread] = field(default_factory=list)
    form: LineForm | None = None


@dataclass
class Section:
    """Lines that are shown, folded, or left out because the page would grow too long (then without lines)."""

    kind: Literal["shown", "folded", "left out"]
    count: int
    lines: list[Line] = field(default_factory=list)
    is_change: bool = False


@dataclass
class Card:
    """One message that differs, or one text."""

    title: str
    caption: str
    notes: list[str]
    changes: int
    head_change: int | None
    sections: list[Section]


@register.inclusion_tag("compare/_text.html", takes_context=True)
def compare_text(
    context: dict[str, Any],
    comparison: Comparison,
    old_label: str,
    new_label: str,
    layout: str = "split",
    full: bool = False,
    talk: Talk | None = None,
    anchors: bool = True,
    title: str = "",
) -> dict[str, Any]:
    """The messages that differ as tables, side by side or (`layout="unified"`) in one column; changes have ids `change-1` to `change-n`.

    With `talk`, what is said about lines stands below them, and each line can be commented on. Only one difference of a page has `anchors`.
    `title` is what the only text is called where it is no message.
    """
    numbers = count(1) if anchors else repeat(0)
    columns = 2 if layout == "unified" else 4
    shown = [card for card in comparison.cards if card.changes or (talk and talk.concerns(card))]
    return {
        "cards": [_card(card, numbers, layout == "unified", full, talk, title) for card in shown],
        "talk": talk,
        "csrf_token": context.get("csrf_token"),
        "unchanged": "" if title else _unchanged([card.role.lower() for card in comparison.cards if not card.changes]),
        "old_label": old_label,
        "new_label": new_label,
        "unified": layout == "unified",
        "columns": columns,
        "full_url": _with_full(context),
        "is_shortened": not full and any(map(_is_shortened, comparison.cards)),
    }


@register.inclusion_tag("compare/_tables.html")
def compare_tables(comparison: Comparison, old_label: str, new_label: str, only_variables: bool = False) -> dict[str, Any]:
    """Variables and settings, then tools and the form of the answer, where they differ. What is no prompt has variables only."""
    return {
        "tables": [
            table
            for table in (
                {"caption": "Variables and settings that differ", "rows": _fields([*comparison.variables, *comparison.settings])},
                {"caption": "Tools and form of the answer that differ", "rows": _fields([*comparison.tools, *comparison.schema])},
            )
            if table["rows"]
        ],
        "same": 0 if only_variables else comparison.same_settings,
        "only_variables": only_variables,
        "old_label": old_label,
        "new_label": new_label,
    }


@register.inclusion_tag("compare/_summary.html")
def compare_summary(comparison: Comparison) -> dict[str, Any]:
    """The sentence on top."""
    return {"sentence": comparison.sentence}


@register.simple_tag
def compare_words(old: str, new: str) -> SafeString:
    """Two short texts in one line, with what was taken out and put in."""
    return spans_html(words(old, new))


def _unchanged(roles: list[str]) -> str:
    if len(roles) < 2:
        return f"The {roles[0]} message did not change." if roles else ""
    return f"{len(roles)} messages did not change."


def _is_shortened(card: CardDiff) -> bool:
    shown = (row for block in card.blocks() if not block.folded for row in block.rows) if card.changes else ()
    return any(span.kind == "same" and len(span.text) > LONGEST_UNCHANGED for row in shown for span in (*row.old, *row.new))


def _with_full(context: dict[str, Any]) -> str:
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query["full"] = "1"
    return "?" + query.urlencode()


def _card(card: CardDiff, numbers: Iterator[int], unified: bool, full: bool, talk: Talk | None, title: str) -> Card:
    head = next(numbers) if card.head_changed else None
    change_of = {id(row): next(numbers) for row, starts in zip(card.rows, card.starts, strict=True) if starts}
    called = (title, title) if title else (card.role, f"{card.role} message")
    return Card(*called, _notes(card), card.changes, head, list(_sections(card, change_of, unified, full, talk)))


def _notes(card: CardDiff) -> list[str]:
    notes = []
    if card.is_new or card.is_removed:
        notes.append("new" if card.is_new else "removed")
    if card.moved and card.old_index is not None and card.new_index is not None:
        notes.append(f"moved from place {card.old_index + 1} to place {card.new_index + 1}")
    if card.role != card.old_role:
        notes.append(f"was {card.old_role}")
    return notes


def _sections(card: CardDiff, change_of: dict[int, int], unified: bool, full: bool, talk: Talk | None) -> Iterator[Section]:
    left = len(card.rows) if full else MOST_CHANGED
    for block in card.blocks(also=set(talk.rows_of(card)) if talk else ()):
        if block.folded and block.count > MOST_FOLDED and not full:
            yield Section("left out", block.count)
            continue
        rows = block.rows if block.folded else block.rows[:left]
        lines = [line for row in rows for line in _lines(row, change_of.get(id(row)), unified, full)]
        if talk:
            _add_talk(lines, card, talk)
        if lines:
            yield Section("folded" if block.folded else "shown", block.count, lines)
        if not block.folded:
            left -= len(rows)
            if len(rows) < block.count:
                yield Section("left out", block.count - len(rows), is_change=True)


def _add_talk(lines: list[Line], card: CardDiff, talk: Talk) -> None:
    for line, cell in ((each, cell) for each in lines for cell in each.cells if cell.no):
        spot = Spot("new", card.place, cell.no or 0) if cell.side == "right-side" else Spot("old", old_place(card), cell.no or 0)
        # A line that is the same on both sides is spoken of where it will be.
        cell.comment_url = talk.address(spot) if cell.side == "right-side" or line.kind != "same" else ""
        line.threads += talk.take(spot)
        line.form = talk.form if talk.form and talk.form.spot == spot else line.form


def _lines(row: Row, change: int | None, unified: bool, full: bool) -> Iterator[Line]:
    old, new = _cell(row, "old", full), _cell(row, "new", full)
    if not unified:
        yield Line(row.kind, [old, new], change)
    elif row.kind == "same":
        yield Line("same", [new])
    else:
        sides = [cell for cell in (old, new) if cell.no]
        yield from (Line(row.kind, [cell], change if cell is sides[0] else None) for cell in sides)


def _cell(row: Row, side: Side, full: bool) -> Cell:
    no, spans = (row.old_no, row.old) if side == "old" else (row.new_no, row.new)
    place = "left-side" if side == "old" else "right-side"
    if no is None:
        return Cell(None, SafeString(), "void", place)
    shown = _without_end(spans, and_show_it=row.kind == "changed" and not _has_marked_words(row))
    mark = "removed" if side == "old" else "added"
    differs = row.kind == mark or any(span.kind != "same" for span in shown)
    return Cell(no, spans_html(shown, full=full), mark if differs and row.kind != "same" else "", place)


def _has_marked_words(row: Row) -> bool:
    return any(span.kind != "same" and span.text.strip("\r\n") for span in (*row.old, *row.new))


def _without_end(spans: tuple[Span, ...], *, and_show_it: bool) -> list[Span]:
    """Without the line end, unless the line end is all that differs."""
    if not spans:
        return []
    text, kind = spans[-1]
    bare = text.rstrip("\r\n")
    if and_show_it and kind != "same" and not bare:
        return list(spans)
    return [*spans[:-1], Span(bare, kind)] if bare else list(spans[:-1])


def spans_html(spans: list[Span], *, full: bool = True) -> SafeString:
    """Marked text; without `full`, long unchanged stretches are cut to what stands next to a change."""
    last = len(spans) - 1
    return mark_safe(  # noqa: S308 (joined from escaped parts)
        "".join(_span_html(span, index == 0, index == last, full) for index, span in enumerate(spans))
    )


def _span_html(span: Span, first: bool, last: bool, full: bool) -> SafeString:
    if span.kind == "same":
        too_long = len(span.text) > LONGEST_UNCHANGED and not full
        return _shortened(span.text, first, last) if too_long else _text_html(span.text)
    html = _text_html(span.text) if _is_visible(span.text) else conditional_escape("".join(map(_symbol, span.text)))
    return format_html(
        '<{tag}><span class="visually-hidden">[{kind}: </span>{html}<span class="visually-hidden">]</span></{tag}>',
        tag=mark_safe(_TAGS[span.kind]),  # noqa: S308
        kind=span.kind,
        html=html,
    )


def _shortened(text: str, first: bool, last: bool) -> SafeString:
    # A stretch that is all of the line shows how the line begins.
    head = "".join(tokens(text[:EDGE])[:-1]) if not first or last else ""
    tail = "".join(tokens(text[-EDGE:])[1:]) if not last else ""
    return format_html(
        '{} <span class="muted">… {} unchanged characters …</span> {}',
        _text_html(head),
        f"{len(text) - len(head) - len(tail):,}",
        _text_html(tail),
    )


def _text_html(text: str) -> SafeString:
    parts: list[SafeString] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        # Blanks inside the braces change nothing but may be what changed.
        name = match[1] if " " not in match[0] and "\t" not in match[0] else match[0]
        parts += [conditional_escape(text[end : match.start()]), format_html('<bdi class="var">{}</bdi>', name)]
        end = match.end()
    return SafeString("".join([*parts, conditional_escape(text[end:])]))


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


def _symbol(character: str) -> str:
    return _INVISIBLE.get(character, f"U+{ord(character):04X} ")


def _fields(changes: list[FieldChange]) -> list[dict[str, Any]]:
    return [
        {
            "change": change,
            "is_variable": change.label == change.name,
            "old": _value(change, "old"),
            "new": _value(change, "new"),
            "style": change.word.lower() if change.word in ("Added", "Removed") else "changed",
            "sign": {"Added": "+", "Removed": "−"}.get(change.word, "~"),
        }
        for change in changes
    ]


def _value(change: FieldChange, side: Side) -> SafeString:
    kept = "removed" if side == "old" else "added"
    if change.word in ("Added", "Removed"):
        return spans_html([Span(getattr(change, side), "same")], full=False)
    spans = [span for span in words(change.old, change.new) if span.kind in ("same", kept)]
    return spans_html(spans, full=False)
