"""How the required suites of prompts stand on versions of them: what a gate is told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max

from promptstudio.prompts.models import Version

from .assertions import Case as CaseOfGrading
from .assertions import cannot_fail
from .models import Run, RunQuerySet, Suite, SuiteVersion


@dataclass(frozen=True)
class Standing:
    """A required suite as its cases are now, and its latest run on one version, where there is one.

    `cannot_fail` has a sentence for each case that no answer could fail: a suite with one proves nothing.
    """

    suite: str
    cannot_fail: Sequence[str]
    run: Run | None = None
    total: int = 0
    passed: int = 0
    waiting: int = 0


def standings_of(versions: Iterable[Version]) -> dict[int, list[Standing]]:
    """By version. Three queries, however many versions."""
    asked = list(versions)
    suites = list(Suite.objects.in_use().filter(prompt__in={version.prompt_id for version in asked}, required=True))
    newest = newest_versions(suites)
    runs = Run.objects.filter(suite_version__in=newest.values(), version__in=asked)
    latest = {(run.suite_version_id, run.version_id): run for run in latest_of(runs, "suite_version", "version").select_related("wording")}
    found: dict[int, list[Standing]] = defaultdict(list)
    for version in asked:
        for suite in suites:
            if suite.prompt_id == version.prompt_id:
                cases = newest[suite.pk]
                found[version.pk].append(_standing(suite, cases, latest.get((cases.pk, version.pk)), version))
    return {version.pk: found[version.pk] for version in asked}


def newest_versions(suites: Iterable[Suite]) -> dict[int, SuiteVersion]:
    """By suite; former ones, which may be many and long, are not read."""
    versions = SuiteVersion.objects.filter(suite__in=suites).order_by().values("suite")
    return {row.suite_id: row for row in SuiteVersion.objects.filter(pk__in=versions.annotate(newest=Max("pk")).values("newest"))}


def latest_of(runs: RunQuerySet, *by: str) -> RunQuerySet:
    """Of `runs`, the latest for each combination of these columns, counted."""
    newest = runs.order_by().values(*by).annotate(newest=Max("pk")).values("newest")
    return Run.objects.filter(pk__in=newest).counted()


def idle_cases(cases: SuiteVersion) -> list[str]:
    """A sentence for each case that cannot fail."""
    return cannot_fail(CaseOfGrading(case.name or "A case", case.assertions, case.threshold) for case in cases.cases)


def _standing(suite: Suite, cases: SuiteVersion, run: Run | None, version: Version) -> Standing:
    # Exactly this digest: a run of another wording says nothing, whatever it is called.
    if run is None or run.wording.digest != version.digest:
        return Standing(suite.name, idle_cases(cases))
    counts = {name: getattr(run, name) for name in ("total", "passed", "waiting")}
    return Standing(suite.name, idle_cases(cases), run, **counts)
