"""What the page of results shows: the matrix that an address asks for, and one case of it opened."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.paginator import Page, Paginator
from django.http import QueryDict

from promptstudio.deployments.models import Placement
from promptstudio.evaluations import matrix
from promptstudio.evaluations.cases import Case
from promptstudio.evaluations.columns import Column, chosen_of, columns_of, not_asked_in
from promptstudio.evaluations.matrix import Row, Wanted
from promptstudio.evaluations.models import Answer, Result, Suite, SuiteVersion
from promptstudio.evaluations.tallies import Outcome, Tally
from promptstudio.prompts.bundle import Bundle, Message
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.diff import Comparison, compare
from promptstudio.prompts.models import Prompt

from .judging import judged_otherwise
from .searching import tidied

PER_PAGE = 50
# What a page of one answer each side bears.
LONGEST = 100_000


class Place(NamedTuple):
    name: str
    slug: str


@dataclass(frozen=True)
class Head:
    """A column as its head shows it. `live_in` are the environments that serve it now.

    `is_one_of_many`: another column has the same title, so the model says which is meant. `not_asked` counts questions that it did not
    ask any more; `judged_otherwise`: by another judge than would judge today.
    """

    column: Column
    model: str
    is_one_of_many: bool
    live_in: list[Place]
    passed: int
    total: int
    not_asked: int = 0
    judged_otherwise: bool = False

    @property
    def title(self) -> str:
        return _title(self.column)

    @property
    def name(self) -> str:
        """As it is called where the others are spoken of as well."""
        return f"{self.title} on {self.model}" if self.is_one_of_many else self.title


@dataclass(frozen=True)
class Cell:
    """`before`: the case asked or wanted something else when it ran."""

    head: Head
    tally: Tally | None
    reason: str = ""
    before: bool = False


@dataclass(frozen=True)
class Choice:
    """A box of the form that chooses columns."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Tab:
    show: str
    label: str
    count: int


@dataclass(frozen=True)
class Results:
    suite: Suite
    newest: SuiteVersion
    heads: list[Head]
    rows: list[Row]
    page: Page
    tabs: list[Tab]
    wanted: Wanted
    sides: list[Choice]
    models: list[Choice]
    tags: list[str]
    never: int
    lines: list["Line"] = field(default_factory=list)

    @property
    def columns(self) -> list[Column]:
        return [head.column for head in self.heads]


@dataclass(frozen=True)
class Line:
    """A row of the page; `opened` where the reader looks at its answers."""

    case: Case
    cells: list[Cell]
    opened: "Opened | None" = None


@dataclass(frozen=True)
class Beside:
    """One side of an opened case: the answer that is looked at, among all that were asked for in this run."""

    head: Head
    result: Result
    tally: Tally | None
    results: list[Result]

    @property
    def answer(self) -> Answer:
        return self.result.answer


@dataclass(frozen=True)
class Opened:
    """`comparison` is there where both answered, and not the same."""

    sides: list[Beside]
    others: list[Head]
    comparison: Comparison | None = None
    same: bool = False


def results_of(suite: Suite, query: QueryDict, known: Catalogue) -> Results:
    """What an address asks for. A constant number of queries."""
    newest = suite.newest
    columns = columns_of(suite)
    chosen = chosen_of(columns, query.getlist("version"), query.getlist("model"))
    wanted = _wanted(query)
    everything = matrix.rows_of(newest, chosen)
    fitting = matrix.kept(everything, wanted)
    shown = [row for row in fitting if matrix.SHOWN[wanted.show](row)] if wanted.show else fitting
    page = Paginator(shown, PER_PAGE).get_page(query.get("page"))
    heads = heads_of(suite.prompt, chosen, everything, known)
    sides = {column.address: _title(column) for column in columns}
    models = dict.fromkeys(column.model for column in columns)
    found = Results(
        suite=suite,
        newest=newest,
        heads=heads,
        rows=everything,
        page=page,
        tabs=_tabs(fitting, heads),
        wanted=wanted,
        sides=[Choice(address, label, address in {column.address for column in chosen}) for address, label in sides.items()],
        models=[Choice(model, known.label_of(model), model in {column.model for column in chosen}) for model in models],
        tags=sorted({tag for case in newest.cases for tag in case.tags}, key=str.casefold),
        never=sum(case.must_never_fail for case in newest.cases),
    )
    found.lines.extend(_lines(found, query))
    return found


def heads_of(prompt: Prompt, columns: Sequence[Column], rows: Iterable[Row], known: Catalogue) -> list[Head]:
    live = live_versions(prompt)
    told = [[row.tallies[place] for row in rows] for place in range(len(columns))]
    titles = [_title(column) for column in columns]
    left, former = not_asked_in(columns), judged_otherwise([column.run for column in columns], prompt.project)
    return [
        Head(
            column,
            known.label_of(column.model),
            titles.count(_title(column)) > 1,
            live.get(column.run.version_id or 0, []),
            sum(bool(tally and tally.outcome == Outcome.PASSED) for tally in tallies),
            sum(tally is not None for tally in tallies),
            left.get(column.run.pk, 0),
            column.run.pk in former,
        )
        for column, tallies in zip(columns, told, strict=True)
    ]


