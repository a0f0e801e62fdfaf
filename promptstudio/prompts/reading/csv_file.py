"""CSV as spreadsheets of any country write it, and cells as they are pasted."""

import csv
import io

from .found import LARGEST_FILE, MOST_PROMPTS, Unreadable
from .tables import is_header, role_of

DELIMITERS = (",", ";", "\t", "|")
# A cell may hold a whole prompt; Python's own limit is lower.
csv.field_size_limit(LARGEST_FILE)


def rows_of(text: str) -> list[list[str]]:
    separator, text = _said(text)
    delimiter = separator or max(DELIMITERS, key=lambda one: _liking(text, one))
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > MOST_PROMPTS * 2:
                raise Unreadable(f"It has more than {MOST_PROMPTS:,} rows. Split it into smaller files.")
    except csv.Error:
        raise Unreadable("It cannot be read as CSV. Check that its quotation marks come in pairs.") from None
    return rows


def looks_like_table(text: str) -> bool:
    """Several columns, one of them named as the text."""
    return any(len(first) > 1 and is_header(first) for first in (_first(text, one) for one in DELIMITERS))


def _said(text: str) -> tuple[str, str]:
    """Excel may say on a first line which separator follows."""
    line, _, rest = text.partition("\n")
    said = line.rstrip("\r")[4:] if line.lower().startswith("sep=") else ""
    return (said, rest) if said in DELIMITERS else ("", text)


def _liking(text: str, delimiter: str) -> tuple[int, int]:
    first = _first(text, delimiter)
    return sum(map(bool, map(role_of, first))), len(first)


def _first(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
