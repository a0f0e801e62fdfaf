"""What a run says, in one word and case by case: for whoever reads no page, such as a pipeline."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Sum

from .cases import Case
from .models import Answer, Result, Run
from .proving import cannot_fail
from .tallies import outcome_of, suite_outcome

Outcome = Result.Outcome
# Why an answer was never asked for, which is something else than asked for in vain.
NOT_ASKED = ("stopped", "ceiling")


@dataclass(frozen=True)
class CaseVerdict:
    """One case, by the majority of its `results`. `was_run` is False where not one of them was asked for."""

    case: Case
    outcome: Outcome
    results: tuple[Result, ...]

    @property
    def name(self) -> str:
        return self.case.name or f"Case {self.case.uid}"

    @property
    def was_run(self) -> bool:
        return any(result.outcome != Outcome.WAITING and result.answer.error_code not in NOT_ASKED for result in self.results)

    @property
    def reasons(self) -> list[str]:
        """Why it did not pass, each sentence once."""
        if self.outcome == Outcome.PASSED:
            return []
        return list(dict.fromkeys(sentence for result in self.results for sentence in _reasons(result)))

    @property
    def seconds(self) -> float:
        return sum(result.answer.latency_ms or 0 for result in self.results) / 1000


@dataclass(frozen=True)
class Verdict:
    """`outcome` is what the suite asks for: every case, or as many by weight as its threshold says and each that must never fail.

    It may be known while the run still goes on. `idle` has a sentence for each case that no answer could fail: then nothing passes.
    `judging` is what those cost, in US dollars, who were asked about the answers.
    """

    run: Run
    cases: tuple[CaseVerdict, ...]
    idle: tuple[str, ...]
    judging: Decimal | None = None

    @cached_property
    def outcome(self) -> Outcome:
        found = suite_outcome(self.run.suite_version.content, {each.case.uid: each.outcome for each in self.cases})
        return Outcome.UNKNOWN if found == Outcome.PASSED and self.idle else found

    @property
    def is_running(self) -> bool:
        return any(result.outcome == Outcome.WAITING for each in self.cases for result in each.results)

    @property
    def cost(self) -> Decimal | None:
        """In US dollars, with what judges and embedding models took; None where nothing has a price."""
        costs = [self.judging, *(result.answer.cost for each in self.cases for result in each.results)]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def model(self) -> str:
        return self.run.model or self.run.wording.bundle.model

    def count(self, outcome: Outcome) -> int:
        return sum(each.outcome == outcome for each in self.cases)

    def as_json(self) -> dict[str, Any]:
        """The run as the API and the command line tell it."""
        run = self.run
        return {
            "id": str(run.uid),
            "prompt": run.prompt.name,
            "suite": run.suite_version.suite.name,
            "suite_version": run.suite_version.number,
            "semver": run.version.semver if run.version else None,
            "draft": str(run.draft.uid) if run.draft else None,
            "environment": run.environment.slug if run.environment else None,
            "digest": run.wording.digest,
            "model": self.model,
            "repeats": run.repeats,
            "state": "running" if self.is_running else "ended",
            "outcome": self.outcome.value,
            "counts": {"total": len(self.cases)} | {outcome.value: self.count(outcome) for outcome in Outcome},
            "cost": str(self.cost) if self.cost is not None else None,
            "proves_nothing": list(self.idle),
            "by": run.asked_by.name,
            "created_at": run.asked_at.isoformat(),
        }

    def cases_as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.case.uid,
                "name": each.name,
                "outcome": each.outcome.value,
                "was_run": each.was_run,
                "answers": {outcome.value: sum(result.outcome == outcome for result in each.results) for outcome in Outcome},
                "reasons": each.reasons,
                "seconds": each.seconds,
            }
            for each in self.cases
        ]


def verdict_of(run: Run) -> Verdict:
    return verdicts_of([run])[0]


def verdicts_of(runs: Sequence[Run]) -> list[Verdict]:
    """Two queries, of runs that `with_everything` prepared."""
    found: dict[tuple[int, str], list[Result]] = defaultdict(list)
    # What was filled in and what came back may be long, and is not told.
    rows = Result.objects.filter(run__in=runs).select_related("answer").defer("answer__values", "answer__text", "answer__tool_calls")
    for result in rows:
        found[result.run_id, result.case].append(result)
    judging = _judging_costs(runs)
    return [Verdict(run, tuple(_cases_of(run, found)), tuple(cannot_fail(run.suite_version.content)), judging.get(run.uid)) for run in runs]


def _judging_costs(runs: Sequence[Run]) -> dict[UUID, Decimal | None]:
    asked = Answer.objects.filter(round__in=[run.uid for run in runs]).exclude(purpose=Answer.Purpose.PROMPT)
    return dict(asked.order_by().values_list("round").annotate(Sum("cost")))


def _cases_of(run: Run, found: Mapping[tuple[int, str], Sequence[Result]]) -> Iterator[CaseVerdict]:
    for case in run.suite_version.cases:
        if results := found.get((run.pk, case.uid)):
            yield CaseVerdict(case, outcome_of(case, (Outcome(each.outcome) for each in results)), tuple(results))


def _reasons(result: Result) -> list[str]:
    if result.outcome == Outcome.WAITING:
        return ["There is no answer yet."]
    if result.answer.state != Answer.State.ANSWERED:
        return [result.answer.error or "There is no answer."]
    if result.outcome == Outcome.PASSED:
        return []
    return [check["reason"] for check in result.checks if not check["passed"]] or ["Nothing was checked."]
