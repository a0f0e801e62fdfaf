"""Checks that look for words in the answer."""

from typing import Any

from .javascript import as_number, as_string, is_number, json_of, same, trimmed, words
from .patterns import found_in
from .saying import CannotSay, Fact, shown


def equals(text: str, value: Any) -> Fact:
    if value is None or isinstance(value, (dict, list)):
        return _same_json(text, value)
    wanted = as_string(value)
    holds = wanted == text
    return Fact(holds, f"The answer is {'exactly' if holds else 'not exactly'} {shown(wanted)}.")


def _same_json(text: str, value: Any) -> Fact:
    try:
        holds = same(json_of(text), value)
    except ValueError:
        return Fact(False, "The answer is no JSON, so it is not the same.")
    return Fact(holds, f"The answer is {'' if holds else 'not '}the same JSON.")


def contains(text: str, value: Any, *, fold: bool = False) -> Fact:
    holds = _folded(as_string(value), fold) in _folded(text, fold)
    return Fact(holds, f"The answer {'contains' if holds else 'does not contain'} {shown(as_string(value))}.")


def contains_any(text: str, value: Any, *, fold: bool = False) -> Fact:
    wanted, text = _list(value), _folded(text, fold)
    found = next((word for word in wanted if _folded(word, fold) in text), None)
    if found is not None:
        return Fact(True, f"The answer contains {shown(found)}.")
    return Fact(False, f"The answer contains none of {_listed(wanted)}.")


def contains_all(text: str, value: Any, *, fold: bool = False) -> Fact:
    wanted, text = _list(value), _folded(text, fold)
    missing = [word for word in wanted if _folded(word, fold) not in text]
    if missing:
        return Fact(False, f"The answer does not contain {_listed(missing)}.")
    return Fact(True, f"The answer contains all of {_listed(wanted)}.")


def starts_with(text: str, value: str) -> Fact:
    holds = text.startswith(value)
    return Fact(holds, f"The answer {'starts' if holds else 'does not start'} with {shown(value)}.")


def matches(text: str, value: str) -> Fact:
    holds = found_in(value, text)
    return Fact(holds, f"The pattern {shown(value)} {'is found' if holds else 'is not found'} in the answer.")


def word_count(text: str, value: Any) -> Fact:
    count, (least, most) = len(words(text)), limits_of(value)
    holds = (least is None or count >= least) and (most is None or count <= most)
    return Fact(holds, f"The answer has {count:,} words{'' if holds else f', not {_wanted(least, most)}'}.")


def limits_of(value: Any) -> tuple[float | None, float | None]:
    """The least and the most that a number, a text with one, or `{min, max}` asks for. Raises CannotSay."""
    if not isinstance(value, dict):
        exact = _count(value)
        return exact, exact
    least, most = (_count(value[name]) if name in value else None for name in ("min", "max"))
    if least is None and most is None:
        raise CannotSay("Give the number of words, or min, max or both.")
    if least is not None and most is not None and least > most:
        raise CannotSay("The fewest words (min) are more than the most (max).")
    return least, most


def comma_separated(text: str) -> list[str]:
    """Words between commas. One in double quotes may hold commas; `""` or `\\"` in it is a quotation mark. Raises CannotSay."""
    found, at = [], 0
    while at < len(text):
        if text[at] == "," or not trimmed(text[at]):
            at += 1
        elif text[at] == '"':
            word, at = _quoted(text, at + 1)
            found.append(word)
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            found.append(trimmed(text[at:end]))
            at = end
    return found


def _quoted(text: str, at: int) -> tuple[str, int]:
    word = []
    while at < len(text):
        pair = text[at : at + 2]
        if pair in ('\\"', "\\\\", '""'):
            word.append(pair[1])
            at += 2
        elif text[at] == '"':
            return "".join(word), _comma_after(text, at + 1)
        else:
            word.append(text[at])
            at += 1
    raise CannotSay("A quotation mark in the list is never closed.")


def _comma_after(text: str, at: int) -> int:
    while at < len(text) and not trimmed(text[at]):
        at += 1
    if at < len(text) and text[at] != ",":
        raise CannotSay("Behind a word in quotation marks stands a comma.")
    return at


def _list(value: Any) -> list[str]:
    return comma_separated(value) if isinstance(value, str) else [as_string(each) for each in value]


def _folded(text: str, fold: bool) -> str:
    return text.lower() if fold else text


def _listed(wanted: list[str]) -> str:
    more = f" and {len(wanted) - 5} more" if len(wanted) > 5 else ""
    return (", ".join(shown(word, 60) for word in wanted[:5]) or "nothing") + more


def _count(value: Any) -> float:
    if is_number(value):
        return float(value)
    if isinstance(value, str):
        return as_number(value)
    raise CannotSay("A number of words is a whole number.")


def _wanted(least: float | None, most: float | None) -> str:
    if least == most:
        return f"{least:g}"
    if least is None:
        return f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"{least:g} to {most:g}"
