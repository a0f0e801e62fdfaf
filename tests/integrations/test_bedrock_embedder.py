"""The embedder of Bedrock against the local AWS, which reads requests by the vendor's own model."""

import io
import math
import uuid
from typing import Any

import pytest

from promptstudio.evaluations.assertions import Assertion, Heard, outcome_of
from promptstudio.evaluations.embedder import Embedded, in_numbers
from promptstudio.evaluations.model_runner import RunFailed
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.verdicts import heard
from promptstudio.integrations.bedrock.embedder import BedrockEmbedder
from tests.local_aws import LocalAws

pytestmark = pytest.mark.usefixtures("account")
TITAN = "amazon.titan-embed-text-v2:0"
PIPE = "We are sorry that a pipe burst in your kitchen."


def embed(text: str = PIPE, model: str = TITAN) -> Embedded:
    return BedrockEmbedder().embed(uid=uuid.uuid4(), model=model, text=text)


def nearness(one: str, other: str) -> float:
    heard = [Heard(numbers=embed(text).numbers) for text in (one, other)]
    return outcome_of(Assertion(type="similar"), heard).score


@pytest.mark.parametrize("model", [TITAN, "cohere.embed-multilingual-v3", "eu.cohere.embed-v4:0"])
def test_a_text_becomes_numbers_that_say_what_they_took(server: LocalAws, model: str) -> None:
    found = embed(model=model)
    assert len(found.numbers) == 1024
    assert math.isclose(sum(number * number for number in found.numbers), 1)
    assert (found.input_tokens, found.emulated, len(found.request_id)) == (12, True, 36)


def test_texts_that_share_words_are_near_each_other(server: LocalAws) -> None:
    near = nearness(PIPE, "We are sorry that the pipe in your kitchen burst!")
    far = nearness(PIPE, "Third-party vehicles need an expert's report.")
    assert near > 0.75 > 0.4 > far
    assert nearness(PIPE, PIPE) == pytest.approx(1)


def test_the_numbers_are_the_answer(server: LocalAws, settings: Any) -> None:
    settings.EMBEDDER = "promptstudio.integrations.bedrock.embedder.BedrockEmbedder"
    said = in_numbers(uuid.uuid4(), TITAN, PIPE)
    kept = Answer(state="answered", purpose="numbers", text=said.text)
    assert heard(kept).numbers == pytest.approx(embed().numbers, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "model", "code"),
    [
        ("", TITAN, "ValidationException"),
        ("x" * 50_001, TITAN, "ValidationException"),
        (PIPE, "anthropic.claude-sonnet-4-6", "no_model"),
        (PIPE, "amazon.titan-embed-text-v1", "no_model"),
    ],
)
def test_what_has_no_numbers_is_said_for_good(server: LocalAws, text: str, model: str, code: str) -> None:
    with pytest.raises(RunFailed) as refused:
        embed(text, model)
    assert (refused.value.code, refused.value.permanent) == (code, True)


def test_a_model_that_is_busy_is_asked_again(server: LocalAws) -> None:
    server.arm(operation="InvokeModel", kind="error", code="ThrottlingException", status=429, times=1)
    with pytest.raises(RunFailed) as refused:
        embed()
    assert not refused.value.permanent


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"embedding": "x"}', b'{"embedding": [null]}', b'{"embedding": {"a": 1}}', b"\xff"])
def test_what_is_no_embedding_is_refused(server: LocalAws, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    class Client:
        def invoke_model(self, **asked: Any) -> dict[str, Any]:
            return {"body": io.BytesIO(body), "ResponseMetadata": {"HTTPHeaders": {}}}

    monkeypatch.setattr("promptstudio.integrations.bedrock.runner.RuntimeConnections.opened", lambda *_, **__: Client())
    with pytest.raises(RunFailed, match="no embedding"):
        embed()
