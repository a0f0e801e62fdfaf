"""How the suites of a prompt came out on one version beside another: what whoever decides is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import F

from promptstudio.prompts.models import Version

from .cases import Case
from .columns import Column, latest_columns
from .models import Run, Suite, SuiteVersion
from .standing import newest_versions
from .tallies import Outcome, Tally, tallies_of


@dataclass(frozen=True)
class Told:
    """The latest run of the cases as they are now on one version and its own model."""

    run: Run
    tallies: Mapping[str, Tally]

    @property
    def total(self) -> int:
        return len(self.tallies)

    @property
    def passed(self) -> int:
        return self.count(Outcome.PASSED)

    @property
    def waiting(self) -> int:
        return self.count(Outcome.WAITING)

    def count(self, outcome: Outcome) -> int:
        return sum(tally.outcome == outcome for tally in self.tallies.values())

    def passes(self, case: Case) -> bool:
        tally = self.tallies.get(case.uid)
        return bool(tally and tally.outcome == Outcome.PASSED)

    def misses(self, case: Case) -> bool:
        """Whether it is told, and not as passed."""
        tally = self.tallies.get(case.uid)
        return bool(tally and tally.outcome not in (Outcome.PASSED, Outcome.WAITING))


@dataclass(frozen=True)
class SuiteBeside:
    """`worse` are cases that the old version passes and the new one does not, `broken` those that must never fail and do not pass."""

    suite: Suite
    cases: SuiteVersion
    new: Told | None = None
    old: Told | None = None
    worse: list[Case] = field(default_factory=list)
    broken: list[Case] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return sum(told.waiting for told in (self.new, self.old) if told)


def suites_beside(new: Version, old: Version | None) -> list[SuiteBeside]:
    """For each suite in use, required ones first. Four queries, one where there is no suite."""
    suites = list(Suite.objects.in_use().filter(prompt=new.prompt_id).order_by("-required", "name"))
    if not suites:
        return []
    newest = newest_versions(suites)
    told = _told(newest, [version for version in (new, old) if version])
    return [
        _beside(suite, newest[suite.pk], told.get((newest[suite.pk].pk, new.pk)), told.get((newest[suite.pk].pk, old.pk)) if old else None)
        for suite in suites
    ]


def _told(newest: Mapping[int, SuiteVersion], versions: list[Version]) -> dict[tuple[int, int | None], Told]:
    # Exactly this digest: a run of another wording says nothing, whatever it is called.
    runs = Run.objects.filter(suite_version__in=newest.values(), version__in=versions, wording__digest=F("version__digest"))
    columns = [column for column in latest_columns(runs) if _asks_its_own(column)]
    tallies = tallies_of(column.run for column in columns)
    return {(column.run.suite_version_id, column.run.version_id): Told(column.run, tallies.get(column.run.pk, {})) for column in columns}


def _asks_its_own(column: Column) -> bool:
    return bool(column.run.version and column.model == column.run.version.model)


def _beside(suite: Suite, cases: SuiteVersion, new: Told | None, old: Told | None) -> SuiteBeside:
    missed = [case for case in cases.cases if new and new.misses(case)]
    worse = [case for case in missed if old and old.passes(case)]
    return SuiteBeside(suite, cases, new, old, worse, [case for case in missed if case.must_never_fail])
