"""What two people made of one text, line by line: whatever only one of them changed is taken over, and the rest are clashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .sequence import Budget, common
from .tokens import lines

Whose = Literal["both", "mine", "theirs"]


@dataclass(frozen=True)
class Joined:
    """Lines with their ends. `whose` says who changed them: nobody or both alike, I, or the others."""

    text: str
    whose: Whose


@dataclass(frozen=True)
class Clashing:
    """Lines that both changed, each in their own way."""

    base: str
    mine: str
    theirs: str


Piece = Joined | Clashing


def three_way(base: str, mine: str, theirs: str, *, budget: Budget | None = None) -> list[Piece]:
    """The pieces of the joint text, in order."""
    cut = [[line.text + line.end for line in lines(text)] for text in (base, mine, theirs)]
    return [_as_text(piece) for piece in merged(*cut, budget=budget or Budget())]


@dataclass(frozen=True)
class Stretch:
    """Elements between two that stand on all three sides, or one of these. `whose` is None for a clash."""

    base: list[str]
    mine: list[str]
    theirs: list[str]
    whose: Whose | None

    @property
    def chosen(self) -> list[str]:
        return self.theirs if self.whose == "theirs" else self.mine


def merged(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str], *, budget: Budget) -> list[Stretch]:
    """Three sequences walked along the elements that they share."""
    ours, others = _matched(base, mine, budget), _matched(base, theirs, budget)
    found: list[Stretch] = []
    i = a = b = 0
    while i < len(base) or a < len(mine) or b < len(theirs):
        if ours.get(i) == a and others.get(i) == b:
            stop = (i + 1, a + 1, b + 1)
        else:
            stop = next(
                ((k, ours[k], others[k]) for k in range(i, len(base)) if ours.get(k, -1) >= a and others.get(k, -1) >= b),
                (len(base), len(mine), len(theirs)),
            )
        stretch = list(base[i : stop[0]]), list(mine[a : stop[1]]), list(theirs[b : stop[2]])
        found += _apart(*stretch)
        i, a, b = stop
    return _in_runs(found)


def _matched(base: Sequence[str], other: Sequence[str], budget: Budget) -> dict[int, int]:
    runs = common(base, other, budget=budget)
    return {start + step: at + step for start, at, length in runs for step in range(length)}


def _apart(base: list[str], mine: list[str], theirs: list[str]) -> list[Stretch]:
    """Lines that follow each other, one changed by me and the next by the others, are no clash where their number stayed."""
    whose = _whose(base, mine, theirs)
    if whose is None and len(base) == len(mine) == len(theirs):
        return [Stretch([b], [m], [t], _whose([b], [m], [t])) for b, m, t in zip(base, mine, theirs, strict=True)]
    return [Stretch(base, mine, theirs, whose)]


def _whose(base: list[str], mine: list[str], theirs: list[str]) -> Whose | None:
    if mine == theirs:
        return "both"
    if theirs == base:
        return "mine"
    return "theirs" if mine == base else None


def _in_runs(stretches: list[Stretch]) -> list[Stretch]:
    """Neighbours of one hand become one."""
    found: list[Stretch] = []
    for each in stretches:
        last = found[-1] if found else None
        if last and last.whose == each.whose:
            found[-1] = Stretch(last.base + each.base, last.mine + each.mine, last.theirs + each.theirs, each.whose)
        else:
            found.append(each)
    return found


def _as_text(stretch: Stretch) -> Piece:
    if stretch.whose is None:
        return Clashing("".join(stretch.base), "".join(stretch.mine), "".join(stretch.theirs))
    return Joined("".join(stretch.chosen), stretch.whose)
