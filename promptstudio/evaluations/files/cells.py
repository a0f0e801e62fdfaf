"""Single cells of a table: texts that no spreadsheet runs, lists, and checks as promptfoo writes them.

The rules of a check's cell are `assertionFromString` of promptfoo 0.121.20.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from ..assertions import WORDS
from ..assertions.saying import CannotSay
from ..assertions.texts import comma_separated
from ..assertions.words import GROUP

# What a spreadsheet takes for the beginning of a formula, full-width forms included, behind any number of our own marks.
FORMULA = re.compile("'*[ \u00a0]*[=+\\-@\t\r\n＝＋－＠]")
# What XML, and so a workbook, cannot hold.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel takes 32,767 in a cell.
LONGEST_CELL = 32_000
COMMA = re.compile(r"(?<!\\),")
SCHEMAS = ("is-json", "contains-json")
LISTS = ("contains-any", "contains-all", "icontains-any", "icontains-all")
CODE = {"javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python"}
GRADES = ("grade:", "llm-rubric:")
# What a cell without a threshold means to promptfoo; elsewhere these types have defaults of their own.
IN_CELLS = dict.fromkeys(
    ["answer-relevance", "classifier", "context-faithfulness", "context-recall", "context-relevance", "cost", "latency", "levenshtein",
     "perplexity-score", "perplexity", "rouge-n"], 0.75
) | {"similar": 0.8}  # fmt: skip
ELSEWHERE = {"levenshtein": 5, "similar": 0.75}
_TYPES = "|".join(re.escape(name) for name in sorted(set(WORDS) - {GROUP}, key=len, reverse=True))
CHECK = re.compile(rf"(?P<type>(?:not-)?(?:{_TYPES}))(?:\((?P<threshold>\d+(?:\.\d+)?)\))?(?::(?P<value>.*))?", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def guarded(text: str) -> str:
    """A cell that a spreadsheet shows and never runs. `unguarded` gives the same text back."""
    text = UNSTORABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_CELL]
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def text_of(value: Any) -> str:
    """A value as people read it; what is no text stands as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def number_in(text: str) -> Any:
    """The number, with a comma or a point; the text where it is none, for whoever says so."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return text


def list_in(cell: str) -> list[str]:
    return [part.strip().replace("\\,", ",") for part in COMMA.split(cell)]


def list_of(texts: Iterable[str]) -> str:
    return ",".join(text.replace(",", "\\,") for text in texts)


def check_in(cell: str) -> dict[str, Any]:
    """The assertion that a cell stands for, members as promptfoo gives them."""
    cell = cell.strip()
    for start, kind in CODE.items():
        if cell.startswith(start):
            return {"type": kind, "value": cell.removeprefix(start).strip()}
    for start in GRADES:
        if cell.startswith(start):
            return {"type": "llm-rubric", "value": cell.removeprefix(start)}
    match = CHECK.fullmatch(cell)
    return _check(match) if match else {"type": "equals", "value": cell}


def check_of(assertion: dict[str, Any]) -> str | None:
    """The cell that says most of an assertion; None for what no cell can say. Weights and the like stand beside it."""
    kind, value = assertion["type"], assertion.get("value")
    if kind == GROUP or not CHECK.fullmatch(kind):
        return None
    if value is None:
        return kind + _threshold_of(kind, assertion)
    if isinstance(value, dict) and kind.removeprefix("not-") not in SCHEMAS:
        # promptfoo would stop at the text of an object.
        return None
    text = _value_of(kind, value)
    alone = kind == "equals" and "threshold" not in assertion and check_in(text) == {"type": "equals", "value": text}
    return text if alone else f"{kind}{_threshold_of(kind, assertion)}:{text}"


def _check(match: re.Match[str]) -> dict[str, Any]:
    kind, value = match["type"], match["value"]
    base = kind.removeprefix("not-")
    found: dict[str, Any] = {"type": kind}
    if value is not None:
        found["value"] = _words(value) if base in LISTS and value else value if base in SCHEMAS else value.strip()
    if match["threshold"] and base not in LISTS:
        found["threshold"] = float(match["threshold"])
    elif base in IN_CELLS:
        found["threshold"] = IN_CELLS[base]
    return found


def _words(value: str) -> Any:
    try:
        return comma_separated(value)
    except CannotSay:
        # Whoever looks at the check says what is wrong with it.
        return value


def _value_of(kind: str, value: Any) -> str:
    if kind.removeprefix("not-") in LISTS and isinstance(value, list):
        return ",".join(_quoted(text_of(word)) for word in value)
    return text_of(value)


def _quoted(word: str) -> str:
    if word == word.strip() and word and not any(mark in word for mark in ',"\\'):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _threshold_of(kind: str, assertion: dict[str, Any]) -> str:
    base = kind.removeprefix("not-")
    threshold = assertion.get("threshold", ELSEWHERE.get(base))
    text = "" if threshold is None or isinstance(threshold, bool) else text_of(threshold)
    return f"({text})" if _NUMBER.fullmatch(text) else ""
