"""What judges and embedding models reply, read strictly: what is not wholly of its form says nothing.

A reply is never searched for something that looks like a verdict. The answer under test may hold one, and a judge may quote it.
"""

import json
import math
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .assertions import Heard, Verdict
from .judge_texts import MOST_POINTS
from .models import Answer

# A model that is held to no form likes to put one around its JSON.
_FENCED = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n[ \t]*```\s*", re.DOTALL)
UNREADABLE = "What the judge said cannot be read as a verdict."
NO_NUMBERS = "What came back is no list of numbers."


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)
    because: str = Field(min_length=1, max_length=10_000)


class _OfOne(_Said):
    verdict: Literal["yes", "no"]
    points: int = Field(ge=0, le=MOST_POINTS)


class OfPair(_Said):
    better: Literal["first", "second", "neither"]


_NUMBERS = TypeAdapter(list[float])


def heard(answer: Answer) -> Heard:
    """What the reply says, of a judge of one answer or an embedding model."""
    if answer.state != Answer.State.ANSWERED:
        asked = "The judge" if answer.purpose == Answer.Purpose.JUDGE else "The model that compares meanings"
        return Heard(refused=f"{asked} did not answer: {answer.error or 'it is still being asked.'}")
    return _numbers(answer.text) if answer.purpose == Answer.Purpose.NUMBERS else _verdict(answer)


def preference(answer: Answer) -> OfPair | None:
    """What a judge of two answers said; None where that cannot be read."""
    try:
        return OfPair.model_validate(_object(answer)) if answer.state == Answer.State.ANSWERED else None
    except (ValueError, ValidationError, RecursionError):
        return None


def _verdict(answer: Answer) -> Heard:
    try:
        said = _OfOne.model_validate(_object(answer))
    except (ValueError, ValidationError, RecursionError):
        return Heard(refused=UNREADABLE)
    return Heard(verdict=Verdict(said.verdict == "yes", said.points / MOST_POINTS, said.because))


def _numbers(text: str) -> Heard:
    try:
        numbers = tuple(_NUMBERS.validate_json(text))
    except ValidationError:
        return Heard(refused=NO_NUMBERS)
    return Heard(numbers=numbers) if numbers and all(map(math.isfinite, numbers)) else Heard(refused=NO_NUMBERS)


def _object(answer: Answer) -> Any:
    """The whole reply as one JSON value. Raises ValueError."""
    if answer.was_cut:
        raise ValueError
    fenced = _FENCED.fullmatch(answer.text)
    return json.loads(fenced[1] if fenced else answer.text, object_pairs_hook=_once, parse_constant=_refused)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two verdicts in one reply, neither is taken.
    if len(dict(members)) != len(members):
        raise ValueError
    return dict(members)


def _refused(constant: str) -> Any:
    raise ValueError(constant)
