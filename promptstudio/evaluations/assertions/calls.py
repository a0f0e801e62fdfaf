"""Checks of the tools that a model called."""

from collections.abc import Mapping, Sequence
from typing import Any

from promptstudio.prompts.bundle import Tool

from .javascript import as_string, trimmed
from .saying import Fact, shown
from .schemas import conforms


def valid_calls(calls: Sequence[Mapping[str, Any]], tools: Sequence[Tool]) -> Fact:
    if not calls:
        return Fact(False, "The model called no tool.")
    forms = {tool.name: tool.input_schema for tool in reversed(tools)}
    for call in calls:
        name, given = call.get("name"), call.get("input")
        if name not in forms:
            return Fact(False, f"The model called {shown(str(name))}, which is no tool of this prompt.")
        if not conforms(_doubles(given), forms[name]):
            return Fact(False, f"What the model gave to {shown(str(name))} does not fit its form.")
    return Fact(True, "Every call names a tool of this prompt and fits its form.")


def tool_names(calls: Sequence[Mapping[str, Any]], value: str | list[Any], threshold: float | None) -> Fact:
    wanted = {trimmed(name) for name in value.split(",")} if isinstance(value, str) else {as_string(name) for name in value}
    called = {str(call["name"]) for call in calls if isinstance(call.get("name"), str)}
    common, least = len(wanted & called), 1.0 if threshold is None else threshold
    precision, recall = (common / len(called) if called else 0.0), common / len(wanted)
    score = 2 * precision * recall / (precision + recall) if common else 0.0
    names = ", ".join(sorted(called)) or "no tool"
    return Fact(score >= least, f"The model called {shown(names)}; that agrees by {score:.2f}, and {least:g} is asked for.", (score, score))


def _doubles(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict):
        return {name: _doubles(member) for name, member in value.items()}
    return [_doubles(each) for each in value] if isinstance(value, list) else value
