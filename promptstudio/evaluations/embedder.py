"""The port for what turns texts into numbers, so that meanings can be compared. Knows no vendor."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from .model_runner import Said

NO_EMBEDDING = "What came back from the model is no embedding."


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """`numbers` of equal texts are equal, and near each other for texts that mean nearly the same. Tokens are None where nobody counts."""

    numbers: tuple[float, ...]
    input_tokens: int | None
    latency_ms: int
    request_id: str
    emulated: bool = False


class Embedder(Protocol):
    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        """Ask the model once, at most `settings.MODEL_READ_TIMEOUT` seconds. Raises RunFailed."""


@cache
def _made(path: str) -> Embedder:
    return import_string(path)()  # type: ignore[no-any-return]


def embedding_model() -> str:
    """The model that compares meanings in this installation; empty where none does."""
    return str(settings.EMBEDDING_MODEL) if settings.EMBEDDER else ""


def in_numbers(uid: UUID, model: str, text: str) -> Said:
    """The reply as an answer like any other, whose text is the list of numbers. Raises RunFailed."""
    found = _made(settings.EMBEDDER).embed(uid=uid, model=model, text=text)
    return Said(
        text=json.dumps([round(number, 9) for number in found.numbers]),
        stop_reason="end_turn",
        input_tokens=found.input_tokens,
        output_tokens=0,
        latency_ms=found.latency_ms,
        request_id=found.request_id,
        emulated=found.emulated,
    )
