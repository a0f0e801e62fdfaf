"""What a bundle looks like at Bedrock, and how two such looks are compared. Pure.

Shapes and limits are those of the service model of bedrock-agent (2023-06-05).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from promptstudio.deployments.publishing import Order, PublishFailed
from promptstudio.prompts.bundle import Bundle, Inference, Tool
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.lint import portable
from promptstudio.prompts.templating import PLACEHOLDER, as_plain, placeholder, reserved_in, variables_of

VARIANT = "main"
MAX_DESCRIPTION = 200
VERSION_UID, DIGEST = "studio-version-id", "studio-digest"
# What finds a prompt again after a lost reply: the uid of Studio's remote resource.
RESOURCE_TAG = "studio-resource"
TAG_VALUE = re.compile(r"[a-zA-Z0-9 ._:/=+@-]{0,256}")
# Members that hold JSON of somebody else's making: what is empty there may mean something.
DOCUMENTS = frozenset({"additionalModelRequestFields", "json"})
UNORDERED = {"metadata": "key", "inputVariables": "name"}
# Bedrock takes a prompt without a model, and imported prompts have none; only calling it needs one.
NO_MODEL_YET = "not-chosen-yet"


def check_portable(bundle: Bundle) -> None:
    """Raises a permanent PublishFailed that names everything Bedrock cannot hold."""
    with_model = bundle if bundle.model else bundle.model_copy(update={"model": NO_MODEL_YET})
    if reasons := portable(with_model)["bedrock"]:
        raise PublishFailed(f"Bedrock cannot hold this version. {' '.join(reasons)}", code="not_portable", permanent=True)


def body_for(order: Order) -> dict[str, Any]:
    """Every field that CreatePrompt and UpdatePrompt take, without the prompt's identifier. Bedrock forgets what an update leaves out."""
    body = {"name": order.remote_name, "defaultVariant": VARIANT, "variants": [_variant(order)]}
    return body | _described(order.title)


def version_fields(order: Order) -> dict[str, Any]:
    """Description and tags of one remote version."""
    return _described(f"{order.semver} {order.title}") | {"tags": tags_for(order) | {"studio-version": order.semver}}


def tags_for(order: Order) -> dict[str, str]:
    tags = {
        "managed-by": "prompt-studio",
        RESOURCE_TAG: str(order.resource_uid),
        "studio-project": order.project,
        "studio-environment": order.environment,
        "studio-prompt": order.prompt,
    }
    return {key: value for key, value in tags.items() if TAG_VALUE.fullmatch(value)}


def rendition_of(remote: Mapping[str, Any]) -> str:
    """`sha256:…` of the content of a body as sent, or of a prompt or version as Bedrock returns it.

    Bedrock may give back 0.30000001192 for 0.3, leave empty lists out, and keep sets in an order of its own; none of it counts.
    """
    content = {name: remote.get(name) for name in ("defaultVariant", "variants")}
    return digest_of(canonical_json(_normal(content)))


def metadata_of(remote: Mapping[str, Any]) -> dict[str, str]:
    """The metadata of the only variant; empty where there is none."""
    variants = remote.get("variants") or [{}]
    return {entry["key"]: entry["value"] for entry in variants[0].get("metadata", [])}


def _variant(order: Order) -> dict[str, Any]:
    bundle = as_plain(order.bundle)
    template = _text(bundle) if bundle.kind == "text" else _chat(bundle)
    variant = {
        "name": VARIANT,
        "templateType": bundle.kind.upper(),
        "templateConfiguration": {bundle.kind: template | _input_variables(bundle)},
        "metadata": [{"key": VERSION_UID, "value": str(order.version_uid)}, {"key": DIGEST, "value": order.digest}],
    }
    if bundle.model:
        variant["modelId"] = bundle.model
    if inference := inference_of(bundle.inference):
        variant["inferenceConfiguration"] = {"text": inference}
    if bundle.extra_model_fields:
        variant["additionalModelRequestFields"] = bundle.extra_model_fields
    return variant


def _text(bundle: Bundle) -> dict[str, Any]:
    return {"text": _tight(bundle.messages[0].text)}


def _chat(bundle: Bundle) -> dict[str, Any]:
    chat: dict[str, Any] = {"messages": [{"role": m.role, "content": [{"text": _tight(m.text)}]} for m in bundle.messages]}
    if bundle.system:
        chat["system"] = [{"text": _tight(bundle.system)}]
    if bundle.tools:
        chat["toolConfiguration"] = tools_of(bundle.tools, bundle.tool_choice)
    return chat


def tools_of(tools: Sequence[Tool], choice: str | None) -> dict[str, Any]:
    """As Converse and prompts take them."""
    listed = []
    for tool in tools:
        described = {"description": tool.description} if tool.description else {}
        listed.append({"toolSpec": {"name": tool.name, **described, "inputSchema": {"json": tool.input_schema}}})
    match choice:
        case None:
            return {"tools": listed}
        case "auto" | "any":
            return {"tools": listed, "toolChoice": {choice: {}}}
    return {"tools": listed, "toolChoice": {"tool": {"name": choice}}}


def _input_variables(bundle: Bundle) -> dict[str, Any]:
    used = set(variables_of(bundle))
    names = [variable.name for variable in bundle.variables if variable.name in used] + list(reserved_in(bundle))
    return {"inputVariables": [{"name": name} for name in names]} if names else {}


def inference_of(inference: Inference) -> dict[str, Any]:
    """As Converse and prompts take it; empty where nothing is set."""
    settings = {
        "temperature": inference.temperature,
        "topP": inference.top_p,
        "maxTokens": inference.max_tokens,
        "stopSequences": list(inference.stop_sequences) or None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _tight(text: str) -> str:
    # Whether Bedrock fills in `{{ name }}` is not documented.
    return PLACEHOLDER.sub(lambda match: placeholder(match[1]), text)


def _described(text: str) -> dict[str, str]:
    line = " ".join(text.split())
    if len(line) > MAX_DESCRIPTION:
        line = line[: MAX_DESCRIPTION - 1] + "…"
    return {"description": line} if line else {}


def _normal(value: Any, *, document: bool = False) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_normal(item, document=document) for item in value]
    if not isinstance(value, dict):
        return value
    members = {name: _normal(member, document=document or name in DOCUMENTS) for name, member in value.items()}
    if document:
        return members
    return {name: _sorted(name, member) for name, member in members.items() if member is not None and member != []}


def _sorted(name: str, member: Any) -> Any:
    return sorted(member, key=lambda entry: str(entry[UNORDERED[name]])) if name in UNORDERED else member
