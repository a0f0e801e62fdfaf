"""The cases of a suite as form fields, and back. Whatever was typed is kept, finished or not.

For each of the repeated `case` keys: `c<key>-uid`, `-name`, `-value-<variable>`, and for each of its repeated
`c<key>-check` keys `k<key>-type`, `-value`, `-threshold`, `-weight`. `step` is what a button does; `pasted` holds rows out of a table.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import QueryDict

from promptstudio.evaluations.assertions import WORDS, label_of
from promptstudio.evaluations.cases import Case, Cases, parse_cases
from promptstudio.evaluations.tables import cases_in_table
from promptstudio.lib.errors import Invalid

from .bundle_form import KEY

MOST_ROWS = 500


def _short(kind: str) -> str:
    """As the list says it, behind “The answer”."""
    label = label_of(kind).removeprefix("The answer ").replace(", in capital or small letters,", "")
    return f"{label} (capitals matter)" if kind.removeprefix("not-") in ("contains", "contains-any", "contains-all") else label


# What can be chosen, what most people want first: every check that is run here, each with its opposite below it.
_RUN = sorted((name for name, word in WORDS.items() if word.group == "run"), key=lambda name: name != "icontains")
_BOTH = [kind for name in _RUN for kind in (name, f"not-{name}") if kind == name or WORDS[name].negated]
OFFERED = [(kind, _short(kind)) for kind in _BOTH]
KINDS = frozenset(kind for kind, _ in OFFERED)


@dataclass
class CheckRow:
    key: str
    type: str = "icontains"
    value: str = ""
    threshold: str = ""
    weight: str = ""
    refused: str = ""
    # What an import brought and has no field.
    rest: dict[str, Any] = field(default_factory=dict)

    @property
    def is_offered(self) -> bool:
        return self.type in KINDS


@dataclass
class CaseRow:
    key: str
    uid: str
    name: str = ""
    values: dict[str, str] = field(default_factory=dict)
    checks: list[CheckRow] = field(default_factory=list)
    refused: str = ""


@dataclass
class SuiteFields:
    cases: list[CaseRow] = field(default_factory=list)
    pasted: str = ""
    refused: str = ""

    def new_key(self) -> str:
        taken = [int(key) for case in self.cases for key in (case.key, *(check.key for check in case.checks))]
        return str(max(taken, default=0) + 1)

    def add(self, cases: Iterable[Case]) -> None:
        for case in cases:
            row = CaseRow(self.new_key(), case.uid, case.name, {name: _typed(value) for name, value in case.values.items()})
            self.cases.append(row)
            for assertion in case.assertions:
                row.checks.append(_check_of(self.new_key(), assertion.as_json()))


def fields_of(cases: Cases) -> SuiteFields:
    fields = SuiteFields()
    fields.add(cases.cases)
    return fields


def fields_from(post: QueryDict, before: Cases) -> SuiteFields:
    known = {f"{case.uid}#{index}": a for case in before.cases for index, a in enumerate(case.assertions)}
    fields = SuiteFields(pasted=post.get("pasted", ""))
    for key in [key for key in post.getlist("case") if KEY.fullmatch(key)][:MOST_ROWS]:
        start = f"c{key}-"
        values = {name.removeprefix(f"{start}value-"): text for name, text in post.items() if name.startswith(f"{start}value-")}
        row = CaseRow(key, post.get(f"{start}uid", "") or str(uuid4()), post.get(f"{start}name", ""), _strings(values))
        for index, check in enumerate(key for key in post.getlist(f"{start}check") if KEY.fullmatch(key)):
            typed = {name: post.get(f"k{check}-{name}", "") for name in ("type", "value", "threshold", "weight")}
            kept = known.get(f"{row.uid}#{index}")
            rest = kept.as_json() if kept and kept.type == typed["type"] else {}
            row.checks.append(CheckRow(check, **typed, rest=rest))
        fields.cases.append(row)
    return fields


def take(fields: SuiteFields, step: str, variables: list[str]) -> None:
    """Do what a button asks for: `add_case`, `remove_case:3`, `add_check:3`, `remove_check:7`, `paste`."""
    name, _, key = step.partition(":")
    match name:
        case "add_case":
            fields.cases.append(row := CaseRow(fields.new_key(), str(uuid4())))
            row.checks.append(CheckRow(fields.new_key()))
        case "remove_case":
            fields.cases = [row for row in fields.cases if row.key != key]
        case "add_check":
            for row in fields.cases:
                if row.key == key:
                    row.checks.append(CheckRow(fields.new_key()))
        case "remove_check":
            for row in fields.cases:
                row.checks = [check for check in row.checks if check.key != key]
        case "paste":
            try:
                fields.add(cases_in_table(fields.pasted, variables))
                fields.pasted = ""
            except Invalid as error:
                fields.refused = error.sentence


def cases_from(fields: SuiteFields, before: Cases) -> Cases:
    """Raises Invalid, with the sentence at each row as well."""
    kept = {case.uid: case for case in before.cases}
    data = [_case(row, kept.get(row.uid)) for row in fields.cases]
    try:
        return parse_cases({"cases": data})
    except Invalid as error:
        show(fields, error)
        raise


def show(fields: SuiteFields, error: Invalid) -> None:
    """Put each sentence beside the row that it is about."""
    for place, sentence in error.errors.items():
        parts = place.split(".")
        if parts[0] != "cases" or len(parts) < 2 or not parts[1].isdigit() or int(parts[1]) >= len(fields.cases):
            fields.refused = sentence
            continue
        row = fields.cases[int(parts[1])]
        if len(parts) > 3 and parts[2] == "assertions" and parts[3].isdigit() and int(parts[3]) < len(row.checks):
            row.checks[int(parts[3])].refused = sentence
        else:
            row.refused = sentence


def _case(row: CaseRow, before: Case | None) -> dict[str, Any]:
    data = before.as_json() if before else {}
    values: dict[str, Any] = {name: text for name, text in row.values.items() if text}
    if before:
        # A number or a list that an import brought stays one while its text stays.
        values = {name: before.values[name] if _typed(before.values.get(name)) == text else text for name, text in values.items()}
    checks = [_assertion(check) for check in row.checks]
    return data | {"uid": row.uid, "name": row.name.strip(), "values": values, "assertions": checks}


def _assertion(check: CheckRow) -> dict[str, Any]:
    data: dict[str, Any] = {**check.rest, "type": check.type}
    if _typed(data.get("value")) != check.value:
        data["value"] = check.value
    if not check.value and "value" in data:
        del data["value"]
    for name in ("threshold", "weight"):
        text = getattr(check, name).strip().replace(",", ".")
        data.pop(name, None)
        if text:
            data[name] = _number(text)
    return data


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _check_of(key: str, data: dict[str, Any]) -> CheckRow:
    typed = {name: _typed(data.get(name)) for name in ("value", "threshold", "weight")}
    return CheckRow(key, data["type"], **typed, rest=data)


def _typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _strings(values: dict[str, Any]) -> dict[str, str]:
    return {name: text.replace("\r\n", "\n") for name, text in values.items() if isinstance(text, str)}
