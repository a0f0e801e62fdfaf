"""A prompt's configuration as form fields, and back. Whatever was typed is kept, finished or not.

Fields: `kind`, `syntax`, `system`, `model`, `temperature`, `top_p`, `max_tokens`, `stop` (many), and for each row of the repeated
`message` and `variable` keys: `m<key>-role`, `m<key>-text`, `v<key>-name`, `-type`, `-required`, `-default`, `-example`,
`-description`, `-choices`, `-min`, `-max`, `-max_length`, `-new_name`. Where `schemas` is sent, for each repeated `tool` key
`t<key>-name` and `-description`, then `tool_choice` and, with `has_output`, the form of the answer; for their schemas see `schema_form`.
A key stays with its row while the page is open, wherever the row is moved.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

from django.http import QueryDict

from promptstudio.prompts.bundle import MAX_STOP_SEQUENCES, VARIABLE_NAME
from promptstudio.prompts.limits import LIMITS
from promptstudio.prompts.soundness import listed, mapping, text_of
from promptstudio.prompts.values import WRITTEN_NUMBER, as_text

from .schema_form import FieldRow, NewKey, SchemaFields, fit, schema_fields, schema_from, walk

ROLES = ("user", "assistant")
KEY = re.compile(r"[0-9]{1,9}", re.ASCII)
# A line break cannot be typed into a single line, and models often stop at one.
ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\\": "\\"}
UNESCAPES = {letter: sign for sign, letter in ESCAPES.items()}


@dataclass
class MessageRow:
    key: str
    role: str = "user"
    text: str = ""


@dataclass
class VariableRow:
    """Everything as it was typed. `new_name` is what the variable shall be called everywhere, `refused` why it cannot be."""

    key: str
    name: str = ""
    type: str = "string"
    required: bool = True
    default: str = ""
    example: str = ""
    description: str = ""
    choices: str = ""
    # None where the page has no field for it.
    min: str | None = None
    max: str | None = None
    max_length: str | None = None
    new_name: str = ""
    refused: str = ""
    was_called: str = ""

    @property
    def is_fresh(self) -> bool:
        """Nothing is typed in it yet."""
        return replace(self, key="", min=self.min or None, max=self.max or None, max_length=self.max_length or None) == VariableRow("")


@dataclass
class ToolRow:
    key: str
    schema: SchemaFields
    name: str = ""
    description: str = ""


@dataclass
class BundleFields:
    kind: str = "text"
    # as the page said it; empty where it said nothing
    syntax: str = ""
    system: str = ""
    messages: list[MessageRow] = field(default_factory=list)
    variables: list[VariableRow] = field(default_factory=list)
    model: str = ""
    temperature: str = ""
    top_p: str = ""
    max_tokens: str = ""
    stop: list[str] = field(default_factory=list)
    # False where a page of an older kind sent no tools: then those of the draft stay.
    has_schemas: bool = True
    tools: list[ToolRow] = field(default_factory=list)
    tool_choice: str = ""
    output: SchemaFields | None = None

    def new_key(self) -> str:
        rows: Iterable[Any] = chain(self.messages, self.variables, self.tools, self.fields)
        return str(1 + max((int(row.key) for row in rows), default=-1))

    @property
    def schemas(self) -> dict[str, SchemaFields]:
        """Every schema under the block that it stands in."""
        found = {f"t{tool.key}": tool.schema for tool in self.tools}
        return found | ({"out": self.output} if self.output else {})

    def settle(self) -> None:
        """Let the JSON beside each table say what the table says."""
        for schema in self.schemas.values():
            schema.settle()

    def fit(self) -> "BundleFields":
        fit(self.schemas.values())
        return self

    @property
    def fields(self) -> Iterator[FieldRow]:
        return walk(row for schema in self.schemas.values() for row in schema.rows)

    @property
    def stop_shown(self) -> list[str]:
        return self.stop + [""] * (MAX_STOP_SEQUENCES - len(self.stop))

    @property
    def is_empty(self) -> bool:
        """Nothing is written yet that a starting point would replace."""
        return not (self.system.strip() or self.variables or any(row.text.strip() for row in self.messages))

    @property
    def pairs(self) -> list[tuple[MessageRow, MessageRow]]:
        """What comes in and how it is answered, before the message that is really asked; none where roles do not take turns."""
        before = self.messages[: max((index for index, row in enumerate(self.messages) if row.role == "user"), default=0)]
        in_turns = all(row.role == ROLES[index % 2] for index, row in enumerate(before))
        return list(zip(before[::2], before[1::2], strict=True)) if self.kind == "chat" and in_turns and len(before) % 2 == 0 else []

    @property
    def in_pairs(self) -> int:
        return 2 * len(self.pairs)

    @property
    def cards(self) -> list[MessageRow]:
        """The messages that stand below the table of pairs."""
        return self.messages[self.in_pairs :]

    @property
    def renamed(self) -> dict[str, str]:
        """Variables that got another name just now: new names to old ones. What was no name had no values under it."""
        return {row.name: row.was_called for row in self.variables if VARIABLE_NAME.fullmatch(row.was_called)}

    @property
    def refused(self) -> bool:
        return any(row.refused for row in self.variables)

    def content(self, before: dict[str, Any]) -> dict[str, Any]:
        """The JSON of a draft. What was not touched is taken from `before` to the letter, and so is what has no field here."""
        kept = _Kept(before)
        return {
            **before,
            **self._syntax(before),
            "kind": self.kind,
            "system": kept.text(self.system),
            "messages": [{"role": row.role, "text": kept.text(row.text)} for row in self.messages],
            "variables": [kept.variable(row) for row in self.variables],
            "model": self.model.strip(),
            "inference": {
                **mapping(before.get("inference")),
                "temperature": kept.setting("temperature", self.temperature),
                "top_p": kept.setting("top_p", self.top_p),
                "max_tokens": kept.setting("max_tokens", self.max_tokens),
                "stop_sequences": [kept.stop(text) for text in self.stop],
            },
            **(self._of_schemas(kept) if self.has_schemas else {}),
        }

    def _of_schemas(self, kept: "_Kept") -> dict[str, Any]:
        return {
            "tools": [kept.tool(row) for row in self.tools],
            "tool_choice": self.tool_choice or None,
            "output_schema": self.output.value() if self.output else None,
        }

    def _syntax(self, before: dict[str, Any]) -> dict[str, str]:
        return {"syntax": self.syntax} if self.syntax and self.syntax != before.get("syntax", "plain") else {}


def fields_of(content: dict[str, Any], *, first_key: int = 0) -> BundleFields:
    """The fields that show `content`; rows get keys from `first_key` on."""
    inference = mapping(content.get("inference"))
    messages = [mapping(message) for message in listed(content.get("messages"))]
    variables = [mapping(variable) for variable in listed(content.get("variables"))]
    keys = count(first_key + len(messages) + len(variables))
    output = content.get("output_schema")
    return BundleFields(
        kind="chat" if content.get("kind") == "chat" else "text",
        syntax="jinja" if content.get("syntax") == "jinja" else "plain",
        system=text_of(content.get("system")),
        messages=[
            MessageRow(str(key), text_of(message.get("role")) or "user", text_of(message.get("text")))
            for key, message in enumerate(messages, first_key)
        ],
        variables=[_variable_row(str(key), variable) for key, variable in enumerate(variables, first_key + len(messages))],
        model=text_of(content.get("model")),
        temperature=shown(inference.get("temperature")),
        top_p=shown(inference.get("top_p")),
        max_tokens=shown(inference.get("max_tokens")),
        stop=[escaped(text_of(text)) for text in listed(inference.get("stop_sequences"))],
        tools=[_tool_row(mapping(tool), lambda: str(next(keys))) for tool in listed(content.get("tools"))],
        tool_choice=text_of(content.get("tool_choice")),
        output=None if output is None else schema_fields(output, lambda: str(next(keys))),
    ).fit()


def fields_like(content: dict[str, Any], page: BundleFields) -> BundleFields:
    """The fields that show `content`, where rows that stand on `page` already keep their keys."""
    fields = fields_of(content, first_key=int(page.new_key()))
    if [row.role for row in fields.messages] == [row.role for row in page.messages]:
        for row, same in zip(fields.messages, page.messages, strict=True):
            row.key = same.key
    keys = {row.name: row.key for row in reversed(page.variables)}
    for variable in fields.variables:
        variable.key = keys.pop(variable.name, variable.key)
    keys = {row.name: row.key for row in reversed(page.tools)}
    for tool in fields.tools:
        tool.key = keys.pop(tool.name, tool.key)
    return fields


def fields_from(post: QueryDict) -> BundleFields:
    """What a person sent. Anything missing is empty; nothing is judged here."""
    keys = _keys_after(post)
    return BundleFields(
        kind="chat" if post.get("kind") == "chat" else "text",
        syntax=syntax if (syntax := post.get("syntax", "")) in ("plain", "jinja") else "",
        system=_lines(post.get("system", "")),
        messages=[
            MessageRow(key, role if (role := post.get(f"m{key}-role", "user")) in ROLES else "user", _lines(post.get(f"m{key}-text", "")))
            for key in _keys(post.getlist("message"))
        ],
        variables=[_variable_from(post, key) for key in _keys(post.getlist("variable"))],
        model=post.get("model", ""),
        temperature=post.get("temperature", ""),
        top_p=post.get("top_p", ""),
        max_tokens=post.get("max_tokens", ""),
        stop=[text for text in post.getlist("stop") if text],
        has_schemas="schemas" in post,
        tools=[_tool_from(post, key, keys) for key in _keys(post.getlist("tool"))],
        tool_choice=post.get("tool_choice", ""),
        output=schema_from(post, "out", _keys, keys) if "has_output" in post else None,
    ).fit()


def shown(value: Any) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else as_text(value)


def escaped(text: str) -> str:
    return "".join(f"\\{ESCAPES[sign]}" if sign in ESCAPES else sign for sign in text)


def unescaped(text: str) -> str:
    return re.sub(r"\\([nrt\\])", lambda match: UNESCAPES[match[1]], text)


def _variable_row(key: str, variable: dict[str, Any]) -> VariableRow:
    return VariableRow(
        key=key,
        name=text_of(variable.get("name")),
        type=text_of(variable.get("type")) or "string",
        required=variable.get("required", True) is not False,
        default=shown(variable.get("default")),
        example=shown(variable.get("example")),
        description=text_of(variable.get("description")),
        choices="\n".join(map(text_of, listed(variable.get("choices")))),
        **{name: shown(variable.get(name)) for name in LIMITS},
    )


def _tool_row(tool: dict[str, Any], new_key: NewKey) -> ToolRow:
    schema = schema_fields(tool.get("input_schema", {}), new_key)
    return ToolRow(new_key(), schema, text_of(tool.get("name")), text_of(tool.get("description")))


def _tool_from(post: QueryDict, key: str, new_key: NewKey) -> ToolRow:
    schema = schema_from(post, f"t{key}", _keys, new_key)
    return ToolRow(key, schema, _lines(post.get(f"t{key}-name", "")).strip(), _lines(post.get(f"t{key}-description", "")))


def _keys_after(post: QueryDict) -> NewKey:
    """Keys that no row on the page has."""
    names = [name for name in post if name in ("message", "variable", "tool") or name.startswith("field-")]
    taken = (int(key) for name in names for key in _keys(post.getlist(name)))
    keys = count(1 + max(taken, default=-1))
    return lambda: str(next(keys))


def _variable_from(post: QueryDict, key: str) -> VariableRow:
    def given(name: str) -> str:
        return _lines(post.get(f"v{key}-{name}", ""))

    return VariableRow(
        key=key,
        name=given("name").strip(),
        type=given("type") or "string",
        required=f"v{key}-required" in post,
        default=given("default"),
        example=given("example"),
        description=given("description"),
        choices=given("choices"),
        min=post.get(f"v{key}-min"),
        max=post.get(f"v{key}-max"),
        max_length=post.get(f"v{key}-max_length"),
        new_name=given("new_name").strip(),
    )


def _keys(given: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(key for key in given if KEY.fullmatch(key)))


def _lines(text: str) -> str:
    """Browsers send line breaks as two characters, whatever stood there before."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Kept:
    """Finds what stood in a draft before, so that showing and sending it back changes nothing in it."""

    def __init__(self, before: dict[str, Any]) -> None:
        texts = [text_of(before.get("system"))] + [text_of(mapping(m).get("text")) for m in listed(before.get("messages"))]
        self.texts = {_lines(text): text for text in texts}
        self.variables = {text_of(v.get("name")): v for v in map(mapping, listed(before.get("variables")))}
        self.inference = mapping(before.get("inference"))
        self.tools = {text_of(tool.get("name")): tool for tool in map(mapping, listed(before.get("tools")))}

    def tool(self, row: ToolRow) -> dict[str, Any]:
        was = self.tools.get(row.name, {})
        before = text_of(was.get("description"))
        description = before if _lines(before) == row.description else row.description
        return {**was, "name": row.name, "description": description, "input_schema": row.schema.value()}

    def text(self, typed: str) -> str:
        return self.texts.get(typed, typed)

    def variable(self, row: VariableRow) -> dict[str, Any]:
        was = self.variables.get(row.was_called or row.name, {})
        before = _variable_row("0", was)
        same_type = before.type == row.type
        choices = [line.strip() for line in row.choices.split("\n") if line.strip()]
        return {
            "name": row.name,
            "type": row.type,
            "required": row.required,
            "default": was.get("default") if same_type and _lines(before.default) == row.default else _value(row.type, row.default),
            "example": was.get("example") if same_type and _lines(before.example) == row.example else _value(row.type, row.example),
            "description": text_of(was.get("description")) if _lines(before.description) == row.description else row.description,
            "choices": list(listed(was.get("choices"))) if _lines(before.choices) == row.choices else choices,
            **_limits(row, was),
        }

    def setting(self, name: str, typed: str) -> Any:
        was = self.inference.get(name)
        return was if shown(was) == typed else number_or_text(typed)

    def stop(self, typed: str) -> str:
        return unescaped(typed)


def _limits(row: VariableRow, was: dict[str, Any]) -> dict[str, Any]:
    """Those that were typed; what was not touched, and what the page has no field for, stays as it was."""
    found: dict[str, Any] = {}
    for name in LIMITS:
        typed = getattr(row, name)
        if typed is None or typed == shown(was.get(name)):
            found |= {name: was[name]} if name in was else {}
        elif typed.strip():
            found[name] = number_or_text(typed)
    return found


def _value(type_: str, typed: str) -> Any:
    if not typed:
        return None
    if type_ == "boolean" and typed in ("true", "false"):
        return typed == "true"
    return number_or_text(typed) if type_ == "number" else typed


def number_or_text(typed: str) -> Any:
    """The number that was typed; the text itself where it is none, for the findings to name."""
    text = typed.strip()
    if not text:
        return None
    if not WRITTEN_NUMBER.fullmatch(text):
        return typed
    return float(text) if "." in text else int(text)
