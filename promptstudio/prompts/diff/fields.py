"""What else decides a model call, as rows of tables: variables and settings."""

from typing import Any

from ..bundle import Bundle, Variable
from ..limits import in_words
from ..templating import PLACEHOLDER
from .structure import NOT_SET, NOT_THERE, FieldChange, Word, alike, differences, shown

_TYPES = {"string": "Text", "number": "Number", "boolean": "Yes or no", "choice": "Choice"}
_SENT_AS = {"string": "text", "number": "a number", "boolean": "yes or no", "choice": "one of the choices"}
_KINDS = {"text": "One text", "chat": "Conversation"}


def variables(old: Bundle, new: Bundle) -> list[FieldChange]:
    """Variables in the order of `new`, removed ones last."""
    before, after = {v.name: v for v in old.variables}, {v.name: v for v in new.variables}
    renamed = _renamed(old, new)
    found = []
    for name, variable in after.items():
        if name in renamed:
            found.append(FieldChange(name, name, renamed[name], name, "Renamed", f"Applications must send {name} instead"))
        elif name not in before:
            found.append(_added(variable))
        elif not _is_same(before[name], variable):
            found.append(_changed(before[name], variable))
    gone = [v for v in old.variables if v.name not in after and v.name not in renamed.values()]
    found += [FieldChange(v.name, v.name, _described(v), NOT_THERE, "Removed", "Applications must no longer send it") for v in gone]
    return found + _order("variables", list(before), list(after))


def _is_same(old: Variable | None, new: Variable) -> bool:
    return old is not None and alike(old.model_dump(mode="json"), new.model_dump(mode="json"))


def _order(what: str, old: list[str], new: list[str]) -> list[FieldChange]:
    if [name for name in old if name in new] == [name for name in new if name in old]:
        return []
    return [FieldChange(f"Order of the {what}", what, ", ".join(old), ", ".join(new), "Changed")]


def _renamed(old: Bundle, new: Bundle) -> dict[str, str]:
    """The new name → the old one, if exactly one variable went, one came, and nothing else about it or its use changed."""
    gone = [v for v in old.variables if new.variable(v.name) is None]
    come = [v for v in new.variables if old.variable(v.name) is None]
    if len(gone) != 1 or len(come) != 1 or not _is_same(gone[0].model_copy(update={"name": come[0].name}), come[0]):
        return {}
    uses = _uses(old, gone[0].name)
    return {come[0].name: gone[0].name} if uses and uses == _uses(new, come[0].name) else {}


def _uses(bundle: Bundle, name: str) -> int:
    return sum(match[1] == name for _, text in bundle.texts for match in PLACEHOLDER.finditer(text))


def _added(variable: Variable) -> FieldChange:
    note = "Applications must send it" if _is_needed(variable) else "Applications may send it"
    return FieldChange(variable.name, variable.name, NOT_THERE, _described(variable), "Added", note)


def _changed(old: Variable, new: Variable) -> FieldChange:
    word: Word = "Changed"
    note = ""
    if _is_needed(old) != _is_needed(new):
        word, note = ("Now required", "Applications must send it") if _is_needed(new) else ("Now optional", "Applications may leave it out")
    elif old.type != new.type:
        note = f"Applications must send {_SENT_AS[new.type]}"
    elif set(old.choices) - set(new.choices):
        note = "No longer possible: " + ", ".join(choice for choice in old.choices if choice not in new.choices)
    elif set(new.choices) - set(old.choices):
        note = "Also possible: " + ", ".join(choice for choice in new.choices if choice not in old.choices)
    before, after = _with_details(old, new), _with_details(new, old)
    return FieldChange(new.name, new.name, before, after, word, note)


def _is_needed(variable: Variable) -> bool:
    return variable.required and variable.default is None


def _described(variable: Variable) -> str:
    kind = _TYPES[variable.type] + (f" of {', '.join(variable.choices)}" if variable.choices else "")
    if limits := in_words(variable.limits):
        kind += f" of {limits}"
    if variable.required:
        return f"{kind}, required" + (f", default {shown(variable.default)}" if variable.default is not None else "")
    return f"{kind}, optional" if variable.default is None else f"{kind}, else {shown(variable.default)}"


