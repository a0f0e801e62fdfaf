"""The model runner for endpoints that speak OpenAI's chat completions, against one that holds requests against OpenAI's own types."""

import os
import uuid
from typing import Any

import pytest

# In CI a missing package is a broken run, not a reason to skip.
if not os.environ.get("CI"):
    pytest.importorskip("openai")

import openai

from promptstudio.evaluations.model_runner import Call, RunFailed, Throttled
from promptstudio.integrations.openai.runner import OpenAIRunner
from promptstudio.prompts.bundle import Inference, Message, Tool
from promptstudio.prompts.templating import Rendered

from .chat_endpoint import KEY, Endpoint, completion

FORM = {"type": "object", "properties": {"damage": {"type": "string"}}, "required": ["damage"]}
FIND = Tool(name="find", description="Find a claim.", input_schema={"type": "object", "properties": {"number": {"type": "string"}}})


def call(text: str = "Which pipes burst?", **more: Any) -> Call:
    rendered = Rendered(more.pop("system", ""), (Message(role="user", text=text), *more.pop("more", ())))
    return Call(uid=uuid.uuid4(), model="gpt-small", rendered=rendered, **more)


def refused(endpoint: Endpoint, status: int, body: Any = None, **headers: str) -> RunFailed:
    endpoint.reply = (status, body if body is not None else {"error": {"message": "No.", "code": "some_code"}}, headers)
    with pytest.raises(RunFailed) as refusal:
        OpenAIRunner().run(call())
    return refusal.value


def test_the_endpoint_of_these_tests_is_understood_by_the_vendors_own_client(endpoint: Endpoint) -> None:
    client = openai.OpenAI(base_url=endpoint.url, api_key=KEY, max_retries=0)
    told = client.chat.completions.create(model="gpt-small", messages=[{"role": "user", "content": "Hello"}])
    assert told.choices[0].message.content == "Water damage."


def test_an_answer_comes_with_what_it_took(endpoint: Endpoint) -> None:
    asked = call()
    said = OpenAIRunner().run(asked)
    assert (said.text, said.stop_reason, said.request_id, said.emulated) == ("Water damage.", "end_turn", "req-1", False)
    assert (said.input_tokens, said.output_tokens) == (12, 5)
    assert 0 <= said.latency_ms < 2000
    assert endpoint.headers[0]["x-client-request-id"] == str(asked.uid)
    assert endpoint.asked == [{"model": "gpt-small", "messages": [{"role": "user", "content": "Which pipes burst?"}]}]


def test_everything_that_a_bundle_holds_is_sent_in_a_form_that_the_vendor_takes(endpoint: Endpoint) -> None:
    OpenAIRunner().run(
        call(
            system="Be short.",
            more=(Message(role="assistant", text="All."), Message(role="user", text="Sure?")),
            inference=Inference(temperature=0.2, top_p=0.9, max_tokens=300, stop_sequences=("END",)),
            tools=(FIND, Tool(name="close")),
            tool_choice="find",
            output_schema=FORM,
            extra_model_fields={"seed": 7},
        )
    )
    [sent] = endpoint.asked
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"], sent["stop"], sent["seed"]) == (0.2, 0.9, 300, ["END"], 7)
    assert sent["tools"][0]["function"]["parameters"] == FIND.input_schema
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "find"}}
    assert sent["response_format"]["json_schema"] == {"name": "answer", "schema": FORM}


@pytest.mark.parametrize(("choice", "sent"), [(None, None), ("auto", "auto"), ("any", "required")])
def test_the_choice_of_tools_has_the_vendors_words(endpoint: Endpoint, choice: str | None, sent: str | None) -> None:
    OpenAIRunner().run(call(tools=(FIND,), tool_choice=choice))
    assert endpoint.asked[0].get("tool_choice") == sent


def test_newer_models_call_the_length_something_else(endpoint: Endpoint, settings: Any) -> None:
    settings.OPENAI_MAX_TOKENS_FIELD = "max_completion_tokens"
    OpenAIRunner().run(call(inference=Inference(max_tokens=300)))
    assert endpoint.asked[0]["max_completion_tokens"] == 300
    assert "max_tokens" not in endpoint.asked[0]


