"""Cases out of a table as people keep them in Excel: a row for each, columns for values, and what the answer has to be.

Columns and cells are those of promptfoo (https://www.promptfoo.dev/docs/configuration/test-cases/): `__expected`, `__expected1` …,
`__description`, `__threshold`, `__metric`; a cell is `type:value`, `type(threshold):value`, or a bare text that the answer equals.
Friendlier names are understood as well: *expected*, *must contain*, *must not contain*, *name*.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.reading.csv_file import rows_of

from .cases import MOST_CASES, Case, parse_cases

EXPECTED = re.compile(r"__expected[0-9]*")
CELL = re.compile(r"(?P<type>(?:not-)?[a-z][a-z0-9-]*(?::[a-z]+)?)(?:\((?P<threshold>[0-9.]+)\))?:(?P<value>.*)", re.DOTALL)
# Checks that need nothing to compare with.
ALONE = re.compile(r"(?:not-)?(?:is-(?:json|xml|html|sql|refusal)|contains-(?:json|xml|html|sql))")
ALIASES = {"name": "__description", "description": "__description", "case": "__description", "expected": "__expected"}
FRIENDLY = {"must contain": "icontains", "must not contain": "not-icontains", "must equal": "equals"}
SHORT = {"grade": "llm-rubric", "fn": "javascript", "eval": "javascript"}


def cases_in_table(text: str, variables: Sequence[str]) -> list[Case]:
    """The cases of a pasted table whose first row names its columns. Raises Invalid where that cannot be read."""
    rows = [row for row in rows_of(text) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise Invalid({"pasted": "Paste a table: a first row with the names of the columns, then a row for each case."})
    if len(rows) - 1 > MOST_CASES:
        raise Invalid({"pasted": f"These are {len(rows) - 1} rows. A suite has at most {MOST_CASES} cases."})
    heads = [_column(cell, variables) for cell in rows[0]]
    if not any(head in variables for head in heads):
        raise Invalid({"pasted": f"No column is called like a variable of this prompt ({', '.join(variables) or 'it has none'})."})
    return list(parse_cases({"cases": [_case(dict(_pairs(heads, row)), variables) for row in rows[1:]]}).cases)


def _column(cell: str, variables: Sequence[str]) -> str:
    name = cell.strip()
    if name in variables:
        return name
    folded = name.casefold()
    alike = next((variable for variable in variables if variable.casefold() == folded.replace(" ", "_")), "")
    return alike or ALIASES.get(folded) or (folded if folded in FRIENDLY else name)


def _pairs(heads: list[str], row: list[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for head, cell in zip(heads, row, strict=False):
        found.setdefault(head, []).append(cell)
    yield from found.items()


def _case(cells: dict[str, list[str]], variables: Sequence[str]) -> dict[str, Any]:
    case: dict[str, Any] = {"values": {name: cells[name][0] for name in variables if cells.get(name, [""])[0]}}
    case["name"] = cells.get("__description", [""])[0][:200]
    if threshold := cells.get("__threshold", [""])[0].strip():
        case["threshold"] = _number(threshold)
    checks = [_assertion(text) for head, texts in cells.items() if EXPECTED.fullmatch(head) for text in texts if text.strip()]
    friendly = [(FRIENDLY[head], text) for head, texts in cells.items() if head in FRIENDLY for text in texts]
    checks += [{"type": kind, "value": text.strip()} for kind, text in friendly if text.strip()]
    case["assertions"] = checks
    aside = {head: texts[0] for head, texts in cells.items() if head.startswith("__metadata:") and texts[0]}
    return case | ({"extra": aside} if aside else {})


def _assertion(cell: str) -> dict[str, Any]:
    if ALONE.fullmatch(cell.strip()):
        return {"type": cell.strip()}
    match = CELL.fullmatch(cell.strip())
    if match is None:
        return {"type": "equals", "value": cell}
    kind = SHORT.get(match["type"], match["type"])
    found: dict[str, Any] = {"type": kind, "value": match["value"].strip()}
    return found | ({"threshold": _number(match["threshold"])} if match["threshold"] else {})


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
