"""The model runner of Bedrock against the local AWS, which checks every request with the vendor's own model."""

import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promptstudio.evaluations.model_runner import Call, RunFailed, Throttled, seconds_of
from promptstudio.integrations.bedrock.run_errors import run_failure_of
from promptstudio.integrations.bedrock.runner import ConverseRunner, body_for, published_body_for
from promptstudio.lib import clock
from promptstudio.prompts.bundle import Bundle, Inference, Message, Tool
from promptstudio.prompts.templating import Rendered
from tests.integrations.prompt_bodies import MODEL, text_variant
from tests.local_aws import LocalAws

FORM = {"type": "object", "properties": {"damage": {"type": "string"}, "urgent": {"type": "boolean"}}, "required": ["damage"]}


@pytest.fixture(autouse=True)
def _soon(account: str, settings: Any) -> None:
    settings.MODEL_READ_TIMEOUT = 20


def call(text: str = "Which pipes burst in the kitchen?", **more: Any) -> Call:
    rendered = Rendered(more.pop("system", ""), (Message(role="user", text=text),))
    return Call(uid=uuid.uuid4(), model=more.pop("model", MODEL), rendered=rendered, **more)


def refusal(server: LocalAws, **fault: Any) -> RunFailed:
    server.arm(operation="Converse", kind="error", times=1, **fault)
    with pytest.raises(RunFailed) as refused:
        ConverseRunner().run(call())
    return refused.value


def test_an_answer_comes_with_what_it_took_and_says_that_no_real_model_wrote_it(server: LocalAws) -> None:
    said = ConverseRunner().run(call())
    assert said.text.startswith("[local model]")
    assert (said.stop_reason, said.emulated) == ("end_turn", True)
    assert said.input_tokens > 0
    assert said.output_tokens > 0
    assert said.latency_ms > 0
    assert len(said.request_id) == 36


def test_everything_that_a_bundle_holds_is_taken(server: LocalAws) -> None:
    full = call(
        system="You sort claims.",
        inference=Inference(temperature=0.2, top_p=0.9, max_tokens=40, stop_sequences=("END",)),
        tools=(Tool(name="find_policy", input_schema={"type": "object", "properties": {"number": {"type": "string"}}}),),
        tool_choice="auto",
        output_schema=FORM,
        extra_model_fields={"top_k": 40},
        marks={"studio-prompt": "claims/first", "studio-digest": "sha256:00", "not this": "Größe"},
    )
    body = body_for(full)
    assert body["requestMetadata"] == {"studio-prompt": "claims/first", "studio-digest": "sha256:00"}
    ConverseRunner().run(full)


def test_what_is_empty_is_not_sent() -> None:
    assert set(body_for(call())) == {"modelId", "messages"}


def test_a_length_limit_cuts_the_answer(server: LocalAws) -> None:
    assert ConverseRunner().run(call(inference=Inference(max_tokens=3))).stop_reason == "max_tokens"


@pytest.mark.parametrize("choice", ["any", "find_policy"])
def test_a_tool_that_has_to_be_called_is_called(server: LocalAws, choice: str) -> None:
    tools = (Tool(name="find_policy", description="Finds one.", input_schema=FORM), Tool(name="other"))
    said = ConverseRunner().run(call(tools=tools, tool_choice=choice))
    assert said.stop_reason == "tool_use"
    [called] = said.tool_calls
    assert called["name"] == "find_policy"
    assert set(called["input"]) == {"damage", "urgent"}


def test_an_answer_in_a_form_has_its_fields(server: LocalAws) -> None:
    answer = json.loads(ConverseRunner().run(call(output_schema=FORM)).text)
    assert set(answer) == {"damage", "urgent"}
    assert isinstance(answer["urgent"], bool)


@pytest.mark.parametrize(
    ("fault", "permanent", "sentence"),
    [
        ({"code": "ThrottlingException"}, False, f"Bedrock wants {MODEL} to be asked less often (ThrottlingException)."),
        ({"code": "ModelNotReadyException"}, False, "The model is busy or was not ready"),
        ({"code": "InternalServerException"}, False, "The model is busy or was not ready"),
        ({"code": "AccessDeniedException"}, True, f"AWS does not let Prompt Studio use {MODEL}"),
        ({"code": "ResourceNotFoundException"}, True, f"There is no model {MODEL} in this account and region."),
        ({"code": "ValidationException", "message": "top_k is too large"}, True, "as it is: top_k is too large."),
        ({"code": "ExpiredTokenException", "status": 403}, True, "AWS does not accept Prompt Studio's credentials"),
        ({"code": "ServiceQuotaExceededException", "status": 400, "message": "Full"}, True, "AWS refused to ask the model"),
    ],
)
def test_each_refusal_is_a_sentence(server: LocalAws, fault: dict[str, Any], permanent: bool, sentence: str) -> None:
    refused = refusal(server, **fault)
    assert refused.permanent is permanent
    assert sentence in refused.sentence


