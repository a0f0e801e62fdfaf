"""The messages of two bundles, aligned by what they say, and the difference of each as a card."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..bundle import Bundle
from .sequence import Budget, Gap, Runs, best_pairs, common, gaps
from .text import Row, changes, rows, similarity, word_set

ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}
_FEWEST_FOLDED = 4
_RECOGNISED = 0.6
_SIMILAR = 0.3


@dataclass(frozen=True)
class Block:
    """Rows to show, or unchanged ones to fold."""

    folded: bool
    rows: tuple[Row, ...]

    @property
    def count(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class CardDiff:
    """One message on both sides. An index is the place among the messages, None for system text and where the side has no such message."""

    place: str
    role: str
    old_role: str
    old_index: int | None
    new_index: int | None
    is_new: bool
    is_removed: bool
    moved: bool
    rows: list[Row]

    @cached_property
    def starts(self) -> list[bool]:
        """For each row, whether a change begins there."""
        return changes(self.rows)

    @property
    def head_changed(self) -> bool:
        """Whether something changed that no row shows."""
        came_or_went = self.is_new or self.is_removed
        return self.moved or self.role != self.old_role or (came_or_went and not self.rows)

    @property
    def changes(self) -> int:
        return sum(self.starts) + self.head_changed

    def blocks(self, context: int = 3, also: Collection[int] = ()) -> list[Block]:
        """The rows with `context` unchanged ones around each change, or row of `also`; the rest is folded where it hides at least four."""
        shown = [False] * len(self.rows)
        for index, row in enumerate(self.rows):
            if row.kind != "same" or index in also:
                first, last = max(0, index - context), min(len(shown), index + context + 1)
                shown[first:last] = [True] * (last - first)
        found: list[Block] = []
        start = 0
        for stop in range(1, len(shown) + 1):
            if stop == len(shown) or shown[stop] != shown[start]:
                found.append(Block(not shown[start] and stop - start >= _FEWEST_FOLDED, tuple(self.rows[start:stop])))
                start = stop
        return _joined(found)


def _joined(blocks: list[Block]) -> list[Block]:
    found: list[Block] = []
    for block in blocks:
        if found and not found[-1].folded and not block.folded:
            found[-1] = Block(False, found[-1].rows + block.rows)
        else:
            found.append(block)
    return found


class Message(NamedTuple):
    role: str
    text: str


def cards(old: Bundle, new: Bundle, *, ignore_white_space: bool, budget: Budget) -> list[CardDiff]:
    """System text first, then the messages in the order of `new`; a removed one stands after the one that it followed."""
    make = _Maker(old, new, ignore_white_space, budget)
    return [*make.system(), *make.messages()]


class _Maker:
    def __init__(self, old: Bundle, new: Bundle, ignore_white_space: bool, budget: Budget) -> None:
        self.systems = old.system, new.system
        self.old = [Message(m.role, m.text) for m in old.messages]
        self.new = [Message(m.role, m.text) for m in new.messages]
        self.ignore_white_space, self.budget = ignore_white_space, budget
        self._words: dict[str, frozenset[str]] = {}

    def system(self) -> Iterator[CardDiff]:
        old, new = self.systems
        if old or new:
            yield CardDiff("system", "System", "System", None, None, not old, not new, False, self._rows(old, new))

    def messages(self) -> Iterator[CardDiff]:
        staying = self._staying()
        came_from = {j: i for i, j in staying}
        moved = {j: i for i, j in self._recognised(*self._left(staying))}
        gone = sorted(set(range(len(self.old))) - {*came_from.values(), *moved.values()})
        for j in range(len(self.new)):
            while gone and gone[0] < came_from.get(j, 0):
                yield self._card(gone.pop(0), None, False)
            yield self._card(came_from.get(j, moved.get(j)), j, j in moved)
        for i in gone:
            yield self._card(i, None, False)

    def _staying(self) -> list[tuple[int, int]]:
        """Messages that kept their order: the same ones, then similar ones, then what stands in their place with the same role."""
        whole = (0, len(self.old), 0, len(self.new))
        runs = common(self.old, self.new, budget=self.budget)
        runs = sorted([*runs, *self._similar(list(gaps(runs, whole)))])
        pairs = [(i + n, j + n) for i, j, length in runs for n in range(length)]
        elsewhere = self._recognised(*self._left(pairs))
        taken_old, taken_new = {i for i, _ in elsewhere}, {j for _, j in elsewhere}
        for a, b, c, d in gaps(runs, whole):
            old, new = [i for i in range(a, b) if i not in taken_old], [j for j in range(c, d) if j not in taken_new]
            pairs += [(i, j) for i, j in zip(old, new, strict=False) if self.old[i].role == self.new[j].role]
        return sorted(pairs)

    def _similar(self, left: list[Gap]) -> Runs:
        if len(left) == 1 and self._is_one_message(left[0]):
            a, _, c, _ = left[0]
            return [(a, c, 1)]
        return [(i, j, 1) for gap in left for i, j in best_pairs(gap, lambda i, j: self._likeness(i, j, _SIMILAR))]

    def _is_one_message(self, gap: Gap) -> bool:
        a, b, c, d = gap
        return b - a == d - c == 1 and self.old[a].role == self.new[c].role

    def _left(self, pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
        old, new = {i for i, _ in pairs}, {j for _, j in pairs}
        return [i for i in range(len(self.old)) if i not in old], [j for j in range(len(self.new)) if j not in new]

    def _recognised(self, old: list[int], new: list[int]) -> list[tuple[int, int]]:
        likeness = sorted(((self._likeness(i, j, _RECOGNISED), -i, -j) for i in old for j in new), reverse=True)
        from_old: dict[int, int] = {}
        for score, i, j in likeness:
            if score and -i not in from_old and -j not in from_old.values():
                from_old[-i] = -j
        return list(from_old.items())

    def _likeness(self, i: int, j: int, least: float) -> float:
        old, new = self.old[i], self.new[j]
        if old.text == new.text and old.text:
            return 1 if old.role == new.role else 0.9
        share = similarity(self._words_of(old.text), self._words_of(new.text)) if old.role == new.role else 0
        return share if share >= least else 0

    def _words_of(self, text: str) -> frozenset[str]:
        if text not in self._words:
            self._words[text] = word_set(text)
        return self._words[text]

    def _card(self, i: int | None, j: int | None, moved: bool) -> CardDiff:
        old = self.old[i] if i is not None else None
        new = self.new[j] if j is not None else None
        present = new or old
        assert present is not None
        return CardDiff(
            place=f"messages.{i if j is None else j}.text",
            role=ROLES[present.role],
            old_role=ROLES[(old or present).role],
            old_index=i,
            new_index=j,
            is_new=old is None,
            is_removed=new is None,
            moved=moved,
            rows=self._rows(old.text if old else "", new.text if new else ""),
        )

    def _rows(self, old: str, new: str) -> list[Row]:
        return rows(old, new, ignore_white_space=self.ignore_white_space, budget=self.budget)
