"""Which operation a request is and what its parameters are, told by botocore's service models (rest-json)."""

import base64
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import cast
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel, Shape, StructureShape

from .errors import invalid

CONTROL_PLANE = (
    "CreatePrompt",
    "GetPrompt",
    "UpdatePrompt",
    "DeletePrompt",
    "ListPrompts",
    "CreatePromptVersion",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
)
STREAMED = "ConverseStream"
RUNTIME = ("Converse", STREAMED, "InvokeModel")
# A bedrock-agent tag call about one of these is moto's to answer.
FOREIGN_TAGS = re.compile(
    r"^/tags/arn(?::|%3A)aws[^/]*?bedrock[^/]*?(?::|%3A)(?:agent|agent-alias|knowledge-base|flow)(?:/|%2F)", re.IGNORECASE
)


@dataclass(frozen=True)
class Route:
    operation: OperationModel
    input_shape: StructureShape
    method: str
    path: re.Pattern[str]


@cache
def operations() -> dict[str, OperationModel]:
    session = botocore.session.get_session()
    agent, runtime = session.get_service_model("bedrock-agent"), session.get_service_model("bedrock-runtime")
    return {name: agent.operation_model(name) for name in CONTROL_PLANE} | {name: runtime.operation_model(name) for name in RUNTIME}


@cache
def routes() -> tuple[Route, ...]:
    return tuple(
        Route(op, op.input_shape, op.http["method"], _path_pattern(op.http["requestUri"])) for op in operations().values() if op.input_shape
    )


def _path_pattern(uri: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri.rstrip("/")) + "/?")


def find_route(*, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
    """The operation and its path labels. `raw_path` is still percent-encoded: an ARN's slash arrives as %2F inside one segment."""
    if FOREIGN_TAGS.match(raw_path):
        return None
    for route in routes():
        found = route.path.fullmatch(raw_path) if route.method == method else None
        if found:
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def status_of(*, operation: str, code: str) -> int | None:
    """The HTTP status that the model gives an error of this operation, or None where the operation does not have it."""
    model = operations().get(operation)
    for shape in model.error_shapes if model else ():
        if shape.name == code:
            return int(shape.metadata["error"]["httpStatusCode"])
    return None


def stream_errors() -> list[str]:
    """The errors that can come in the middle of a stream, named as its members."""
    stream = cast(StructureShape, operations()[STREAMED].get_event_stream_output())
    return [name for name, member in stream.members.items() if member.metadata.get("exception")]


def read_params(*, route: Route, labels: dict[str, str], query: str, body: bytes) -> dict:
    """Path labels, query and JSON body as one mapping, as boto3's caller wrote them. Raises ValidationException for an unreadable body."""
    payload = route.input_shape.serialization.get("payload")
    # A body that is a value of its own comes as the model's blobs do.
    params: dict = {payload: base64.b64encode(body).decode()} if payload else _read_body(body)
    given = parse_qs(query, keep_blank_values=True)
    for name, member in route.input_shape.members.items():
        location, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
        if location is None:
            continue
        # A body member must not pass for one that belongs in the path or the query.
        params.pop(name, None)
        if location == "uri":
            params[name] = labels[wire_name]
        elif location == "querystring" and wire_name in given:
            params[name] = _from_query(member, given[wire_name])
    return params


def _read_body(body: bytes) -> dict:
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError as error:
        raise invalid("The request body is not JSON.") from error
    if not isinstance(found, dict):
        raise invalid("The request body is not a JSON object.")
    return found


def _from_query(member: Shape, values: list[str]) -> object:
    if member.type_name == "list":
        return values
    if member.type_name in ("integer", "long"):
        return int(values[0]) if re.fullmatch(r"-?[0-9]{1,18}", values[0]) else values[0]
    return values[0]
