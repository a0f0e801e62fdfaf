"""A row of a table as a case, and a case as a row: what cells cannot say stands beside them and holds while they say the same."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptstudio.lib.errors import Invalid

from ..cases import Case, parse_cases
from .cells import LONGEST_CELL, check_in, check_of, guarded, list_in, list_of, number_in, text_of, unguarded
from .columns import NAMEABLE, STUDIO, Head, heads_of
from .found import Row, is_same

YES, NO = ("yes", "y", "true", "x", "1", "ja"), ("", "no", "n", "false", "0", "nein")
EXACT = ("name", "assertions", "threshold", "extra", "weight", "tags", "owner", "turns", "must_never_fail")
Cells = Sequence[tuple[Head, str]]


def row_of(cells: Cells, name: str) -> Row:
    """The case of a row whose cells are as they stand in the file."""
    row, told = Row(name, {"values": {}}), [(head, unguarded(cell)) for head, cell in cells]
    _take_checks(row, told)
    for head, text in told:
        if text.strip() or head.kind == "value":
            _take(row, head, text)
    exact = _joined(told, "exact")
    if exact:
        _take_exact(row, exact, cells)
    return row


def suite_in(cells: Cells) -> dict[str, Any]:
    """What the first row says of the whole suite."""
    return _object(_joined([(head, unguarded(cell)) for head, cell in cells], "suite")) or {}


def cells_of(case: Case) -> dict[str, str]:
    """By header. A table with these cells gives an equal case."""
    data = case.as_json()
    cells = _plain_cells(data) | {f"{STUDIO}uid": guarded(case.uid)}
    seen = row_of(_with_heads(cells), "").data
    return cells | long_cells("exact", _unsaid(data, seen))


def _with_heads(cells: Mapping[str, str]) -> Cells:
    """As a table that is written here has them."""
    return list(zip(heads_of([f"{STUDIO}uid", *cells], ())[1:], cells.values(), strict=True))


def long_cells(name: str, data: Mapping[str, Any]) -> dict[str, str]:
    """An object as JSON in as many columns as it needs; none where it is empty."""
    text = json.dumps(data) if data else ""
    parts = [text[at : at + LONGEST_CELL] for at in range(0, len(text), LONGEST_CELL)]
    return {f"{STUDIO}{name}{number if number > 1 else ''}": guarded(part) for number, part in enumerate(parts, 1)}


def _plain_cells(data: Mapping[str, Any]) -> dict[str, str]:
    extra = data.get("extra") or {}
    found: dict[str, Any] = {"__description": data.get("name")}
    found |= {name: text_of(value) for name, value in data.get("values", {}).items() if NAMEABLE.fullmatch(name)}
    checks = list(filter(None, map(check_of, data.get("assertions", []))))
    found |= {f"__expected{number}": cell for number, cell in enumerate(checks, 1)}
    found |= {"__metric": _common_metric(data), "__threshold": _number_text(data.get("threshold"))}
    found |= dict(_metadata_cells(extra.get("metadata"))) | dict(_option_cells(extra))
    found |= {
        f"{STUDIO}must_never_fail": "yes" if data.get("must_never_fail") else "",
        f"{STUDIO}weight": _number_text(data.get("weight")),
        f"{STUDIO}tags[]": list_of(data.get("tags", [])),
        f"{STUDIO}owner": data.get("owner"),
        f"{STUDIO}turns": _turns_text(data.get("turns")),
    }
    return {header: guarded(text) for header, text in found.items() if text}


def _turns_text(turns: Any) -> str:
    """A long conversation stands in the columns that go on."""
    text = json.dumps(turns, ensure_ascii=False) if turns else ""
    return text if len(text) < LONGEST_CELL else ""


def _common_metric(data: Mapping[str, Any]) -> str:
    metrics = {assertion.get("metric") for assertion in data.get("assertions", [])}
    return metrics.pop() or "" if len(metrics) == 1 else ""


def _metadata_cells(metadata: Any) -> Iterable[tuple[str, str]]:
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        if not NAMEABLE.fullmatch(key):
            continue
        if isinstance(value, str):
            yield f"__metadata:{key}", value
        elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            yield f"__metadata:{key}[]", list_of(value)


def _option_cells(extra: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    options = extra.get("options")
    for name in ("prefix", "suffix"):
        if isinstance(options, dict) and isinstance(options.get(name), str):
            yield f"__{name}", options[name]
    if isinstance(extra.get("providerOutput"), str):
        yield "__providerOutput", extra["providerOutput"]


def _number_text(number: float | None) -> str:
    return "" if number is None else text_of(int(number) if float(number).is_integer() else number)


def _unsaid(data: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """What the cells alone would not give back."""
    unsaid = {name: data[name] for name in EXACT if name in data and not is_same(data[name], seen.get(name))}
    read = seen["values"]
    values = {name: value for name, value in data.get("values", {}).items() if name not in read or not is_same(value, read[name])}
    return unsaid | ({"values": values} if values else {})


def _take_checks(row: Row, told: Cells) -> None:
    kinds = {"expected", "check"}
    checks = [(head, _check(head, text)) for head, text in told if head.kind in kinds and text.strip()]
    metric = next((text.strip() for head, text in told if head.kind == "metric" and text.strip()), "")
    for number, (head, check) in enumerate(checks):
        row.columns[f"assertions.{number}"] = head.header
        if metric:
            check["metric"] = metric
    for head, text in told:
        if head.kind == "config" and text.strip() and int(head.detail) <= len(checks):
            checks[int(head.detail) - 1][1]["threshold"] = number_in(text)
            row.columns[f"assertions.{int(head.detail) - 1}.threshold"] = head.header
    if checks:
        row.data["assertions"] = [check for _, check in checks]


def _check(head: Head, text: str) -> dict[str, Any]:
    return check_in(text) if head.kind == "expected" else {"type": head.detail, "value": text.strip()}


def _take(row: Row, head: Head, text: str) -> None:
    data, extra = row.data, row.data.get("extra", {})
    match head.kind:
        case "value" if text:
            data["values"].setdefault(head.detail, text)
            row.columns.setdefault(f"values.{head.detail}", head.header)
        case "name" | "owner" | "uid":
            _put(row, head, text.strip() if head.kind != "name" else text)
        case "threshold" | "weight":
            _put(row, head, number_in(text))
        case "tags":
            _put(row, head, [tag for tag in list_in(text) if tag])
        case "must_never_fail":
            _take_yes(row, head, text.strip().casefold())
        case "turns":
            _take_turns(row, head, text)
        case "metadata" | "metadata_list":
            value = list_in(text) if head.kind == "metadata_list" else text
            data["extra"] = {**extra, "metadata": {**extra.get("metadata", {}), head.detail: value}}
        case "prefix" | "suffix":
            data["extra"] = {**extra, "options": {**extra.get("options", {}), head.kind: text}}
        case "providerOutput":
            data["extra"] = {**extra, "providerOutput": text}


def _put(row: Row, head: Head, value: Any) -> None:
    """The first column that says it counts."""
    row.data.setdefault(head.kind, value)
    row.columns.setdefault(head.kind, head.header)


def _take_yes(row: Row, head: Head, word: str) -> None:
    if word in YES:
        _put(row, head, True)
    elif word not in NO:
        row.wrong.append((head.header, "Write yes, or nothing."))


def _take_turns(row: Row, head: Head, text: str) -> None:
    try:
        _put(row, head, json.loads(text))
    except (ValueError, RecursionError):
        row.wrong.append((head.header, "This conversation cannot be read. Take the file out of Prompt Studio again."))


def _joined(told: Cells, name: str) -> str:
    parts = sorted((int(head.detail), text) for head, text in told if head.kind == name)
    return "".join(text for _, text in parts).strip()


def _object(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _take_exact(row: Row, text: str, told: Cells) -> None:
    """Each member of it holds where the cells beside it still say what they said when both were written."""
    exact = _object(text)
    if exact is None or (whole := _case_of(exact)) is None:
        row.wrong.append((f"{STUDIO}exact", "This cell was changed and cannot be read. Empty it, and check the others of its row."))
        return
    written = _with_heads(_plain_cells(whole.as_json()))
    for name in EXACT:
        if name in exact and _cells_for(name, told) == _cells_for(name, written):
            row.data[name] = exact[name]
    for name, value in exact.get("values", {}).items():
        if _cells_for(f"values.{name}", told) == _cells_for(f"values.{name}", written):
            row.data["values"][name] = value


def _case_of(exact: Mapping[str, Any]) -> Case | None:
    try:
        return parse_cases({"cases": [{name: exact[name] for name in (*EXACT, "values") if name in exact}]}).cases[0]
    except Invalid:
        return None


def _cells_for(place: str, cells: Cells) -> dict[str, str]:
    return {head.header: cell for head, cell in cells if cell and _place_of(head) == place}


def _place_of(head: Head) -> str:
    """Which member of a case the column is part of."""
    if head.kind == "value":
        return f"values.{head.detail}"
    if head.kind in ("expected", "check", "metric", "config"):
        return "assertions"
    return "extra" if head.kind in ("metadata", "metadata_list", "prefix", "suffix", "providerOutput") else head.kind