@pytest.mark.parametrize(
    ("finish", "told"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use"), ("content_filter", "content_filtered")],
)
def test_how_it_ended_is_said_in_bedrocks_words(endpoint: Endpoint, finish: str, told: str) -> None:
    endpoint.reply = (200, completion(finish=finish), {})
    assert OpenAIRunner().run(call()).stop_reason == told


def test_tool_calls_are_read_and_what_is_no_json_stays_as_the_model_wrote_it(endpoint: Endpoint) -> None:
    calls = [
        {"id": str(n), "type": "function", "function": {"name": "find", "arguments": text}}
        for n, text in enumerate(['{"number": "7"}', "{7", ""])
    ]
    endpoint.reply = (200, completion(None, finish="tool_calls", tool_calls=calls), {})
    said = OpenAIRunner().run(call(tools=(FIND,)))
    assert [each["input"] for each in said.tool_calls] == [{"number": "7"}, "{7", {}]
    assert said.text == ""


def test_a_refusal_is_an_answer(endpoint: Endpoint) -> None:
    endpoint.reply = (200, completion(None, refusal="I cannot help with that."), {})
    said = OpenAIRunner().run(call())
    assert (said.text, said.stop_reason) == ("I cannot help with that.", "content_filtered")


def test_tokens_that_nobody_counted_are_not_made_up(endpoint: Endpoint) -> None:
    endpoint.reply = (200, completion(usage=False), {})
    said = OpenAIRunner().run(call())
    assert (said.input_tokens, said.output_tokens, said.request_id) == (None, None, "chatcmpl-1")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": 7}}]}', b"[" * 100_000]
)
def test_what_is_no_answer_is_told(endpoint: Endpoint, body: bytes) -> None:
    failure = refused(endpoint, 200, body)
    assert (failure.permanent, failure.sentence) == (True, "What came back is no answer of a model.")


@pytest.mark.parametrize(
    ("status", "permanent", "sentence"),
    [
        (400, True, "does not take this prompt as it is: No."),
        (401, True, "does not accept Prompt Studio's key"),
        (402, True, "may not spend more"),
        (403, True, "does not let Prompt Studio use gpt-small"),
        (404, True, "There is no model gpt-small"),
        (302, True, "leads somewhere else"),
        (408, False, "busy"),
        (500, False, "busy"),
        (503, False, "busy"),
    ],
)
def test_each_refusal_is_a_sentence(endpoint: Endpoint, status: int, permanent: bool, sentence: str) -> None:
    failure = refused(endpoint, status, Location=f"{endpoint.url}/elsewhere")
    assert (failure.permanent, sentence in failure.sentence) == (permanent, True), failure.sentence
    assert len(endpoint.asked) == 1, "it is asked once, and leads nowhere else"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, None), ({"Retry-After": "7"}, 7.0), ({"retry-after-ms": "1500", "Retry-After": "7"}, 1.5), ({"Retry-After": "x"}, None)],
)
def test_to_be_asked_too_often_is_told_with_when_to_ask_again(endpoint: Endpoint, headers: dict[str, str], seconds: float | None) -> None:
    failure = refused(endpoint, 429, **headers)
    assert isinstance(failure, Throttled)
    assert failure.retry_after == seconds


def test_an_account_without_money_is_no_reason_to_wait(endpoint: Endpoint) -> None:
    failure = refused(endpoint, 429, {"error": {"code": "insufficient_quota", "message": "Add some."}})
    assert not isinstance(failure, Throttled)
    assert failure.permanent


def test_the_key_is_never_repeated(endpoint: Endpoint, settings: Any) -> None:
    assert KEY not in refused(endpoint, 400, {"error": {"message": f"Odd: {KEY}"}}).sentence
    endpoint.reply, settings.OPENAI_API_KEY = None, "sk-wrong"
    with pytest.raises(RunFailed) as failure:
        OpenAIRunner().run(call())
    assert "sk-wrong" not in failure.value.sentence


@pytest.mark.parametrize("trickles", [True, False])
def test_a_model_that_takes_too_long_is_told_also_where_it_trickles(endpoint: Endpoint, settings: Any, trickles: bool) -> None:
    settings.MODEL_READ_TIMEOUT, endpoint.seconds = 0.3, 1
    if not trickles:
        endpoint.seconds, endpoint.waits = 0, 1
    with pytest.raises(RunFailed, match=r"did not answer within 0\.3 seconds") as failure:
        OpenAIRunner().run(call())
    assert failure.value.permanent


def test_a_lost_reply_may_be_asked_again(endpoint: Endpoint) -> None:
    endpoint.hangs_up = True
    with pytest.raises(RunFailed, match="lost on its way") as failure:
        OpenAIRunner().run(call())
    assert not failure.value.permanent


@pytest.mark.parametrize(("url", "permanent"), [("http://127.0.0.1:1/v1", False), ("", True), ("no address", True)])
def test_nobody_there_is_told(endpoint: Endpoint, settings: Any, url: str, permanent: bool) -> None:
    settings.OPENAI_BASE_URL = url
    with pytest.raises(RunFailed) as failure:
        OpenAIRunner().run(call())
    assert failure.value.permanent == permanent


def test_what_the_vendor_does_not_know_is_refused_in_words(endpoint: Endpoint) -> None:
    with pytest.raises(RunFailed, match=r"does not take this prompt as it is: .*top_k") as failure:
        OpenAIRunner().run(call(extra_model_fields={"top_k": 5}))
    assert failure.value.permanent
