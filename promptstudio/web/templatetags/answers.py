"""How answers of models are shown."""

import json
from decimal import Decimal
from typing import Any

from django import template
from django.utils.text import Truncator

from promptstudio.evaluations.assertions import label_of
from promptstudio.evaluations.judge_texts import MOST_POINTS
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.verdicts import heard
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import BUILT_IN, EMBEDDING

from .. import results
from ..trying import in_words

register = template.Library()
LONGEST_WANTED, MOST_WANTED = 80, 5


@register.filter
def seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


@register.filter
def money(dollars: Decimal) -> str:
    return in_words(dollars)


@register.filter
def model_name(answer: Answer) -> str:
    """As people call it; its id where Studio knows no name."""
    return model_label(answer.model)


@register.filter
def model_label(model: str) -> str:
    known = BUILT_IN.find(model) or EMBEDDING.find(model)
    return known.label if known else model


@register.filter
def laid_out(answer: Answer) -> str:
    """The text; where it is one JSON object or list, with a line for each member."""
    return results.laid_out(answer.text)


@register.filter
def verdict(answer: Answer) -> str:
    """“no, 7 of 10 points”; what cannot be read as it stands there."""
    said = heard(answer).verdict
    return f"{'yes' if said.holds else 'no'}, {said.score * MOST_POINTS:.0f} of {MOST_POINTS} points" if said else laid_out(answer)


@register.filter
def check_label(assertion_type: str) -> str:
    """“The answer contains”, as the value goes on."""
    return label_of(assertion_type)


@register.filter
def check_value(value: Any) -> str:
    """What is looked for, as people type it."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def wanted(value: Any) -> str:
    """What is looked for, as a sentence goes on: “pipe”; “pipe”, “hose”; at most 150."""
    if isinstance(value, dict) and value and value.keys() <= {"min", "max"}:
        return " and ".join(f"{word} {value[name]}" for name, word in (("min", "at least"), ("max", "at most")) if name in value)
    several = value if isinstance(value, list) and value and all(isinstance(each, str) for each in value) else [check_value(value)]
    quoted = [f"“{Truncator(each).chars(LONGEST_WANTED)}”" for each in several[:MOST_WANTED] if each]
    return ", ".join(quoted) + (f" and {len(several) - MOST_WANTED} more" if len(several) > MOST_WANTED else "")


@register.filter
def arguments(call: dict[str, Any]) -> list[tuple[str, str]]:
    """What a tool is called with, a line for each argument; none where it is no object."""
    given = call.get("input")
    return [(str(name), check_value(value)) for name, value in given.items()] if isinstance(given, dict) else []


@register.filter
def tool_choice(bundle: Bundle) -> str:
    """“it may call them”, as the list of tools goes on."""
    choice = bundle.tool_choice or "auto"
    return {"auto": "may be called", "any": "one of them has to be called"}.get(choice, f"{choice} has to be called")


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
