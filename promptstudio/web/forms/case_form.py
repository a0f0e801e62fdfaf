"""An answer as a case: the form that makes one, with what is known of the answer filled in.

The case has the fields of `suite_form`, once. Besides: `suite`, the uid of one or NEW, and `suite_name` for a new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from promptstudio.evaluations.cases import Case, Cases
from promptstudio.evaluations.models import Answer, Rating, Suite
from promptstudio.evaluations.questions import turns_in
from promptstudio.lib.errors import Invalid

from . import suite_form

NEW = "new"
USUAL_NAME = "From answers"
LONGEST_NAME = 200


@dataclass
class CaseFields:
    case: suite_form.CaseRow
    suite: str = NEW
    suite_name: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> suite_form.SuiteFields:
        return suite_form.SuiteFields([self.case], stood=[self.case.uid])


def offered(answer: Answer, suites: Iterable[Suite], rating: Rating | None) -> CaseFields:
    """As the form opens: the values, the words of whoever did not like the answer as its name, and a line for what it must contain."""
    fields = suite_form.fields_of(Cases(cases=(case_of(answer, rating),)))
    [row] = fields.cases
    row.checks.append(suite_form.CheckRow(fields.new_key()))
    return CaseFields(row, _first(suites), USUAL_NAME)


def case_of(answer: Answer, rating: Rating | None = None, **more: Any) -> Case:
    """The case alone, with nothing that is checked."""
    return Case(name=_name(answer, rating), values=answer.values, turns=turns_in(answer.turns), **more)


def typed(post: QueryDict, answer: Answer) -> CaseFields:
    """As it was sent. Numbers and lists among the values stay what they are while their text stays."""
    rows = suite_form.fields_from(post, Cases()).cases or offered(answer, [], None).fields.cases
    return CaseFields(rows[0], post.get("suite", NEW), post.get("suite_name", ""))


def take(fields: CaseFields, step: str, answer: Answer) -> None:
    """Do what a button asks for; `equals` offers the answer itself as what has to come."""
    rows = fields.fields
    if step == "equals":
        fields.case.checks.append(suite_form.CheckRow(rows.new_key(), "equals", answer.text))
    else:
        suite_form.take(rows, step)


def case_from(fields: CaseFields, answer: Answer) -> Case:
    """Raises Invalid, with the sentence at each row as well. Checks that nothing was typed for are left out."""
    row = fields.case
    row.checks = [check for check in row.checks if check.value.strip() or not _wants_value(check.type)]
    before = Cases(cases=(Case(uid=row.uid[:36], values=answer.values),))
    return suite_form.cases_from(fields.fields, before).cases[0]


def show(fields: CaseFields, error: Invalid) -> None:
    """Put each sentence where it belongs. `error` may be about a whole suite, where this case is the last."""
    rows = fields.fields
    own = {".".join(["cases", "0", *place.split(".")[2:]]): text for place, text in error.errors.items() if place.startswith("cases.")}
    if own:
        suite_form.show(rows, Invalid(own))
    fields.errors |= {place: text for place, text in error.errors.items() if not place.startswith("cases.")}
    if rows.refused:
        fields.errors["cases"] = rows.refused


def _wants_value(kind: str) -> bool:
    return kind.removeprefix("not-") in ("contains", "icontains", "equals")


def _name(answer: Answer, rating: Rating | None) -> str:
    said = " ".join(rating.words.split()) if rating else ""
    first = next((str(value) for value in answer.values.values()), "")
    name = said or (answer.example.name if answer.example else " ".join(first.split())[:80])
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _first(suites: Iterable[Suite]) -> str:
    return next((str(suite.uid) for suite in suites), NEW)
