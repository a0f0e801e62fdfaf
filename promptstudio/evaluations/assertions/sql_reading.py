"""Whether a text is SQL for a database, and which tables it uses; None where only that database's own reader could tell."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from .saying import TOO_LONG, CannotSay
from .sql_grammar import Node, rules_of
from .sql_words import MEANING, RESERVED

LONGEST_SQL = 20_000
# What is read differently from database to database is `strange`: escapes in texts, comments within comments, `//`, other signs, `--`
# right behind a name, to which it may belong, and PRIMARY KEY with more than a space between.
_TOKEN = re.compile(
    r"""(?P<gap>(?:[ \t\r\n]|(?<!\w)--[^\r\n]*(?:[\r\n]|$)|/\*(?!!)(?:(?!/\*|\*/).)*+\*/)++)
    |(?P<number>[0-9]++(?:\.[0-9]++)?(?![\w.$]))
    |(?P<word>(?!(?i:primary|foreign)(?![ ](?i:key))\s+(?i:key)\b)[A-Za-z_][A-Za-z0-9_]*+(?![\w$'"`]))
    |(?P<string>'(?:[^'\\]|'')*+'(?!["`]))
    |(?P<quoted>"[^"\\\x00-\x1f\x7f-\U0010ffff]+"(?!["'])|`[^`\\\x00-\x1f\x7f-\U0010ffff]+`(?![`'"]))
    |(?P<symbol>(?!--|//|/\*|\*/|->|==|<=>|<<|>>)(?:<>|!=|<=|>=|\|\||[-=<>+*/%(),.;]))
    |(?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)
# Functions whose arguments have a grammar of their own, at least in one of the databases.
_OF_THEIR_OWN = frozenset(
    ("AVG", "CAST", "COUNT", "GROUP_CONCAT", "INTERVAL", "MAX", "MIN", "STRING_AGG", "STRUCT", "SUM", "TIMESTAMPDIFF", "VARIANCE")
)
# promptfoo takes it for a comment, and MySQL runs what stands behind it. So it does with `/*!`.
_NO_COMMENT = re.compile(r"--[^ \t\r\n]")
_OF_MYSQL = ("mysql", "mariadb")
_WITHOUT_BACKTICKS = ("postgresql", "redshift")
_STATEMENTS = ("with", "plain", "insert", "update", "delete")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    is_apart: bool = True

    @property
    def name(self) -> str:
        return self.text[1:-1] if self.kind == "quoted" else self.text

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


Notes = tuple[tuple[str, int, int], ...]
Match = tuple[int, Notes] | None
Step = Callable[[int], Match]


@dataclass(frozen=True)
class Read:
    """`tables` are written as in promptfoo's lists, `select::schema::table`; None where it is not certain which are used."""

    is_sql: bool | None
    tables: tuple[str, ...] | None = None


@lru_cache(maxsize=8)
def read(text: str, database: str) -> Read:
    """`database` is one of RESERVED. Raises CannotSay for what is too long, RecursionError for what is nested too deeply."""
    if len(text) > LONGEST_SQL:
        raise CannotSay(TOO_LONG)
    return _Reading(text, database).read()


def _tokens(text: str, database: str) -> Iterator[Token]:
    """Up to the first strange sign."""
    is_apart = True
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if match[0][0] == "`" and database in _WITHOUT_BACKTICKS:
            kind = "strange"
        if kind == "gap" and database in _OF_MYSQL and _NO_COMMENT.search(match[0]):
            kind = "strange"
        if kind != "gap":
            yield Token(kind, match[0], is_apart)
        if kind == "strange":
            return
        is_apart = kind == "gap"
    yield Token("end", "", is_apart)


class _Reading:
    """Each rule is tried once at each place (packrat parsing), so the time grows with the length."""

    def __init__(self, text: str, database: str) -> None:
        self.text, self.database = text, database
        self.tokens, self.reserved, self.rules = list(_tokens(text, database)), RESERVED[database], rules_of(database)
        self.steps: dict[str, Step] = {}
        self.met: dict[tuple[str, int], Match] = {}

    def read(self) -> Read:
        match = None if self.tokens[-1].kind == "strange" else self._rule("text")(0)
        if match and self.tokens[match[0]].kind == "end":
            if any(kind == "doubt" for kind, _, _ in match[1]):
                return Read(None)
            return Read(True, self._tables(match[1])) if self._rows_fit(match[1]) else Read(False)
        return Read(False if self._is_broken() else None)

    def _tables(self, notes: Notes) -> tuple[str, ...] | None:
        if any(kind == "unsure" for kind, _, _ in notes):
            return None
        used = [(kind, [token.name for token in self.tokens[start:end:2]]) for kind, start, end in notes if kind not in ("columns", "row")]
        return tuple(f"{kind}::{'.'.join(names[:-1]) or 'null'}::{names[-1]}" for kind, names in used)

    def _rows_fit(self, notes: Notes) -> bool:
        """Whether every row has as many values as columns are named for it."""
        columns = 0
        for kind, start, end in notes:
            if kind in ("insert", "columns"):
                columns = self._parts(start, end) if kind == "columns" else 0
            elif kind == "row" and columns and columns != self._parts(start, end):
                return False
        return True

    def _parts(self, start: int, end: int) -> int:
        depths = list(accumulate({"(": 1, ")": -1}.get(token.text, 0) for token in self.tokens[start:end]))
        return 1 + sum(token.text == "," and not depth for token, depth in zip(self.tokens[start:end], depths, strict=True))

    def _is_broken(self) -> bool:
        """Whether the database's own reader takes it no more than our grammar does."""
        first, last = self.tokens[0], self.tokens[-1]
        is_lenient = self.database == "transactsql"
        if first.kind == "end":
            # Nothing but comments, which some take.
            return False
        if first.kind == "word" and first.word not in MEANING:
            return not is_lenient and self.tokens[1].text not in ("=", ":")
        if last.kind == "strange":
            return last.text in "'\"`" and "\\" not in self.text and self.text.count(last.text) % 2 == 1
        depth = sum({"(": 1, ")": -1}.get(token.text, 0) for token in self.tokens)
        return (depth != 0 and self.database != "trino") or (not is_lenient and self._is_known())

    def _is_known(self) -> bool:
        """Whether our grammar has all that could be meant: each word that has a meaning, and each kind of statement."""
        words = {node.text for rule in self.rules.values() for node in _all(rule) if node.kind == "word"}
        begins = {next(node.text for node in _all(self.rules[name]) if node.kind == "word") for name in _STATEMENTS if name in self.rules}
        before = [Token("symbol", ";"), *self.tokens]
        if any(
            token.text == "-" and not token.is_apart and previous.kind == "word"
            for token, previous in zip(self.tokens, before, strict=False)
        ):
            return False
        starts = [token for token, previous in zip(self.tokens, before, strict=False) if previous.text == ";" and token.text]
        return all(token.word in words or token.word not in MEANING for token in self.tokens) and all(
            token.word in begins or token.text == "(" for token in starts
        )

    def _rule(self, name: str) -> Step:
        if name not in self.steps:
            step: Step | None = None

            def once(at: int) -> Match:
                nonlocal step
                step = step or (self._step(self.rules[name]) if name in self.rules else _never)
                if (name, at) not in self.met:
                    self.met[name, at] = step(at)
                return self.met[name, at]

            self.steps[name] = once
        return self.steps[name]

    def _step(self, node: Node) -> Step:
        match node.kind:
            case "seq":
                return _in_order([self._step(part) for part in node.parts])
            case "alt":
                return _first_of([self._step(part) for part in node.parts])
            case "opt":
                step = self._step(node.parts[0])
                return lambda at: step(at) or (at, ())
            case "rep":
                return _again(self._step(node.parts[0]))
            case "note":
                return _noted(node.text, self._step(node.parts[0]))
            case "rule" if node.text not in ("name", "function"):
                return self._rule(node.text)
        return lambda at: (at + (node.kind != "space"), ()) if self._is(node, self.tokens[at]) else None

    def _is(self, node: Node, token: Token) -> bool:
        match node.kind, node.text:
            case "word", word:
                return token.word == word
            case "symbol", text:
                return token.kind == "symbol" and token.text == text
            case "space", _:
                return token.is_apart
            case "token", "NUMBER":
                return token.kind == "number"
            case "token", "SIZE":
                return token.kind == "number" and token.text.isdigit()
            case "token", "STRING":
                return token.kind == "string"
        return self._is_name(node.text, token)

    def _is_name(self, wanted: str, token: Token) -> bool:
        is_plain = token.kind == "word" and token.word not in self.reserved
        match wanted:
            case "function":
                return is_plain and token.word not in _OF_THEIR_OWN
            case "NAME":
                return is_plain or token.text.startswith("`")
            case "WORD":
                return token.kind == "word"
            case "ANY":
                return token.kind in ("word", "string")
            case "LABEL":
                is_text = token.kind == "string" and "''" not in token.text and self.database not in ("postgresql", "redshift")
                return is_plain or token.kind == "quoted" or is_text
        return is_plain or token.kind == "quoted"


def _never(at: int) -> Match:
    return None


def _in_order(steps: list[Step]) -> Step:
    def step(at: int) -> Match:
        notes: Notes = ()
        for each in steps:
            found = each(at)
            if found is None:
                return None
            at, notes = found[0], notes + found[1]
        return at, notes

    return step


def _first_of(steps: list[Step]) -> Step:
    return lambda at: next((found for each in steps if (found := each(at))), None)


def _again(each: Step) -> Step:
    def step(at: int) -> Match:
        notes: Notes = ()
        while (found := each(at)) and found[0] > at:
            at, notes = found[0], notes + found[1]
        return at, notes

    return step


def _noted(kind: str, each: Step) -> Step:
    def step(at: int) -> Match:
        found = each(at)
        return (found[0], (*found[1], (kind, at, found[0]))) if found else None

    return step


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _all(part)
