"""What the local AWS refuses, although boto3 sends it or would let it pass."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.integrations.prompt_bodies import Bedrock, chat_variant, refused, text_variant, turn
from tests.local_aws import LocalAws

AGENT = "arn:aws:bedrock:us-east-1:123456789012:agent-alias/AAAAAAAAAA/BBBBBBBBBB"


def changed(**members: Any) -> dict:
    return {"variants": [{**text_variant(), **members}]}


REFUSED: dict[str, dict] = {
    "pattern of a name": {"name": "two words"},
    "length of a description": {"description": "x" * 201},
    "number of variants": {"variants": [text_variant(), {**text_variant(), "name": "other"}]},
    "enum of a template type": changed(templateType="POEM"),
    "enum of a cache point": changed(templateConfiguration={"text": {"text": "Hi", "cachePoint": {"type": "never"}}}),
    "variable without a name": changed(templateConfiguration={"text": {"text": "Hi", "inputVariables": [{}]}}),
    "maximum of a temperature": changed(inferenceConfiguration={"text": {"temperature": 1.5}}),
    "number of stop sequences": changed(inferenceConfiguration={"text": {"stopSequences": list("abcde")}}),
    "number of variables": {"variants": [text_variant("Hello", *(f"v{number}" for number in range(21)))]},
    "pattern of a tag": {"tags": {"k": "ünfit"}},
    "number of tags": {"tags": {f"k{number}": "" for number in range(51)}},
    "reserved tag": {"tags": {"aws:mine": "x"}},
    "length of a client token": {"clientToken": "a" * 257},
    "length of a metadata value": changed(metadata=[{"key": "k", "value": "v" * 1025}]),
    "pattern of a tool name": {
        "variants": [
            chat_variant([turn("user", "Hi")], toolConfiguration={"tools": [{"toolSpec": {"name": "a-b", "inputSchema": {"json": {}}}}]})
        ]
    },
    "text type with a chat body": {"variants": [{**chat_variant([turn("user", "Hi")]), "templateType": "TEXT"}]},
    "chat type with a text body": changed(templateType="CHAT"),
    "default variant that does not exist": {"variants": [text_variant()], "defaultVariant": "other"},
    "model and agent at once": changed(genAiResource={"agent": {"agentIdentifier": AGENT}}),
    "the same variable twice": {"variants": [text_variant("Hello {{a}}", "a", "a")]},
    "text of more than 200000 characters": {"variants": [text_variant("x" * 200_001)]},
    "chat without a user": {"variants": [chat_variant([turn("assistant", "Hi")])]},
    "chat without messages": {"variants": [chat_variant([])]},
    "two user messages in a row": {"variants": [chat_variant([turn("user", "Hi"), turn("user", "Hello?")])]},
    "message without content": {"variants": [chat_variant([turn("user")])]},
    "message with an empty text": {"variants": [chat_variant([turn("user", "")])]},
}


@pytest.mark.parametrize("members", REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_to_create(bedrock: Bedrock, members: dict) -> None:
    with refused("ValidationException", 400) as caught:
        bedrock.prompts.create_prompt(**{"name": "prompt", **members})
    assert caught.value.response["fieldList"][0]["name"]
    assert bedrock.prompts.list_prompts()["promptSummaries"] == []


@pytest.mark.parametrize("members", [REFUSED["two user messages in a row"], REFUSED["maximum of a temperature"]], ids=["rule", "model"])
def test_an_update_is_checked_like_a_creation(bedrock: Bedrock, members: dict) -> None:
    prompt = bedrock.prompts.create_prompt(name="prompt", variants=[text_variant()])
    with refused("ValidationException", 400):
        bedrock.prompts.update_prompt(promptIdentifier=prompt["id"], name="prompt", **members)
    assert bedrock.prompts.get_prompt(promptIdentifier=prompt["id"])["variants"] == prompt["variants"]


def test_what_is_just_allowed_passes(bedrock: Bedrock) -> None:
    variables = [f"v{number}" for number in range(20)]
    bedrock.prompts.create_prompt(name="a" * 100, description="x" * 200, variants=[text_variant("y" * 200_000, *variables)])
    bedrock.prompts.create_prompt(
        name="chat", variants=[chat_variant([turn("user", "Hi"), turn("assistant", "Hello"), turn("user", "So?")])]
    )


# Members that boto3 itself would stop: sent by a client that checks nothing.
UNTYPED: dict[str, dict] = {
    "missing name": {},
    "wrong type": {"name": 7},
    "true for a number": {"name": "p", **changed(inferenceConfiguration={"text": {"maxTokens": True}})},
    "unknown member": {"name": "p", "alias": "live"},
    "unknown nested member": {"name": "p", **changed(inferenceConfiguration={"text": {"topK": 5}})},
    "two members of a union": {"name": "p", **changed(templateConfiguration={"text": {"text": "a"}, "chat": {"messages": []}})},
    "empty string below the minimum": {"name": "p", "description": ""},
    "number below the minimum": {"name": "p", **changed(inferenceConfiguration={"text": {"temperature": -1}})},
    "not an object": [],  # type: ignore[dict-item]
}


@pytest.mark.parametrize("body", UNTYPED.values(), ids=UNTYPED.keys())
def test_it_refuses_what_other_clients_may_send(server: LocalAws, body: object) -> None:
    status, headers, answer = raw(server, "POST", "/prompts/", body=body)
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert answer["message"]
    assert headers["x-amzn-RequestId"]


def test_an_unsigned_request_is_refused(server: LocalAws) -> None:
    status, headers, _ = raw(server, "GET", "/prompts/", signed=False)
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


def test_identifiers_are_told_apart(bedrock: Bedrock) -> None:
    for malformed in ("short", "AAAAAAAAAA:1", "arn:aws:bedrock:us-east-1:1:prompt/AAAAAAAAAA"):
        with refused("ValidationException", 400):
            bedrock.prompts.get_prompt(promptIdentifier=malformed)
    with refused("ResourceNotFoundException", 404):
        bedrock.prompts.get_prompt(promptIdentifier="AAAAAAAAAA")
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    for version in ("0", "latest"):
        with refused("ValidationException", 400):
            bedrock.prompts.get_prompt(promptIdentifier=prompt, promptVersion=version)
    with refused("ValidationException", 400):
        bedrock.prompts.delete_prompt(promptIdentifier=prompt, promptVersion="DRAFT")


def test_a_slash_at_the_end_of_the_path_is_optional(server: LocalAws) -> None:
    created = raw(server, "POST", "/prompts", body={"name": "slashless"})
    assert created[0] == 201
    assert raw(server, "GET", f"/prompts/{created[2]['id']}")[2]["name"] == "slashless"


def test_web_pages_are_not_served(server: LocalAws) -> None:
    assert raw(server, "GET", "/_local/health", headers={"Origin": "https://example.com"})[0] == 403
    assert raw(server, "GET", "/_local/health", headers={"Host": "example.com"})[0] == 403
    assert raw(server, "GET", "/_local/health", headers={"Host": "localhost:1"})[0] == 200


def test_boto3_retries_nothing_that_is_refused(server: LocalAws) -> None:
    before = len(server.journal())
    with refused("ValidationException", 400):
        server.client("bedrock-agent", attempts=3).create_prompt(name="no spaces please")
    assert len(server.journal()) == before + 1


def raw(
    server: LocalAws, method: str, path: str, *, body: object = None, signed: bool = True, headers: dict[str, str] | None = None
) -> tuple[int, Any, dict]:
    """Status, headers and JSON of a request that no SDK has looked at."""
    scope = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIARAW/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"
    }
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(server.url + path, data=data, method=method, headers={**(scope if signed else {}), **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)
