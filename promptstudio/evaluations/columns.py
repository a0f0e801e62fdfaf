"""The columns of a matrix: the latest run of a suite on each wording and model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery

from .models import Answer, Result, Run, RunQuerySet, Suite
from .run_verdicts import NOT_ASKED

NEWER_THAN_ANY = 2**63
# Older runs are on the pages of their versions.
MOST_RUNS = 300
MOST_COLUMNS = 6
SHOWN_FIRST = 4


@dataclass(frozen=True)
class Column:
    """`address` is what it ran on, `model` who was asked."""

    run: Run
    model: str

    @property
    def address(self) -> str:
        return address_of(self.run)


def address_of(run: Run) -> str:
    """As a side of a comparison: `1.4.0`, `draft:<uid>`."""
    return f"draft:{run.draft.uid}" if run.draft else run.version.semver if run.version else ""


def columns_of(suite: Suite) -> list[Column]:
    """Every wording and model that the suite was run on, drafts and newer versions first. One query."""
    return latest_columns(Run.objects.filter(suite_version__suite=suite))


def latest_columns(runs: RunQuerySet) -> list[Column]:
    """Of `runs`, the latest on each wording and model: the texts of suites and versions are not read."""
    asked = Result.objects.filter(run=OuterRef("pk")).order_by("pk").values("answer__model")[:1]
    rows = runs.select_related("suite_version", "version", "draft__created_by", "judge").annotate(asked_model=Subquery(asked))
    rows = rows.defer("suite_version__canonical", "version__canonical", "draft__content").order_by("-pk")[:MOST_RUNS]
    found: dict[tuple[int, int, int | None, str], Column] = {}
    for run in rows:
        found.setdefault(
            (run.suite_version.suite_id, run.wording_id, run.version_id, run.asked_model), Column(run, run.asked_model or run.model)
        )
    return sorted(found.values(), key=_place)


def _place(column: Column) -> tuple[int, bool]:
    """Drafts, then the newest version, its own model before others, whichever was run last: “got worse” means from older to newer."""
    return -(column.run.version_id or NEWER_THAN_ANY), bool(column.run.model)


def not_asked_in(columns: Iterable[Column]) -> dict[int, int]:
    """By run, how many of its questions, to the model or to judges, were left when it was stopped or reached its ceiling. One query."""
    runs = {column.run.uid: column.run.pk for column in columns}
    left = Answer.objects.filter(round__in=list(runs), error_code__in=NOT_ASKED).order_by()
    return {runs[uid]: count for uid, count in left.values_list("round").annotate(Count("pk"))}


def chosen_of(columns: Sequence[Column], sides: Sequence[str], models: Sequence[str]) -> list[Column]:
    """Those on these sides and models, in the order of the sides; where nothing is chosen, the newest of each side."""
    fitting = [column for column in columns if not models or column.model in models]
    if sides:
        wanted = {address: place for place, address in enumerate(dict.fromkeys(sides))}
        return sorted((each for each in fitting if each.address in wanted), key=lambda each: wanted[each.address])[:MOST_COLUMNS]
    return list(_newest_of_each(fitting))[: MOST_COLUMNS if models else SHOWN_FIRST]


def _newest_of_each(columns: Iterable[Column]) -> Iterable[Column]:
    """A draft has as many wordings as were tried."""
    found: dict[tuple[str, str], Column] = {}
    for column in columns:
        found.setdefault((column.address, column.model), column)
    return found.values()
