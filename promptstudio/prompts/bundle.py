"""Everything that decides a model call, as one frozen value with a digest.

Names and limits that say "Bedrock" are those of the service model of bedrock-agent (2023-06-05).
"""

import re
from collections import Counter
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictFloat, StrictInt, ValidationError, field_validator, model_validator

from promptstudio.lib.errors import Invalid

from .canonical import canonical_json, digest_of
from .soundness import problem_of

NAME = r"(?:[0-9a-zA-Z][_-]?){1,100}"
VARIABLE_NAME = re.compile(NAME)
MAX_TEXT = 200_000
MAX_VARIABLES = 20
MAX_STOP_SEQUENCES = 4
MAX_MESSAGES = 200


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Part):
    role: Literal["user", "assistant"] = "user"
    text: str = Field("", max_length=MAX_TEXT)


class Variable(Part):
    name: str
    type: Literal["string", "number", "boolean", "choice"] = "string"
    required: bool = Field(True, strict=True)
    default: str | int | float | bool | None = None
    example: str | int | float | bool | None = None
    description: str = Field("", max_length=1000)
    choices: tuple[str, ...] = ()
    # Limits: of a number, and of the length of a text.
    min: StrictInt | StrictFloat | None = None
    max: StrictInt | StrictFloat | None = None
    max_length: int | None = Field(None, ge=1, le=1_000_000, strict=True)

    @property
    def limits(self) -> dict[str, Any]:
        return {"min": self.min, "max": self.max, "max_length": self.max_length}

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not VARIABLE_NAME.fullmatch(name):
            raise ValueError(
                "A variable name has letters and digits, with a single _ or - between them, at most 100 of them: customer_name."
            )
        return name


class Tool(Part):
    name: str = Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,63}$")
    description: str = ""
    input_schema: dict[str, JsonValue] = {}


class Inference(Part):
    # Strict: `true` is no 1 and "0.5" no number. A whole number is a number too.
    temperature: float | None = Field(None, ge=0, le=1, strict=True)
    top_p: float | None = Field(None, ge=0, le=1, strict=True)
    max_tokens: int | None = Field(None, ge=1, le=512_000, strict=True)
    stop_sequences: tuple[str, ...] = Field((), max_length=MAX_STOP_SEQUENCES)

    @field_validator("temperature", "top_p")
    @classmethod
    def _one_number(cls, value: float | None) -> float | None:
        # Bedrock stores 32-bit floats; six digits survive the round trip and are more than anyone sets.
        return None if value is None else round(value, 6)


class Bundle(Part):
    """A prompt's whole configuration. Equal bundles have equal `canonical` text and equal `digest`."""

    kind: Literal["text", "chat"] = "text"
    syntax: Literal["plain", "jinja"] = "plain"
    system: str = Field("", max_length=MAX_TEXT)
    messages: tuple[Message, ...] = Field((), max_length=MAX_MESSAGES)
    variables: tuple[Variable, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    output_schema: dict[str, JsonValue] | None = None
    model: str = Field("", max_length=2048)
    inference: Inference = Inference()
    extra_model_fields: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _unique_names(self) -> "Bundle":
        for what, names in (("variable", [v.name for v in self.variables]), ("tool", [t.name for t in self.tools])):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise ValueError(f"Each {what} has its own name; {', '.join(twice)} stands there twice.")
        return self

    @cached_property
    def canonical(self) -> str:
        """RFC 8785 text without members at their default: a field added later changes no old digest."""
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    @cached_property
    def digest(self) -> str:
        return digest_of(self.canonical)

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Every text in reading order, as (place, text); places are `system` and `messages.<index>.text`."""
        head = (("system", self.system),) if self.system else ()
        return head + tuple((f"messages.{index}.text", message.text) for index, message in enumerate(self.messages))

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def variable(self, name: str) -> Variable | None:
        return next((variable for variable in self.variables if variable.name == name), None)


def parse(data: Any) -> Bundle:
    """A bundle from JSON data. Raises Invalid whose `errors` map places (`messages.0.text`) to sentences."""
    if not isinstance(data, dict):
        raise Invalid({"bundle": "A bundle is a JSON object."})
    if problem := problem_of(data):
        # JSON can say what no digest can be made of: NaN, lone surrogates, numbers without end.
        raise Invalid({problem.place: problem.sentence})
    try:
        return Bundle.model_validate(data)
    except ValidationError as error:
        raise Invalid({_place(e["loc"]): _sentence(e) for e in error.errors()}) from None


_TYPES = {"str", "int", "float", "bool"}


def _place(location: tuple[int | str, ...]) -> str:
    # A value that fits none of several types is one mistake, not one for each type.
    parts = [str(part) for part in location if part not in _TYPES]
    return ".".join(parts) or "bundle"


def _sentence(error: Any) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            return "This field is not known. Check its spelling."
        case "missing":
            return "This is needed."
        case "string_too_long":
            return f"This is too long: at most {context['max_length']:,} characters."
        case "too_long":
            return f"At most {context['max_length']} are possible here."
        case "less_than_equal":
            return f"This can be at most {context['le']:g}."
        case "greater_than_equal":
            return f"This must be at least {context['ge']:g}."
        case "literal_error":
            return f"Choose one of {context['expected']}."
        case "string_pattern_mismatch":
            return "A tool name starts with a letter and has letters, digits and _ only, at most 64."
        case kind if kind.endswith("_type"):
            return f"This must be {_KINDS.get(kind.removesuffix('_type'), 'something else')}."
    return error["msg"] + "."


_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "model": "an object",
}
