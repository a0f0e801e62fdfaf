"""Plain templates: `{{name}}` is filled in, everything else is text.

What counts as a placeholder is Bedrock's rule for variable names (service model of bedrock-agent, 2023-06-05).
Bedrock has no way to write a literal `{{`, so Studio keeps one constant variable for it, `open_braces`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from promptstudio.lib.errors import Invalid

from . import jinja
from .bundle import NAME, Bundle, Message, Variable
from .limits import beyond
from .values import LITERAL_BRACES, OPEN_BRACES, Piece, as_text, is_number

PLACEHOLDER = re.compile(rf"\{{\{{[ \t]*({NAME})[ \t]*\}}\}}")
# A snippet, by name, with a version or a range of them behind an @ or without. Whatever stands there, so that mistakes can be named.
INCLUDE = re.compile(r"\{\{>([^{}\n]{0,200})\}\}")


@dataclass(frozen=True)
class Rendered:
    """What a model receives."""

    system: str
    messages: tuple[Message, ...]


def variables_in(text: str) -> list[str]:
    """The variables that `text` asks for, each once, in reading order; `open_braces` is not one of them."""
    names = dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text))
    names.pop(OPEN_BRACES, None)
    return list(names)


def variables_of(bundle: Bundle) -> list[str]:
    """The variables that all texts of `bundle` ask for, each once, system text first."""
    asked = jinja.variables_in if bundle.syntax == "jinja" else variables_in
    return list(dict.fromkeys(name for _, text in bundle.texts for name in asked(text)))


def reserved_in(bundle: Bundle) -> dict[str, str]:
    """`{"open_braces": "{{"}` where a text uses it, else nothing: what a caller of Bedrock sends beside its own values."""
    try:
        plain = as_plain(bundle)
    except jinja.Refused:
        # No place outside can hold it, so nobody sends it.
        return {}
    used = any(match[1] == OPEN_BRACES for _, text in plain.texts for match in PLACEHOLDER.finditer(text))
    return {OPEN_BRACES: LITERAL_BRACES} if used else {}


def placeholder(name: str) -> str:
    return f"{{{{{name}}}}}"


def literal(text: str) -> str:
    """`text` so that rendering gives it back to the letter, placeholders in it included."""
    return text.replace(LITERAL_BRACES, placeholder(OPEN_BRACES))


def escape_braces(text: str) -> str:
    """`text` with every `{{` that starts no placeholder and no snippet replaced by `{{open_braces}}`. Doing it twice changes nothing."""
    end, done = 0, []
    for include in INCLUDE.finditer(text):
        done += [_escaped(text[end : include.start()]), include[0]]
        end = include.end()
    return "".join([*done, _escaped(text[end:])])


def renamed(text: str, old: str, new: str) -> str:
    """`text` with the variable `new` wherever it asks for `old`, which may be what no variable can be called."""
    asked = re.compile(rf"\{{\{{[ \t]*{re.escape(old)}[ \t]*\}}\}}")
    return asked.sub(lambda _: placeholder(new), text) if old else text


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
    value as `variables.<name>`, and a text in Jinja that cannot be worked out with them at its place.
    """
    filled = _filled(bundle, values)
    texts = {place: _with_values(bundle, place, text, filled) for place, text in bundle.texts}
    return Rendered(
        system=texts.get("system", ""),
        # Values may make a text longer than a stored one may be, so it is not validated again.
        messages=tuple(
            Message.model_construct(role=m.role, text=texts[f"messages.{index}.text"]) for index, m in enumerate(bundle.messages)
        ),
    )


def values_to_send(bundle: Bundle, values: Mapping[str, Any]) -> dict[str, str]:
    """What goes along with the address of a published prompt: a text for everything that stands in it, and nothing else.

    Raises Invalid like `render`, and jinja.Refused for what no place outside could fill in.
    """
    plain = as_plain(bundle)
    filled = _filled(plain, values)
    used = [*variables_of(plain), *reserved_in(plain)]
    return {name: "" if filled[name] is None else as_text(filled[name]) for name in dict.fromkeys(used)}


