"""Whether JSON can be stored and hashed at all, and reading it where it may be of any shape."""

import math
from typing import Any

from .findings import Finding

MAX_DEPTH = 60
# Beyond it a number has no exact place in JSON (RFC 8785 writes IEEE doubles).
MAX_NUMBER = 10**300


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def problem_of(data: Any) -> Finding | None:
    """The first thing that no database or digest could take; None where there is none."""
    if not isinstance(data, dict):
        return Finding("error", "bundle", "A prompt is a JSON object.")
    waiting: list[tuple[str, Any, int]] = [("", data, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if sentence := _sentence(value, depth):
            return Finding("error", place or "bundle", sentence)
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
        waiting += [(f"{place}.{name}" if place else str(name), member, depth + 1) for name, member in members]
    return None


def _sentence(value: Any, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"This is nested too deeply: at most {MAX_DEPTH} levels."
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, dict):
        return next(filter(None, map(_name_problem, value)), None)
    if isinstance(value, float) and not math.isfinite(value):
        return "This is not a number that can be stored."
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return "This number is too large to be stored."
    if value is None or isinstance(value, (int, float, list, tuple)):
        return None
    return "This is not JSON."


def _name_problem(name: Any) -> str | None:
    return _text_problem(name) if isinstance(name, str) else "Names of fields are text."


def _text_problem(text: str) -> str | None:
    if "\x00" in text:
        return (
            "There is an invisible character (NUL) in this text that cannot be stored. Type the text again, or paste it from another place."
        )
    # A lone half of a character pair, as cut-off emoji leave it, has no UTF-8.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "There is half a character in this text, probably of a cut-off emoji. Remove it."
    return None
