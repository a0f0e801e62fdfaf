"""Members of a case as people type them, and back."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from promptstudio.evaluations.assertions.sql_words import RESERVED
from promptstudio.evaluations.cases import Case
from promptstudio.evaluations.files.cells import list_in, number_in


def typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def value_of(kept: Mapping[str, Any], name: str, text: str) -> Any:
    """What was kept under that name while its text is the same; else the text."""
    return kept[name] if name in kept and typed(kept[name]) == text else text


def wanted_in(kind: str, text: str) -> Any:
    """What a check of that type looks for. For SQL the name of a database is enough, or everything is said as JSON."""
    if kind.removeprefix("not-") not in ("is-sql", "contains-sql"):
        return text
    if text.strip().lower() in RESERVED:
        return {"databaseType": text.strip()}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return said if isinstance(said, dict) else text


def check_of(case: Case | None, number: str) -> dict[str, Any]:
    """The check with that number in the case as it was, nothing where there is none."""
    if case is None or not number.isascii() or not number.isdigit() or int(number[:6]) >= len(case.assertions):
        return {}
    return case.assertions[int(number[:6])].as_json()


def percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.10g}"


def share_in(text: str) -> Any:
    """0.9 for “90” or “90 %”, None for nothing; the text where it is no number."""
    number = number_in(text.replace("%", ""))
    return round(number / 100, 12) if isinstance(number, float) else text if text.strip() else None


def tags_text(tags: Iterable[str]) -> str:
    """A comma within a tag has a backslash before it, as in promptfoo's lists."""
    return ", ".join(tag.replace(",", "\\,") for tag in tags)


def tags_in(text: str) -> list[str]:
    return list(dict.fromkeys(tag for tag in list_in(text) if tag))
