"""Model, settings and variables as other tools write them, as Studio has them; and sentences on what was not taken."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..bundle import MAX_STOP_SEQUENCES, VARIABLE_NAME, Inference
from ..catalogue import MODEL_ID, MODELS
from ..templating import as_text, misfit

SETTINGS = {
    "temperature": "temperature",
    "topp": "top_p",
    "maxoutputtokens": "max_tokens",
    "maxtokens": "max_tokens",
    "maxcompletiontokens": "max_tokens",
    "stopsequences": "stop_sequences",
    "stop": "stop_sequences",
}
TYPES = {
    "string": "string",
    "str": "string",
    "text": "string",
    "number": "number",
    "integer": "number",
    "int": "number",
    "float": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "choice": "choice",
    "any": "string",
}
OF_BEDROCK = re.compile(r"(?:amazon[-_])?bedrock[/:]", re.IGNORECASE)
LONGEST_QUOTE = 60


def quoted(value: Any) -> str:
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + '…'}”"


def model_from(value: Any) -> tuple[str, list[str]]:
    """The id of a model in Amazon Bedrock, or none and why."""
    if not isinstance(value, str) or not value.strip():
        return "", []
    words = OF_BEDROCK.sub("", value.strip(), count=1)
    known = next((model.id for model in MODELS if words.casefold() == model.label.casefold()), "")
    if known:
        return known, []
    if (
        len(words) <= 2048
        and MODEL_ID.fullmatch(words)
        and ("." in words.split(":")[0] or words.startswith("arn:"))
        and "/" not in words[:9]
    ):
        return words, []
    return "", [f"The model {quoted(value)} is none of Amazon Bedrock. Choose one when you edit."]


def inference_from(given: Any) -> tuple[dict[str, Any], list[str]]:
    """Settings that a version holds; each other one is named."""
    taken: dict[str, Any] = {}
    notes: list[str] = []
    left: list[str] = []
    for name, value in given.items() if isinstance(given, Mapping) else ():
        ours = SETTINGS.get(re.sub("[^a-z]", "", str(name).casefold()))
        if ours is None:
            left.append(str(name))
        elif value is not None and value != "":
            value = _setting(ours, value)
            if _fits(ours, value):
                taken[ours] = value
            else:
                notes.append(f"{str(name)[:LONGEST_QUOTE]} {quoted(value)} is not possible and was not taken.")
    if left:
        notes.append(f"Settings that were not taken: {', '.join(quoted(name) for name in left[:8])}.")
    return taken, notes


def variable_from(
    name: Any, *, kind: Any = "string", required: bool = True, default: Any = None, example: Any = None, words: Any = "", choices: Any = ()
) -> tuple[dict[str, Any] | None, list[str]]:
    """A variable as the table has it; None and why, where its name cannot be one."""
    if not isinstance(name, str) or not VARIABLE_NAME.fullmatch(name):
        return None, [f"{quoted(name)} cannot be the name of a variable and was not taken."]
    notes = []
    ours = TYPES.get(str(kind).casefold())
    if ours is None:
        notes.append(f"{name} is {quoted(kind)} in the file; here it is text.")
    known = [as_text(choice) for choice in choices] if isinstance(choices, (list, tuple)) else []
    variable: dict[str, Any] = {
        "name": name,
        "type": ours or "string",
        "required": required and default is None,
        "description": str(words or "")[:1000],
        "choices": known if ours == "choice" else [],
    }
    for place, value in (("default", default), ("example", example)):
        value = _value(variable["type"], value)
        if value is None:
            continue
        if misfit(variable["type"], known, value):
            notes.append(f"The {place} of {name}, {quoted(value)}, is none of its kind and was not taken.")
        else:
            variable[place] = value
    return variable, notes


def _value(kind: str, value: Any) -> Any:
    """Lists and objects as the text that they are; numbers written out stay as they were typed."""
    if value is None or (kind == "number" and isinstance(value, (int, float))) or (kind == "boolean" and isinstance(value, bool)):
        return value
    return as_text(value)[:20_000]


def _setting(name: str, value: Any) -> Any:
    if name == "stop_sequences":
        stops = value if isinstance(value, list) else [value]
        return [str(stop) for stop in stops[: MAX_STOP_SEQUENCES + 1]]
    if isinstance(value, str):
        return _number(value)
    return int(value) if isinstance(value, float) and name == "max_tokens" and value.is_integer() else value


def _number(text: str) -> Any:
    """0,2 is how a German Excel writes 0.2."""
    text = text.strip().replace(",", ".")
    if re.fullmatch(r"[+-]?\d{1,12}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?\d{1,12}\.\d{1,12}", text, re.ASCII) else text


def _fits(name: str, value: Any) -> bool:
    try:
        Inference.model_validate({name: value})
    except ValidationError:
        return False
    return True
