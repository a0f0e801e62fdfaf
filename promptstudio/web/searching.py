"""What people type into search fields, and showing them where it was found."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from promptstudio.prompts.folding import spoken
from promptstudio.prompts.models import FormerName, Prompt, SearchText, Version
from promptstudio.prompts.models.search import says

LONGEST, MOST_WORDS = 200, 12
BEFORE, AFTER = 40, 110


@dataclass(frozen=True)
class Hit:
    """A line of a version with the words marked."""

    line: SafeString
    semver: str
    is_newest: bool


def typed(request: HttpRequest, name: str = "q") -> str:
    """The words in the address, without what databases cannot hold, and not more than anyone looks for."""
    return tidied(request.GET.get(name, ""))


def tidied(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\x00", "")[:LONGEST])
    return " ".join(text.split()[:MOST_WORDS])


def marked(text: str, words: Sequence[str]) -> SafeString:
    """`text` escaped, with every occurrence of every word in <mark>."""
    if not words:
        return escape(text)
    parts = _pattern(words).split(text)
    # split() with one group alternates between what is around and what was found
    pieces = [f"<mark>{escape(part)}</mark>" if index % 2 else escape(part) for index, part in enumerate(parts)]
    return mark_safe("".join(pieces))  # noqa: S308  each piece was escaped


def excerpt(text: str, words: Sequence[str]) -> SafeString:
    """A line of `text` around the first word found in it, marked; empty when none of the words is there."""
    found = _pattern(words).search(text) if words else None
    if found is None:
        return SafeString("")
    start, end = max(0, found.start() - BEFORE), min(len(text), found.end() + AFTER)
    line = " ".join(text[start:end].split())
    if start:
        line = "…" + line.partition(" ")[2] if " " in text[start : found.start()].strip() else "…" + line
    return marked(line + ("…" if end < len(text) else ""), words)


def shown(title: str, words: Sequence[str], longest: int = 140) -> SafeString:
    """A title for a list: cut when it is very long, the words marked."""
    return marked(title if len(title) <= longest else title[: longest - 1] + "…", words)


def hits(prompts: Iterable[Prompt], words: Sequence[str]) -> dict[int, Hit]:
    """By prompt, where the newest version that has all words says one of them; nothing where the title alone has them. Two queries."""
    if not words:
        return {}
    rows = SearchText.objects.filter(prompt__in=list(prompts)).values("prompt")
    found = list(rows.annotate(newest=Max("version"), found=Max("version", filter=says(" ".join(words)))).exclude(found=None))
    newest = {row["newest"] for row in found}
    versions = Version.objects.filter(pk__in=[row["found"] for row in found])
    lines = {version: excerpt(spoken(version.bundle, version.summary), words) for version in versions}
    return {version.prompt_id: Hit(line, version.semver, version.pk in newest) for version, line in lines.items() if line}


def former_names(names: QuerySet[FormerName], words: Sequence[str]) -> dict[int, SafeString]:
    """By prompt, a name that has every word, that it had before and still answers to; the words are marked."""
    for word in words:
        names = names.filter(name__icontains=word)
    return {former.prompt_id: marked(former.name, words) for former in names} if words else {}


def requests_saying(found: Any, words: Iterable[str]) -> Any:
    """Of these requests, those that have every word in their title, in what is wanted, or in the name of who asked or writes."""
    for word in words:
        places = ("title", "wanted", "asked_by__name", "owner__name")
        found = found.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
    return found


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("(" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")", re.IGNORECASE)
