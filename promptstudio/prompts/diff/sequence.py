"""What two sequences have in common, in order, at bounded cost.

Ends first, then elements that stand exactly once on both sides (patience), then the shortest edit (Myers 1986, "An O(ND) difference
algorithm and its variations"). Where the budget is spent a gap stays unmatched: coarser, never slower.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Pairs = list[tuple[int, int]]
# (old start, new start, length)
Runs = list[tuple[int, int, int]]
# (old start, old stop, new start, new stop)
Gap = tuple[int, int, int, int]

_SMALL = 200
_MOST_EDITS = 300
_MOST_SCORES = 20_000
_LARGEST_PIECE = 20
_SCORES_IN_PIECES = 100_000


@dataclass
class Budget:
    """Steps of the inner loop still to spend, shared by one comparison; a million take about half a second."""

    steps: int = 1_000_000


def common(old: Sequence[Hashable], new: Sequence[Hashable], *, budget: Budget) -> Runs:
    """Runs of equal elements, rising on both sides; neighbours may touch."""
    found: Runs = []
    todo: list[Gap] = [(0, len(old), 0, len(new))]
    while todo:
        gap = _without_equal_ends(old, new, todo.pop(), found)
        if gap[0] == gap[1] or gap[2] == gap[3]:
            continue
        small = gap[1] - gap[0] + gap[3] - gap[2] <= _SMALL
        anchors = [] if small else _anchors(old, new, gap)
        matched = [(i, j, 1) for i, j in anchors or _shortest_edit(old, new, gap, budget)]
        found += matched
        if anchors:
            todo += gaps(matched, gap)
    return sorted(found)


def gaps(runs: Runs, within: Gap) -> Iterator[Gap]:
    """What lies between the runs; empty gaps are left out."""
    i, last, j, new_last = within
    for to_i, to_j, length in [*runs, (last, new_last, 0)]:
        if to_i > i or to_j > j:
            yield i, to_i, j, to_j
        i, j = to_i + length, to_j + length


def equal_start(old: Sequence[object], new: Sequence[object]) -> int:
    """How many elements are equal at the start. Compares slices, which is far quicker here than a loop."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[low:middle] == new[low:middle] else (low, middle - 1)
    return low


def best_pairs(gap: Gap, score: Callable[[int, int], float]) -> Pairs:
    """Pairs in order whose scores add up to the most; 0 means: do not pair. Large gaps are paired piece by piece."""
    a, b, c, d = gap
    if (b - a) * (d - c) <= _MOST_SCORES:
        return _best_pairs(gap, score)
    longer = max(b - a, d - c)
    count = longer // max(1, min(_LARGEST_PIECE, _SCORES_IN_PIECES // longer)) + 1
    cuts = [(a + (b - a) * n // count, c + (d - c) * n // count) for n in range(count + 1)]
    pieces = [(p[0], q[0], p[1], q[1]) for p, q in pairwise(cuts)]
    return [pair for piece in pieces for pair in _best_pairs(piece, score)]


def _best_pairs(gap: Gap, score: Callable[[int, int], float]) -> Pairs:
    a, b, c, d = gap
    scores = [[score(i, j) for j in range(c, d)] for i in range(a, b)]
    best = [[0.0] * (d - c + 1) for _ in range(b - a + 1)]
    for i in range(b - a - 1, -1, -1):
        for j in range(d - c - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + scores[i][j])
    pairs: Pairs = []
    i = j = 0
    while i < b - a and j < d - c:
        if scores[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            pairs.append((a + i, c + j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _without_equal_ends(old: Sequence[Hashable], new: Sequence[Hashable], gap: Gap, found: Runs) -> Gap:
    a, b, c, d = gap
    start = equal_start(old[a:b], new[c:d])
    stop = equal_start(old[a + start : b][::-1], new[c + start : d][::-1])
    found += [run for run in ((a, c, start), (b - stop, d - stop, stop)) if run[2]]
    return a + start, b - stop, c + start, d - stop


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable], gap: Gap) -> Pairs:
    a, b, c, d = gap
    once = {element for element, count in Counter(new[c:d]).items() if count == 1}
    once &= {element for element, count in Counter(old[a:b]).items() if count == 1}
    where = {new[j]: j for j in range(c, d) if new[j] in once}
    return _longest_rising([(i, where[old[i]]) for i in range(a, b) if old[i] in where])


def _longest_rising(pairs: Pairs) -> Pairs:
    tops: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        place = bisect_left(tops, j)
        tops[place : place + 1] = [j]
        at[place : place + 1] = [index]
        before.append(at[place - 1] if place else -1)
    rising: Pairs = []
    index = at[-1] if at else -1
    while index >= 0:
        rising.append(pairs[index])
        index = before[index]
    return rising[::-1]


def _shortest_edit(old: Sequence[Hashable], new: Sequence[Hashable], gap: Gap, budget: Budget) -> Pairs:
    a, b, c, d = gap
    n, m = b - a, d - c
    # furthest[k]: how far into old the best path on diagonal k (old index minus new index) has come.
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(n + m, _MOST_EDITS) + 1):
        if budget.steps <= 0:
            return []
        trace.append(furthest.copy())
        for k in range(-edits, edits + 1, 2):
            x = _next(furthest, k, edits)
            while x < n and x - k < m and old[a + x] == new[c + x - k]:
                x += 1
                budget.steps -= 1
            furthest[k] = x
            if x >= n and x - k >= m:
                return _walk_back(trace, gap)
        budget.steps -= edits + 1
    return []


def _next(furthest: dict[int, int], k: int, edits: int) -> int:
    down = k == -edits or (k != edits and furthest[k - 1] < furthest[k + 1])
    return furthest[k + 1] if down else furthest[k - 1] + 1


def _walk_back(trace: list[dict[int, int]], gap: Gap) -> Pairs:
    a, b, c, d = gap
    x, y = b - a, d - c
    pairs: Pairs = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, k = trace[edits], x - y
        start = _next(furthest, k, edits)
        while x > start and y > start - k:
            x, y = x - 1, y - 1
            pairs.append((a + x, c + y))
        if edits:
            down = k == -edits or (k != edits and furthest[k - 1] < furthest[k + 1])
            x, y = (x, y - 1) if down else (x - 1, y)
    return pairs
