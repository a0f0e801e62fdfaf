"""A prompt's configuration as form fields, and back. Whatever was typed is kept, finished or not.

Fields: `kind`, `syntax`, `system`, `model`, `temperature`, `top_p`, `max_tokens`, `stop` (many), and for each row of the repeated
`message` and `variable` keys: `m<key>-role`, `m<key>-text`, `v<key>-name`, `-type`, `-required`, `-default`, `-example`,
`-description`, `-choices`, `-min`, `-max`, `-max_length`, `-new_name`. A key stays with its row while the page is open, wherever
the row is moved.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from promptstudio.prompts.bundle import MAX_STOP_SEQUENCES
from promptstudio.prompts.limits import LIMITS
from promptstudio.prompts.soundness import listed, mapping, text_of
from promptstudio.prompts.values import WRITTEN_NUMBER, as_text

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

    def new_key(self) -> str:
        keys = [int(message.key) for message in self.messages] + [int(variable.key) for variable in self.variables]
        return str(1 + max(keys, default=-1))

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
        }

    def _syntax(self, before: dict[str, Any]) -> dict[str, str]:
        return {"syntax": self.syntax} if self.syntax and self.syntax != before.get("syntax", "plain") else {}


def fields_of(content: dict[str, Any], *, first_key: int = 0) -> BundleFields:
    """The fields that show `content`; rows get keys from `first_key` on."""
    inference = mapping(content.get("inference"))
    messages = [mapping(message) for message in listed(content.get("messages"))]
    variables = [mapping(variable) for variable in listed(content.get("variables"))]
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
    )


def fields_like(content: dict[str, Any], page: BundleFields) -> BundleFields:
    """The fields that show `content`, where rows that stand on `page` already keep their keys."""
    fields = fields_of(content, first_key=int(page.new_key()))
    if [row.role for row in fields.messages] == [row.role for row in page.messages]:
        for row, same in zip(fields.messages, page.messages, strict=True):
            row.key = same.key
    keys = {row.name: row.key for row in reversed(page.variables)}
    for variable in fields.variables:
        variable.key = keys.pop(variable.name, variable.key)
    return fields


def fields_from(post: QueryDict) -> BundleFields:
    """What a person sent. Anything missing is empty; nothing is judged here."""
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
    )


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
