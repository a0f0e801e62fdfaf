"""Plain templates: `{{name}}` is filled in, everything else is text.

What counts as a placeholder is Bedrock's rule for variable names (service model of bedrock-agent, 2023-06-05).
Bedrock has no way to write a literal `{{`, so Studio keeps one constant variable for it, `open_braces`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from promptstudio.lib.errors import Invalid

from .bundle import NAME, Bundle, Message, Variable

PLACEHOLDER = re.compile(rf"\{{\{{[ \t]*({NAME})[ \t]*\}}\}}")
OPEN_BRACES = "open_braces"
LITERAL_BRACES = "{{"
# Beyond this no float exists, and Python refuses to write such integers out.
LARGEST_NUMBER = 10**308
WRITTEN_NUMBER = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?", re.ASCII)


@dataclass(frozen=True)
class Rendered:
    """What a model receives."""

    system: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of a preview. `name` is the variable that a value stands for, or that has none yet."""

    text: str
    kind: Literal["text", "value", "missing"]
    name: str | None = None


def variables_in(text: str) -> list[str]:
    """The variables that `text` asks for, each once, in reading order; `open_braces` is not one of them."""
    names = dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text))
    names.pop(OPEN_BRACES, None)
    return list(names)


def variables_of(bundle: Bundle) -> list[str]:
    """The variables that all texts of `bundle` ask for, each once, system text first."""
    return list(dict.fromkeys(name for _, text in bundle.texts for name in variables_in(text)))


def reserved_in(bundle: Bundle) -> dict[str, str]:
    """`{"open_braces": "{{"}` where a text uses it, else nothing: what a caller of Bedrock sends beside its own values."""
    used = any(match[1] == OPEN_BRACES for _, text in bundle.texts for match in PLACEHOLDER.finditer(text))
    return {OPEN_BRACES: LITERAL_BRACES} if used else {}


def placeholder(name: str) -> str:
    return f"{{{{{name}}}}}"


def literal(text: str) -> str:
    """`text` so that rendering gives it back to the letter, placeholders in it included."""
    return text.replace(LITERAL_BRACES, placeholder(OPEN_BRACES))


def escape_braces(text: str) -> str:
    """`text` with every `{{` that starts no placeholder replaced by `{{open_braces}}`. Doing it twice changes nothing."""
    return "".join(part if is_placeholder else literal(part) for part, is_placeholder, _ in _parts(text))


def stray_braces(text: str) -> list[tuple[int, int]]:
    """Line and column (from 1, in characters) of each `{{` that starts no placeholder. A `}}` alone starts nothing."""
    offsets: list[int] = []
    for part, is_placeholder, start in _parts(text):
        if not is_placeholder:
            offsets += [start + match.start() for match in re.finditer(r"\{\{", part)]
    return list(positions(text, offsets))


