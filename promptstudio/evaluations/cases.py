"""The cases of a suite as one frozen value: what is filled in, and what the answer has to be."""

import uuid
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.soundness import problem_of

from .assertions import Assertion
from .assertions import problem_of as problem_of_check

MOST_CASES = 500
MOST_ASSERTIONS = 30
MOST_TURNS = 100
MOST_TAGS = 20
Tag = Annotated[str, Field(min_length=1, max_length=60)]


class Turn(BaseModel):
    """What was said before: the model answers the last one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["user", "assistant"]
    text: str = Field(min_length=1, max_length=100_000)


class Case(BaseModel):
    """`threshold` is the score that suffices; None: every assertion has to pass.

    `turns` go on where the filled-in prompt ends. `weight` is what the case counts for where the suite has a threshold; one that must
    never fail has to pass whatever the others do. `owner` is the uid of the person who answers for it, empty for nobody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uid: str = Field(default_factory=lambda: str(uuid.uuid4()), max_length=36)
    name: str = Field("", max_length=200)
    values: dict[str, JsonValue] = {}
    turns: tuple[Turn, ...] = Field((), max_length=MOST_TURNS)
    assertions: tuple[Assertion, ...] = Field((), max_length=MOST_ASSERTIONS)
    threshold: float | None = Field(None, ge=0, le=1)
    weight: float = Field(1, ge=0, allow_inf_nan=False)
    must_never_fail: bool = False
    tags: tuple[Tag, ...] = Field((), max_length=MOST_TAGS)
    owner: str = Field("", max_length=36)
    # What an import brought and Studio does not run, to the letter.
    extra: dict[str, JsonValue] = {}

    def as_json(self) -> dict[str, Any]:
        """Without what is at its default; the uid always, because a result names the case by it."""
        plain = self.model_dump(mode="json", exclude_defaults=True, exclude={"assertions"})
        return plain | {"uid": self.uid} | ({"assertions": [each.as_json() for each in self.assertions]} if self.assertions else {})

    @cached_property
    def digest(self) -> str:
        return digest_of(canonical_json(self.as_json()))


class Cases(BaseModel):
    """Equal cases have equal `canonical` text and equal `digest`.

    `threshold` is the share of the cases, by weight, that has to pass; None: every case. `extra` is what a file said beside its cases.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[Case, ...] = Field((), max_length=MOST_CASES)
    threshold: float | None = Field(None, ge=0, le=1)
    extra: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _once(self) -> "Cases":
        if len({case.uid for case in self.cases}) != len(self.cases):
            raise ValueError("Each case stands in a suite once.")
        return self

    @cached_property
    def canonical(self) -> str:
        threshold = {} if self.threshold is None else {"threshold": self.threshold}
        extra = {"extra": self.extra} if self.extra else {}
        return canonical_json({"cases": [case.as_json() for case in self.cases]} | threshold | extra)

    @cached_property
    def digest(self) -> str:
        return digest_of(self.canonical)


def parse_cases(data: Any) -> Cases:
    """Raises Invalid with a sentence for each place (`cases.0.name`)."""
    if problem := problem_of(data):
        raise Invalid({problem.place: problem.sentence})
    try:
        return Cases.model_validate(data)
    except ValidationError as error:
        raise Invalid({".".join(map(str, each["loc"])) or "cases": _sentence(each) for each in error.errors()}) from None


def refused_checks(cases: Cases) -> dict[str, str]:
    """A sentence for each check that cannot be made, by its place (`cases.0.assertions.1.value`)."""
    return {
        f"cases.{number}.assertions.{index}.{problem.place}": problem.sentence
        for number, case in enumerate(cases.cases)
        for index, assertion in enumerate(case.assertions)
        if (problem := problem_of_check(assertion))
    }


def _sentence(error: Any) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "string_too_long":
            return f"This is too long: at most {context['max_length']:,} characters."
        case "too_long":
            return f"At most {context['max_length']} are possible here."
        case "string_too_short":
            return "Write something here, or take it away."
        case "greater_than_equal" | "less_than_equal" if error["loc"][-1] == "threshold":
            return "A threshold is between 0 and 1."
        case "greater_than_equal":
            return "This cannot be less than 0."
        case "float_parsing" | "float_type" | "finite_number":
            return "This is a number, such as 2 or 0.5."
        case "literal_error":
            return "A turn is the user's or the assistant's."
    return f"{error['msg']}."
