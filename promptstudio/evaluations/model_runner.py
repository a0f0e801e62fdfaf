"""The port that model runners implement, and what passes through it. Knows no vendor."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from math import isfinite
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.lib import clock
from promptstudio.prompts.bundle import Inference, Message, Tool
from promptstudio.prompts.templating import Rendered


class RunFailed(Exception):
    """A model refused or could not be reached. A permanent one is not tried again by itself; `sentence` is shown to people."""

    def __init__(self, sentence: str, *, code: str, permanent: bool) -> None:
        super().__init__(sentence)
        self.sentence, self.code, self.permanent = sentence, code, permanent


class Throttled(RunFailed):
    """Its vendor lets the model be asked less often than we did. `retry_after`: in how many seconds again, where the vendor says so."""

    def __init__(self, sentence: str, *, code: str, retry_after: float | None = None) -> None:
        super().__init__(sentence, code=code, permanent=False)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Call:
    """Everything that decides one call of a model, filled in. `marks` are stamped on it where a vendor keeps such: names to short texts.

    With `address`, what was published there is called in place of all this, with the texts of `variables`, as an application does, and
    with what was said after it (`follows`, which `rendered` ends with).
    """

    uid: UUID
    model: str
    rendered: Rendered
    inference: Inference = field(default_factory=Inference)
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    output_schema: Mapping[str, Any] | None = None
    extra_model_fields: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    follows: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came back. `stop_reason` in Bedrock's words (`end_turn`, `max_tokens`, `tool_use` …); `latency_ms` is the vendor's own.

    Tokens are None where the vendor does not count them. `emulated` says that no real model wrote it. `tool_calls` are objects with
    `name` and `input`.
    """

    text: str
    stop_reason: str
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: int
    request_id: str
    tool_calls: tuple[dict[str, Any], ...] = ()
    emulated: bool = False


def seconds_of(retry_after: str) -> float | None:
    """What a vendor says in `Retry-After`: seconds, or a date of HTTP. None for what is neither."""
    try:
        return max(0.0, float(retry_after)) if isfinite(float(retry_after)) else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return None


class ModelRunner(Protocol):
    def run(self, call: Call) -> Said:
        """Ask the model once and wait for its whole answer, at most `settings.MODEL_READ_TIMEOUT` seconds.

        Raises RunFailed, and Throttled where the vendor wants to be asked less often.
        """


@runtime_checkable
class StreamingRunner(Protocol):
    """A runner that can tell an answer while it is written. Nobody has to be one."""

    def run(self, call: Call) -> Said: ...

    def stream(self, call: Call) -> Generator[str | Said]:
        """The same as `run`, piece by piece: what was added to the text, and at the end the whole answer, which alone counts.

        Closing it before the end stops the model where that is possible. Raises RunFailed at any point.
        """


@cache
def _made(path: str) -> ModelRunner:
    return import_string(path)()  # type: ignore[no-any-return]


def is_on() -> bool:
    """Whether this installation calls models at all."""
    return bool(settings.MODEL_RUNNER)


def runner() -> ModelRunner:
    return _made(settings.MODEL_RUNNER)
