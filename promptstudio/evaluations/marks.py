"""How the tests of many versions stand, as a mark in a list: the latest run of each suite as its cases are now."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Max, Q

from promptstudio.prompts.models import Version

from .models import Result, Run, RunQuerySet, SuiteVersion
from .tallies import Outcome, tallies_of


@dataclass(frozen=True)
class Mark:
    """Cases of all suites that were run on a version, by what most of their answers say."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.unknown + self.waiting


def marks_of(versions: Iterable[Version]) -> dict[int, Mark]:
    """By version; none for those on which nothing was run. Six queries at most, however many versions, suites and cases."""
    asked = list(versions)
    cases = SuiteVersion.objects.filter(suite__archived_at=None, suite__prompt__in={version.prompt_id for version in asked})
    newest = list(cases.order_by().values("suite").annotate(newest=Max("pk")).values_list("newest", flat=True))
    if not newest:
        return {}
    runs = list(_latest(Run.objects.filter(suite_version__in=newest, version__in=asked)).values_list("pk", "version", "repeats"))
    counts = _counts([pk for pk, _, repeats in runs if repeats == 1], [pk for pk, _, repeats in runs if repeats > 1])
    by_version: dict[int, list[dict[str, int]]] = defaultdict(list)
    for pk, version, _ in runs:
        by_version[version].append(counts[pk])
    return {
        version: Mark(**{name: sum(each.get(name, 0) for each in found) for name in Outcome.values})
        for version, found in by_version.items()
    }


def _latest(runs: RunQuerySet) -> RunQuerySet:
    """The latest of each suite on each version's own words and model: another one says nothing of it."""
    own = runs.filter(Q(model="") | Q(model=F("version__model")), wording__digest=F("version__digest"))
    newest = own.order_by().values("suite_version", "version").annotate(newest=Max("pk")).values("newest")
    return Run.objects.filter(pk__in=newest)


def _counts(asked_once: list[int], asked_often: list[int]) -> dict[int, dict[str, int]]:
    """Cases by run and outcome. Where each was asked once, the database counts them; else most answers of each case decide."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Result.objects.filter(run__in=asked_once).order_by().values_list("run", "outcome").annotate(Count("pk"))
    for run, outcome, count in rows:
        found[run][outcome] = count
    for run, tallies in tallies_of(asked_often).items():
        for tally in tallies.values():
            found[run][tally.outcome] = found[run].get(tally.outcome, 0) + 1
    return found
