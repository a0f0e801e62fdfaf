"""How the suites of prompts stand on versions of them: what gates and pages are told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Max

from promptstudio.prompts.models import Version

from .cases import Case
from .models import Result, Run, RunQuerySet, Suite, SuiteVersion
from .proving import cannot_fail
from .tallies import outcome_of, suite_outcome

Outcome = Result.Outcome


@dataclass(frozen=True)
class Measured:
    """One answer to a case. `cost` in US dollars and `latency_ms` are None where they are not known."""

    case: str
    outcome: Outcome
    score: float | None
    cost: Decimal | None
    latency_ms: int | None


@dataclass(frozen=True)
class Standing:
    """A suite as its cases are now, and its latest run on exactly one version, where there is one."""

    suite: Suite
    cases: SuiteVersion
    run: Run | None = None
    results: tuple[Measured, ...] = ()

    @cached_property
    def cannot_fail(self) -> list[str]:
        """A sentence for each case that no answer could fail, and for a suite that none could: it proves nothing."""
        return cannot_fail(self.cases.content)

    @cached_property
    def by_case(self) -> Mapping[str, Sequence[Measured]]:
        found: dict[str, list[Measured]] = defaultdict(list)
        for measured in self.results:
            found[measured.case].append(measured)
        return found

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """By the uid of each case of today; what was not run cannot be told."""
        return {case.uid: outcome_of(case, (each.outcome for each in self.by_case.get(case.uid, ()))) for case in self.cases.cases}

    @property
    def total(self) -> int:
        return len(self.outcomes)

    @property
    def passed(self) -> int:
        return self._count(Outcome.PASSED)

    @property
    def waiting(self) -> int:
        return self._count(Outcome.WAITING)

    def is_waiting(self, case: Case) -> bool:
        return self.outcomes[case.uid] == Outcome.WAITING

    @property
    def fallen(self) -> list[Case]:
        """Cases that must never fail and did not pass each time that they were asked."""
        return [case for case in self.cases.cases if case.must_never_fail and self.outcomes[case.uid] != Outcome.PASSED]

    @property
    def threshold(self) -> float | None:
        return self.cases.content.threshold

    @cached_property
    def share(self) -> float:
        """Of the cases by their weight, how much passed: from 0 to 1."""
        weights = {case.uid: case.weight for case in self.cases.cases}
        total = sum(weights.values())
        passed = sum(weight for uid, weight in weights.items() if self.outcomes[uid] == Outcome.PASSED)
        return passed / total if total else 0.0

    @property
    def suffices(self) -> bool:
        """Whether it counts as passed: every case, or the share that the suite asks for, and whatever must never fail."""
        return suite_outcome(self.cases.content, self.outcomes) == Outcome.PASSED

    def _count(self, outcome: Outcome) -> int:
        return sum(each == outcome for each in self.outcomes.values())


def standings_of(versions: Iterable[Version]) -> dict[int, list[Standing]]:
    """By version, every suite of its prompt that is in use. Four queries, however many versions.

    A run counts that asked the version's own model for exactly this wording, whatever it is called.
    """
    asked = list(versions)
    suites = list(Suite.objects.in_use().filter(prompt__in={version.prompt_id for version in asked}))
    if not suites:
        return {version.pk: [] for version in asked}
    newest = newest_versions(suites)
    runs = Run.objects.as_written().filter(suite_version__in=newest.values(), version__in=asked)
    latest = {
        (run.suite_version_id, run.version_id): run
        for run in latest_of(runs, "suite_version", "version").select_related("wording", "judge")
    }
    exactly = {(version.pk, version.digest) for version in asked}
    speaking = {key: run for key, run in latest.items() if (run.version_id, run.wording.digest) in exactly}
    results = _results(speaking.values())
    of_prompt: dict[int, list[Suite]] = defaultdict(list)
    for suite in suites:
        of_prompt[suite.prompt_id].append(suite)

    def standing(suite: Suite, version: Version) -> Standing:
        cases = newest[suite.pk]
        run = speaking.get((cases.pk, version.pk))
        return Standing(suite, cases, run, tuple(results[run.pk]) if run else ())

    return {version.pk: [standing(suite, version) for suite in of_prompt[version.prompt_id]] for version in asked}


def newest_versions(suites: Iterable[Suite]) -> dict[int, SuiteVersion]:
    """By suite; former ones, which may be many and long, are not read."""
    versions = SuiteVersion.objects.filter(suite__in=suites).order_by().values("suite")
    return {row.suite_id: row for row in SuiteVersion.objects.filter(pk__in=versions.annotate(newest=Max("pk")).values("newest"))}


def latest_of(runs: RunQuerySet, *by: str) -> RunQuerySet:
    """Of `runs`, the latest for each combination of these columns, counted."""
    newest = runs.order_by().values(*by).annotate(newest=Max("pk")).values("newest")
    return Run.objects.filter(pk__in=newest).counted()


def _results(runs: Iterable[Run]) -> dict[int, list[Measured]]:
    columns = ("run", "case", "outcome", "score", "answer__cost", "answer__latency_ms")
    found: dict[int, list[Measured]] = defaultdict(list)
    for run, case, outcome, *measures in Result.objects.filter(run__in=list(runs)).order_by("id").values_list(*columns):
        found[run].append(Measured(case, Outcome(outcome), *measures))
    return found
