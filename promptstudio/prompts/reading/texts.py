"""Bytes as text, and text with headings: Markdown, and whatever else is only words."""

import codecs
import re

from .found import Found, Unreadable, tidy, title_from, user_message

HEADING = re.compile(r" {0,3}#{1,2}[ \t](.*)")
FENCE = re.compile(r" {0,3}(```|~~~)")
MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes) -> str:
    """The text, by its mark, else UTF-8, else as older Windows programs write it. Raises Unreadable for what is no text."""
    encoding = next((name for mark, name in MARKED if content.startswith(mark)), "") or _guessed(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = _western(content)
    if "\x00" in text:
        raise Unreadable("This is no text that can be read. Save it as DOCX, XLSX, CSV, JSONL, Markdown or plain text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(text: str, name: str, *, whole: bool = False) -> tuple[list[Found], list[str]]:
    """Each heading of the first two levels begins a prompt; without any, or as a `whole`, it is one."""
    sections = [] if whole else _sections(text)
    if not sections:
        body = tidy(text)
        return ([Found(title=name or title_from(body), messages=user_message(body))] if body else []), []
    return from_sections(sections, name)


def from_sections(sections: list[tuple[str, str]], name: str) -> tuple[list[Found], list[str]]:
    """Sections are heading and text; what stands before the first heading has none."""
    prompts, empty = [], []
    for heading, body in sections:
        body = tidy(body)
        if body:
            prompts.append(Found(title=tidy(heading) or name or title_from(body), messages=user_message(body)))
        elif heading:
            empty.append(heading)
    notes = [f"No text stands below {_listed(empty)}, so no prompt was made of it."] if empty and prompts else []
    return prompts, notes


def _listed(headings: list[str]) -> str:
    named = ", ".join(f"“{heading[:60]}”" for heading in headings[:3])
    return f"{named} and {len(headings) - 3} more headings" if len(headings) > 3 else named


def _sections(text: str) -> list[tuple[str, str]]:
    """Nothing where there is no heading."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        heading = None if fence else HEADING.fullmatch(line)
        words = heading[1].strip().rstrip("#").rstrip() if heading else ""
        if words:
            sections.append((words, []))
        else:
            sections[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in sections] if len(sections) > 1 else []


def _guessed(content: bytes) -> str:
    """Text in two bytes a character without a mark has a zero in every other byte."""
    start = content[:2000]
    if len(start) >= 4 and start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return "utf-8"


def _western(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable("Its characters are in an encoding that is not known here. Save it as UTF-8.") from None
