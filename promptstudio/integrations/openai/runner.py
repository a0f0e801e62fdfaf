"""Asking a model at any endpoint that speaks OpenAI's chat completions: OpenAI itself, LiteLLM, vLLM and others.

Shapes are those of https://platform.openai.com/docs/api-reference/chat; address and key come from the environment alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.prompts.bundle import Tool

from .endpoint import Endpoint, Reply, tokens_in

STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}


class OpenAIRunner:
    def __init__(self) -> None:
        self._endpoint = Endpoint()

    def run(self, call: Call) -> Said:
        return said_in(self._endpoint.ask("/chat/completions", body_for(call), uid=call.uid, model=call.model))


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


def said_in(reply: Reply) -> Said:
    """Raises RunFailed for what is no answer."""
    try:
        choice = reply.said["choices"][0]
        message, usage = choice["message"], reply.said.get("usage") or {}
        return Said(
            text=_text(message),
            tool_calls=tuple(_called(each["function"]) for each in message.get("tool_calls") or ()),
            stop_reason=_stop_reason(choice, message),
            input_tokens=tokens_in(usage.get("prompt_tokens")),
            output_tokens=tokens_in(usage.get("completion_tokens")),
            latency_ms=reply.latency_ms,
            request_id=reply.request_id or str(reply.said.get("id") or ""),
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
