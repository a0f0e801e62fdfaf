"""The embedder for endpoints that speak OpenAI's embeddings, against one that holds requests against OpenAI's own types."""

import os
import uuid
from typing import Any

import pytest

# In CI a missing package is a broken run, not a reason to skip.
if not os.environ.get("CI"):
    pytest.importorskip("openai")

import openai

from promptstudio.evaluations.embedder import Embedded, in_numbers
from promptstudio.evaluations.model_runner import RunFailed, Throttled
from promptstudio.integrations.openai.embedder import OpenAIEmbedder

from .chat_endpoint import KEY, NUMBERS, Endpoint, embedding


def embed(text: str = "The pipe burst.", uid: uuid.UUID | None = None) -> Embedded:
    return OpenAIEmbedder().embed(uid=uid or uuid.uuid4(), model="numbers-small", text=text)


def test_the_endpoint_of_these_tests_is_understood_by_the_vendors_own_client(endpoint: Endpoint) -> None:
    client = openai.OpenAI(base_url=endpoint.url, api_key=KEY, max_retries=0)
    told = client.embeddings.create(model="numbers-small", input="Hello", encoding_format="float")
    assert told.data[0].embedding == NUMBERS


def test_a_text_becomes_numbers_that_say_what_they_took(endpoint: Endpoint) -> None:
    uid = uuid.uuid4()
    found = embed(uid=uid)
    assert (found.numbers, found.input_tokens, found.request_id, found.emulated) == (tuple(NUMBERS), 3, "req-1", False)
    assert 0 <= found.latency_ms < 2000
    assert endpoint.headers[0]["x-client-request-id"] == str(uid)
    assert endpoint.asked == [{"model": "numbers-small", "input": "The pipe burst.", "encoding_format": "float"}]


def test_a_model_is_asked_there_by_the_beginning_of_its_name(endpoint: Endpoint, settings: Any) -> None:
    said = in_numbers(uuid.uuid4(), "openai:BAAI/bge-m3", "The pipe burst.")
    assert (said.text, said.input_tokens, endpoint.asked[0]["model"]) == ("[0.6, 0.8, 0.0]", 3, "BAAI/bge-m3")


def test_tokens_that_nobody_counted_are_not_made_up(endpoint: Endpoint) -> None:
    endpoint.reply = (200, embedding(usage=False), {})
    assert embed().input_tokens is None


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"embedding": "AACAPw=="}]}',
        b'{"data": [{"embedding": [null]}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": [1]}]}',
        b'{"data": {"a": 1}}',
    ],
)
def test_what_is_no_embedding_is_told(endpoint: Endpoint, body: bytes) -> None:
    endpoint.reply = (200, body, {})
    with pytest.raises(RunFailed, match="is no embedding") as failure:
        embed()
    assert failure.value.permanent


def test_refusals_have_the_words_of_the_runner_beside_it(endpoint: Endpoint) -> None:
    endpoint.reply = (404, {"error": {"message": "No."}}, {})
    with pytest.raises(RunFailed, match="There is no model numbers-small at this endpoint"):
        embed()
    endpoint.reply = (429, {"error": {"message": "Slowly."}}, {"Retry-After": "7"})
    with pytest.raises(Throttled) as busy:
        embed()
    assert busy.value.retry_after == 7


def test_without_an_address_it_is_not_set_up(endpoint: Endpoint, settings: Any) -> None:
    settings.OPENAI_BASE_URL = ""
    with pytest.raises(RunFailed, match="OPENAI_BASE_URL is not set") as failure:
        embed()
    assert failure.value.permanent
