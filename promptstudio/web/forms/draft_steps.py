"""What the buttons of the editor do to its fields: rows added, moved and removed, and one-click fixes."""

from collections.abc import Callable
from typing import Any

from promptstudio.prompts.catalogue import find_model
from promptstudio.prompts.lint import USUAL_MAX_TOKENS
from promptstudio.prompts.templating import escape_braces

from .bundle_form import BundleFields, MessageRow, VariableRow

Step = Callable[[BundleFields, str], None]


def take(fields: BundleFields, step: str) -> bool:
    """Do `step` (`move_up:3`) to `fields`. False when there is no such step."""
    name, _, about = step.partition(":")
    do = STEPS.get(name)
    if do:
        do(fields, about)
    return do is not None


def _add_message(fields: BundleFields, role: str) -> None:
    last = fields.messages[-1].role if fields.messages else "assistant"
    fields.messages.append(MessageRow(fields.new_key(), role or ("user" if last == "assistant" else "assistant")))
    if len(fields.messages) > 1 or role == "assistant":
        fields.kind = "chat"


def _remove_message(fields: BundleFields, key: str) -> None:
    fields.messages = [row for row in fields.messages if row.key != key]


def _move_up(fields: BundleFields, key: str) -> None:
    _move(fields.messages, key, -1)


def _move_down(fields: BundleFields, key: str) -> None:
    _move(fields.messages, key, 1)


def _move(rows: list[Any], key: str, by: int) -> None:
    at = next((index for index, row in enumerate(rows) if row.key == key), None)
    if at is not None and 0 <= at + by < len(rows):
        rows[at], rows[at + by] = rows[at + by], rows[at]


def _add_variable(fields: BundleFields, name: str) -> None:
    fields.variables.append(VariableRow(fields.new_key(), name=name))


def _remove_variable(fields: BundleFields, key: str) -> None:
    fields.variables = [row for row in fields.variables if row.key != key]


def _make_optional(fields: BundleFields, key: str) -> None:
    for row in fields.variables:
        if row.key == key:
            row.required = False


def _escape_braces(fields: BundleFields, key: str) -> None:
    if key == "system":
        fields.system = escape_braces(fields.system)
    for row in fields.messages:
        if row.key == key:
            row.text = escape_braces(row.text)


def _make_chat(fields: BundleFields, about: str) -> None:
    fields.kind = "chat"


def _set_max_tokens(fields: BundleFields, about: str) -> None:
    fields.max_tokens = str(offered_length(fields.model))


def offered_length(model_id: str) -> int:
    model = find_model(model_id)
    return min(USUAL_MAX_TOKENS, model.max_output) if model else USUAL_MAX_TOKENS


STEPS: dict[str, Step] = {
    "add_message": _add_message,
    "remove_message": _remove_message,
    "move_up": _move_up,
    "move_down": _move_down,
    "add_variable": _add_variable,
    "remove_variable": _remove_variable,
    "make_optional": _make_optional,
    "escape_braces": _escape_braces,
    "make_chat": _make_chat,
    "set_max_tokens": _set_max_tokens,
}
