"""What the assertions of a case say to the answer that came."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction

from promptstudio.lib.locking import locked

from .assertions import Given, Grade, grade
from .cases import Case
from .judging import ask_about, is_waiting_for_judges, judged
from .models import Answer, Result

MOST_STRANDED = 100
_READ = ("answer__wording", "run__suite_version", "run__judge__wording", "run__prompt__project", "run__asked_by")


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


def given_to(case: Case, answer: Answer) -> Given:
    """A check may ask for a value of its case that is no variable of the prompt, such as the answer that is expected."""
    return replace(given_of(answer), values={**case.values, **answer.values})


def settle_result(answer: Answer) -> None:
    """Go on with what waited for this answer, if anything did. Part of settling the answer, in its transaction.

    An answer of the prompt is graded, or where checks ask others first, those are asked; a reply to such a question may be the last that
    its results waited for.
    """
    if answer.purpose == Answer.Purpose.PROMPT:
        for result in waiting_results(answer=answer):
            _begin(result)
    else:
        for result in waiting_results(judgements__answer=answer):
            settle_judged(result)


def settle_judged(result: Result) -> None:
    """Grade it as a whole, unless a judge is still to answer. The caller holds its row."""
    if is_waiting_for_judges(result):
        return
    case = result.run.suite_version.case(result.case)
    if case is None:
        _settle(result, Result.Outcome.UNKNOWN)
        return
    graded = grade(case.assertions, given_to(case, result.answer), case.threshold, judged(result, case))
    _settle(result, _outcome(case, graded), graded.score, _checks(case, graded))


def waiting_results(**which: Any) -> Iterator[Result]:
    """The results that wait, each held: of two replies that come at once, the later one sees that the other is there."""
    rows = Result.objects.filter(outcome=Result.Outcome.WAITING, **which).order_by("pk").values_list("pk", flat=True)
    for pk in dict.fromkeys(rows):
        yield locked(Result.objects.all(), *_READ, pk=pk)


def settle_stranded() -> None:
    """Results whose judges all answered, and that nobody settled: two workers may each have seen the other's answer on its way."""
    answered = Result.objects.filter(outcome=Result.Outcome.WAITING, answer__state=Answer.State.ANSWERED)
    stranded = answered.exclude(judgements__answer__state=Answer.State.WAITING).values_list("pk", flat=True)
    for pk in list(stranded[:MOST_STRANDED]):
        with transaction.atomic():
            for result in waiting_results(pk=pk):
                settle_judged(result)


def _begin(result: Result) -> None:
    case = result.run.suite_version.case(result.case)
    if result.answer.state != Answer.State.ANSWERED or case is None:
        _settle(result, Result.Outcome.UNKNOWN)
        return
    ask_about(result, case, given_to(case, result.answer))
    Result.objects.filter(pk=result.pk).update(owed=0)
    settle_judged(result)


def _settle(result: Result, outcome: Result.Outcome, score: float | None = None, checks: Sequence[dict[str, Any]] = ()) -> None:
    Result.objects.filter(pk=result.pk, outcome=Result.Outcome.WAITING).update(outcome=outcome, score=score, checks=list(checks), owed=0)


def _outcome(case: Case, graded: Grade) -> Result.Outcome:
    if graded.is_lost:
        return Result.Outcome.FAILED
    # Nothing was asserted, or not everything could be: neither is a pass.
    return Result.Outcome.PASSED if case.assertions and graded.all_evaluated else Result.Outcome.UNKNOWN


def _checks(case: Case, graded: Grade) -> list[dict[str, Any]]:
    return [
        assertion.as_json() | {name: asdict(outcome)[name] for name in ("passed", "score", "reason")}
        for assertion, outcome in zip(case.assertions, graded.outcomes, strict=True)
    ]
