"""What ConverseStream tells event by event, put together (service model of bedrock-runtime, 2023-09-30)."""

import json
from collections import defaultdict
from typing import Any

from promptstudio.evaluations.model_runner import RunFailed, Said

# The local AWS says with each reply that no real model wrote it.
EMULATED = "x-local-aws"


class Heard:
    """An answer as far as it was told. How a model thought, and pictures, are not kept."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self._reply = metadata
        self._text: list[str] = []
        # By the number of their block: names, and the texts that make up the JSON of their arguments.
        self._tools: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = defaultdict(list)
        self._stop_reason = ""
        self._spent: dict[str, Any] = {}

    def take(self, event: dict[str, Any]) -> str:
        """The text that this event adds."""
        match event:
            case {"contentBlockStart": {"start": {"toolUse": {"name": name}}, "contentBlockIndex": number}}:
                self._tools[number] = name
            case {"contentBlockDelta": {"delta": {"text": text}}}:
                self._text.append(text)
                return str(text)
            case {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}, "contentBlockIndex": number}}:
                self._arguments[number].append(text)
            case {"messageStop": {"stopReason": reason}}:
                self._stop_reason = reason
            case {"metadata": spent}:
                self._spent = spent
        return ""

    def said(self) -> Said:
        """The whole of it. Raises RunFailed where the end was never told: half an answer is none."""
        if not self._stop_reason:
            raise RunFailed("The answer of the model was lost on its way.", code="no_answer", permanent=False)
        usage = self._spent.get("usage", {})
        return Said(
            text="".join(self._text),
            tool_calls=tuple({"name": name, "input": _read("".join(self._arguments[number]))} for number, name in self._tools.items()),
            stop_reason=self._stop_reason,
            input_tokens=usage.get("inputTokens", 0),
            output_tokens=usage.get("outputTokens", 0),
            latency_ms=self._spent.get("metrics", {}).get("latencyMs", 0),
            request_id=self._reply.get("RequestId", ""),
            emulated=EMULATED in self._reply.get("HTTPHeaders", {}),
        )


def _read(arguments: str) -> Any:
    """What a tool is called with; where the answer was cut off within it, the text that there is."""
    try:
        return json.loads(arguments) if arguments else {}
    except (ValueError, RecursionError):
        return {"…": arguments}
