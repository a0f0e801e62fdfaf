"""What the pages of a prompt say: folders of a path, findings of a block."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template

from promptstudio.prompts.bundle import Variable
from promptstudio.prompts.limits import in_words

register = template.Library()


@dataclass(frozen=True)
class Level:
    name: str
    path: str


@register.filter
def levels(path: str) -> list[Level]:
    """`Property/Water` as its folders, each with the path that leads to it."""
    parts = [part for part in path.split("/") if part]
    return [Level(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]


@register.filter
def of(rows: Mapping[str, Any], key: str) -> Any:
    """What stands in `rows` under `key`; nothing where nothing does."""
    return rows.get(key, "")


@register.filter
def limits(variable: Variable) -> str:
    """“at least 1, at most 10”, or nothing."""
    return in_words(variable.limits)
