"""The first sheet of a workbook that holds anything, as rows of text. Formulas are never computed: their last result is taken."""

import io
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

from .found import MOST_PROMPTS, Unreadable
from .office import BROKEN
from .tables import MOST_COLUMNS


def rows_of(content: bytes, *, most_columns: int = MOST_COLUMNS) -> tuple[list[list[str]], list[str]]:
    """Rows of its first sheet with words, and sentences on what was not taken. `content` has been checked by `office`."""
    try:
        return _rows(content, most_columns)
    except Unreadable:
        raise
    # openpyxl raises whatever a strange part leads it into.
    except Exception:
        raise Unreadable(BROKEN) from None


def _rows(content: bytes, most_columns: int) -> tuple[list[list[str]], list[str]]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    filled = [(sheet.title, rows) for sheet in book.worksheets if any(map(any, rows := _cells(sheet, most_columns)))]
    if not filled:
        raise Unreadable("Its sheets are empty. The first row names the columns, the others hold the words.")
    (name, rows), *others = filled
    named = ", ".join(f"“{title[:60]}”" for title, _ in others[:5])
    notes = [f"Only the sheet “{name}” was read, the first with words. Not read: {named}."] if others else []
    return rows, notes + _about_formulas(content, name, most_columns)


def _cells(sheet: Any, most_columns: int) -> list[list[str]]:
    # With bounds of ours, what a sheet says of its own size does not count.
    rows = []
    for row in sheet.iter_rows(max_row=MOST_PROMPTS + 2, max_col=most_columns, values_only=True):
        rows.append([_text(value) for value in row])
    return rows


def _about_formulas(content: bytes, name: str, most_columns: int) -> list[str]:
    book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    sheet: Any = book[name]
    cells = (cell for row in sheet.iter_rows(max_row=MOST_PROMPTS + 2, max_col=most_columns) for cell in row)
    formulas = sum(getattr(cell, "data_type", "") == "f" for cell in cells)
    if not formulas:
        return []
    return [
        f"{formulas:,} cell{'s hold formulas' if formulas > 1 else ' holds a formula'}: the last result was taken, and nothing computed."
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.time() == time():
        # Excel has no dates without a time.
        value = value.date()
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
