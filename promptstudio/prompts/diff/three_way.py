"""What two people made of one text, line by line: whatever only one of them changed is taken over, and the rest are clashes."""

from collections.abc import Iterator, Sequence
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
        parts = []
        whole = base[i : stop[0]], mine[a : stop[1]], theirs[b : stop[2]]
        for cut in [*_cuts(range(i + 1, stop[0]), ours, others), stop]:
            parts += _apart(list(base[i : cut[0]]), list(mine[a : cut[1]]), list(theirs[b : cut[2]]))
            i, a, b = cut
        found += [_of(*map(list, whole))] if _tears(parts) else parts
    return _in_runs(found)


def _cuts(within: range, ours: dict[int, int], others: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """Between a line that one side left as it was and a next one that the other did, all three can be cut."""
    for k in within:
        if k - 1 in ours and k in others:
            yield k, ours[k - 1] + 1, others[k]
        elif k - 1 in others and k in ours:
            yield k, ours[k], others[k - 1] + 1


def _tears(parts: list[Stretch]) -> bool:
    """A line that one moved would go from its old place by itself, while its new one is asked for."""
    gone = {line for part in parts if part.whose for line in part.base if line not in part.chosen}
    return any(part.whose is None and not gone.isdisjoint([*part.mine, *part.theirs]) for part in parts)


def _matched(base: Sequence[str], other: Sequence[str], budget: Budget) -> dict[int, int]:
    runs = common(base, other, budget=budget)
    return {start + step: at + step for start, at, length in runs for step in range(length)}


def _apart(base: list[str], mine: list[str], theirs: list[str]) -> list[Stretch]:
    """Lines that follow each other, one changed by me and the next by the others, are no clash where their number stayed."""
    whose = _whose(base, mine, theirs)
    if whose is None and len(base) == len(mine) == len(theirs):
        return [_of([b], [m], [t]) for b, m, t in zip(base, mine, theirs, strict=True)]
    start = 0
    while whose is None and _reworded_by_one(base[start:], mine[start:], theirs[start:], at=0):
        start += 1
    stop = 0
    while whose is None and _reworded_by_one(*(side[start : len(side) - stop] for side in (base, mine, theirs)), at=-1):
        stop += 1
    sides = base, mine, theirs
    first = [_of(*([side[n]] for side in sides)) for n in range(start)]
    last = [_of(*([side[len(side) - n]] for side in sides)) for n in range(stop, 0, -1)]
    rest = _of(*(side[start : len(side) - stop] for side in sides))
    return [*first, *([rest] if any((rest.base, rest.mine, rest.theirs)) else []), *last]


def _reworded_by_one(base: list[str], mine: list[str], theirs: list[str], *, at: int) -> bool:
    """One side left this line, and the other has as many lines as before, so it is known which one it put there."""
    if not (base and mine and theirs):
        return False
    return (mine[at] == base[at] and len(theirs) == len(base)) or (theirs[at] == base[at] and len(mine) == len(base))


def _of(base: list[str], mine: list[str], theirs: list[str]) -> Stretch:
    return Stretch(base, mine, theirs, _whose(base, mine, theirs))


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
