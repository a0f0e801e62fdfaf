"""Request bodies as a caller would write them, and the check that an answer is what botocore's model promises."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.local_aws import LocalAws

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


def text_variant(text: str = "Summarise {{claim}} for {{reader}}.", *variables: str, **others: Any) -> dict:
    template = {"text": text, "inputVariables": [{"name": name} for name in variables or ("claim", "reader")]}
    return {"name": "main", "templateType": "TEXT", "templateConfiguration": {"text": template}, "modelId": MODEL, **others}


def chat_variant(messages: list[dict], **chat: Any) -> dict:
    return {"name": "main", "templateType": "CHAT", "templateConfiguration": {"chat": {"messages": messages, **chat}}, "modelId": MODEL}


def turn(role: str, *texts: str) -> dict:
    return {"role": role, "content": [{"text": text} for text in texts]}


def new_account() -> str:
    """Twelve digits nobody else uses: an account of one's own, as far as the local AWS is concerned."""
    return str(secrets.randbelow(9 * 10**11) + 10**11)


class Bedrock:
    """Both clients in `account`, else in one of their own, with the last raw answer."""

    def __init__(self, server: LocalAws, account: str = "") -> None:
        self.server, self.account = server, account or new_account()
        self.prompts = server.client("bedrock-agent", access_key=self.account)
        self.runtime = server.client("bedrock-runtime", access_key=self.account)
        self.raw: dict = {}
        for client in (self.prompts, self.runtime):
            client.meta.events.register("before-parse", self._keep)

    def _keep(self, response_dict: dict, **_: Any) -> None:
        body = response_dict["body"]
        if isinstance(body, bytes):
            self.raw = json.loads(body)


def assert_conforms(service: str, operation: str, raw: dict) -> None:
    """The JSON as sent fits the operation's output shape: nothing missing, unknown, too long or off its pattern."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape
    report = ParamValidator().validate(raw, shape)
    assert not report.has_errors(), report.generate_report()
    assert list(beyond_shape(shape, raw, operation)) == []


def beyond_shape(shape: Any, value: Any, path: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from beyond_shape(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from beyond_shape(shape.member, item, f"{path}[]")
    elif shape.type_name == "string":
        if "pattern" in shape.metadata and not re.fullmatch(shape.metadata["pattern"], value):
            yield f"{path}={value} does not match {shape.metadata['pattern']}"
        if shape.enum and value not in shape.enum:
            yield f"{path}={value} is none of {shape.enum}"
    if isinstance(value, list | str) and len(value) > shape.metadata.get("max", len(value)):
        yield f"{path} is too long"


def refused(code: str, status: int) -> Any:
    """`with refused("ConflictException", 409): ...`, for a call that boto3 turns into a ClientError."""
    return pytest.raises(ClientError, check=lambda error: _is(error, code, status))


def _is(error: ClientError, code: str, status: int) -> bool:
    found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
    assert found == (code, status), error
    assert error.response["ResponseMetadata"]["RequestId"]
    return True
