"""Cases of a suite as form fields, and back. Whatever was typed is kept, finished or not.

For each of the repeated `case` keys: `c<key>-uid`, `-name`, `-value-<name>`, `-never`, `-weight`, `-threshold`, `-tags`, `-owner`; for each
of its repeated `c<key>-check` keys `k<key>-type`, `-value`, `-threshold`, `-weight`, `-was` (its number before), and for each of its
`c<key>-turn` keys `t<key>-role`, `-text`. `stood` are the uids of the cases that the form had when it was opened; those of a suite that it
did not have stay as they are. `step` is what a button does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import QueryDict

from promptstudio.evaluations.cases import Case, Cases, parse_cases
from promptstudio.evaluations.files.cells import number_in
from promptstudio.lib.errors import Invalid

from .bundle_form import KEY
from .case_texts import check_of, percent, share_in, tags_in, tags_text, typed, value_of, wanted_in
from .check_choices import options

MOST_ROWS = 500
DETAILS = ("name", "weight", "threshold", "tags", "owner")
OUT_OF_RANGE = "Give a number between 0 and 100, or nothing where all of them have to pass."


@dataclass
class CheckRow:
    key: str
    type: str = "icontains"
    value: str = ""
    threshold: str = ""
    weight: str = ""
    was: str = ""
    refused: str = ""
    # What an import brought and has no field.
    rest: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> str:
        return options(self.type)


@dataclass
class TurnRow:
    key: str
    role: str = "assistant"
    text: str = ""
    refused: str = ""


@dataclass
class CaseRow:
    """`details` are its short fields as they are typed; `errors` stand beside those, `refused` below the case."""

    key: str
    uid: str
    values: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    never: bool = False
    checks: list[CheckRow] = field(default_factory=list)
    turns: list[TurnRow] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    @property
    def name(self) -> str:
        return self.details.get("name", "")

    @property
    def has_details(self) -> bool:
        """Whether something is said or wrong behind the fold."""
        return any(self.details.get(name) for name in DETAILS[1:]) or any(name in self.errors for name in DETAILS[1:])


@dataclass
class SuiteFields:
    """`start` is how many cases stand before those of the form. `focus` is the key of the field that a button made."""

    cases: list[CaseRow] = field(default_factory=list)
    stood: list[str] = field(default_factory=list)
    start: int = 0
    threshold: str = ""
    threshold_refused: str = ""
    refused: str = ""
    focus: str = ""

    def new_key(self) -> str:
        keys = (key for row in self.cases for key in (row.key, *(check.key for check in row.checks), *(turn.key for turn in row.turns)))
        return str(max(map(int, keys), default=0) + 1)


def fields_of(suite: Cases, start: int = 0, end: int | None = None) -> SuiteFields:
    """The cases from `start` on."""
    fields = SuiteFields(start=start, threshold=percent(suite.threshold))
    for case in suite.cases[start:end]:
        fields.stood.append(case.uid)
        row = CaseRow(fields.new_key(), case.uid, {name: typed(value) for name, value in case.values.items()}, _details(case))
        row.never = case.must_never_fail
        fields.cases.append(row)
        for was, assertion in enumerate(case.assertions):
            row.checks.append(CheckRow(fields.new_key(), was=str(was), **_typed_check(assertion.as_json())))
        for turn in case.turns:
            row.turns.append(TurnRow(fields.new_key(), turn.role, turn.text))
    return fields


def fields_merged(typed: SuiteFields, suite: Cases) -> SuiteFields:
    """The cases that were typed, as they stand in `suite`, which others changed as well; what was taken out of the form stays out."""
    mine = {*typed.stood, *(row.uid for row in typed.cases)}
    places = [number for number, case in enumerate(suite.cases) if case.uid in mine]
    fields = fields_of(suite, places[0], places[-1] + 1) if places else fields_of(suite, len(suite.cases))
    fields.stood = list(dict.fromkeys([*fields.stood, *typed.stood]))
    return fields


def fields_from(post: QueryDict, before: Cases) -> SuiteFields:
    known = {case.uid: case for case in before.cases}
    fields = SuiteFields(threshold=post.get("threshold", ""))
    for key in _keys(post, "case")[:MOST_ROWS]:
        start = f"c{key}-"
        values = {name.removeprefix(f"{start}value-"): text for name, text in post.items() if name.startswith(f"{start}value-")}
        details = {name: post.get(start + name, "") for name in DETAILS}
        row = CaseRow(key, post.get(f"{start}uid", "") or str(uuid4()), _lines(values), details, f"{start}never" in post)
        row.checks = [_check_from(post, check, known.get(row.uid)) for check in _keys(post, f"{start}check")]
        row.turns = [
            TurnRow(turn, post.get(f"t{turn}-role", ""), _line(post.get(f"t{turn}-text", ""))) for turn in _keys(post, f"{start}turn")
        ]
        fields.cases.append(row)
    fields.stood = [uid for uid in dict.fromkeys([*post.getlist("stood"), *(row.uid for row in fields.cases)]) if uid in known]
    fields.start = _start(fields.stood, before)
    return fields


def take(fields: SuiteFields, step: str, first_turn: str = "assistant") -> None:
    """Do what a button asks for: `add_case`, `remove_case:3`, `add_check:3`, `remove_check:7`, `add_turn:3`, `remove_turn:8`."""
    name, _, key = step.partition(":")
    match name:
        case "add_case":
            fields.cases.append(row := CaseRow(fields.new_key(), str(uuid4())))
            row.checks.append(CheckRow(fields.new_key()))
            fields.focus = f"c{row.key}"
        case "remove_case":
            fields.cases = [row for row in fields.cases if row.key != key]
        case "add_check" | "add_turn":
            for row in fields.cases:
                if row.key == key:
                    _add(fields, row, name, first_turn)
        case "remove_check" | "remove_turn":
            for row in fields.cases:
                row.checks = [check for check in row.checks if name != "remove_check" or check.key != key]
                row.turns = [turn for turn in row.turns if name != "remove_turn" or turn.key != key]


def cases_from(fields: SuiteFields, before: Cases) -> Cases:
    """The whole suite with what stands in the form. Raises Invalid, with the sentence at each row as well."""
    kept = {case.uid: case for case in before.cases}
    others = [case.as_json() for case in before.cases if case.uid not in fields.stood]
    data = [*others[: fields.start], *(_case(row, kept.get(row.uid)) for row in fields.cases), *others[fields.start :]]
    threshold = before.threshold if fields.threshold == percent(before.threshold) else share_in(fields.threshold)
    try:
        return parse_cases({"cases": data, "threshold": threshold, "extra": before.extra})
    except Invalid as error:
        show(fields, error)
        raise


def show(fields: SuiteFields, error: Invalid) -> None:
    """Put each sentence beside the field that it is about."""
    for place, sentence in error.errors.items():
        parts = place.split(".")
        if place == "threshold":
            fields.threshold_refused = OUT_OF_RANGE
        elif parts[0] != "cases" or (row := _row(fields, parts)) is None:
            fields.refused = sentence
        else:
            _show_in(row, parts[2:], sentence)


def _row(fields: SuiteFields, parts: Sequence[str]) -> CaseRow | None:
    number = int(parts[1]) - fields.start if len(parts) > 1 and parts[1].isdigit() else -1
    return fields.cases[number] if 0 <= number < len(fields.cases) else None


def _show_in(row: CaseRow, place: Sequence[str], sentence: str) -> None:
    name, number = place[0] if place else "", int(place[1]) if len(place) > 1 and place[1].isdigit() else -1
    if name == "assertions" and 0 <= number < len(row.checks):
        row.checks[number].refused = sentence
    elif name == "turns" and 0 <= number < len(row.turns):
        row.turns[number].refused = sentence
    elif name in DETAILS:
        row.errors[name] = sentence
    else:
        row.refused = sentence


def _add(fields: SuiteFields, row: CaseRow, what: str, first_turn: str) -> None:
    key = fields.new_key()
    if what == "add_check":
        row.checks.append(CheckRow(key))
        fields.focus = f"k{key}"
    else:
        before = row.turns[-1].role if row.turns else ""
        row.turns.append(TurnRow(key, {"user": "assistant", "assistant": "user"}.get(before, first_turn)))
        fields.focus = f"t{key}"


def _start(stood: Sequence[str], before: Cases) -> int:
    """Behind the last case where the form had none."""
    return next((number for number, case in enumerate(before.cases) if case.uid in stood), len(before.cases))


def _details(case: Case) -> dict[str, str]:
    weight = "" if case.weight == 1 else typed(case.weight)
    return {"name": case.name, "weight": weight, "threshold": typed(case.threshold), "tags": tags_text(case.tags), "owner": case.owner}


def _case(row: CaseRow, before: Case | None) -> dict[str, Any]:
    data = before.as_json() if before else {}
    told = {name: text.strip() for name, text in row.details.items()}
    tags = list(before.tags) if before and told["tags"] == tags_text(before.tags).strip() else tags_in(told["tags"])
    return data | {
        "uid": row.uid,
        "name": told.get("name", ""),
        "values": _values(row, before),
        "assertions": [_assertion(check) for check in row.checks],
        "turns": [{"role": turn.role, "text": turn.text} for turn in row.turns],
        "must_never_fail": row.never,
        "weight": number_in(told["weight"]) if told.get("weight") else 1,
        "threshold": number_in(told["threshold"]) if told.get("threshold") else None,
        "tags": tags,
        "owner": told.get("owner", ""),
    }


def _values(row: CaseRow, before: Case | None) -> dict[str, Any]:
    """A number or a list that an import brought stays one while its text stays."""
    kept = before.values if before else {}
    values = {name: value_of(kept, name, text) for name, text in row.values.items()}
    return {name: value for name, value in values.items() if name in kept or value != ""}


def _assertion(check: CheckRow) -> dict[str, Any]:
    data: dict[str, Any] = {**check.rest, "type": check.type}
    if typed(data.get("value")) != check.value:
        data["value"] = wanted_in(check.type, check.value)
    if not check.value and "value" in data:
        del data["value"]
    for name in ("threshold", "weight"):
        text = getattr(check, name).strip()
        if text != typed(check.rest.get(name)):
            data.pop(name, None)
            data |= {name: number_in(text)} if text else {}
    return data


def _check_from(post: QueryDict, key: str, case: Case | None) -> CheckRow:
    told = {name: _line(post.get(f"k{key}-{name}", "")) for name in ("type", "value", "threshold", "weight", "was")}
    kept = check_of(case, told["was"])
    return CheckRow(key, **told, rest=kept if kept.get("type") == told["type"] else {})


def _typed_check(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": data["type"], "rest": data} | {name: typed(data.get(name)) for name in ("value", "threshold", "weight")}


def _keys(post: QueryDict, name: str) -> list[str]:
    return [key for key in post.getlist(name) if KEY.fullmatch(key)]


def _lines(values: dict[str, Any]) -> dict[str, str]:
    return {name: _line(text) for name, text in values.items() if isinstance(text, str)}


def _line(text: str) -> str:
    return text.replace("\r\n", "\n")
