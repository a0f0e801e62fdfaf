"""The port that model runners implement, and what passes through it. Knows no vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.prompts.bundle import Inference, Tool
from promptstudio.prompts.templating import Rendered


class RunFailed(Exception):
    """A model refused or could not be reached. A permanent one is not tried again by itself; `sentence` is shown to people."""

    def __init__(self, sentence: str, *, code: str, permanent: bool) -> None:
        super().__init__(sentence)
        self.sentence, self.code, self.permanent = sentence, code, permanent


@dataclass(frozen=True, kw_only=True)
class Call:
    """Everything that decides one call of a model, filled in. `marks` are stamped on it where a vendor keeps such: names to short texts."""

    uid: UUID
    model: str
    rendered: Rendered
    inference: Inference = field(default_factory=Inference)
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    output_schema: Mapping[str, Any] | None = None
    extra_model_fields: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came back. `stop_reason` in Bedrock's words (`end_turn`, `max_tokens`, `tool_use` …); `latency_ms` is the vendor's own.

    `emulated` says that no real model wrote it. `tool_calls` are objects with `name` and `input`.
    """

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    latency_ms: int
    request_id: str
    tool_calls: tuple[dict[str, Any], ...] = ()
    emulated: bool = False


class ModelRunner(Protocol):
    def run(self, call: Call) -> Said:
        """Ask the model once and wait for its whole answer, at most `settings.MODEL_READ_TIMEOUT` seconds. Raises RunFailed."""


@cache
def _made(path: str) -> ModelRunner:
    return import_string(path)()  # type: ignore[no-any-return]


def is_on() -> bool:
    """Whether this installation calls models at all."""
    return bool(settings.MODEL_RUNNER)


def runner() -> ModelRunner:
    return _made(settings.MODEL_RUNNER)
