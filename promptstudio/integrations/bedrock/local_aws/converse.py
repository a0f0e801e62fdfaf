"""Converse and ConverseStream, by prompt ARN or by plain model id."""

import json
import re
import struct
import zlib
from dataclasses import dataclass

from . import local_model
from .calls import Scope
from .errors import Problems, Reply, invalid, json_reply
from .prompt_rules import PROMPT_ARN, check_turns
from .prompts import Prompts

FORBIDDEN_WITH_PROMPT = ("system", "inferenceConfig", "toolConfig", "additionalModelRequestFields")
PLACEHOLDER = re.compile(r"\{\{\s*([0-9a-zA-Z_-]+)\s*\}\}")
EVENT_STREAM = "application/vnd.amazon.eventstream"
# Seconds between two words: slow enough to be seen coming, and nobody waits for long.
PAUSE = 0.04


@dataclass(frozen=True)
class Asked:
    """What the model gets to see, whichever way it was asked."""

    model_id: str
    settings: dict
    system: list[dict]
    messages: list[dict]
    tool: local_model.Tool | None = None
    schema: dict | None = None


def converse(params: dict, scope: Scope, *, prompts: Prompts) -> Reply:
    said = _ask(params, scope, prompts)
    return json_reply(
        200,
        {
            "output": {"message": {"role": "assistant", "content": _content(said)}},
            "stopReason": said.stop_reason,
            "usage": _usage(said),
            "metrics": {"latencyMs": said.latency_ms},
        },
    )


def converse_stream(params: dict, scope: Scope, *, prompts: Prompts) -> Reply:
    said = _ask(params, scope, prompts)
    pieces = re.findall(r"\S+\s*", said.text)
    events: list[tuple[str, dict]] = [("messageStart", {"role": "assistant"})]
    events += [("contentBlockDelta", {"delta": {"text": piece}, "contentBlockIndex": 0}) for piece in pieces]
    events += [("contentBlockStop", {"contentBlockIndex": 0})]
    if called := said.tool_call:
        start, delta = {"toolUse": {"toolUseId": _tool_use_id(said), "name": called.name}}, {"toolUse": {"input": json.dumps(called.input)}}
        events += [("contentBlockStart", {"start": start, "contentBlockIndex": 1})]
        events += [("contentBlockDelta", {"delta": delta, "contentBlockIndex": 1}), ("contentBlockStop", {"contentBlockIndex": 1})]
    events += [("messageStop", {"stopReason": said.stop_reason})]
    events += [("metadata", {"usage": _usage(said), "metrics": {"latencyMs": said.latency_ms}})]
    frames = tuple(_frame({":message-type": "event", ":event-type": name}, payload) for name, payload in events)
    return Reply(status=200, body=b"", content_type=EVENT_STREAM, pieces=frames, pause=PAUSE)


def exception_frame(name: str, sentence: str) -> bytes:
    """An error in the middle of a stream, named as the member of it: throttlingException."""
    return _frame({":message-type": "exception", ":exception-type": name}, {"message": sentence})


def _content(said: local_model.Answer) -> list[dict]:
    blocks: list[dict] = [{"text": said.text}]
    if called := said.tool_call:
        blocks.append({"toolUse": {"toolUseId": _tool_use_id(said), "name": called.name, "input": called.input}})
    return blocks


def _tool_use_id(said: local_model.Answer) -> str:
    return f"tooluse_{zlib.crc32(said.text.encode()):08x}"


def _usage(said: local_model.Answer) -> dict:
    return {
        "inputTokens": said.input_tokens,
        "outputTokens": said.output_tokens,
        "totalTokens": said.input_tokens + said.output_tokens,
    }


def _ask(params: dict, scope: Scope, prompts: Prompts) -> local_model.Answer:
    asked = _by_prompt(params, scope, prompts) if PROMPT_ARN.fullmatch(params["modelId"]) else _by_model(params)
    problems = Problems()
    check_turns(asked.messages, path="messages", problems=problems)
    if not asked.messages:
        problems.add("messages", "At least one message is required")
    problems.raise_if_any()
    blocks = [*asked.system, *(block for message in asked.messages for block in message["content"])]
    seen = "\n".join(block.get("text", f"[{next(iter(block))}]") for block in blocks)
    return local_model.answer(text=seen, model_id=asked.model_id, settings=asked.settings, tool=asked.tool, schema=asked.schema)


