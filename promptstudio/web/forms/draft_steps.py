"""What the buttons of the editor do to its fields: rows added, moved and removed, and one-click fixes."""

from collections.abc import Callable
from functools import partial
from typing import Any

from promptstudio.prompts.bundle import VARIABLE_NAME
from promptstudio.prompts.catalogue import BUILT_IN, Catalogue
from promptstudio.prompts.gaps import filled
from promptstudio.prompts.lint import USUAL_MAX_TOKENS
from promptstudio.prompts.starting_points import starting_point
from promptstudio.prompts.templating import OPEN_BRACES, escape_braces, renamed

from .bundle_form import BundleFields, MessageRow, ToolRow, VariableRow, fields_of
from .schema_form import NEW_SCHEMA, FieldRow, schema_fields

Step = Callable[[BundleFields, str], None]
NO_NAME = "A variable name has letters and digits, with a single _ or - between them, at most 100 of them: customer_name."


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


def _add_pair(fields: BundleFields, about: str) -> None:
    """An example of what comes in and how it is answered, below those that are there."""
    at = fields.in_pairs
    fields.messages.insert(at, MessageRow(fields.new_key(), "user"))
    fields.messages.insert(at + 1, MessageRow(fields.new_key(), "assistant"))
    fields.kind = "chat"


def _remove_pair(fields: BundleFields, key: str) -> None:
    """`key` is that of the pair's first message."""
    gone = next((pair for pair in fields.pairs if pair[0].key == key), ())
    fields.messages = [row for row in fields.messages if row not in gone]


def _pair_up(fields: BundleFields, key: str) -> None:
    _move_pair(fields, key, -1)


def _pair_down(fields: BundleFields, key: str) -> None:
    _move_pair(fields, key, 1)


def _move_pair(fields: BundleFields, key: str, by: int) -> None:
    """`key` is that of the pair's first message. Question and answer stay together."""
    pairs = fields.pairs
    at = next((index for index, pair in enumerate(pairs) if pair[0].key == key), None)
    if at is not None and 0 <= at + by < len(pairs):
        pairs[at], pairs[at + by] = pairs[at + by], pairs[at]
        fields.messages[: 2 * len(pairs)] = [row for pair in pairs for row in pair]


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


def _rename_variable(fields: BundleFields, about: str) -> None:
    """Everywhere at once: in the table and in each text. `about` is the row's key, and the new name where it is not typed in the row."""
    key, _, given = about.partition(":")
    for row in fields.variables:
        if row.key == key:
            row.new_name = given.strip() or row.new_name
            row.refused = _no_new_name(fields, row)
            if not row.refused:
                _in_all_texts(fields, partial(renamed, old=row.name, new=row.new_name))
                row.was_called, row.name, row.new_name = row.name, row.new_name, ""


def _no_new_name(fields: BundleFields, row: VariableRow) -> str:
    if not VARIABLE_NAME.fullmatch(row.new_name):
        return NO_NAME if row.new_name else "Write the new name first."
    if row.new_name == OPEN_BRACES:
        return f"{OPEN_BRACES} always stands for two braces. Choose another name."
    if row.new_name in [other.name for other in fields.variables]:
        return f"There is already a variable called {row.new_name}. Choose another name."
    return ""


def _make_variable(fields: BundleFields, about: str) -> None:
    """A gap in one text, and its like there, become a variable of the table."""
    key, _, name = about.partition(":")
    label = ""
    if key == "system":
        fields.system, label = filled(fields.system, name)
    for row in fields.messages:
        if row.key == key:
            row.text, label = filled(row.text, name)
    if label and name not in [row.name for row in fields.variables]:
        fields.variables.append(VariableRow(fields.new_key(), name=name, description=label))


def write_out(fields: BundleFields, step: str, words: Callable[[str, str], str]) -> bool:
    """`write_out:3:greeting`. `words` takes a text and the name of a snippet, and writes that out in it. False for any other step."""
    name, _, about = step.partition(":")
    key, _, snippet = about.partition(":")
    if name != "write_out":
        return False
    if key == "system":
        fields.system = words(fields.system, snippet)
    for row in fields.messages:
        if row.key == key:
            row.text = words(row.text, snippet)
    return True


