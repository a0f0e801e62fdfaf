"""What tests prove: a case that no answer could fail proves nothing, and neither does a suite that passes whatever its cases say."""

from collections.abc import Iterable, Iterator

from .assertions import Assertion, always_holds, is_run
from .assertions.saying import shown
from .assertions.words import GROUP
from .cases import Case, Cases


def cannot_fail(suite: Cases) -> list[str]:
    """Why these cases prove nothing: a sentence for the suite, and for each case that no answer could fail."""
    if not suite.cases:
        return ["There is no case, so nothing can fail."]
    whole = [sentence] if (sentence := _why_never_as_a_whole(suite)) else []
    return whole + [f"{shown(case.name) if case.name else 'A case'} {reason}" for case in suite.cases if (reason := _why_never(case))]


def _why_never_as_a_whole(suite: Cases) -> str | None:
    if suite.threshold is None:
        return None
    if suite.threshold <= 0:
        return "The suite has a threshold of 0, so its cases cannot fail it."
    return None if any(case.weight > 0 for case in suite.cases) else "Every case has a weight of 0, so none can fail the suite."


def _why_never(case: Case) -> str | None:
    if not case.assertions:
        return "has no assertion, so it cannot fail."
    if case.threshold is not None and case.threshold <= 0:
        return "has a threshold of 0, so it cannot fail."
    reasons = [_why_idle(assertion) for assertion in case.assertions]
    if not all(reasons):
        return None
    return f"cannot fail: {', '.join(_each(reasons))}."


def _each(reasons: Iterable[str | None]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for reason in filter(None, reasons):
        counts[reason] = counts.get(reason, 0) + 1
    return (reason if count == 1 else f"{count} × {reason}" for reason, count in counts.items())


def _why_idle(assertion: Assertion) -> str | None:
    """Why nothing that a model says can make it fail; None where something can."""
    if always_holds(assertion):
        return "an assertion that always holds"
    if not is_run(assertion.type):
        return "an assertion that is not run here"
    if assertion.type == GROUP and all(map(_why_idle, assertion.members)):
        return "a group in which nothing can fail"
    return None
