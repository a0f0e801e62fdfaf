"""Values of variables as people and JSON write them, and pieces of a text that they are put into."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

OPEN_BRACES = "open_braces"
LITERAL_BRACES = "{{"
# Beyond this no float exists, and Python refuses to write such integers out.
LARGEST_NUMBER = 10**308
WRITTEN_NUMBER = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?", re.ASCII)


@dataclass(frozen=True)
class Piece:
    """A stretch of a preview. `name` is the variable that a value stands for, or that has none yet."""

    text: str
    kind: Literal["text", "value", "missing"]
    name: str | None = None


def as_text(value: Any) -> str:
    """A value as people write it: 1.0 is `1`, true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return _plain_number(value)
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return "…"
    return str(value)


def is_number(value: Any) -> bool:
    if isinstance(value, str):
        return WRITTEN_NUMBER.fullmatch(value.strip()) is not None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST_NUMBER


def number_of(value: Any) -> Decimal:
    """Exactly what `is_number` found, however it was written."""
    return Decimal(value.strip() if isinstance(value, str) else repr(value))


def _plain_number(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
