"""What is wrong with tools and the form of the answer."""

from collections.abc import Iterator
from typing import Any

from . import schema_text
from .findings import BEDROCK, Finding
from .soundness import listed, mapping, text_of


def unread(data: dict[str, Any]) -> dict[str, str]:
    """Places that hold JSON as it was typed, because it could not be read yet."""
    found = {f"tools.{index}.input_schema": tool.get("input_schema") for index, tool in enumerate(_tools(data))}
    found["output_schema"] = data.get("output_schema")
    return {place: value for place, value in found.items() if isinstance(value, str)}


def findings(data: dict[str, Any]) -> Iterator[Finding]:
    yield from _choice(data)
    yield from _together(data)
    for place, text in unread(data).items():
        yield _typed(place, text)
    for index, tool in enumerate(_tools(data)):
        yield from _tool(f"tools.{index}", tool)
    if isinstance(schema := data.get("output_schema"), dict):
        yield from _schema("output_schema", schema)
        sentence = "Bedrock cannot store the form of the answer; applications have to send it with each call."
        yield Finding("hint", "output_schema", sentence, rule_of=BEDROCK)


def _tools(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [mapping(tool) for tool in listed(data.get("tools"))]


def _choice(data: dict[str, Any]) -> Iterator[Finding]:
    tools, choice = _tools(data), data.get("tool_choice")
    if isinstance(choice, str) and choice not in ("auto", "any") and choice not in [tool.get("name") for tool in tools]:
        yield Finding("error", "tool_choice", f"There is no tool called {choice[:80]}. Choose auto, any, or one of the tools.")
    elif isinstance(choice, str) and not tools:
        yield Finding("error", "tool_choice", "There is no tool to choose. Add one, or leave this empty.")


def _together(data: dict[str, Any]) -> Iterator[Finding]:
    """Settings that stand against each other."""
    tools, choice = _tools(data), data.get("tool_choice")
    if tools and data.get("kind", "text") != "chat":
        sentence = "Bedrock holds tools in chats only. Make this a chat before it is published."
        yield Finding("warning", "tools", sentence, fix="make_chat", rule_of=BEDROCK)
    if tools and data.get("output_schema") and isinstance(choice, str) and choice != "auto":
        sentence = "The model must call a tool and must answer in a fixed form. It cannot do both in one answer: leave one of them out."
        yield Finding("warning", "tool_choice", sentence)


def _typed(place: str, text: str) -> Finding:
    _, mistake = schema_text.read(text)
    if mistake:
        return Finding("error", place, f"{mistake.sentence} What you typed is kept.", mistake.line, mistake.column)
    return Finding("error", place, "This must be an object: { … }.", 1, 1)


def _tool(place: str, tool: dict[str, Any]) -> Iterator[Finding]:
    name = text_of(tool.get("name"))
    if name and not text_of(tool.get("description")).strip():
        yield Finding("hint", f"{place}.description", f"Say what {name[:80]} does: the model chooses a tool by its description.")
    if isinstance(schema := tool.get("input_schema"), dict):
        yield from _schema(f"{place}.input_schema", schema)


def _schema(place: str, schema: dict[str, Any]) -> Iterator[Finding]:
    for inside, sentence in schema_text.mistakes(schema):
        yield Finding("error", f"{place}.{inside}" if inside else place, sentence)
    yield from _fields(place, schema)


def _fields(place: str, schema: dict[str, Any]) -> Iterator[Finding]:
    for name, field in mapping(schema.get("properties")).items():
        there = f"{place}.properties.{name}"
        if not name:
            yield Finding("error", there, "A field has no name yet.")
        if isinstance(field, dict) and field.get("enum") == []:
            yield Finding("error", there, f"{name[:80] or 'The field'} is a choice: list what can be chosen.")
        if isinstance(field, dict):
            yield from _fields(there, field)
