"""A model runner as somebody else would write one, named in the settings by its path: it says what the test wants to hear."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from promptstudio.evaluations.model_runner import Call, Said

PATH = f"{__name__}.ScriptedRunner"
# The same as one that tells its answers while it writes them.
STREAMING_PATH = f"{__name__}.StreamingRunner"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
calls: list[Call] = []
_says: list[Callable[[Call], Said]] = []
_tells: list[Callable[[Call], Generator[str | Said]]] = []


def said(text: str = "Water damage.", **more: Any) -> Said:
    usual = {"stop_reason": "end_turn", "input_tokens": 1000, "output_tokens": 100, "latency_ms": 1234, "request_id": "r-1"}
    return Said(text=text, **usual | more)  # type: ignore[arg-type]


class ScriptedRunner:
    def run(self, call: Call) -> Said:
        calls.append(call)
        return _says[-1](call)


class StreamingRunner(ScriptedRunner):
    def stream(self, call: Call) -> Generator[str | Said]:
        calls.append(call)
        yield from _tells[-1](call) if _tells else self._word_by_word(_says[-1](call))

    def _word_by_word(self, whole: Said) -> Generator[str | Said]:
        yield from (f"{word} " for word in whole.text.split())
        yield whole


@contextmanager
def telling(tells: Callable[[Call], Generator[str | Said]]) -> Iterator[None]:
    """Within this block a streaming model tells this, piece by piece."""
    _tells.append(tells)
    try:
        yield
    finally:
        _tells.pop()


@contextmanager
def saying(says: Callable[[Call], Said] | None = None) -> Iterator[list[Call]]:
    """Within this block models answer like this; the calls that they got."""
    calls.clear()
    _says.append(says or (lambda call: said(call.rendered.messages[-1].text.upper())))
    try:
        yield calls
    finally:
        _says.pop()
