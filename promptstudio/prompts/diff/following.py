"""Lines of one bundle, found again in another: by what they say and what stands around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..bundle import Bundle
from .cards import ROLES, CardDiff, cards
from .sequence import Budget
from .text import Row, similarity, word_set
from .tokens import lines

_SIMILAR = 0.3


@dataclass(frozen=True, order=True)
class Lines:
    """Lines `first` to `last`, numbered from 1, of the text at `place` (`system`, `messages.0.text`)."""

    place: str
    first: int
    last: int

    @property
    def in_words(self) -> str:
        return f"Line {self.first}" if self.first == self.last else f"Lines {self.first} to {self.last}"

    def text_in(self, bundle: Bundle) -> str:
        return "\n".join(_texts(bundle).get(self.place, [])[self.first - 1 : self.last])

    def are_in(self, bundle: Bundle) -> bool:
        return 1 <= self.first <= self.last <= len(_texts(bundle).get(self.place, []))

    def message_in(self, bundle: Bundle) -> str:
        """“System”, “User” …"""
        if self.place == "system":
            return ROLES["system"]
        return ROLES[bundle.messages[int(self.place.split(".")[1])].role]


class Found(NamedTuple):
    lines: Lines
    reworded: bool = False


def follow(old: Bundle, new: Bundle, wanted: Iterable[Lines]) -> dict[Lines, Found | None]:
    """Where lines of `old` stand in `new`: word for word, else where they were reworded, else None."""
    wanted = set(wanted)
    if _stayed(old, new, wanted):
        return {each: Found(each) for each in wanted}
    aligned = {_old_place(card): card for card in cards(old, new, ignore_white_space=False, budget=Budget())}
    before, after = _texts(old), _texts(new)
    return {each: _found(each, aligned.get(each.place), before, after) for each in wanted}


def _stayed(old: Bundle, new: Bundle, wanted: set[Lines]) -> bool:
    before, after = dict(old.texts), dict(new.texts)
    return all(each.place in before and before[each.place] == after.get(each.place) for each in wanted)


def _found(wanted: Lines, card: CardDiff | None, before: dict[str, list[str]], after: dict[str, list[str]]) -> Found | None:
    rows = [row for row in card.rows if row.old_no and wanted.first <= row.old_no <= wanted.last] if card else []
    numbers = [row.new_no for row in rows if row.new_no]
    there = Lines(card.place, min(numbers), max(numbers)) if card and numbers else None
    block = before.get(wanted.place, [])[wanted.first - 1 : wanted.last]
    if there and after[there.place][there.first - 1 : there.last] == block:
        return Found(there)
    if elsewhere := _elsewhere(wanted, block, before, after):
        return Found(elsewhere)
    return Found(there, reworded=True) if there and _alike(rows) else None


def _elsewhere(wanted: Lines, block: list[str], before: dict[str, list[str]], after: dict[str, list[str]]) -> Lines | None:
    """The same lines in another place. Among several, those with the same neighbours; what stood there twice needs one."""
    needed = 0 if any(line.strip() for line in block) and len(list(_copies(block, before))) == 1 else 1
    scored = [
        (_neighbours(wanted, copy, before, after), copy.place == wanted.place, -abs(copy.first - wanted.first), copy)
        for copy in _copies(block, after)
    ]
    best = max(scored, default=None)
    return best[-1] if best and best[0] >= needed else None


def _copies(block: list[str], texts: dict[str, list[str]]) -> Iterable[Lines]:
    size = len(block)
    for place, text in texts.items():
        for start in range(len(text) - size + 1 if size else 0):
            if text[start] == block[0] and text[start : start + size] == block:
                yield Lines(place, start + 1, start + size)


def _neighbours(old: Lines, new: Lines, before: dict[str, list[str]], after: dict[str, list[str]]) -> int:
    def at(text: list[str], index: int) -> str | None:
        return text[index] if 0 <= index < len(text) else None

    was, now = before[old.place], after[new.place]
    pairs = ((at(was, old.first - 2), at(now, new.first - 2)), (at(was, old.last), at(now, new.last)))
    return sum(one == other for one, other in pairs)


def _alike(rows: list[Row]) -> bool:
    old = word_set("\n".join("".join(span.text for span in row.old) for row in rows))
    return similarity(old, word_set("\n".join("".join(span.text for span in row.new) for row in rows))) >= _SIMILAR


def _old_place(card: CardDiff) -> str:
    return card.place if card.place == "system" else f"messages.{card.old_index}.text"


def _texts(bundle: Bundle) -> dict[str, list[str]]:
    return {place: [line.text for line in lines(text)] for place, text in bundle.texts}


def replaced(text: str, wanted: Lines, words: str) -> str:
    """`text` with the words in the place of the lines; no words take the lines out."""
    whole = lines(text)
    head, tail = whole[: wanted.first - 1], whole[wanted.last :]
    before, after = ("".join(line.text + line.end for line in part) for part in (head, tail))
    if words:
        return before + words + whole[wanted.last - 1].end + after
    return before + after if tail or not head else before.removesuffix(head[-1].end)