def as_plain(bundle: Bundle) -> Bundle:
    """A bundle in Jinja as places read it that only fill values in: what needs no value is worked out.

    Raises jinja.Refused at the line that needs more.
    """
    if bundle.syntax == "plain":
        return bundle
    messages = tuple(Message.model_construct(role=m.role, text=plain_text(m.text)) for m in bundle.messages)
    members = {name: getattr(bundle, name) for name in Bundle.model_fields}
    return Bundle.model_construct(**members | {"syntax": "plain", "system": plain_text(bundle.system), "messages": messages})


def plain_text(source: str) -> str:
    """A text in Jinja as a plain one. Raises jinja.Refused where it is none."""
    out = []
    for kind, pieces in groupby(jinja.folded(source), key=lambda piece: piece.kind == "missing"):
        text = "".join(piece.text for piece in pieces)
        # Braces that came together from several pieces mean themselves too.
        out.append(text if kind else literal(text))
    return "".join(out)


def preview(text: str, values: Mapping[str, Any], syntax: str = "plain") -> list[Piece]:
    """`text` with what is known filled in, for reading while typing. Never raises: Jinja that cannot be worked out stays as it is."""
    if syntax == "jinja":
        try:
            return jinja.preview(text, values)
        except jinja.Refused:
            return [Piece(text, "text")] if text else []
    return [_piece(part, is_placeholder, values) for part, is_placeholder, _ in _parts(text)]


def example_values(bundle: Bundle) -> dict[str, Any]:
    """A value for each variable that has an example or a default, as it was typed."""
    found = {v.name: v.default if v.example is None else v.example for v in bundle.variables}
    return {name: value for name, value in found.items() if value is not None}


def misfit(variable_type: str, choices: Iterable[str], value: Any) -> str | None:
    """Why `value` is not of that type, as the end of a sentence (`must be a number`); None where it is."""
    match variable_type:
        case "number":
            return None if is_number(value) else "must be a number, such as 1200 or 2.5"
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


def _escaped(text: str) -> str:
    return "".join(part if is_placeholder else literal(part) for part, is_placeholder, _ in _parts(text))


def _piece(part: str, is_placeholder: bool, values: Mapping[str, Any]) -> Piece:
    if not is_placeholder:
        return Piece(part, "text")
    name = part[2:-2].strip()
    if name == OPEN_BRACES:
        return Piece(LITERAL_BRACES, "text")
    value = values.get(name)
    return Piece(part, "missing", name) if value is None else Piece(as_text(value), "value", name)


def _with_values(bundle: Bundle, place: str, text: str, filled: Mapping[str, Any]) -> str:
    if bundle.syntax == "jinja":
        try:
            return jinja.render(text, filled)
        except jinja.Refused as refused:
            raise Invalid({place: str(refused)}) from None
    return PLACEHOLDER.sub(lambda match: "" if filled[match[1]] is None else as_text(filled[match[1]]), text)


def _typed(variable: Variable, value: Any) -> Any:
    """A number or a yes or no as such, also where it came as text; what logic in Jinja asks for."""
    if not isinstance(value, str):
        return value
    if variable.type == "boolean":
        return value == "true"
    if variable.type == "number":
        return float(value) if "." in value else int(value)
    return value


def _filled(bundle: Bundle, values: Mapping[str, Any]) -> dict[str, Any]:
    errors = _unexpected(bundle, values)
    filled: dict[str, Any] = {}
    for variable in bundle.variables:
        value = values.get(variable.name)
        value = variable.default if value is None else value
        if problem := _problem(variable, value):
            errors[f"variables.{variable.name}"] = problem
        else:
            filled[variable.name] = _typed(variable, value) if bundle.syntax == "jinja" else value
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
    problem = misfit(variable.type, variable.choices, value) or beyond(variable.type, variable.limits, value)
    return f"{variable.name} {problem}." if problem else None
