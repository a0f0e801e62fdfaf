"""How a comparison by people came out.

A pair counts once, for what most of its votes say: two people who read the same answers are no two proofs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from promptstudio.accounts.models import User

from .agreement import Agreement, Preference, agreement, preference
from .contests import says_the_same
from .models import Ballot, Comparison, Pair, Run

Side = Literal["new", "old", "neither", "skipped"]


@dataclass(frozen=True)
class Vote:
    person: User
    side: Side
    old_first: bool
    words: str

    @property
    def for_first(self) -> bool:
        """Whether they preferred the one that they saw first."""
        return (self.side == "old") == self.old_first


@dataclass(frozen=True)
class Line:
    """A pair with what people said of it."""

    name: str
    pair: Pair
    votes: tuple[Vote, ...]
    is_same: bool

    @cached_property
    def told(self) -> list[Side]:
        return [vote.side for vote in self.votes if vote.side != "skipped"]

    @property
    def count(self) -> dict[str, int]:
        return {side: self.told.count(side) for side in ("new", "old", "neither")}

    @property
    def came(self) -> Side | Literal["same", ""]:
        """What most say; neither where as many say one as the other, and nothing where nobody could tell."""
        if self.is_same:
            return "same"
        if not self.told:
            return ""
        new, old, neither = self.count.values()
        if new > max(old, neither):
            return "new"
        return "old" if old > max(new, neither) else "neither"

    @property
    def dissent(self) -> float:
        """The share of votes that say something else than most."""
        return 1 - max(Counter(self.told).values()) / len(self.told) if self.told else 0.0


@dataclass(frozen=True)
class Outcome:
    """`lines` stand in the order in which they are worth reading: those first about which people disagree most."""

    lines: tuple[Line, ...]
    agreement: Agreement | None

    @cached_property
    def count(self) -> Counter[str]:
        return Counter(line.came for line in self.lines)

    @cached_property
    def preference(self) -> Preference:
        return preference(self.count["new"], self.count["old"])

    @property
    def neither(self) -> int:
        return self.count["neither"] + self.count["same"]

    @cached_property
    def first_place(self) -> Preference:
        """How often the answer that stood first was preferred, and the second."""
        chosen = [vote.for_first for line in self.lines for vote in line.votes if vote.side in ("new", "old")]
        return preference(sum(chosen), len(chosen) - sum(chosen))


def outcome_of(comparison: Comparison) -> Outcome:
    """Of everybody who has finished; once it is closed, of everything that was chosen. Three queries."""
    pairs = comparison.pairs.select_related("new__wording", "old__wording")
    ballots = Ballot.objects.filter(rater__comparison=comparison).exclude(choice="")
    if comparison.closed_at is None:
        ballots = ballots.exclude(rater__finished_at=None)
    cast: dict[int, list[Ballot]] = {}
    for ballot in ballots.select_related("rater__person").order_by("rater"):
        cast.setdefault(ballot.pair_id, []).append(ballot)
    names = {case.uid: case.name for case in comparison.new.suite_version.cases}
    lines = [_line(names.get(pair.case, ""), pair, cast.get(pair.pk, ())) for pair in pairs]
    return Outcome(tuple(sorted(lines, key=lambda line: -line.dissent)), agreement(line.told for line in lines))


def writers_of(run: Run) -> set[int]:
    """The keys of those who wrote the words that a run asked with."""
    if run.version:
        return {person.pk for person in run.version.people}
    if run.draft:
        return {run.draft.created_by_id, *run.draft.editors.values_list("user", flat=True)}
    return set()


def _line(name: str, pair: Pair, ballots: Iterable[Ballot]) -> Line:
    votes = tuple(Vote(ballot.rater.person, side_of(ballot), ballot.turned, ballot.words) for ballot in ballots)
    return Line(name, pair, votes, says_the_same(pair.new, pair.old))


def side_of(ballot: Ballot) -> Side:
    """Whose answer was preferred, wherever it stood."""
    sides: Sequence[Side] = ("old", "new") if ballot.turned else ("new", "old")
    match ballot.choice:
        case Ballot.Choice.ONE:
            return sides[0]
        case Ballot.Choice.TWO:
            return sides[1]
        case Ballot.Choice.SAME:
            return "neither"
    return "skipped"
