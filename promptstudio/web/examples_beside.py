"""What a model would receive for each named example: of what is live and of what is asked, where that differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.diff import Comparison
from promptstudio.prompts.models import NamedExample, Version
from promptstudio.prompts.renames import carried, renames_of
from promptstudio.prompts.templating import render

from .comparisons import compare

MOST_EXAMPLES = 10


@dataclass(frozen=True)
class Beside:
    """`comparison` is None where one side cannot be filled in; `problem` says why."""

    example: NamedExample
    comparison: Comparison | None = None
    problem: str = ""


@dataclass(frozen=True)
class Examples:
    differing: list[Beside]
    same: int
    more: int


def beside(old: Version | None, new: Version) -> Examples:
    found = list(new.prompt.examples.filter(archived_at=None)[: MOST_EXAMPLES + 1])
    shown = list(_beside(old, new, found[:MOST_EXAMPLES])) if old else []
    differing = [each for each in shown if each.problem or (each.comparison and not each.comparison.is_empty)]
    return Examples(differing, len(shown) - len(differing), len(found) - len(found[:MOST_EXAMPLES]))


def _beside(old: Version, new: Version, examples: list[NamedExample]) -> Iterator[Beside]:
    renames = renames_of(new.prompt)
    for example in examples:
        values = carried(example.values, renames)
        try:
            yield Beside(example, compare(_filled(old, values), _filled(new, values)))
        except Invalid as error:
            yield Beside(example, problem=error.sentence)


def _filled(version: Version, values: dict[str, Any]) -> Bundle:
    """The texts alone, with the values in them. What the version does not know is left out; what it needs is asked for."""
    known = {variable.name for variable in version.bundle.variables}
    try:
        filled = render(version.bundle, {name: value for name, value in values.items() if name in known})
    except Invalid as error:
        raise Invalid({"example": f"{version.semver} cannot be filled in: {error.sentence}"}) from None
    # Values may make a text longer than a stored one may be, so it is not validated again.
    return Bundle.model_construct(kind="chat", system=filled.system, messages=filled.messages)