def _by_model(params: dict) -> Asked:
    return Asked(
        params["modelId"],
        params.get("inferenceConfig", {}),
        params.get("system", []),
        params.get("messages", []),
        _tool(params.get("toolConfig", {})),
        _schema(params),
    )


def _tool(config: dict) -> local_model.Tool | None:
    """The tool that has to be called. Left to choose, this model chooses none."""
    tools = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
    choice = config.get("toolChoice", {})
    wanted = [tool for tool in tools if "any" in choice or tool["name"] == choice.get("tool", {}).get("name")]
    if "tool" in choice and not wanted:
        raise invalid(f"toolChoice names {choice['tool']['name']}, which is no tool of this request.", field_name="toolConfig.toolChoice")
    return local_model.Tool(wanted[0]["name"], wanted[0]["inputSchema"].get("json", {})) if wanted else None


def _schema(params: dict) -> dict | None:
    """The form of the answer. Its JSON is a text inside JSON, so the service model cannot check it."""
    text = params.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema", {}).get("schema")
    if text is None:
        return None
    try:
        schema = json.loads(text)
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        raise invalid("The schema of the answer is no JSON object.", field_name="outputConfig.textFormat.structure.jsonSchema.schema")
    return schema


def _by_prompt(params: dict, scope: Scope, prompts: Prompts) -> Asked:
    refused = [name for name in FORBIDDEN_WITH_PROMPT if name in params]
    if refused:
        raise invalid(f"{', '.join(refused)} cannot be given with a prompt resource in modelId.", field_name=refused[0])
    variants = prompts.get({"promptIdentifier": params["modelId"]}, scope).get("variants", [])
    if not variants or "modelId" not in variants[0]:
        raise invalid("The prompt has no model, so it cannot be invoked.", field_name="modelId")
    variant = variants[0]
    template = variant["templateConfiguration"][variant["templateType"].lower()]
    values = _values(params, template)
    settings = {**variant.get("inferenceConfiguration", {}).get("text", {})}
    if "additionalModelRequestFields" in variant:
        settings["additionalModelRequestFields"] = variant["additionalModelRequestFields"]
    messages = _render_messages(template, values) + params.get("messages", [])
    system = _render_blocks(template.get("system", []), values)
    return Asked(variant["modelId"], settings, system, messages, _tool(template.get("toolConfiguration", {})))


def _values(params: dict, template: dict) -> dict[str, str]:
    given = params.get("promptVariables")
    if given == {}:
        raise invalid("promptVariables must not be empty; leave it out.", field_name="promptVariables")
    values = {name: value["text"] for name, value in (given or {}).items()}
    absent = [variable["name"] for variable in template.get("inputVariables", []) if variable["name"] not in values]
    if absent:
        raise invalid(f"Missing values for the prompt variables: {', '.join(absent)}.", field_name="promptVariables")
    return values


def _render_messages(template: dict, values: dict[str, str]) -> list[dict]:
    if "messages" not in template:
        return [{"role": "user", "content": [{"text": _render(template["text"], values)}]}]
    return [{"role": message["role"], "content": _render_blocks(message["content"], values)} for message in template["messages"]]


def _render_blocks(blocks: list[dict], values: dict[str, str]) -> list[dict]:
    return [{"text": _render(block["text"], values)} for block in blocks if "text" in block]


def _render(text: str, values: dict[str, str]) -> str:
    # One pass: a value that looks like a placeholder stays a value.
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _frame(named: dict[str, str], payload: dict) -> bytes:
    """One message of AWS's event stream encoding: lengths, their CRC, string headers, JSON, CRC of it all."""
    headers = b"".join(_header(name, value) for name, value in (named | {":content-type": "application/json"}).items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
