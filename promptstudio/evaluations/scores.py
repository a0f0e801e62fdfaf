"""Runs as a whole: the share of cases passed, the mean score, what an answer costs and how long it takes."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, Q

from promptstudio.prompts.models import Version

from .columns import Column, latest_columns
from .models import Result, Run, Suite
from .standing import latest_of
from .tallies import Outcome, Tally, tallies_of

MOST_VERSIONS = 20


@dataclass(frozen=True)
class Score:
    """`total` and the others count cases, by what most of their answers say. `cost` is what one answer takes in US dollars on average,
    `slow_ms` what 95 of 100 answers take at most; both None where nothing is known.
    """

    column: Column
    version: Version
    total: int
    passed: int
    waiting: int
    mean: float | None
    cost: Decimal | None
    slow_ms: int | None

    @property
    def share(self) -> float | None:
        return self.passed / self.total if self.total else None


def scores_over_versions(columns: Iterable[Column], model: str = "") -> list[Score]:
    """The newest versions that were asked of `model`, or of their own, in the order of their numbers. Five queries at most."""
    newest = _in_order(columns, model)
    runs = [column.run for _, column in newest]
    tallies, slow = tallies_of(runs), _slow(runs)
    means = Result.objects.filter(run__in=runs).order_by().values_list("run").annotate(Avg("score"), Avg("answer__cost"))
    known = {run: (score, cost) for run, score, cost in means}
    return [
        _score(version, column, list(tallies.get(column.run.pk, {}).values()), *known.get(column.run.pk, (None, None)), slow)
        for version, column in newest
    ]


def shares_by_suite(suites: Iterable[Suite]) -> dict[int, list[float]]:
    """By suite, the share of answers that passed on each of its newest versions, in the order of their numbers. Two queries."""
    by_suite: dict[int, list[Column]] = defaultdict(list)
    runs = Run.objects.filter(suite_version__suite__in=list(suites)).exclude(version=None)
    # First the latest of each: a suite that is run every hour shall not push the others out.
    for column in latest_columns(latest_of(runs, "suite_version__suite", "wording", "version", "model")):
        by_suite[column.run.suite_version.suite_id].append(column)
    lines = {suite: [column.run for _, column in _in_order(columns)] for suite, columns in by_suite.items()}
    counted = Result.objects.filter(run__in=[run for runs in lines.values() for run in runs]).order_by().values_list("run")
    counts = counted.annotate(passed=Count("pk", filter=Q(outcome=Outcome.PASSED)), total=Count("pk"))
    shares = {run: passed / total for run, passed, total in counts}
    return {suite: [shares[run.pk] for run in runs if run.pk in shares] for suite, runs in lines.items()}


def _in_order(columns: Iterable[Column], model: str = "") -> list[tuple[Version, Column]]:
    found = [(column.run.version, column) for column in columns if column.run.version]
    asked = [(version, column) for version, column in found if column.model == (model or version.model)]
    return sorted(asked, key=lambda each: each[0].number)[-MOST_VERSIONS:]


def _score(version: Version, column: Column, tallies: list[Tally], mean: float | None, cost: Decimal | None, slow: dict[int, int]) -> Score:
    passed, waiting = (sum(tally.outcome == outcome for tally in tallies) for outcome in (Outcome.PASSED, Outcome.WAITING))
    return Score(column, version, len(tallies), passed, waiting, mean, cost, slow.get(column.run.pk))


def _slow(runs: list[Run]) -> dict[int, int]:
    """By run, the time that 95 of 100 of its answers keep."""
    times: dict[int, list[int]] = defaultdict(list)
    rows = Result.objects.filter(run__in=runs, answer__latency_ms__isnull=False).order_by("answer__latency_ms")
    for run, latency in rows.values_list("run", "answer__latency_ms"):
        times[run].append(latency or 0)
    return {run: each[math.ceil(0.95 * len(each)) - 1] for run, each in times.items()}
