"""How far the value of a variable may go: numbers between a least and a greatest one, texts up to a length."""

from collections.abc import Iterator, Mapping
from typing import Any

from .values import as_text, is_number, number_of

# A limit, the type that it belongs to, and what it is called.
LIMITS = {"min": ("number", "least value"), "max": ("number", "greatest value"), "max_length": ("string", "longest length")}


def beyond(type_: Any, limits: Mapping[str, Any], value: Any) -> str | None:
    """Why `value`, which is of that type, goes too far, as the end of a sentence; None where it does not."""
    least, greatest, longest = (limits.get(name) if LIMITS[name][0] == type_ else None for name in LIMITS)
    if type_ == "number" and is_number(value):
        if is_number(least) and number_of(value) < number_of(least):
            return f"must be at least {as_text(least)}"
        if is_number(greatest) and number_of(value) > number_of(greatest):
            return f"can be at most {as_text(greatest)}"
    if isinstance(value, str) and isinstance(longest, int) and len(value) > longest:
        return f"has at most {longest:,} characters, and this has {len(value):,}"
    return None


def problems(limits: Mapping[str, Any], type_: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the limits themselves: which one, and a sentence."""
    for name, (of, called) in LIMITS.items():
        if limits.get(name) is not None and type_ != of:
            kind = "numbers" if of == "number" else "texts"
            yield name, f"Only {kind} have a {called}. Empty it, or change the type."
    least, greatest = limits.get("min"), limits.get("max")
    if type_ == "number" and is_number(least) and is_number(greatest) and number_of(least) > number_of(greatest):
        yield "min", "The least value is greater than the greatest. Change one of them."


def narrowed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """For each limit that changed: whether it lets less through than before, and what a variable now has."""
    for name in LIMITS:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if after is None:
            yield False, f"no {LIMITS[name][1]} any more"
            continue
        tighter = before is None or (number_of(after) > number_of(before) if name == "min" else number_of(after) < number_of(before))
        was = "" if before is None else f", where it was {as_text(before)}"
        yield tighter, f"a {LIMITS[name][1]} of {as_text(after)}{was}"


def in_words(limits: Mapping[str, Any]) -> str:
    """“at least 1, at most 10”, “at most 200 characters”, or nothing."""
    parts = [f"at least {as_text(limits['min'])}"] if limits.get("min") is not None else []
    parts += [f"at most {as_text(limits['max'])}"] if limits.get("max") is not None else []
    parts += [f"at most {limits['max_length']:,} characters"] if limits.get("max_length") is not None else []
    return ", ".join(parts)
