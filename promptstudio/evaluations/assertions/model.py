"""An assertion as promptfoo writes it, and the answer that it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictFloat, StrictInt, ValidationError

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Tool
from promptstudio.prompts.soundness import problem_of as unsound

Number = StrictInt | StrictFloat


class Assertion(BaseModel):
    """`as_json()` is to the letter what was read, members that Studio does not know included.

    `assertions` are the members of a group (`assert-set`), which promptfoo calls `assert`.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(strict=True, min_length=1, max_length=200)
    value: JsonValue = None
    threshold: Number | None = None
    weight: Number | None = None
    metric: str | None = Field(None, strict=True)
    config: JsonValue = None
    assertions: tuple["Assertion", ...] | None = Field(None, alias="assert")

    @property
    def has_value(self) -> bool:
        return "value" in self.model_fields_set

    @property
    def is_negated(self) -> bool:
        return self.type.startswith("not-")

    @property
    def counted(self) -> int | float:
        """Its weight; one where none is given."""
        return 1 if self.weight is None else self.weight

    @property
    def members(self) -> tuple["Assertion", ...]:
        return self.assertions or ()

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a model gave back, with the values that it was asked with and the tools that it had.

    `cost` is in US dollars; it and `latency_ms` are None where they are not known. `tool_calls` are objects with `name` and `input`;
    `stop_reason` is in Bedrock's words, as promptfoo's own names (`end_turn` is `stop`) are understood as well.
    """

    text: str
    stop_reason: str = ""
    latency_ms: int | None = None
    cost: Decimal | float | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tools: tuple[Tool, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`passed` is None where it could not be said; that never counts as passed. `score` is from 0 to 1, `parts` are those of a group."""

    passed: bool | None
    score: float
    reason: str
    parts: tuple["Outcome", ...] = ()

    @property
    def is_evaluated(self) -> bool:
        return self.passed is not None and all(part.is_evaluated for part in self.parts)


def parse(data: Any) -> Assertion:
    """Raises Invalid whose `errors` map places (`threshold`, `assert.0.type`) to sentences."""
    if not isinstance(data, dict):
        raise Invalid({"assertion": "An assertion is an object with a type."})
    if problem := unsound(data):
        raise Invalid({problem.place: problem.sentence})
    try:
        return Assertion.model_validate(data)
    except ValidationError as error:
        raise Invalid({_place(e["loc"]): _sentence(e) for e in error.errors()}) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("int", "float")) or "assertion"


def _sentence(error: Any) -> str:
    name = str(next((part for part in reversed(error["loc"]) if part not in ("int", "float")), ""))
    match name:
        case "type":
            return "Say what is looked at: a type, such as contains."
        case "threshold" | "weight":
            return "This is a number."
        case "metric":
            return "This is a name, as text."
        case "assert":
            return "This is a list of assertions."
    return "This is an object with a type." if name.isdigit() else "This cannot be read."
