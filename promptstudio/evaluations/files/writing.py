"""Suites as files to take along. Each format gives equal cases when it comes in again."""

import io
import json
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from ..cases import Cases
from . import yaml_text
from .promptfoo import config_of, tests_of
from .reading import as_csv
from .tables import table_of

# Spreadsheets take a file for UTF-8 only when it begins with this mark.
BEGINNING = "\ufeff"


def csv_of(suite: Cases) -> bytes:
    return (BEGINNING + as_csv(table_of(suite))).encode()


def xlsx_of(suite: Cases) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Cases")
    sheet.freeze_panes = "A2"
    first, *rows = table_of(suite)
    headers = [WriteOnlyCell(sheet, header) for header in first]
    for cell in headers:
        cell.font = Font(bold=True)
    sheet.append(headers)
    for row in rows:
        sheet.append([cell or None for cell in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def jsonl_of(suite: Cases) -> bytes:
    return "".join(json.dumps(test, ensure_ascii=False) + "\n" for test in tests_of(suite)).encode()


def yaml_of(suite: Cases) -> bytes:
    return yaml_text.dump(config_of(suite)).encode()


WRITERS: dict[str, tuple[Callable[[Cases], bytes], str]] = {
    "csv": (csv_of, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_of, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonl": (jsonl_of, "application/jsonl; charset=utf-8"),
    "yaml": (yaml_of, "application/yaml; charset=utf-8"),
}
