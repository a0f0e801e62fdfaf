"""Asking a model at Bedrock through Converse (service model of bedrock-runtime, 2023-09-30)."""

import json
import re
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings

from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.prompts.bundle import Message

from .client import Connections
from .errors import FORBIDDEN
from .rendition import inference_of, tools_of
from .run_errors import CAUGHT, MALFORMED, run_failure_of, too_slow
from .streamed import EMULATED, Heard

# What requestMetadata may hold: 1 to 256 characters of these.
MARK = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{1,256}")
# With these before its first word, a model is asked for the whole at once: the role may call it, but not have it tell piece by piece, or
# the model cannot.
NOT_PIECE_BY_PIECE = FORBIDDEN | MALFORMED


class RuntimeConnections(Connections):
    service = "bedrock-runtime"

    @property
    def read_timeout(self) -> float:
        return float(settings.MODEL_READ_TIMEOUT)


class ConverseRunner:
    def __init__(self) -> None:
        self._connections = RuntimeConnections()

    def run(self, call: Call) -> Said:
        with _in_sentences(call):
            return said_in(self._client(call).converse(**_asked(call)))

    def stream(self, call: Call) -> Generator[str | Said]:
        with _in_sentences(call):
            try:
                reply = self._client(call).converse_stream(**_asked(call))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in NOT_PIECE_BY_PIECE:
                    raise
                reply = None
            if reply is not None:
                yield from _told(reply)
                return
        yield self.run(call)

    def _client(self, call: Call) -> Any:
        if ":prompt/" in call.model:
            raise RunFailed("This names a prompt, not a model.", code="no_model", permanent=True)
        return self._connections.opened(_place(call), job_uid=call.uid)


@contextmanager
def _in_sentences(call: Call) -> Iterator[None]:
    try:
        yield
    except CAUGHT as error:
        raise run_failure_of(error, model=call.model) from error


def _told(reply: dict[str, Any]) -> Generator[str | Said]:
    """Piece by piece, within the time that a whole answer may take."""
    heard, until = Heard(reply["ResponseMetadata"]), time.monotonic() + settings.MODEL_READ_TIMEOUT
    with closing(reply["stream"]) as events:
        for event in events:
            if text := heard.take(event):
                yield text
            if time.monotonic() > until:
                raise too_slow()
    yield heard.said()


def _asked(call: Call) -> dict[str, Any]:
    return published_body_for(call) if call.address else body_for(call)


def body_for(call: Call) -> dict[str, Any]:
    """The parameters of Converse. What is empty is left out."""
    body = {
        "modelId": call.model,
        "messages": _messages(call.rendered.messages),
        "system": [{"text": call.rendered.system}] if call.rendered.system else [],
        "inferenceConfig": inference_of(call.inference),
        "toolConfig": tools_of(call.tools, call.tool_choice) if call.tools else {},
        "outputConfig": _form(call) if call.output_schema else {},
        "additionalModelRequestFields": dict(call.extra_model_fields),
        "requestMetadata": _marks(call),
    }
    return {name: value for name, value in body.items() if value}


def published_body_for(call: Call) -> dict[str, Any]:
    """The parameters of Converse for a published version. Bedrock takes nothing beside it that the prompt decides, not even empty."""
    body = {
        "modelId": call.address,
        "promptVariables": {name: {"text": text} for name, text in call.variables.items()},
        # Bedrock puts them behind the messages of the prompt.
        "messages": _messages(call.follows),
        "requestMetadata": _marks(call),
    }
    return {name: value for name, value in body.items() if value}


def _messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [{"role": message.role, "content": [{"text": message.text}]} for message in messages]


def said_in(reply: dict[str, Any]) -> Said:
    """What a reply of Converse says. Text and tool calls are kept; how a model thought, and pictures, are not."""
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    usage, metadata = reply.get("usage", {}), reply.get("ResponseMetadata", {})
    return Said(
        text="".join(block["text"] for block in blocks if "text" in block),
        tool_calls=tuple(
            {"name": block["toolUse"]["name"], "input": block["toolUse"].get("input", {})} for block in blocks if "toolUse" in block
        ),
        stop_reason=reply.get("stopReason", ""),
        input_tokens=usage.get("inputTokens", 0),
        output_tokens=usage.get("outputTokens", 0),
        latency_ms=reply.get("metrics", {}).get("latencyMs", 0),
        request_id=metadata.get("RequestId", ""),
        emulated=EMULATED in metadata.get("HTTPHeaders", {}),
    )


def _place(call: Call) -> dict[str, str]:
    """A published prompt is called in the region that it lies in, whatever is set for models."""
    return {**settings.MODEL_PLACE, "region": call.address.split(":")[3]} if call.address else settings.MODEL_PLACE


def _marks(call: Call) -> dict[str, str]:
    return {name: text for name, text in call.marks.items() if MARK.fullmatch(text)}


def _form(call: Call) -> dict[str, Any]:
    schema = json.dumps(call.output_schema, ensure_ascii=False)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "answer"}}}}
