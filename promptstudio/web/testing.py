"""What the pages of tests show of suites and runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404

from promptstudio.evaluations.cases import Case
from promptstudio.evaluations.models import Answer, Result, Run, Suite, SuiteVersion
from promptstudio.evaluations.scores import shares_by_suite
from promptstudio.evaluations.standing import latest_of, newest_versions
from promptstudio.evaluations.tallies import Tally, tallies_of
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.soundness import listed, mapping, text_of

from .charts import spark
from .prompt_pages import prompt_or_404
from .requests import StudioRequest

COLUMNS = 4
# Counting groups by every column that is read.
LONG_TEXTS = ("suite_version__canonical", "version__canonical", "draft__content")


@dataclass(frozen=True)
class Row:
    suite: Suite
    cases: int
    run: Run | None
    # The share of passed answers on its newest versions, as the path of a small line, and the same in words.
    line: str = ""
    told: str = ""


@dataclass(frozen=True)
class Line:
    """`checks` has beside each check what was asked of others for it: verdicts and texts as numbers."""

    case: Case | None
    result: Result

    @property
    def checks(self) -> list[tuple[dict[str, Any], list[Answer]]]:
        asked: dict[str, list[Answer]] = {}
        for judgement in self.result.judgements.all():
            asked.setdefault(judgement.place.partition(".")[0], []).append(judgement.answer)
        return [(check, asked.get(str(index), [])) for index, check in enumerate(self.result.checks)]

    @property
    def is_being_judged(self) -> bool:
        return self.result.outcome == Result.Outcome.WAITING and any(self.result.judgements.all())


@dataclass(frozen=True)
class Matrix:
    """`runs` are columns, newest first; each row is a case with how it came out in each of them, None where it was not in it."""

    runs: list[Run]
    rows: list[tuple[Case, list[tuple[Run, Tally | None]]]]

    @property
    def waiting(self) -> bool:
        return any(run.waiting for run in self.runs)  # type: ignore[attr-defined]


def suite_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> tuple[Prompt, Suite]:
    prompt = prompt_or_404(request, project, name)
    return prompt, get_object_or_404(Suite.objects.filter(prompt=prompt).select_related("prompt__project", "created_by"), uid=uid)


def variables_of(prompt: Prompt) -> list[str]:
    """The variables of the newest version, and of the drafts that are open."""
    newest = prompt.newest
    names = [variable.name for variable in newest.bundle.variables] if newest else []
    for content in prompt.drafts.open().values_list("content", flat=True):
        names += [text_of(mapping(row).get("name")) for row in listed(mapping(content).get("variables"))]
    return [name for name in dict.fromkeys(names) if name]


def first_turn_of(prompt: Prompt) -> str:
    """Whose turn it is where the prompt ends."""
    newest = prompt.newest
    messages = newest.bundle.messages if newest else ()
    return "assistant" if not newest or (messages and messages[-1].role == "user") else "user"


def overview_of(prompt: Prompt) -> list[Row]:
    """Every suite with its latest run, and how it went over the newest versions. Five queries."""
    suites = list(prompt.suites.in_use())
    newest = newest_versions(suites)
    runs = latest_of(Run.objects.filter(suite_version__suite__in=suites), "suite_version__suite").with_everything()
    latest = {run.suite_version.suite_id: run for run in runs.defer(*LONG_TEXTS)}
    shares = shares_by_suite(suites)
    lines = {suite.pk: shares.get(suite.pk, []) for suite in suites}
    return [
        Row(suite, len(newest[suite.pk].cases), latest.get(suite.pk), spark(lines[suite.pk]), _course(lines[suite.pk])) for suite in suites
    ]


def _course(shares: list[float]) -> str:
    """What the small line shows, for who does not see it."""
    return f"From version to version, this share of the answers passed: {', '.join(f'{share:.0%}' for share in shares)}"


def matrix_of(suite: Suite, newest: SuiteVersion) -> Matrix:
    """The cases of today beside the latest runs. Four queries at most."""
    runs = list(Run.objects.filter(suite_version__suite=suite).with_everything().counted().order_by("-id")[:COLUMNS])
    told = tallies_of(runs)
    return Matrix(runs, [(case, [(run, told.get(run.pk, {}).get(case.uid)) for run in runs]) for case in newest.cases])


def lines_of(run: Run, results: Iterable[Result]) -> list[Line]:
    cases = {case.uid: case for case in run.suite_version.cases}
    return [Line(cases.get(result.case), result) for result in results]
