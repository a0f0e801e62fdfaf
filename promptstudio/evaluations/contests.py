"""How the pairs of a contest came out. A preference counts where it stays the same when the order is turned round."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .models import Answer, Bout, Contest, Result, Run
from .verdicts import UNREADABLE, OfPair, preference

Side = Literal["first", "second", "neither"]
_TURNED: dict[Side, Side] = {"first": "second", "second": "first", "neither": "neither"}


class Came(StrEnum):
    """How a pair came out. `first` and `second` are the runs of the contest, wherever their answers stood."""

    FIRST = "first"
    SECOND = "second"
    NEITHER = "neither"
    SAME = "same"
    UNKNOWN = "unknown"
    WAITING = "waiting"


@dataclass(frozen=True)
class Pair:
    """Two answers to one case. `reasons` are what the judge said each time; `wavered`: it preferred another one the other way round."""

    case: str
    repeat: int
    first: Answer
    second: Answer
    came: Came
    reasons: tuple[str, ...] = ()
    wavered: bool = False


@dataclass(frozen=True)
class Tally:
    first: int
    second: int
    neither: int
    unknown: int
    waiting: int

    @property
    def total(self) -> int:
        return self.first + self.second + self.neither + self.unknown + self.waiting


def comparable(first: Run, second: Run) -> list[tuple[Result, Result]]:
    """Results of the same case and repeat with an answer in both runs. Two queries."""
    found = [
        {(result.case, result.repeat): result for result in run.results.filter(answer__state="answered").select_related("answer__wording")}
        for run in (first, second)
    ]
    return [(result, found[1][which]) for which, result in found[0].items() if which in found[1]]


def pairs_of(contest: Contest) -> list[Pair]:
    """In the order of the cases. Four queries."""
    bouts: dict[tuple[str, int], list[Bout]] = {}
    for bout in contest.bouts.select_related("answer").order_by("turned"):
        bouts.setdefault((bout.case, bout.repeat), []).append(bout)
    return [_pair(first, second, bouts.get((first.case, first.repeat), ())) for first, second in comparable(contest.first, contest.second)]


def tally_of(pairs: Iterable[Pair]) -> Tally:
    count: Mapping[Came, int] = Counter(pair.came for pair in pairs)
    neither = count[Came.NEITHER] + count[Came.SAME]
    return Tally(count[Came.FIRST], count[Came.SECOND], neither, count[Came.UNKNOWN], count[Came.WAITING])


def says_the_same(first: Answer, second: Answer) -> bool:
    return (first.text, first.tool_calls) == (second.text, second.tool_calls)


def _pair(first: Result, second: Result, bouts: Sequence[Bout]) -> Pair:
    answers = (first.answer, second.answer)
    if not bouts:
        came = Came.SAME if says_the_same(*answers) else Came.UNKNOWN
        return Pair(first.case, first.repeat, *answers, came)
    said = [preference(bout.answer) for bout in bouts]
    reasons = tuple(_reason(bout, each) for bout, each in zip(bouts, said, strict=True))
    if any(bout.answer.is_waiting for bout in bouts):
        return Pair(first.case, first.repeat, *answers, Came.WAITING, reasons)
    sides = [_side(bout, each) for bout, each in zip(bouts, said, strict=True)]
    if None in sides or len(sides) < 2:
        return Pair(first.case, first.repeat, *answers, Came.UNKNOWN, reasons)
    agreed = sides[0] if sides[0] == sides[1] else "neither"
    return Pair(first.case, first.repeat, *answers, Came(agreed or "neither"), reasons, wavered=sides[0] != sides[1])


def _side(bout: Bout, said: OfPair | None) -> Side | None:
    """Which run was preferred, wherever its answer stood."""
    if said is None:
        return None
    return _TURNED[said.better] if bout.turned else said.better


def _reason(bout: Bout, said: OfPair | None) -> str:
    if said:
        return said.because
    return UNREADABLE if bout.answer.state == Answer.State.ANSWERED else bout.answer.error