def live_versions(prompt: Prompt) -> dict[int, list[Place]]:
    """Version to the environments that serve it. One query."""
    placed = Placement.objects.filter(prompt=prompt, out_of_service_at=None).exclude(live=None)
    columns = ("live__version_id", "environment__name", "environment__slug")
    found: dict[int, list[Place]] = {}
    for version, *place in placed.order_by("environment__position").values_list(*columns):
        found.setdefault(version, []).append(Place(*place))
    return found


def _title(column: Column) -> str:
    run = column.run
    return run.title if run.draft else column.address or run.label


def _wanted(query: QueryDict) -> Wanted:
    show = query.get("show", "")
    return Wanted(show if show in matrix.SHOWN else "", tidied(query.get("q", "")), query.get("tag", ""), bool(query.get("never")))


def _tabs(rows: list[Row], heads: list[Head]) -> list[Tab]:
    labels = {"": "All", "failed": "Failed", "unknown": "Could not be told", "changed": "Changed", "disagreement": "Disagreement"}
    if len(heads) > 1:
        labels = {"": "All", "failed": "Failed", "worse": f"Passed on {heads[1].name}, not on {heads[0].name}"} | labels
    counted = [Tab(show, label, sum(map(matrix.SHOWN[show], rows)) if show else len(rows)) for show, label in labels.items()]
    return [tab for tab in counted if len(heads) > 1 or tab.show != "changed"]


def _lines(found: Results, query: QueryDict) -> list[Line]:
    rows = list(found.page.object_list)
    results = matrix.results_of(found.columns, [row.case.uid for row in rows])
    before = matrix.changed_since(found.newest, found.columns)
    opened = query.get("open", "")

    def line(row: Row) -> Line:
        cells = []
        for head, tally in zip(found.heads, row.tallies, strict=True):
            run = head.column.run.pk
            speaks = matrix.spokesman(results.get((run, row.case.uid), []), tally)
            cells.append(Cell(head, tally, matrix.reason_of(speaks) if speaks else "", row.case.uid in before.get(run, ())))
        return Line(row.case, cells, opened_of(found, row, query) if row.case.uid == opened else None)

    return [line(row) for row in rows]


def opened_of(found: Results, row: Row, query: QueryDict) -> Opened:
    """The first two columns that asked this case, or those that the address names by their runs, with whole answers. One query."""
    asked = [head for head, tally in zip(found.heads, row.tallies, strict=True) if tally]
    new = _named(asked, query.get("new", ""))
    others = [head for head in asked if head is not new]
    heads = [head for head in (_named(others, query.get("old", "")), new) if head]
    rows = Result.objects.filter(run__in=[head.column.run for head in heads], case=row.case.uid)
    by_run: dict[int, list[Result]] = {}
    for result in rows.select_related("answer").order_by("repeat"):
        by_run.setdefault(result.run_id, []).append(result)
    sides = [_side(found, row, head, by_run[head.column.run.pk], query.get("repeat", "")) for head in heads]
    return _compared(sides, others)


def _named(heads: list[Head], uid: str) -> Head | None:
    """The one that ran as `uid`, else the first."""
    return next((head for head in heads if str(head.column.run.uid) == uid), next(iter(heads), None))


def _side(found: Results, row: Row, head: Head, results: list[Result], repeat: str) -> Beside:
    tally = row.tallies[found.heads.index(head)]
    named = next((result for result in results if str(result.repeat) == repeat), None)
    result = named or matrix.spokesman(results, tally)
    assert result is not None
    return Beside(head, result, tally, results)


def _compared(sides: list[Beside], others: list[Head]) -> Opened:
    answered = [side for side in sides if side.answer.state == Answer.State.ANSWERED]
    if len(answered) < 2:
        return Opened(sides, others)
    old, new = (text_of(side.answer) for side in answered)
    return Opened(sides, others, same=True) if old == new else Opened(sides, others, compare(_as_bundle(old), _as_bundle(new)))


def text_of(answer: Answer) -> str:
    """Everything that came, as it is read: JSON with a line for each member, tools that were asked below the text."""
    calls = [f"{call.get('name')}: {json.dumps(call.get('input'), indent=2, ensure_ascii=False)}" for call in answer.tool_calls]
    return "\n".join([laid_out(answer.text), *calls] if answer.text else calls)


def laid_out(text: str) -> str:
    """One JSON object or list with a line for each member; anything else as it is."""
    bare = text.strip()
    if bare[:1] not in ("{", "["):
        return text
    try:
        return json.dumps(json.loads(bare), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _as_bundle(text: str) -> Bundle:
    # An answer may be longer than a text of a prompt, so it is not validated.
    return Bundle.model_construct(messages=(Message.model_construct(text=text[:LONGEST], role="user"),))
