"""Regular expressions as JavaScript reads them, run by Python's `regex` within a time limit."""

from functools import lru_cache
from typing import Any

import regex

from .javascript import units
from .pattern_characters import NotAPattern
from .pattern_reading import Reading
from .saying import MOST_SECONDS, CannotSay

__all__ = ["NotAPattern", "compile_pattern", "found_in"]
MAX_PATTERN = 10_000


@lru_cache(maxsize=256)
def _compiled(pattern: str, strict: bool, ignore_case: bool) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise CannotSay(f"The regular expression is too long: at most {MAX_PATTERN:,} characters.")
    source = pattern if strict else units(pattern)
    try:
        return regex.compile(Reading(source, strict).text(), regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))
    except (regex.error, RecursionError, OverflowError, MemoryError):
        raise CannotSay("This regular expression cannot be read here.") from None


def compile_pattern(pattern: str, *, strict: bool = False, ignore_case: bool = False) -> Any:
    """Raises NotAPattern where JavaScript refuses it, else CannotSay where it cannot be run alike here.

    `strict` is the `u` flag. `ignore_case` is the `i` flag, for patterns and texts in ASCII.
    """
    return _compiled(pattern, strict, ignore_case)


def found_in(pattern: str, text: str, *, strict: bool = False, ignore_case: bool = False, seconds: float = MOST_SECONDS) -> bool:
    """Whether `pattern` is found anywhere in `text`. Raises CannotSay, also when looking takes too long."""
    compiled = compile_pattern(pattern, strict=strict, ignore_case=ignore_case)
    try:
        return compiled.search(text if strict else units(text), timeout=max(seconds, 0.001)) is not None
    except TimeoutError:
        raise CannotSay("Looking for this regular expression took too long.") from None
    except (MemoryError, RecursionError):
        raise CannotSay("Looking for this regular expression needs too much.") from None