def positions(text: str, offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Line and column (from 1) of each offset; the offsets ascend, so that long texts are walked once."""
    line, line_start, seen = 1, 0, 0
    for offset in offsets:
        breaks = text.count("\n", seen, offset)
        if breaks:
            line += breaks
            line_start = text.rfind("\n", seen, offset) + 1
        seen = offset
        yield line, offset - line_start + 1


def render(bundle: Bundle, values: Mapping[str, Any]) -> Rendered:
    """Fill `values` in, in one pass: braces inside a value stay as they are.

    Numbers and booleans may come as JSON or as a form's text. A variable that is not given, or given as None, has its
    default; an optional one without default is empty. Raises Invalid naming every missing, unexpected or ill-typed
    value as `variables.<name>`.
    """
    filled = _filled(bundle, values)
    return Rendered(
        system=_substituted(bundle.system, filled),
        # Values may make a text longer than a stored one may be, so it is not validated again.
        messages=tuple(Message.model_construct(role=m.role, text=_substituted(m.text, filled)) for m in bundle.messages),
    )


def preview(text: str, values: Mapping[str, Any]) -> list[Piece]:
    """`text` with what is known filled in, for reading while typing. Never raises."""
    return [_piece(part, is_placeholder, values) for part, is_placeholder, _ in _parts(text)]


def example_values(bundle: Bundle) -> dict[str, Any]:
    """A value for each variable that has an example or a default, as it was typed."""
    found = {v.name: v.default if v.example is None else v.example for v in bundle.variables}
    return {name: value for name, value in found.items() if value is not None}


def as_text(value: Any) -> str:
    """A value as people write it: 1.0 is `1`, true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return _plain_number(value)
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return "…"
    return str(value)


def misfit(variable_type: str, choices: Iterable[str], value: Any) -> str | None:
    """Why `value` is not of that type, as the end of a sentence (`must be a number`); None where it is."""
    match variable_type:
        case "number":
            return None if _is_number(value) else "must be a number, such as 1200 or 2.5"
        case "boolean":
            return None if isinstance(value, bool) or value in ("true", "false") else "must be true or false"
        case "choice":
            known = list(choices)
            return None if isinstance(value, str) and value in known else f"must be one of {', '.join(known) or 'its choices'}"
    return None if isinstance(value, str) else "must be text"


def must_be_sent(variable: Variable) -> bool:
    return variable.required and variable.default is None


def _parts(text: str) -> Iterator[tuple[str, bool, int]]:
    """`text` cut at its placeholders: (part, whether it is one, where it starts). Empty parts are left out."""
    end = 0
    for match in PLACEHOLDER.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], False, end
        yield match[0], True, match.start()
        end = match.end()
    if end < len(text):
        yield text[end:], False, end


def _piece(part: str, is_placeholder: bool, values: Mapping[str, Any]) -> Piece:
    if not is_placeholder:
        return Piece(part, "text")
    name = part[2:-2].strip()
    if name == OPEN_BRACES:
        return Piece(LITERAL_BRACES, "text")
    value = values.get(name)
    return Piece(part, "missing", name) if value is None else Piece(as_text(value), "value", name)


def _substituted(text: str, filled: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: filled[match[1]], text)


def _filled(bundle: Bundle, values: Mapping[str, Any]) -> dict[str, str]:
    errors = _unexpected(bundle, values)
    filled = {OPEN_BRACES: LITERAL_BRACES}
    for variable in bundle.variables:
        value = values.get(variable.name)
        value = variable.default if value is None else value
        if problem := _problem(variable, value):
            errors[f"variables.{variable.name}"] = problem
        else:
            filled[variable.name] = "" if value is None else as_text(value)
    declared = {variable.name for variable in bundle.variables}
    for name in variables_of(bundle):
        if name not in declared:
            errors[f"variables.{name}"] = f"{name} stands in the text but is not in the table of variables. Add it there first."
    if errors:
        raise Invalid(errors)
    return filled | {OPEN_BRACES: LITERAL_BRACES}


def _unexpected(bundle: Bundle, values: Mapping[str, Any]) -> dict[str, str]:
    known = {variable.name for variable in bundle.variables} | set(variables_of(bundle))
    errors = {
        f"variables.{name}": f"{name} is not a variable of this prompt. Leave it out, or check its spelling."
        for name in values
        if name not in known and name != OPEN_BRACES
    }
    if values.get(OPEN_BRACES, LITERAL_BRACES) != LITERAL_BRACES:
        errors[f"variables.{OPEN_BRACES}"] = f"{OPEN_BRACES} always stands for {LITERAL_BRACES}. Leave it out."
    return errors


def _problem(variable: Variable, value: Any) -> str | None:
    if value is None:
        return f"{variable.name} is missing. Send a value for it." if variable.required else None
    problem = misfit(variable.type, variable.choices, value)
    return f"{variable.name} {problem}." if problem else None


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return WRITTEN_NUMBER.fullmatch(value.strip()) is not None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST_NUMBER


def _plain_number(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