def _with_details(variable: Variable, other: Variable) -> str:
    parts = [_described(variable)]
    if not alike(variable.example, other.example):
        parts.append(f"example {shown(variable.example)}" if variable.example is not None else "no example")
    if variable.description != other.description:
        parts.append(f"description {shown(variable.description)}" if variable.description else "no description")
    return "; ".join(parts)


def settings(old: Bundle, new: Bundle) -> list[FieldChange]:
    """Model, kind and inference settings, then single extra model fields."""
    before, after = _settings(old), _settings(new)
    found = [_setting(name, *before[name], after[name][1]) for name in before if before[name] != after[name]]
    return found + differences(old.extra_model_fields, new.extra_model_fields, place="extra_model_fields", label="Extra field")


def same_count(old: Bundle, new: Bundle) -> int:
    """How many variables, and settings that are set, are equal on both sides."""
    before, after = _settings(old), _settings(new)
    same = [name for name in before if before[name] == after[name] and before[name][1] not in (None, "", ())]
    return len(same) + sum(_is_same(new.variable(variable.name), variable) for variable in old.variables)


def _settings(bundle: Bundle) -> dict[str, tuple[str, Any]]:
    inference = bundle.inference
    return {
        "kind": ("Kind", _KINDS[bundle.kind]),
        "syntax": ("Syntax", bundle.syntax),
        "model": ("Model", bundle.model),
        "inference.temperature": ("Temperature", inference.temperature),
        "inference.top_p": ("Top P", inference.top_p),
        "inference.max_tokens": ("Longest answer", inference.max_tokens),
        "inference.stop_sequences": ("Stop sequences", inference.stop_sequences),
        "tool_choice": ("Tool choice", bundle.tool_choice),
    }


_LOWER = {
    "inference.temperature": "More even answers",
    "inference.top_p": "More even answers",
    "inference.max_tokens": "Longer answers are cut off",
}
_HIGHER = {
    "inference.temperature": "More varied answers",
    "inference.top_p": "More varied answers",
    "inference.max_tokens": "Answers may be longer",
}


def _setting(name: str, label: str, old: Any, new: Any) -> FieldChange:
    before, after = _value(name, old), _value(name, new)
    if isinstance(old, int | float) and isinstance(new, int | float):
        lower = new < old
        return FieldChange(label, name, before, after, "Lower" if lower else "Higher", (_LOWER if lower else _HIGHER)[name])
    word: Word = "Added" if before == NOT_SET else "Removed" if after == NOT_SET else "Changed"
    return FieldChange(label, name, before, after, word)


def _value(name: str, value: Any) -> str:
    if value in (None, "", ()):
        return NOT_SET
    if name == "inference.max_tokens":
        return f"{value:,} tokens"
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def tools(old: Bundle, new: Bundle) -> list[FieldChange]:
    """Tools that came and went, and for the others each place of description and input schema that differs."""
    before, after = {t.name: t for t in old.tools}, {t.name: t for t in new.tools}
    found: list[FieldChange] = []
    for name, tool in after.items():
        was = before.get(name)
        if was is None:
            found.append(FieldChange(name, f"tools.{name}", NOT_THERE, tool.description or "Tool", "Added"))
            continue
        if was.description != tool.description:
            place = f"tools.{name}.description"
            found.append(FieldChange(f"{name}: description", place, was.description or NOT_SET, tool.description or NOT_SET, "Changed"))
        found += differences(was.input_schema, tool.input_schema, place=f"tools.{name}.input_schema", label=name)
    gone = [tool for name, tool in before.items() if name not in after]
    found += [FieldChange(t.name, f"tools.{t.name}", t.description or "Tool", NOT_THERE, "Removed") for t in gone]
    return found + _order("tools", list(before), list(after))


def schema(old: Bundle, new: Bundle) -> list[FieldChange]:
    """The form of the answer, field by field."""
    return differences(old.output_schema, new.output_schema, place="output_schema", label="Answer")
