"""Asking a model at any endpoint that speaks OpenAI's chat completions: OpenAI itself, LiteLLM, vLLM and others.

Shapes are those of https://platform.openai.com/docs/api-reference/chat; address and key come from the environment alone.
"""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError, ReadTimeoutError

from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.prompts.bundle import Tool

from .errors import NotSetUp, failure_of, refusal_of

CONNECT_SECONDS = 5
LONGEST_REPLY = 20 * 1024 * 1024
PIECE = 64 * 1024
STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}
REQUEST_IDS = ("x-request-id", "x-litellm-call-id")


class OpenAIRunner:
    def __init__(self) -> None:
        # Sessions keep connections, and are not made to be shared between threads.
        self._here = threading.local()

    def run(self, call: Call) -> Said:
        began = time.monotonic()
        try:
            reply, headers = self._ask(call, until=began + settings.MODEL_READ_TIMEOUT)
        except (requests.RequestException, NotSetUp) as error:
            raise failure_of(error) from error
        return said_in(reply, headers, latency_ms=round((time.monotonic() - began) * 1000))

    def _ask(self, call: Call, *, until: float) -> tuple[Any, Mapping[str, str]]:
        answer = self._session.post(
            f"{base_url()}/chat/completions",
            json=body_for(call),
            headers={"X-Client-Request-Id": str(call.uid), "User-Agent": "prompt-studio"},
            auth=_authorize,
            timeout=(CONNECT_SECONDS, settings.MODEL_READ_TIMEOUT),
            # The key would go to somebody else.
            allow_redirects=False,
            stream=True,
        )
        with answer:
            content = _read(answer, until=until)
            if answer.status_code != 200:
                raise refusal_of(answer.status_code, content, answer.headers, model=call.model)
        return _parsed(content), answer.headers

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        return self._here.session  # type: ignore[no-any-return]


def base_url() -> str:
    """Raises NotSetUp."""
    url: str = settings.OPENAI_BASE_URL
    if not url:
        raise NotSetUp("OPENAI_BASE_URL is not set.")
    return url.rstrip("/")


def body_for(call: Call) -> dict[str, Any]:
    """The request. What is empty is left out."""
    inference = call.inference
    system = [{"role": "system", "content": call.rendered.system}] if call.rendered.system else []
    body = {
        "model": call.model,
        "messages": system + [{"role": message.role, "content": message.text} for message in call.rendered.messages],
        "temperature": inference.temperature,
        "top_p": inference.top_p,
        settings.OPENAI_MAX_TOKENS_FIELD: inference.max_tokens,
        "stop": list(inference.stop_sequences) or None,
        "tools": [_tool(tool) for tool in call.tools] or None,
        "tool_choice": _choice(call.tool_choice) if call.tools else None,
        "response_format": _form(call.output_schema),
        **call.extra_model_fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def said_in(reply: Any, headers: Mapping[str, str], *, latency_ms: int) -> Said:
    """What a reply says; `latency_ms` is ours, because such endpoints tell none. Raises RunFailed for what is no reply."""
    try:
        choice = reply["choices"][0]
        message, usage = choice["message"], reply.get("usage") or {}
        return Said(
            text=_text(message),
            tool_calls=tuple(_called(each["function"]) for each in message.get("tool_calls") or ()),
            stop_reason=_stop_reason(choice, message),
            input_tokens=_tokens(usage.get("prompt_tokens")),
            output_tokens=_tokens(usage.get("completion_tokens")),
            latency_ms=latency_ms,
            request_id=next((headers[name] for name in REQUEST_IDS if headers.get(name)), str(reply.get("id") or "")),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise RunFailed("What came back is no answer of a model.", code="no_reply", permanent=True) from None


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part.get("type") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError
    return content or message.get("refusal") or ""


def _stop_reason(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """In Bedrock's words. A refusal stands in a member of its own, and ends like any answer."""
    if message.get("refusal") and not message.get("content"):
        return "content_filtered"
    reason = str(choice.get("finish_reason") or "")
    return STOP_REASONS.get(reason, reason)


def _called(function: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments are a text that the model wrote: what is no JSON stays as it wrote it."""
    arguments = function.get("arguments") or "{}"
    try:
        return {"name": function["name"], "input": json.loads(arguments)}
    except (ValueError, RecursionError):
        return {"name": function["name"], "input": arguments}


def _tokens(count: Any) -> int | None:
    return count if isinstance(count, int) and 0 <= count < 2**31 else None


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    schema = tool.input_schema or {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": tool.name, **described, "parameters": schema}}


def _choice(choice: str | None) -> Any:
    match choice:
        case None | "auto":
            return choice
        case "any":
            return "required"
    return {"type": "function", "function": {"name": choice}}


def _form(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}} if schema else None


def _authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # As `auth`, so that no .netrc of the machine puts something else there.
    if settings.OPENAI_API_KEY:
        request.headers["Authorization"] = f"Bearer {settings.OPENAI_API_KEY}"
    return request


def _read(answer: requests.Response, *, until: float) -> bytes:
    """The whole reply. A time-out of requests is one between two pieces, so a reply that trickles is watched here."""
    content = bytearray()
    try:
        while piece := answer.raw.read1(PIECE, decode_content=True):
            content += piece
            if time.monotonic() > until:
                raise requests.ReadTimeout
            if len(content) > LONGEST_REPLY:
                raise RunFailed("The answer is longer than anything that can be kept.", code="too_long", permanent=True)
    except ReadTimeoutError as error:
        raise requests.ReadTimeout from error
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError from error
    return bytes(content)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise RunFailed("What came back is no answer of a model.", code="no_reply", permanent=True) from None
