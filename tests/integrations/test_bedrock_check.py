"""Testing the connection to Bedrock: against a local AWS process, a port where nobody listens, and one that never answers."""

import socket
import time
from typing import Any

import pytest

from promptstudio.deployments.publishing import PublishFailed
from promptstudio.integrations.bedrock import publisher as module
from promptstudio.integrations.bedrock.publisher import BedrockPublisher
from tests.local_aws import LocalAws

HERE = {"region": "us-east-1"}
ROLE = HERE | {"role_arn": "arn:aws:iam::123456789012:role/publisher"}


@pytest.fixture(autouse=True)
def _soon(account: str, settings: Any) -> None:
    settings.PUBLISH_CONNECT_TIMEOUT, settings.PUBLISH_READ_TIMEOUT = 5, 20


def check(place: dict[str, Any]) -> str:
    return BedrockPublisher().check(place)


def refusal(place: dict[str, Any]) -> PublishFailed:
    with pytest.raises(PublishFailed) as failed:
        check(place)
    return failed.value


@pytest.mark.parametrize("place", [HERE, ROLE], ids=["own", "through a role"])
def test_a_place_that_answers_says_where_it_is(server: LocalAws, place: dict[str, Any]) -> None:
    assert check(place).startswith("Bedrock in us-east-1 answered, and Prompt Studio may read prompts there.")


def test_it_only_reads(server: LocalAws) -> None:
    before = len(server.journal())
    check(HERE)
    assert [call["operation"] for call in server.journal()[before:]] == ["ListPrompts"]


def test_a_missing_permission_is_said_in_words(server: LocalAws) -> None:
    server.arm(operation="ListPrompts", kind="error", code="AccessDeniedException", times=1)
    failed = refusal(HERE)
    assert failed.sentence.startswith("AWS refused the permission for ListPrompts (AccessDeniedException).")
    assert failed.permanent


def test_it_does_not_promise_to_try_again(server: LocalAws) -> None:
    server.arm(operation="ListPrompts", kind="error", code="ThrottlingException", times=1)
    assert refusal(HERE).sentence == "Bedrock had too many requests at once (ListPrompts)."


def test_an_answer_that_does_not_come_is_not_waited_for_long(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 1.0)
    server.arm(operation="ListPrompts", kind="hold_reply", times=1)
    began = time.monotonic()
    assert refusal(HERE).sentence == "Bedrock did not answer ListPrompts in time."
    assert time.monotonic() - began < 10, "the usual time-out of a publication is 20 s"


def test_a_port_that_takes_the_call_and_never_answers(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert "in time" in refusal(HERE).sentence
        assert time.monotonic() - began < 10


def test_a_place_where_nobody_listens(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert refusal(HERE).sentence == "Bedrock could not be reached."


@pytest.mark.parametrize("region", ["moon base", 7, {"name": "eu-central-1"}])
def test_settings_that_name_no_region_are_told(server: LocalAws, region: Any) -> None:
    assert refusal({"region": region}).sentence.startswith("This place is not set up rightly:")
