"""What the assertions of a case say to the answer that came."""

from dataclasses import asdict, replace
from typing import Any

from .assertions import Given, Grade, grade
from .cases import Case
from .models import Answer, Result


def given_of(answer: Answer) -> Given:
    bundle = answer.wording.bundle
    return Given(
        text=answer.text,
        stop_reason=answer.stop_reason,
        latency_ms=answer.latency_ms,
        cost=answer.cost,
        tool_calls=tuple(answer.tool_calls),
        tools=bundle.tools,
        values=answer.values,
    )


def settle_result(answer: Answer) -> None:
    """Grade the case that this answer belongs to, where it belongs to one. Part of settling the answer, in its transaction."""
    result = Result.objects.filter(answer=answer).select_related("run__suite_version").first()
    if result is None:
        return
    outcome, score, checks = Result.Outcome.UNKNOWN, None, list[dict[str, Any]]()
    if answer.state == Answer.State.ANSWERED and (case := result.run.suite_version.case(result.case)):
        # A check may ask for a value of its case that is no variable of the prompt, such as the answer that is expected.
        given = replace(given_of(answer), values={**case.values, **answer.values})
        graded = grade(case.assertions, given, case.threshold)
        outcome, score, checks = _outcome(case, graded), graded.score, _checks(case, graded)
    Result.objects.filter(pk=result.pk, outcome=Result.Outcome.WAITING).update(outcome=outcome, score=score, checks=checks)


def _outcome(case: Case, graded: Grade) -> Result.Outcome:
    if not case.assertions or not graded.all_evaluated:
        # Nothing was asserted, or not everything could be: neither is a pass.
        return Result.Outcome.UNKNOWN if graded.passed or not case.assertions else Result.Outcome.FAILED
    return Result.Outcome.PASSED if graded.passed else Result.Outcome.FAILED


def _checks(case: Case, graded: Grade) -> list[dict[str, Any]]:
    return [
        assertion.as_json() | {name: asdict(outcome)[name] for name in ("passed", "score", "reason")}
        for assertion, outcome in zip(case.assertions, graded.outcomes, strict=True)
    ]
