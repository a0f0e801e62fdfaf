"""The messages that two people made of one prompt's: which stay, in which order, and which of each side is the same one."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .sequence import Budget, Pairs, best_pairs, common, gaps
from .three_way import merged

# Beyond it messages in a gap are not likened with each other: what was reworded there is a clash.
_MOST_LIKENED = 2_500
_ALIKE = 0.5


@dataclass(frozen=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True)
class Slot:
    """One message of the joint order. Whoever put in a new one is on both sides with it; it has nothing before."""

    before: Message | None
    mine: Message
    theirs: Message


def joint_order(base: Sequence[Message], mine: Sequence[Message], theirs: Sequence[Message]) -> list[Slot] | None:
    """None where people have to choose between the messages as a whole."""
    names = [f"={index}" for index in range(len(base))]
    ours, others = _named(base, mine), _named(base, theirs)
    if _fates_clash(dict(zip(names, base, strict=True)), dict(ours), dict(others)):
        return None
    stretches = merged(names, [name for name, _ in ours], [name for name, _ in others], budget=Budget())
    if any(stretch.whose is None for stretch in stretches):
        return None
    before, left, right = dict(zip(names, base, strict=True)), dict(ours), dict(others)
    order = [name for stretch in stretches for name in stretch.chosen]
    return [Slot(before.get(name), left.get(name) or right[name], right.get(name) or left[name]) for name in order]


def _named(base: Sequence[Message], side: Sequence[Message]) -> list[tuple[str, Message]]:
    """Each message with the name of the one before that it is, or with a name of its own."""
    was = {j: i for i, j in _same(base, side)}
    times: Counter[Message] = Counter()
    named = []
    for j, message in enumerate(side):
        times[message] += j not in was
        name = f"={was[j]}" if j in was else f"+{times[message]} {message.role} {message.text}"
        named.append((name, message))
    return named


def _fates_clash(before: dict[str, Message], mine: dict[str, Message], theirs: dict[str, Message]) -> bool:
    """One took out or moved a message that the other reworded, took out or moved."""
    moved = {message for side in (mine, theirs) for name, message in side.items() if name not in before}
    for name, message in before.items():
        one, other = mine.get(name), theirs.get(name)
        if one is None and other is None and message in moved:
            return True
        if (one is None) != (other is None) and (one or other) != message:
            return True
    return False


def _same(base: Sequence[Message], side: Sequence[Message]) -> Pairs:
    runs = common(base, side, budget=Budget())
    found = [(i + step, j + step) for i, j, length in runs for step in range(length)]
    for gap in gaps(runs, (0, len(base), 0, len(side))):
        a, b, c, d = gap
        if (b - a, d - c) == (1, 1) and base[a] not in side and side[c] not in base:
            found.append((a, c))
        elif (b - a) * (d - c) <= _MOST_LIKENED:
            found += best_pairs(gap, _likest(base[a:b], side[c:d], a, c))
    return found


def _likest(old: Sequence[Message], new: Sequence[Message], first: int, new_first: int) -> Callable[[int, int], float]:
    """The likeness of those that are more like each other than like any other; 0 for all others."""
    words = [[Counter(message.text.split()) for message in side] for side in (old, new)]
    table = [[_likeness(one, other) for other in words[1]] for one in words[0]]
    columns = [list(column) for column in zip(*table, strict=True)]

    def score(i: int, j: int) -> float:
        row, column = table[i - first], columns[j - new_first]
        found = row[j - new_first]
        likest = found >= _ALIKE and max(row) == max(column) == found and row.count(found) == column.count(found) == 1
        return found if likest else 0

    return score


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1
