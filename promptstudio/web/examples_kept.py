"""The named examples of a prompt as its page shows them: what each fills in, and whether that is still asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promptstudio.prompts.bundle import VARIABLE_NAME
from promptstudio.prompts.models import Draft, NamedExample, Prompt, Version
from promptstudio.prompts.renames import Renames, carried, renames_of

from .editing_page import names_in
from .forms.bundle_form import shown


@dataclass(frozen=True)
class Value:
    name: str
    text: str
    is_asked_for: bool


@dataclass(frozen=True)
class Kept:
    """`fits` where the prompt asks for something that it fills in. A value that nothing asks for stays with it."""

    example: NamedExample
    values: list[Value]
    fits: bool


def examples_kept(prompt: Prompt, version: Version | None, drafts: Iterable[Draft]) -> list[Kept]:
    """Asked for is what stands in the newest version or in a draft that is open."""
    contents = [*([version.bundle.as_json()] if version else []), *(draft.content for draft in drafts)]
    names = list(dict.fromkeys(name for content in contents for name in names_in(content) if name))
    renames = renames_of(prompt)
    return [_kept(example, names, renames) for example in prompt.examples.filter(archived_at=None)]


def values_from(example: NamedExample, given: Mapping[str, str]) -> dict[str, Any]:
    """The values of `example` with those that were typed. What was not touched stays to the letter."""
    typed = {key.removeprefix("value-"): text.replace("\r\n", "\n") for key, text in given.items() if key.startswith("value-")}
    before = carried(example.values, renames_of(example.prompt))
    known = {name: text for name, text in typed.items() if name in before or VARIABLE_NAME.fullmatch(name)}
    return {**example.values, **{name: text for name, text in known.items() if text != shown(before.get(name)).replace("\r\n", "\n")}}


def _kept(example: NamedExample, names: list[str], renames: Renames) -> Kept:
    filled = carried(example.values, renames)
    asked = [Value(name, shown(filled.get(name)), True) for name in names]
    others = [Value(name, shown(value), False) for name, value in example.values.items() if name not in names]
    return Kept(example, asked + others, any(value.text for value in asked))
