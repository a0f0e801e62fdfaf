"""Two texts as rows: lines side by side, and inside a changed line the words that differ."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from .sequence import Budget, Gap, Runs, best_pairs, common, equal_start, gaps
from .tokens import Line, lines, tokens

Mark = Literal["same", "added", "removed"]
Kind = Literal["same", "changed", "added", "removed"]

_SIMILAR = 0.3
_WORTH_KEEPING = 0.15
_MANY_TOKENS = 800
_SENTENCE_ENDS = frozenset({".", "!", "?", "。", "！", "？", "؟", "।", "\n", "\r", "\r\n"})
# Never a space inside a placeholder: {{ name }}.
_CUT = re.compile(r"(?<=[^\s{]) (?=[0-9A-Za-z])")
_LOOK_BACK = 400
_LONG_STRETCH = 40


class Span(NamedTuple):
    text: str
    kind: Mark


class Row(NamedTuple):
    """One line of both sides. Numbers start at 1; None where a side has no such line. The spans of a side, joined, are its text."""

    kind: Kind
    old_no: int | None
    new_no: int | None
    old: tuple[Span, ...]
    new: tuple[Span, ...]


@dataclass
class Segment:
    """A stretch of tokens, equal on both sides or replaced: old[i1:i2] by new[j1:j2]."""

    same: bool
    i1: int
    i2: int
    j1: int
    j2: int


def words(old: str, new: str) -> list[Span]:
    """Both texts in one line of spans, what was removed before what came in its place. For short texts."""
    parts = _word_parts(old, new, ignore_white_space=False, budget=Budget())
    return list(_merged(span for part in parts for span in _in_one(*part)))


def patch(of: Iterable[Row]) -> str:
    """The new text that the rows lead to: what stayed and what was added, in order."""
    return "".join(span.text for row in of for span in row.new)


def rows(old: str, new: str, *, ignore_white_space: bool = False, budget: Budget | None = None) -> list[Row]:
    """The rows that lead from `old` to `new`. Line ends count as white space."""
    budget = budget or Budget()
    sides = _Sides(old, new, ignore_white_space, budget)
    return [sides.row(i, j, alike) for i, j, alike in sides.aligned()]


def changes(of: Sequence[Row]) -> list[bool]:
    """For each row, whether a change begins there: rows of one kind that follow each other are one change."""
    before = ["same", *(row.kind for row in of)]
    return [row.kind not in ("same", previous) for row, previous in zip(of, before, strict=False)]


class _Sides:
    def __init__(self, old: str, new: str, ignore_white_space: bool, budget: Budget) -> None:
        self.old, self.new = lines(old), lines(new)
        self.ignore_white_space, self.budget = ignore_white_space, budget
        self.old_keys, self.new_keys = self._keys(self.old), self._keys(self.new)
        self._words: dict[str, frozenset[str]] = {}

    def _keys(self, side: list[Line]) -> list[object]:
        if self.ignore_white_space:
            return [" ".join(line.text.split()) for line in side]
        # A last line has no end of its own: appending a line must not change the one before it.
        ends = [line.end for line in side]
        ends[-1:] = ends[-2:-1] or ["\n"] if side else []
        return [line.text if end == "\n" else (line.text, end) for line, end in zip(side, ends, strict=True)]

    def aligned(self) -> Iterator[tuple[int | None, int | None, bool]]:
        """Line indices (old, new) in order, None where there is none, and whether the two are alike enough to compare word by word."""
        whole = (0, len(self.old), 0, len(self.new))
        alike = common(self.old_keys, self.new_keys, budget=self.budget)
        for find in (self._loose, self._similar):
            alike = sorted([*alike, *(run for gap in gaps(alike, whole) for run in find(gap))])
        beside = [(*pair, 1, False) for gap in gaps(alike, whole) for pair in self._beside(gap)]
        i = j = 0
        for to_i, to_j, length, similar in sorted([*((*run, True) for run in alike), *beside, (whole[1], whole[3], 0, False)]):
            yield from ((n, None, False) for n in range(i, to_i))
            yield from ((None, n, False) for n in range(j, to_j))
            yield from ((to_i + n, to_j + n, similar) for n in range(length))
            i, j = to_i + length, to_j + length

    def _loose(self, gap: Gap) -> Runs:
        """Lines that differ in case, indentation or line end only."""
        a, b, c, d = gap
        old = ["".join(line.text.split()).casefold() for line in self.old[a:b]]
        new = ["".join(line.text.split()).casefold() for line in self.new[c:d]]
        return [(a + i, c + j, length) for i, j, length in common(old, new, budget=self.budget)]

    def _beside(self, gap: Gap) -> Iterator[tuple[int, int]]:
        """What has nothing in common still stands side by side, line by line; empty lines do not."""
        a, b, c, d = gap
        old = [i for i in range(a, b) if self.old[i].text.strip()]
        new = [j for j in range(c, d) if self.new[j].text.strip()]
        return zip(old, new, strict=False)

    def _similar(self, gap: Gap) -> Runs:
        a, b, c, d = gap
        if b - a == d - c == 1:
            # Whether they have enough in common shows when their words are compared; long lines are read once only.
            return [(a, c, 1)] if self.old[a].text.strip() and self.new[c].text.strip() else []
        return [(i, j, 1) for i, j in best_pairs(gap, self._similarity)]

    def _similarity(self, i: int, j: int) -> float:
        share = similarity(self._words_of(self.old[i].text), self._words_of(self.new[j].text))
        return share if share >= _SIMILAR else 0

    def _words_of(self, text: str) -> frozenset[str]:
        if text not in self._words:
            self._words[text] = word_set(text)
        return self._words[text]

    def row(self, i: int | None, j: int | None, alike: bool) -> Row:
        if j is None:
            assert i is not None
            return Row("removed", i + 1, None, _marked("".join(self.old[i]), "removed"), ())
        if i is None:
            return Row("added", None, j + 1, (), _marked("".join(self.new[j]), "added"))
        same = self.old_keys[i] == self.new_keys[j] or self.old[i] == self.new[j]
        return Row("same" if same else "changed", i + 1, j + 1, *self._sides(self.old[i], self.new[j], same, alike))

    def _sides(self, old: Line, new: Line, same: bool, alike: bool) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        if same and (old.text == new.text or self.ignore_white_space):
            parts = [(True, old.text, new.text)]
        elif alike:
            parts = _word_parts(old.text, new.text, ignore_white_space=self.ignore_white_space, budget=self.budget)
        else:
            parts = [(False, old.text, new.text)]
        parts.append((old.end == new.end or self.ignore_white_space, old.end, new.end))
        return (
            _merged(Span(before, "same" if kept else "removed") for kept, before, _ in parts),
            _merged(Span(after, "same" if kept else "added") for kept, _, after in parts),
        )


def word_set(text: str) -> frozenset[str]:
    """The words of a text without regard to case; where it has none, its signs."""
    found = {token.casefold() for token in tokens(text) if not token.isspace()}
    return frozenset({token for token in found if token[0].isalnum() or token.startswith("{{")} or found)


def similarity(old: frozenset[str], new: frozenset[str]) -> float:
    """From 0 (no word in common) to 1 (the same words)."""
    total = len(old) + len(new)
    return 2 * len(old & new) / total if total else 0.0


Part = tuple[bool, str, str]


def _word_parts(old: str, new: str, *, ignore_white_space: bool, budget: Budget) -> list[Part]:
    """(kept, text in old, text in new), in order."""
    start, stop = _equal_ends(old, new)
    head, tail = old[:start], old[len(old) - stop :]
    before, after = tokens(old[start : len(old) - stop]), tokens(new[start : len(new) - stop])
    old_keys, new_keys = _keys(before, ignore_white_space), _keys(after, ignore_white_space)
    segments = _segments(_token_runs(old_keys, new_keys, budget), len(before), len(after))
    segments = _readable(segments, before, after, kept=start + stop)
    middle = [(s.same, "".join(before[s.i1 : s.i2]), "".join(after[s.j1 : s.j2])) for s in segments]
    if ignore_white_space:
        middle = [(kept or not (was + now).strip(), was, now) for kept, was, now in middle]
    return [(True, head, head), *middle, (True, tail, tail)]


def _keys(of: list[str], ignore_white_space: bool) -> list[str]:
    return [" " if token.isspace() else token for token in of] if ignore_white_space else of


def _equal_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters are equal at the start and at the end, cut back to where a word begins after a space."""
    start = equal_start(old, new)
    start = max((cut.end() for cut in _CUT.finditer(old, max(0, start - _LOOK_BACK), start)), default=0)
    stop = min(equal_start(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    # One further than equal: what precedes the space must be equal too.
    cut = _CUT.search(old, len(old) - stop + 1)
    return start, len(old) - cut.end() if cut and stop else 0


def _token_runs(old: list[str], new: list[str], budget: Budget) -> Runs:
    if max(len(old), len(new)) <= _MANY_TOKENS:
        return common(old, new, budget=budget)
    starts, new_starts = _sentences(old), _sentences(new)
    chunks = [tuple(old[a:b]) for a, b in pairwise(starts)]
    new_chunks = [tuple(new[a:b]) for a, b in pairwise(new_starts)]
    equal = common(chunks, new_chunks, budget=budget)
    runs = [(starts[i], new_starts[j], starts[i + length] - starts[i]) for i, j, length in equal]
    for a, b, c, d in gaps(equal, (0, len(chunks), 0, len(new_chunks))):
        inside = common(old[starts[a] : starts[b]], new[new_starts[c] : new_starts[d]], budget=budget)
        runs += [(starts[a] + i, new_starts[c] + j, length) for i, j, length in inside]
    return sorted(runs)


def _sentences(of: list[str]) -> list[int]:
    """Where sentences start, and the end."""
    return sorted({0, len(of), *(index + 1 for index, token in enumerate(of) if token in _SENTENCE_ENDS)})


def _segments(runs: Runs, before: int, after: int) -> list[Segment]:
    found: list[Segment] = []
    i = j = 0
    for to_i, to_j, length in [*runs, (before, after, 0)]:
        if to_i > i or to_j > j:
            found.append(Segment(False, i, to_i, j, to_j))
        i, j = to_i + length, to_j + length
        if found and found[-1].same:
            found[-1].i2, found[-1].j2 = i, j
        elif length:
            found.append(Segment(True, to_i, i, to_j, j))
    return found


def _readable(segments: list[Segment], old: list[str], new: list[str], *, kept: int) -> list[Segment]:
    """Two words that happen to stay inside a rewritten sentence are noise: such a stretch is shown as replaced with its neighbours."""
    same = kept + sum(sum(map(len, old[s.i1 : s.i2])) for s in segments if s.same)
    if len(segments) > 1 and same < _WORTH_KEEPING * max(sum(map(len, old)), sum(map(len, new))):
        return [Segment(False, 0, len(old), 0, len(new))]
    done: list[Segment] = []
    for segment in segments:
        if not segment.same and len(done) > 1 and _is_noise(done[-1], done[-2], segment, old, new):
            done.pop()
            done[-1].i2, done[-1].j2 = segment.i2, segment.j2
        else:
            done.append(segment)
    return [part for segment in done for part in _without_equal_blanks(segment, old, new)]


def _without_equal_blanks(segment: Segment, old: list[str], new: list[str]) -> Iterator[Segment]:
    """A replacement without the white space around it that both sides share."""
    a, b, c, d = segment.i1, segment.i2, segment.j1, segment.j2
    head = not segment.same and a < b and c < d and old[a].isspace() and old[a] == new[c]
    if head:
        yield Segment(True, a, a + 1, c, c + 1)
        a, c = a + 1, c + 1
    tail = not segment.same and a < b and c < d and old[b - 1].isspace() and old[b - 1] == new[d - 1]
    if tail:
        b, d = b - 1, d - 1
    yield Segment(segment.same, a, b, c, d)
    if tail:
        yield Segment(True, b, b + 1, d, d + 1)


def _is_noise(between: Segment, before: Segment, after: Segment, old: list[str], new: list[str]) -> bool:
    if between.i2 - between.i1 > _LONG_STRETCH or any(token.startswith("{{") for token in old[between.i1 : between.i2]):
        return False
    weight = 2 * _weight(old, between.i1, between.i2)
    return weight <= _replaced(before, old, new) and weight <= _replaced(after, old, new)


def _replaced(segment: Segment, old: list[str], new: list[str]) -> int:
    return max(_weight(old, segment.i1, segment.i2), _weight(new, segment.j1, segment.j2))


def _weight(of: list[str], start: int, stop: int) -> int:
    return sum(len(token) for token in of[start:stop] if token[0].isalnum() or token[0] == "{")


def _marked(text: str, kind: Mark) -> tuple[Span, ...]:
    return (Span(text, kind),) if text else ()


def _in_one(kept: bool, old: str, new: str) -> tuple[Span, ...]:
    return _marked(new, "same") if kept else _marked(old, "removed") + _marked(new, "added")


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Neighbours of one kind as one span, except around an empty one: there the other side has a change, and both sides break alike."""
    found: list[Span] = []
    breaks = False
    for span in spans:
        if found and found[-1].kind == span.kind and span.text and not breaks:
            found[-1] = Span(found[-1].text + span.text, span.kind)
        elif span.text:
            found.append(span)
        breaks = not span.text and (breaks or span.kind != "same")
    return tuple(found)
