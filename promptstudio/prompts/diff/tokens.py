"""Text cut into lines and words that are safe to mark: never inside a grapheme, a placeholder or a number.

The standard library knows no grapheme clusters (UAX #29). The pattern below keeps together at least what they keep together.
"""

import re
import sys
import unicodedata
from functools import cache
from typing import NamedTuple

from ..templating import PLACEHOLDER

LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")

# Written without spaces between words: each character counts as a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U00020000-\U0003ffff"
)
_JOINERS = "\u200d\u17d2\u1039\u1a60"
# Grapheme extenders that are no marks by category: ZWNJ, Thai and Lao AM, half-width voicing, skin tones, flag tags.
_EXTENDERS = _JOINERS + "\u200c\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_PREPENDED = (
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3\U0001193f\U00011941\U00011a3a"
    "\U00011a84-\U00011a89\U00011d46\U00011f02"
)
_LONGEST_WORD = 64


class Line(NamedTuple):
    """A line's text and the line end that follows it (empty for the last)."""

    text: str
    end: str


def lines(text: str) -> list[Line]:
    """The lines as an editor numbers them: a text that ends in a line end has an empty last line; an empty text has none."""
    if not text:
        return []
    found = [Line(*match.groups()) for match in LINE.finditer(text)]
    # At the end of the text the pattern matches once more, emptily, after a last line without line end.
    return found if len(found) < 2 or found[-2].end else found[:-1]


def tokens(text: str) -> list[str]:
    """Words, numbers, placeholders, runs of white space, line ends and single signs; joined they are the text."""
    found = _pattern().findall(text)
    if max(map(len, found), default=0) > _LONGEST_WORD:
        return [piece for token in found for piece in _pieces(token)]
    return found


def _pieces(token: str) -> list[str]:
    # Keys, hashes and base64: one changed character must not mark all of it.
    too_long = len(token) > _LONGEST_WORD and token.isascii() and token.isalnum()
    return list(token) if too_long else [token]


@cache
def _pattern() -> re.Pattern[str]:
    extenders = _marks() + _EXTENDERS
    tail = rf"(?:(?![\x00-\x7f])(?:[{_JOINERS}][^\s{{]|[{extenders}]))"
    word = rf"(?:[{_PREPENDED}]*[^\W{_UNSPACED}{_PREPENDED}]+{tail}*)+"
    placeholder = PLACEHOLDER.pattern.replace("(", "(?:", 1)
    return re.compile(
        rf"""{placeholder}{tail}*
        |\r\n|\r|\n
        |[^\S\r\n]+(?!{tail})
        |\d+(?:[.,]\d+)+(?!{tail})
        |{word}(?:['’]{word})*
        |[\U0001f1e6-\U0001f1ff]{{2}}{tail}*
        |[{_PREPENDED}]*(?!{placeholder})[^\r\n]{tail}*""",
        re.VERBOSE,
    )


def _marks() -> str:
    """The combining marks as the inside of a character class."""
    ranges: list[list[int]] = []
    # Above U+1FFFF there are no marks but the variation selectors, up to U+E01EF.
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M" and code <= sys.maxunicode:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
