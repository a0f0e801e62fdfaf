"""Checks for SQL: the whole answer, or a block of code in it, and the tables that it may use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .filling import has_placeholder
from .javascript import trimmed
from .patterns import NotAPattern, compile_pattern, found_in
from .saying import CannotSay, Fact, shown
from .sql_reading import Read, read
from .sql_words import RESERVED

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*([^\r\n]*)")
_LINE = re.compile(r"\r\n?|\n")
# What promptfoo looks for before it asks its reader: two names before FROM, where a comma was forgotten.
_ALL = r"all|distinct"
_ALL_OF_MYSQL = (
    r"all|distinct(?:row)?|high_priority|straight_join|sql_(?:big_result|buffer_result|cache|calc_found_rows|no_cache|small_result)"
)
_FORGOTTEN, _FORGOTTEN_IN_MYSQL = (
    re.compile(rf"\bselect\s+(?:(?:{words})\s+)*(?!(?:{words})\b)[a-z_][a-z0-9_]*\s+[a-z_][a-z0-9_]*\s+from\b", re.IGNORECASE | re.ASCII)
    for words in (_ALL, _ALL_OF_MYSQL)
)
_SERIES = re.compile(r"\bgenerate_series\s*\(", re.IGNORECASE | re.ASCII)
_DOLLARS = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$")
_STARTS = re.compile(r"['\"`\[#$]|--|/\*")
_LINE_END = re.compile(r"[\r\n]|$")


@dataclass(frozen=True)
class Wanted:
    """`tables` and `columns` are patterns for what promptfoo lists, such as `select::null::claims`; without any, all are allowed."""

    database: str = "MySQL"
    tables: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    @property
    def reader(self) -> str:
        return self.database.lower()


def wanted_of(value: Any) -> Wanted:
    """Raises CannotSay for a value that names no database, or tables other than as texts."""
    if value in (None, False, 0, ""):
        return Wanted()
    if not isinstance(value, dict):
        raise CannotSay("Give the database and the allowed tables as databaseType and allowedTables.")
    database = value.get("databaseType") or "MySQL"
    if not isinstance(database, str) or database.lower() not in RESERVED:
        raise CannotSay("This database is not known. Give one such as MySQL, PostgreSQL, Sqlite, TransactSQL, BigQuery or Snowflake.")
    return Wanted(database, _patterns(value.get("allowedTables")), _patterns(value.get("allowedColumns")))


def _patterns(value: Any) -> list[str]:
    if value in (None, False, 0, ""):
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise CannotSay("Give what is allowed as a list, such as select::null::claims.")
    for pattern in value:
        _check_pattern(pattern)
    return value


def _check_pattern(pattern: str) -> None:
    if has_placeholder(pattern):
        raise CannotSay("What is allowed is given as it is, without values of the case.")
    # Small and capital letters are alike here, and beyond ASCII JavaScript and Python do not agree on them.
    if not pattern.isascii() or re.search(r"\\[ux]", pattern):
        raise CannotSay("What is allowed is given in letters from a to z.")
    try:
        compile_pattern(f"^{pattern}$", ignore_case=True)
    except NotAPattern as refused:
        raise CannotSay(f"{shown(pattern)} is no regular expression. {refused.sentence}") from None


def is_sql(text: str, value: Any) -> Fact:
    wanted = wanted_of(value)
    problem = _problem(text, wanted)
    return Fact(problem is None, problem or f"The answer is SQL for {wanted.database}.")


def contains_sql(text: str, value: Any) -> Fact:
    """Blocks of code are looked at where there are any, else the whole answer."""
    wanted, doubt = wanted_of(value), None
    problem = "The answer contains no SQL."
    for block in _blocks(text) or [text]:
        try:
            found = _problem(block, wanted) if trimmed(block) else problem
        except CannotSay as refused:
            doubt = refused
            continue
        if not found:
            return Fact(True, f"The answer contains SQL for {wanted.database}.")
        problem = found
    if doubt:
        raise doubt
    return Fact(False, problem)


def _blocks(text: str) -> list[str]:
    blocks, lines, fence = list[str](), list[str](), ""
    is_sql = False
    for line in _LINE.split(text):
        found = _FENCE.fullmatch(line)
        if not fence:
            if found:
                fence, lines, is_sql = found[1], [], trimmed(found[2]).lower() in ("", "sql")
        elif found and not found[2] and found[1].startswith(fence):
            if is_sql:
                blocks.append(trimmed("\n".join(lines)))
            fence = ""
        else:
            lines.append(line)
    return blocks


def _problem(text: str, wanted: Wanted) -> str | None:
    """What is wrong with it, None where nothing is. Raises CannotSay."""
    text = trimmed(text)
    refused = f"This is no SQL for {wanted.database}."
    if not text or text.count("`") % 2 or _looks_wrong(text, wanted.database):
        return refused
    found = read(text, wanted.reader)
    if found.is_sql is None:
        raise CannotSay("This may be SQL, but it has something that is not read here.")
    return _not_allowed(found, wanted) if found.is_sql else refused


def _looks_wrong(text: str, database: str) -> bool:
    # The names of databases are compared to the letter here, and only here.
    pattern = _FORGOTTEN_IN_MYSQL if database in ("MySQL", "MariaDB") else _FORGOTTEN
    if pattern.search("".join(_bare(text, database))):
        return True
    return database == "MySQL" and _SERIES.search(text) is not None


def _bare(text: str, database: str) -> Iterator[str]:
    """Without comments, and with a question mark for each text in quotation marks."""
    at = 0
    while start := _STARTS.search(text, at):
        end, instead = _end_of(text, start, database)
        yield text[at : start.start()] + instead
        at = end
    yield text[at:]


def _end_of(text: str, start: re.Match[str], database: str) -> tuple[int, str]:
    match start[0]:
        case "--" | "#":
            found = _LINE_END.search(text, start.end())
            return (found.start() if found else len(text)), " "
        case "/*":
            end = text.find("*/", start.end())
            return (len(text) if end < 0 else end + 2), " "
        case "$":
            delimiter = _DOLLARS.match(text, start.start())
            if not delimiter:
                return start.end(), "$"
            end = text.find(delimiter[0], delimiter.end())
            return (len(text) if end < 0 else end + len(delimiter[0])), " ? "
        case "[" if database not in ("TransactSQL", "Sqlite"):
            return start.end(), "["
    return _closing(text, start.end(), "]" if start[0] == "[" else start[0]), " ? "


def _closing(text: str, at: int, quote: str) -> int:
    while at < len(text):
        if quote != "]" and text[at] == "\\":
            at += 2
        elif text[at] != quote:
            at += 1
        elif text[at + 1 : at + 2] == quote:
            at += 2
        else:
            return at + 1
    return len(text)


def _not_allowed(found: Read, wanted: Wanted) -> str | None:
    if wanted.tables:
        if found.tables is None or not all(map(str.isascii, found.tables)):
            raise CannotSay("Which tables this SQL uses is not certain.")
        for table in found.tables:
            if not any(found_in(f"^{pattern}$", table, ignore_case=True) for pattern in wanted.tables):
                return f"The SQL uses {shown(table)}, which is not allowed."
    if wanted.columns:
        raise CannotSay("Which columns a query may use (allowedColumns) is not checked here.")
    return None
