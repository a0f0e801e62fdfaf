"""How runs came out, for a terminal and for the process that called: lines of text, and one exit code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from .models import Result, Suite
from .run_verdicts import CaseVerdict, Verdict

Outcome = Result.Outcome
WORDS = {Outcome.PASSED: "passed", Outcome.FAILED: "FAILED", Outcome.UNKNOWN: "could not be told", Outcome.WAITING: "no answer yet"}
WIDEST_NAME = 60


class ExitCode(IntEnum):
    PASSED = 0
    FAILED = 1
    REFUSED = 2
    UNKNOWN = 3
    TOO_LATE = 4


@dataclass(frozen=True)
class NotRun:
    """A suite that nobody was asked for, and why: no answer to it could say anything."""

    suite: Suite
    reason: str


def exit_code_of(verdicts: Sequence[Verdict], not_run: Sequence[NotRun] = ()) -> ExitCode:
    """The worst news first: something failed, something is still on its way, something could not be told."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FAILED in outcomes:
        return ExitCode.FAILED
    if any(verdict.is_running for verdict in verdicts) and outcomes - {Outcome.PASSED}:
        return ExitCode.TOO_LATE
    return ExitCode.PASSED if outcomes == {Outcome.PASSED} and not not_run else ExitCode.UNKNOWN


def as_text(verdicts: Sequence[Verdict], not_run: Sequence[NotRun] = ()) -> str:
    """A paragraph for each suite. Nothing in it moves the cursor of a terminal, whatever a model said."""
    told = [line for verdict in verdicts for line in ["", *_of_run(verdict)]]
    told += [line for each in not_run for line in ["", f"{each.suite.name}: not run. {each.reason}"]]
    return "\n".join("".join(character if character.isprintable() else " " for character in line) for line in told[1:])


def _of_run(verdict: Verdict) -> Iterator[str]:
    run = verdict.run
    often = f", {run.repeats} answers each" if run.repeats > 1 else ""
    yield f"{run.suite_version.suite.name} on {run.label} ({verdict.model}), {_cases(len(verdict.cases))}{often}"
    wide = max((len(_name(each)) for each in verdict.cases), default=0)
    for each in verdict.cases:
        of = f"{_agreeing(each)} of {len(each.results)}  " if run.repeats > 1 else ""
        yield f"  {WORDS[each.outcome]:<17}  {_name(each):<{wide}}  {of}{each.seconds:.1f} s".rstrip()
        yield from (f"      {reason}" for reason in each.reasons)
    yield f"  {WORDS[verdict.outcome].capitalize()}: {_counts(verdict)}{_cost(verdict.cost)}"
    yield from (f"  It proves nothing: {sentence}" for sentence in verdict.idle)


def _name(each: CaseVerdict) -> str:
    return " ".join(each.name.split())[:WIDEST_NAME]


def _agreeing(each: CaseVerdict) -> int:
    return sum(result.outcome == each.outcome for result in each.results)


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _counts(verdict: Verdict) -> str:
    return ", ".join(f"{count} {WORDS[outcome].lower()}" for outcome in Outcome if (count := verdict.count(outcome))) + "."


def _cost(cost: Decimal | None) -> str:
    return f" {cost:.4f} US dollars." if cost is not None else ""
