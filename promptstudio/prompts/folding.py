"""What a search compares: the words of a version folded to one spelling, and the parts by which an index finds them. Pure."""

import unicodedata
from collections.abc import Iterable

from .bundle import Bundle

PART = 3
# A text with more different parts (a novel in Chinese) goes without an index: a tsvector of PostgreSQL ends at one megabyte.
MOST_PARTS = 80_000


def folded(text: str) -> str:
    """One spelling for what reads the same: composed characters, small letters, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def spoken(bundle: Bundle, summary: str = "") -> str:
    """What a version says, for people to read: its change, its texts, and the names of its variables."""
    lines = [summary, *(text for _, text in bundle.texts), *(variable.name for variable in bundle.variables)]
    return "\n".join(unicodedata.normalize("NFC", line) for line in lines if line.strip())


def parts_of(text: str) -> list[str] | None:
    """Every three characters in a row of each word of a folded text, and what is left at its end; None for too many.

    A word begins with one of them wherever in another word it stands, in any script: *schaden* in *wasserschaden*, 火灾 in 住宅火灾保险.
    """
    found: set[str] = set()
    for word in text.split():
        found.update(word[start : start + PART] for start in range(len(word)))
        if len(found) > MOST_PARTS:
            return None
    return sorted(found)


def parts_asked(words: Iterable[str]) -> list[tuple[str, bool]]:
    """The parts that a text with all these words must have; with True, one that may go on."""
    asked: dict[tuple[str, bool], None] = {}
    for word in words:
        if len(word) < PART:
            asked[(word, True)] = None
        else:
            asked |= dict.fromkeys((word[start : start + PART], False) for start in range(len(word) - PART + 1))
    return list(asked)
