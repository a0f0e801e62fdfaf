"""A model runner as somebody else would write one, named in the settings by its path: it says what the test wants to hear."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from promptstudio.evaluations.model_runner import Call, Said

PATH = f"{__name__}.ScriptedRunner"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
calls: list[Call] = []
_says: list[Callable[[Call], Said]] = []


def said(text: str = "Water damage.", **more: Any) -> Said:
    usual = {"stop_reason": "end_turn", "input_tokens": 1000, "output_tokens": 100, "latency_ms": 1234, "request_id": "r-1"}
    return Said(text=text, **usual | more)  # type: ignore[arg-type]


class ScriptedRunner:
    def run(self, call: Call) -> Said:
        calls.append(call)
        return _says[-1](call)


@contextmanager
def saying(says: Callable[[Call], Said] | None = None) -> Iterator[list[Call]]:
    """Within this block models answer like this; the calls that they got."""
    calls.clear()
    _says.append(says or (lambda call: said(call.rendered.messages[-1].text.upper())))
    try:
        yield calls
    finally:
        _says.pop()
