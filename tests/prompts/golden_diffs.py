"""The golden pairs, and how their differences are written down: one line for each row that is not the same on both sides."""

import json
from pathlib import Path
from typing import Any

from promptstudio.prompts.diff import Row, Span, rows

PAIRS = Path(__file__).parent / "golden" / "diffs.json"
LONGEST = 40
EDGE = 16


def pairs() -> list[dict[str, Any]]:
    return json.loads(PAIRS.read_text())  # type: ignore[no-any-return]


def hunks(old: str, new: str, *, ignore_white_space: bool = False) -> list[str]:
    """`12 → 14  kept [-taken out-]{+put in+} kept` for each row that changed; long kept stretches show their ends and length."""
    return [_row(row) for row in rows(old, new, ignore_white_space=ignore_white_space) if row.kind != "same"]


def _row(row: Row) -> str:
    return f"{row.old_no or '-'} → {row.new_no or '-'}  {''.join(map(_span, _joined(row)))}"


def _joined(row: Row) -> list[Span]:
    """Both sides in one line: what was taken out stands before what was put in."""
    found: list[Span] = []
    old, new = list(row.old), list(row.new)
    while old or new:
        if old and old[0].kind == "removed":
            found.append(old.pop(0))
        elif new and new[0].kind == "added":
            found.append(new.pop(0))
        else:
            before, after = old.pop(0) if old else Span("", "same"), new.pop(0) if new else Span("", "same")
            found.append(after if after.text else before)
    return found


def _span(span: Span) -> str:
    text = span.text.replace("\r", "␍").replace("\n", "↵").replace("\t", "⇥")
    if span.kind == "removed":
        return f"[-{text}-]"
    if span.kind == "added":
        return f"{{+{text}+}}"
    return text if len(text) <= LONGEST else f"{text[:EDGE]}…{len(text) - 2 * EDGE}…{text[-EDGE:]}"
