"""Cases × runs: how each case came out in each column, and which of them a reader wants to see."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from .cases import Case
from .columns import Column
from .models import Result, SuiteVersion
from .tallies import Outcome, Tally, tallies_of

# What a case asks and wants; a new name or owner makes no other case of it.
ASKED = ("values", "turns", "assertions", "threshold")
WORST_FIRST = {Outcome.FAILED: 0, Outcome.UNKNOWN: 1, Outcome.WAITING: 2, Outcome.PASSED: 3}


@dataclass(frozen=True)
class Row:
    """A case, and how it came out in each column; None where it was not in it. `split`: some of its checks passed where others did not."""

    case: Case
    tallies: list[Tally | None]
    split: bool = False

    @property
    def outcomes(self) -> list[Outcome]:
        return [tally.outcome for tally in self.tallies if tally]

    @property
    def pair(self) -> tuple[Outcome, Outcome] | None:
        """In the second column, then in the first, where both are told."""
        new, old = self.tallies[:2] if len(self.tallies) > 1 else (None, None)
        return (old.outcome, new.outcome) if old and new and Outcome.WAITING not in (old.outcome, new.outcome) else None


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for; what is empty keeps everything. `show` is one of SHOWN."""

    show: str = ""
    words: str = ""
    tag: str = ""
    never: bool = False


def is_failed(row: Row) -> bool:
    return Outcome.FAILED in row.outcomes


def is_untold(row: Row) -> bool:
    return Outcome.UNKNOWN in row.outcomes


def is_worse(row: Row) -> bool:
    """The second column passes it, and the first one does not."""
    return bool(row.pair and row.pair[0] == Outcome.PASSED and row.pair[1] != Outcome.PASSED)


def is_changed(row: Row) -> bool:
    return bool(row.pair and row.pair[0] != row.pair[1])


def is_disputed(row: Row) -> bool:
    """Answers to the same question came out differently, or checks of one answer, or columns."""
    told = {outcome for outcome in row.outcomes if outcome != Outcome.WAITING}
    return row.split or len(told) > 1 or any(tally.is_divided for tally in row.tallies if tally)


SHOWN: dict[str, Callable[[Row], bool]] = {
    "failed": is_failed,
    "unknown": is_untold,
    "worse": is_worse,
    "changed": is_changed,
    "disagreement": is_disputed,
}


def rows_of(newest: SuiteVersion, columns: Sequence[Column]) -> list[Row]:
    """Every case as the suite is now, the worst first; none without columns. Four queries at most, however many cases and columns."""
    runs = [column.run for column in columns]
    if not runs:
        return []
    tallies, split = tallies_of(runs), _split_cases(runs)
    told = [tallies.get(run.pk, {}) for run in runs]
    return sorted((Row(case, [each.get(case.uid) for each in told], case.uid in split) for case in newest.cases), key=_badness)


def kept(rows: Iterable[Row], wanted: Wanted) -> list[Row]:
    """Without `show`: the tabs say how many each of them would leave."""
    words = wanted.words.casefold()
    return [
        row
        for row in rows
        if (not words or words in _text_of(row.case))
        and (not wanted.tag or wanted.tag in row.case.tags)
        and (not wanted.never or row.case.must_never_fail)
    ]


def changed_since(newest: SuiteVersion, columns: Iterable[Column]) -> Mapping[int, set[str]]:
    """By run, the cases that asked or wanted something else then. One query where the suite was changed since."""
    older = {column.run.pk: column.run.suite_version_id for column in columns if column.run.suite_version_id != newest.pk}
    if not older:
        return {}
    now = _asked_by_case(newest.canonical)
    texts = dict(SuiteVersion.objects.filter(pk__in=set(older.values())).order_by().values_list("pk", "canonical"))
    then = {pk: _asked_by_case(text) for pk, text in texts.items()}
    return {run: {uid for uid, asked in then[pk].items() if now.get(uid) != asked} for run, pk in older.items()}


def reason_of(result: Result) -> str:
    """The first reason why it did not pass; empty where it did."""
    if result.outcome in (Outcome.PASSED, Outcome.WAITING):
        return ""
    if result.answer.error:
        return str(result.answer.error)
    wrong = [check for check in result.checks if check.get("passed") is False] or [c for c in result.checks if c.get("passed") is None]
    return str(wrong[0].get("reason", "")) if wrong else "Nothing was checked."


def results_of(columns: Iterable[Column], cases: Iterable[str]) -> dict[tuple[int, str], list[Result]]:
    """The results of these cases with their answers' errors, by run and case, in the order in which they were asked. One query."""
    runs = [column.run for column in columns]
    found: dict[tuple[int, str], list[Result]] = {}
    rows = Result.objects.filter(run__in=runs, case__in=list(cases)).select_related("answer")
    for result in rows.only("run", "case", "repeat", "outcome", "score", "checks", "answer__error").order_by("repeat"):
        found.setdefault((result.run_id, result.case), []).append(result)
    return found


def spokesman(results: Sequence[Result], tally: Tally | None) -> Result | None:
    """The first of them that came out as most did."""
    return next((result for result in results if tally and result.outcome == tally.outcome), next(iter(results), None))


def _split_cases(runs: list[Any]) -> set[str]:
    # Where all checks agree, the score is 0 or 1.
    between = Result.objects.filter(Q(score__gt=0, score__lt=1), run__in=runs).order_by().values_list("case", "checks")
    return {case for case, checks in between if {True, False} <= {check.get("passed") for check in checks}}


def _badness(row: Row) -> tuple[int, bool, int]:
    first = next((tally for tally in row.tallies if tally), None)
    place = WORST_FIRST[row.tallies[0].outcome] if row.tallies and row.tallies[0] else 3 if first else 4
    return place, not row.case.must_never_fail, -row.outcomes.count(Outcome.FAILED)


def _text_of(case: Case) -> str:
    parts = [case.name, *case.tags, *map(_words, case.values.values()), *(turn.text for turn in case.turns)]
    return "\n".join([*parts, *(_words(check.value) for check in case.assertions)]).casefold()


def _words(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _asked_by_case(canonical: str) -> dict[str, Any]:
    return {case["uid"]: {name: case.get(name) for name in ASKED} for case in json.loads(canonical)["cases"]}
