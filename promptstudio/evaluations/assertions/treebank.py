"""Words as the Penn Treebank cuts them, in the variant that promptfoo's ROUGE uses."""

from itertools import zip_longest
from typing import Any

import regex

from .javascript import SPACES
from .saying import MOST_SECONDS, CannotSay

_BLANK = regex.compile(f"[{SPACES}\x85]+")
_QUOTE = regex.compile("``|''|\"")
_LETTER = r"[\p{ID_Continue}\u200c\u200d]"
_STEPS = [
    (regex.compile(pattern), replacement)
    for pattern, replacement in [
        (r"\.{3}", " ... "),
        (r"[:,](?!\p{Nd})", r" \g<0> "),
        (r"[;@#$%&]", r" \g<0> "),
        (r"([^.])(?<!(?<![0-9A-Za-z_])[A-Za-z]\.[A-Za-z])(\.)([\])}>' ]*)\Z", r"\1 \2\3 "),
        (r"[?!]", r" \g<0> "),
        (r"[\]\[(){}<>]", r" \g<0> "),
        (r"--", " -- "),
    ]
]
_ENDINGS = [
    (regex.compile(pattern), replacement)
    for pattern, replacement in [
        (r"([^'])' ", r"\1 ' "),
        (r"'([sSmMdD]) ", r" '\1 "),
        (r"('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r" \1 "),
    ]
]
_SPOKEN = [
    regex.compile(f"(?<!{_LETTER}){first}{second}(?!{_LETTER})", regex.IGNORECASE)
    for first, second in [
        ("(can)", "(not)"),
        ("(d)", "('ye)"),
        ("(gim)", "(me)"),
        ("(gon)", "(na)"),
        ("(got)", "(ta)"),
        ("(lem)", "(me)"),
        ("(more)", "('n)"),
        ("(wan)", "(na)(?= )"),
        ("('t)", "(is)"),
        ("('t)", "(was)"),
    ]
]
_BEFORE_OPENING = regex.compile(r"[\s\p{P}<]")
_BEFORE_LAST = regex.compile(r"[\s\p{Ps}<]")
_QUOTED = regex.compile(r"[\p{L}\p{N}\p{Sc}\p{Ps}]")


def tokens(text: str) -> list[str]:
    """Raises CannotSay where cutting takes too long."""
    text = _BLANK.sub(" ", text).strip(" ")
    if not text:
        return []
    try:
        return _cut(text)
    except TimeoutError:
        raise CannotSay("Cutting this into words took too long.") from None


def _cut(text: str) -> list[str]:
    text = _with_quotes(text)
    for pattern, replacement in _STEPS:
        text = _replaced(pattern, replacement, text)
    text = f" {text} "
    for pattern, replacement in _ENDINGS:
        text = _replaced(pattern, replacement, text)
    for pattern in _SPOKEN:
        text = _replaced(pattern, r" \1 \2 ", text)
    return [word for word in text.split(" ") if word]


def _replaced(pattern: Any, replacement: str, text: str) -> str:
    return str(pattern.sub(replacement, text, timeout=MOST_SECONDS))


def _with_quotes(text: str) -> str:
    end, is_open, parts = 0, False, []
    marks = list(_QUOTE.finditer(text))
    for mark, following in zip_longest(marks, marks[1:]):
        is_open = mark[0] == "``" or (not is_open and _may_open(text, mark, following))
        parts += [text[end : mark.start()], " `` " if is_open else " '' "]
        end = mark.end()
    return "".join([*parts, text[end:]])


def _may_open(text: str, mark: Any, following: Any) -> bool:
    before = text[mark.start() - 1] if mark.start() else ""
    if before and (before in ".!?" or not _BEFORE_OPENING.match(before)):
        return before == "`" and text[: mark.start()].endswith("``")
    if mark.end() == len(text) and before and not _BEFORE_LAST.match(before):
        return False
    if mark[0] == '"':
        return True
    return bool(before and _QUOTED.match(text, mark.end()) and following and following[0] == "''")
