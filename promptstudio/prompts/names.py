"""Names: what a prompt may be called in addresses, and what it is called at a target."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from promptstudio.lib.errors import Invalid

SEGMENT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_NAME = 200
MAX_SEGMENT = 80
MAX_REMOTE_SLUG = 80
# They would be read as pages or API routes of the prompt before them.
RESERVED = frozenset(
    ("versions", "live", "render", "compare", "deployments", "rollback", "converse", "code", "usage", "reviews", "drafts", "tests", "runs")
)
# Latin letters that no decomposition leads to ASCII.
LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "ħ": "h", "ŋ": "n"})


def check_name(name: str) -> str:
    """`name` itself, if a prompt can be called so. Raises Invalid with the sentence under `name`."""
    if not name:
        raise Invalid({"name": "Give the prompt a name, such as claims/first-letter."})
    if len(name) > MAX_NAME:
        raise Invalid({"name": f"A name has at most {MAX_NAME} characters; this one has {len(name)}."})
    first, *rest = name.split("/")
    if not all(SEGMENT.fullmatch(segment) for segment in (first, *rest)):
        raise Invalid(
            {"name": "A name has small letters and digits, with a single - between words and / between folders: claims/first-letter."}
        )
    if taken := sorted(RESERVED.intersection(rest)):
        raise Invalid({"name": f"“{taken[0]}” is the address of a page. Choose another word after the /."})
    return name


def name_from_title(title: str, taken: Callable[[str], bool]) -> str:
    """A free name of one segment for `title`: small ASCII words, numbered -2, -3 where taken.

    A title without a Latin letter becomes `prompt-` and 8 hex digits of its SHA-256.
    """
    stem = ascii_words(title, separator="-", at_most=MAX_SEGMENT)
    if not re.search("[a-z]", stem):
        stem = "prompt-" + short_hash(title)
    if stem in RESERVED:
        stem += "-prompt"
    name, number = stem, 1
    while taken(name):
        number += 1
        name = f"{_cut(stem, MAX_SEGMENT - len(str(number)) - 1)}-{number}"
    return name


def renamed_headers(address: str, since: datetime) -> dict[str, str]:
    """Beside an answer to a name that the prompt had before: deprecated since when (RFC 9745), and what to ask instead."""
    return {"Deprecation": f"@{int(since.timestamp())}", "Link": f'<{address}>; rel="successor-version"'}


def taken(project: Any, name: str) -> bool:
    """Whether a prompt of `project` has this name, or had it and still answers to it. Whoever takes a name locks the project first."""
    return bool(project.prompts.filter(name=name).exists() or project.former_names.filter(name=name).exists())


def remote_name(name: str, placement_uid: UUID | str) -> str:
    """What the prompt of one placement is called at a target: readable, at most 89 characters, legal in Bedrock.

    It ends in the uid's last 8 hex digits; the first ones of a time-ordered UUID would be shared by neighbours.
    """
    return f"{_cut(name.replace('/', '-'), MAX_REMOTE_SLUG)}-{UUID(str(placement_uid)).hex[-8:]}"


def ascii_words(text: str, separator: str, at_most: int) -> str:
    """The words of `text` in small ASCII letters and digits, joined by `separator`; other scripts fall out."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS)).casefold()
    # A mark on a letter must go without leaving a gap: é is e, not e-.
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    words = re.sub(r"[^a-z0-9]+", separator, bare).strip(separator)
    return _cut(words, at_most)


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _cut(slug: str, length: int) -> str:
    return slug[:length].rstrip("-_")
