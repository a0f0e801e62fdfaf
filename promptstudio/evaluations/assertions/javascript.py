"""Texts and numbers as JavaScript has them, where promptfoo's outcome hangs on it."""

import json
import math
import re
from array import array
from typing import Any

from promptstudio.prompts.canonical import canonical_json

from .saying import CannotSay

# ECMAScript's WhiteSpace and LineTerminator. Python's own has \x1c to \x1f and \x85 too, and not \ufeff.
SPACES = "\t\n\x0b\x0c\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_SPACE = re.compile(f"[{SPACES}]+")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def trimmed(text: str) -> str:
    return text.strip(SPACES)


def split(text: str) -> list[str]:
    """At white space; a blank text is one empty word."""
    return _SPACE.split(trimmed(text))


def words(text: str) -> list[str]:
    return [word for word in split(text) if word]


def units(text: str) -> str:
    """One character for each UTF-16 unit: an emoji is two."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_string(value: Any) -> str:
    """`String(value)`. Raises CannotSay for what only a program would write so."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return canonical_json(value)
    raise CannotSay("A list or an object stands where a text belongs.")


def as_number(text: str) -> float:
    """`Number(text)`, of decimals. Raises CannotSay for anything else."""
    text = trimmed(text)
    if not text:
        return 0.0
    if not _DECIMAL.fullmatch(text):
        raise CannotSay("This is not a number.")
    return float(text)


def _double(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise CannotSay("A number in it is too large.")
    return number


def _refuse(name: str) -> float:
    raise ValueError(name)


def json_of(text: str) -> Any:
    """`JSON.parse(text)`, every number a double. Raises ValueError for what is no JSON, CannotSay for what cannot be held here."""
    try:
        return json.loads(text, parse_int=_double, parse_float=_double, parse_constant=_refuse)
    except RecursionError:
        raise CannotSay("The JSON in it is nested too deeply.") from None


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 and true are not, nor are 0 and -0, 1 and 1.0 are."""
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if is_number(one) and is_number(other):
            alike = float(one) == float(other) and math.copysign(1, one) == math.copysign(1, other)
        elif isinstance(one, dict) and isinstance(other, dict):
            alike = one.keys() == other.keys()
            waiting += [(one[name], other[name]) for name in one] if alike else []
        elif isinstance(one, list) and isinstance(other, list):
            alike = len(one) == len(other)
            waiting += zip(one, other, strict=False)
        else:
            alike = type(one) is type(other) and one == other
        if not alike:
            return False
    return True