def _in_all_texts(fields: BundleFields, change: Callable[[str], str]) -> None:
    fields.system = change(fields.system)
    for row in fields.messages:
        row.text = change(row.text)


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


def _put_back(fields: BundleFields, about: str) -> None:
    """Words that a browser kept come as they were typed; being a step, they are shown with the whole page."""


def _start_from(fields: BundleFields, slug: str) -> None:
    """Words that are there already are never replaced."""
    point = starting_point(slug)
    if point and fields.is_empty:
        begun = fields_of(point.content(), first_key=int(fields.new_key()))
        fields.kind, fields.system, fields.messages, fields.variables = begun.kind, begun.system, begun.messages, begun.variables
        fields.temperature = fields.temperature or begun.temperature
        fields.max_tokens = fields.max_tokens or begun.max_tokens


def _add_tool(fields: BundleFields, about: str) -> None:
    fields.tools.append(ToolRow(fields.new_key(), schema_fields(NEW_SCHEMA, fields.new_key)))


def _remove_tool(fields: BundleFields, key: str) -> None:
    fields.tools = [row for row in fields.tools if row.key != key]


def _add_output(fields: BundleFields, about: str) -> None:
    fields.output = fields.output or schema_fields(NEW_SCHEMA, fields.new_key)


def _remove_output(fields: BundleFields, about: str) -> None:
    fields.output = None


def _add_field(fields: BundleFields, block: str) -> None:
    """Into a schema (`out`, `t3`) or a group of fields inside one (`p7`)."""
    rows = _rows_at(fields, block)
    if rows is not None:
        taken = {row.name for row in rows}
        name = next(free for number in range(len(rows) + 1, len(rows) * 2 + 3) if (free := f"field_{number}") not in taken)
        rows.append(FieldRow(fields.new_key(), name, nests=not block.startswith("p")))


def _rows_at(fields: BundleFields, block: str) -> list[FieldRow] | None:
    if block in fields.schemas:
        schema = fields.schemas[block]
        return schema.rows if schema.has_table else None
    return next((row.rows for row in fields.fields if row.nests and f"p{row.key}" == block), None)


def _remove_field(fields: BundleFields, key: str) -> None:
    for rows in [schema.rows for schema in fields.schemas.values()] + [row.rows for row in fields.fields]:
        rows[:] = [row for row in rows if row.key != key]


def _set_max_tokens(fields: BundleFields, about: str) -> None:
    fields.max_tokens = about if about.isdecimal() and len(about) < 8 else str(offered_length(fields.model))


def _set_model(fields: BundleFields, model_id: str) -> None:
    fields.model = model_id


def offered_length(model_id: str, known: Catalogue = BUILT_IN) -> int:
    model = known.find(model_id)
    return min(USUAL_MAX_TOKENS, model.max_output) if model else USUAL_MAX_TOKENS


STEPS: dict[str, Step] = {
    "add_message": _add_message,
    "remove_message": _remove_message,
    "add_pair": _add_pair,
    "remove_pair": _remove_pair,
    "pair_up": _pair_up,
    "pair_down": _pair_down,
    "move_up": _move_up,
    "move_down": _move_down,
    "add_variable": _add_variable,
    "remove_variable": _remove_variable,
    "rename_variable": _rename_variable,
    "make_variable": _make_variable,
    "make_optional": _make_optional,
    "escape_braces": _escape_braces,
    "make_chat": _make_chat,
    "start_from": _start_from,
    "put_back": _put_back,
    "set_max_tokens": _set_max_tokens,
    "set_model": _set_model,
    "add_tool": _add_tool,
    "remove_tool": _remove_tool,
    "add_output": _add_output,
    "remove_output": _remove_output,
    "add_field": _add_field,
    "remove_field": _remove_field,
}
