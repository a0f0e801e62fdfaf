"""Any file, or pasted text: what it is, and the prompts in it."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from . import csv_file, xlsx
from .docx_file import read_docx
from .dotprompt import ROLE, read_dotprompt
from .found import LARGEST_FILE, Found, Reading, Unreadable, finished
from .front_matter import split
from .jsonl import read_jsonl
from .office import parts_of
from .prompty import has_roles, read_prompty
from .tables import read_table
from .texts import decoded, read_text

FORMATS = {
    "docx": "a Word document",
    "xlsx": "an Excel workbook",
    "csv": "a table",
    "jsonl": "lines of JSON",
    "prompt": "a Dotprompt file",
    "prompty": "a Prompty file",
    "text": "text",
}
BY_ENDING = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".prompt": "prompt",
    ".prompty": "prompty",
    ".md": "text",
    ".markdown": "text",
    ".txt": "text",
}
# Always packed; what is called so and is not would be read as text that nobody wrote.
PACKED = {".docx": "a Word document", ".xlsx": "an Excel workbook"}
# By their first bytes; a name may say anything.
REFUSED = {
    b"\xd0\xcf\x11\xe0": "This is an older Office file, or one with a password. Save it as .docx or .xlsx and try again.",
    b"%PDF": "A PDF has no text that can be relied on. Take the document that it was made from, or paste the text.",
    b"{\\rtf": "This is an RTF document. Save it as .docx and try again.",
    b"\x1f\x8b": "This is a packed file. Unpack it first.",
    b"\x89PNG": "This is a picture. Paste the text instead.",
    b"\xff\xd8\xff": "This is a picture. Paste the text instead.",
}


def read_file(content: bytes, name: str, *, mapping: Sequence[str] | None = None, whole: bool = False) -> Reading:
    """The prompts of a file, or of pasted text (without a name). Raises Unreadable, and nothing else.

    `mapping` gives columns of a table their roles; as a `whole`, headings begin no prompts.
    """
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"It is too large: at most {LARGEST_FILE // 1024 // 1024} MB.")
    for start, sentence in REFUSED.items():
        if content.startswith(start):
            raise Unreadable(sentence)
    packed = content.startswith(b"PK")
    if not packed and (called := PACKED.get(PurePosixPath(name.lower()).suffix)):
        raise Unreadable(f"Its name says that it is {called}, and it is none. Save it again where it was written, or paste the text.")
    reading = _office(content, name, mapping, whole) if packed else _words(decoded(content), name, mapping, whole)
    finished(reading.prompts)
    return reading


def title_of(name: str) -> str:
    """A file name as a title: claims_first-letter.prompty is “claims first letter”."""
    return " ".join(PurePosixPath(name.replace("\\", "/")).stem.replace("_", " ").replace("-", " ").split())[:200]


def _office(content: bytes, name: str, mapping: Sequence[str] | None, whole: bool) -> Reading:
    parts = parts_of(content)
    if "word/document.xml" in parts:
        prompts, notes = read_docx(content, title_of(name) or "Document", whole=whole)
        return Reading("docx", prompts, notes)
    if "xl/workbook.xml" in parts:
        rows, notes = xlsx.rows_of(content)
        return _table("xlsx", rows, notes, mapping)
    raise Unreadable("This is an archive, but no .docx and no .xlsx. Unpack it and take its files one by one.")


def _words(text: str, name: str, mapping: Sequence[str] | None, whole: bool) -> Reading:
    kind = _kind(text, name)
    if kind == "csv":
        return _table("csv", csv_file.rows_of(text), [], mapping)
    if kind == "jsonl":
        return Reading("jsonl", read_jsonl(text))
    if kind in ("prompt", "prompty"):
        return Reading(kind, [_with_front(text, kind, title_of(name))])
    prompts, notes = read_text(text, title_of(name), whole=whole)
    return Reading("text", prompts, notes)


def _table(kind: str, rows: list[list[str]], notes: list[str], mapping: Sequence[str] | None) -> Reading:
    reading = read_table(rows, mapping)
    return Reading(kind, reading.prompts, notes + reading.notes, reading.columns, reading.mapping)


def _with_front(text: str, kind: str, title: str) -> Found:
    front, body = split(text) or ({}, text)
    return read_prompty(front, body, title) if kind == "prompty" else read_dotprompt(front, body, title)


def _kind(text: str, name: str) -> str:
    """By its name, where that is one of ours, else by how it begins."""
    ending = PurePosixPath(name.lower()).suffix
    if ending in BY_ENDING and BY_ENDING[ending] != "text":
        return BY_ENDING[ending]
    start = text.lstrip()
    if start.startswith("{") and '"' in start[:200] and not start.startswith("{{") and start.rstrip().endswith("}"):
        return "jsonl"
    if start.startswith("---\n") and (sections := split(text)):
        front, body = sections
        if has_roles(body):
            return "prompty"
        if ROLE.search(body) or {"model", "input", "config"} & set(front):
            return "prompt"
    return "csv" if ending not in BY_ENDING and csv_file.looks_like_table(text) else "text"