def test_a_model_that_takes_too_long_is_told(server: LocalAws, settings: Any) -> None:
    settings.MODEL_READ_TIMEOUT = 2
    server.arm(operation="Converse", kind="hold_reply", times=1)
    with pytest.raises(RunFailed, match="did not answer within 2 seconds") as refused:
        ConverseRunner().run(call())
    assert refused.value.permanent, "asking again would be paid again"


def test_a_lost_reply_may_be_asked_again(server: LocalAws) -> None:
    server.arm(operation="Converse", kind="lost_reply", times=1)
    with pytest.raises(RunFailed) as refused:
        ConverseRunner().run(call())
    assert not refused.value.permanent


def test_nobody_there_is_told(monkeypatch: pytest.MonkeyPatch, server: LocalAws) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(RunFailed, match="could not be reached"):
        ConverseRunner().run(call())


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, server: LocalAws) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RunFailed, match="has no AWS credentials") as refused:
        ConverseRunner().run(call())
    assert refused.value.permanent


def test_a_region_and_a_role_can_be_named(server: LocalAws, settings: Any) -> None:
    settings.MODEL_PLACE = {"region": "us-west-2", "role_arn": "arn:aws:iam::123456789012:role/models", "external_id": ""}
    assert ConverseRunner().run(call()).text.startswith("[local model]")


def test_a_model_id_that_is_none_is_refused_in_words(server: LocalAws) -> None:
    with pytest.raises(RunFailed, match="The model does not take this prompt as it is") as refused:
        ConverseRunner().run(call(model="no model at all"))
    assert refused.value.permanent


def test_a_bundle_is_sent_as_it_is_published() -> None:
    bundle = Bundle.model_validate({"kind": "chat", "inference": {"temperature": 0.5}, "messages": [{"role": "user", "text": "x"}]})
    assert body_for(call(inference=bundle.inference))["inferenceConfig"] == {"temperature": 0.5}


def test_to_be_asked_too_often_is_told_apart_from_being_busy(server: LocalAws) -> None:
    assert isinstance(refusal(server, code="ThrottlingException"), Throttled)
    assert not isinstance(refusal(server, code="ModelNotReadyException"), Throttled)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("nan", None), ("-3", 0.0)])
def test_when_to_ask_again_is_read_where_it_is_told(header: str, seconds: float | None) -> None:
    reply: Any = {
        "Error": {"Code": "ThrottlingException"},
        "ResponseMetadata": {"HTTPStatusCode": 429, "HTTPHeaders": {"retry-after": header}},
    }
    failure = run_failure_of(ClientError(reply, "Converse"), model=MODEL)
    assert isinstance(failure, Throttled)
    assert failure.retry_after == seconds


def test_a_date_says_when_to_ask_again_too() -> None:
    with clock.at(datetime(2026, 11, 26, 14, 0, tzinfo=UTC)):
        assert seconds_of("Thu, 26 Nov 2026 14:00:30 GMT") == 30
        assert seconds_of("Thu, 26 Nov 2026 13:00:00 GMT") == 0


def a_published(server: LocalAws) -> str:
    """The address of a version in the account that the environment leads to."""
    client = server.client("bedrock-agent", access_key=os.environ["AWS_ACCESS_KEY_ID"])
    made = client.create_prompt(name="triage", defaultVariant="main", variants=[text_variant("Sort {{claim}} for {{reader}}.")])
    return str(client.create_prompt_version(promptIdentifier=made["id"])["arn"])


def test_what_is_published_is_called_with_its_variables_and_nothing_else(server: LocalAws, settings: Any) -> None:
    settings.MODEL_PLACE = {"region": "us-west-2", "role_arn": "", "external_id": ""}
    values = {"claim": "a burst pipe", "reader": "the desk"}
    said = ConverseRunner().run(call(address=a_published(server), variables=values, inference=Inference(temperature=0.5)))
    assert said.text.startswith("[local model]"), "it lies in eu-central-1, and is called there"
    assert said.input_tokens == 8, "what it answers to is the published text, filled in"
    with pytest.raises(RunFailed, match="Missing values for the prompt variables: reader"):
        ConverseRunner().run(call(address=a_published(server), variables={"claim": "x"}))


def test_what_was_said_after_it_follows_what_is_published(server: LocalAws) -> None:
    values = {"claim": "a burst pipe", "reader": "the desk"}
    follows = (Message(role="assistant", text="Which floor?"), Message(role="user", text="The cellar."))
    said = ConverseRunner().run(call(address=a_published(server), variables=values, follows=follows))
    assert said.input_tokens > 12, "the published text and both turns"


def test_a_published_version_without_variables_gets_no_empty_ones() -> None:
    address = "arn:aws:bedrock:eu-central-1:123456789012:prompt/ABCDEFGHIJ:1"
    assert published_body_for(call(address=address, marks={"studio-version": "1.0.0"})) == {
        "modelId": address,
        "requestMetadata": {"studio-version": "1.0.0"},
    }
