"""Tables of cases: a first row that names its columns, then a row for each case."""

from collections.abc import Sequence
from typing import Any

from ..cases import Cases
from .columns import STUDIO, Head, heads_of
from .found import Column, NotRead, Reading, check_number, finished
from .table_rows import cells_of, long_cells, row_of, suite_in

MOST_COLUMNS = 1_000
# Columns of which there may be several that say the same.
MANY = ("expected", "check", "nothing", "unknown")
FIRST, LAST = ["__description"], [f"{STUDIO}{name}" for name in ("must_never_fail", "weight", "tags[]", "owner", "turns", "uid")]


def read_table(rows: Sequence[Sequence[str]], variables: Sequence[str], **more: Any) -> Reading:
    """`rows` with the first one; empty ones are left out, and counted as spreadsheets count them. Raises NotRead."""
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        raise NotRead("Give a table: a first row with the names of the columns, then a row for each case.")
    check_number(len(filled) - 1)
    if len(filled[0][1]) > MOST_COLUMNS:
        raise NotRead(f"It has {len(filled[0][1]):,} columns: at most {MOST_COLUMNS:,} can be read.")
    heads = heads_of(filled[0][1], variables)
    _check(heads, variables)
    cells = [list(zip(heads, row, strict=False)) for _, row in filled[1:]]
    found = [row_of(each, f"Row {number}") for (number, _), each in zip(filled[1:], cells, strict=True)]
    for row, (_, told) in zip(found, filled[1:], strict=True):
        row.wrong += _nameless(heads, told)
    columns = [Column(head.header, head.meaning) for head in heads if head.header]
    return finished(found, suite=suite_in(cells[0]), columns=columns, **more)


def table_of(suite: Cases) -> list[list[str]]:
    """A first row of headers and a row for each case, every cell a text that no spreadsheet runs."""
    rows = [cells_of(case) for case in suite.cases]
    said = {"threshold": suite.threshold} if suite.threshold is not None else {}
    if rows:
        rows[0] |= long_cells("suite", said | ({"extra": suite.extra} if suite.extra else {}))
    headers = _in_order({header: None for row in rows for header in row} or {f"{STUDIO}uid": None})
    return [headers, *([row.get(header, "") for header in headers] for row in rows)]


def _in_order(headers: dict[str, None]) -> list[str]:
    values = [header for header in headers if not header.startswith("__")]
    checks = sorted((header for header in headers if header.startswith("__expected")), key=lambda header: int(header[10:]))
    own = [header for header in headers if header.startswith("__") and header not in {*FIRST, *checks, *LAST}]
    plain = [header for header in own if not header.startswith(STUDIO)]
    told = [*FIRST, *values, *checks, *plain, *LAST, *(header for header in own if header not in plain)]
    return [header for header in told if header in headers]


def _check(heads: Sequence[Head], variables: Sequence[str]) -> None:
    first: dict[tuple[str, str], Head] = {}
    for head in heads:
        if head.kind not in MANY and (other := first.setdefault((head.kind, head.detail), head)) is not head:
            raise NotRead(f"The columns {other.header} and {head.header} mean the same. Take one of them away, or give it another name.")
    if not any(head.is_variable or head.header.startswith(STUDIO) for head in heads) and variables:
        raise NotRead(f"No column is called like a variable of this prompt ({', '.join(variables)}). The first row names the columns.")


def _nameless(heads: Sequence[Head], row: Sequence[str]) -> list[tuple[str, str]]:
    """What stands below no name would be lost."""
    beyond = any(cell.strip() for cell in row[len(heads) :])
    below = next((number for number, (head, cell) in enumerate(zip(heads, row, strict=False), 1) if not head.header and cell.strip()), 0)
    number = below or (len(heads) + 1 if beyond else 0)
    return (
        [(f"Column {number}", "Something stands here, and the column has no name. Name it in the first row, or empty it.")]
        if number
        else []
    )
