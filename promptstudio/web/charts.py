"""Lines over versions as SVG: where points stand, and what is written at them. Colours and sizes are the stylesheet's."""

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 280, 132
LEFT, RIGHT, TOP, BOTTOM = 4, 276, 14, 100
# Room for half a word at both ends.
MARGIN = 28
MOST_LABELS = 6
WIDEST_PLACE = 62


@dataclass(frozen=True)
class Point:
    """`words` are the value as people say it; `places` are the environments that serve this version, as (name, slug), the last one counts.

    `is_named` and `says_place`: there is room to write its number, and where it is live.
    """

    x: float
    y: float
    label: str
    words: str
    is_named: bool
    is_last: bool
    places: Sequence[tuple[str, str]]
    says_place: bool


@dataclass(frozen=True)
class Chart:
    """`line` is the path through all points; gaps where a value is not known. `latest` and `before` are the last two values in words."""

    title: str
    latest: str
    before: str
    points: list[Point]
    line: str
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BOTTOM
    top: int = TOP
    left: int = LEFT
    right: int = RIGHT


@dataclass(frozen=True)
class Value:
    """What a version has in one chart; `amount` is None where it is not known."""

    label: str
    amount: float | None
    words: str
    places: Sequence[tuple[str, str]] = field(default_factory=list)


def chart(title: str, values: Sequence[Value], most: float | None = None) -> Chart:
    """From zero to `most`, or to the largest of them: a small difference looks small."""
    largest = most or max((value.amount for value in values if value.amount), default=1) * 1.1
    last = len(values) - 1
    steps, written = _steps(values, largest), _with_room(values)
    points = [
        Point(*step, value.label, value.words, _is_named(place, last), place == last, value.places, place in written)
        for place, (value, step) in enumerate(zip(values, steps, strict=True))
        if step
    ]
    told = [value.words for value in values if value.amount is not None]
    return Chart(title, told[-1] if told else "", told[-2] if len(told) > 1 else "", points, line_through(steps))


def spark(shares: Sequence[float], width: int = 80, height: int = 24) -> str:
    """The path of a line without words, for values between 0 and 1; empty where there is no line."""
    if len(shares) < 2:
        return ""
    step = (width - 4) / (len(shares) - 1)
    return line_through([(2 + step * place, 2 + (height - 4) * (1 - share)) for place, share in enumerate(shares)])


def line_through(steps: Sequence[tuple[float, float] | None]) -> str:
    parts, pen = [], "M"
    for step in steps:
        if step is None:
            pen = "M"
        else:
            parts.append(f"{pen}{step[0]:.1f} {step[1]:.1f}")
            pen = "L"
    return "".join(parts)


def _steps(values: Sequence[Value], largest: float) -> list[tuple[float, float] | None]:
    return [None if value.amount is None else (_x(place, len(values)), _y(value.amount, largest)) for place, value in enumerate(values)]


def _x(place: int, count: int) -> float:
    return round(LEFT + MARGIN + (RIGHT - LEFT - 2 * MARGIN) * (place / (count - 1) if count > 1 else 0.5), 1)


def _y(amount: float, largest: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(amount / largest, 1), 1)


def _is_named(place: int, last: int) -> bool:
    """The first, the last, and as many between as there is room for."""
    step = max(1, -(-last // (MOST_LABELS - 1)))
    return place == last or (place % step == 0 and last - place >= step)


def _with_room(values: Sequence[Value]) -> set[int]:
    """Where the name of a place can be written, the newest version first; the others have their line, and the table."""
    free, found = float("inf"), set()
    for place in reversed(range(len(values))):
        x = _x(place, len(values))
        if values[place].places and x <= free:
            found.add(place)
            free = x - WIDEST_PLACE
    return found
