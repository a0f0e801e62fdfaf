"""A model's name says who is asked; what needs no server answers alike each time, and says that nobody wrote it."""

import uuid
from typing import Any

import pytest

from promptstudio.evaluations.embedder import Embedded
from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.evaluations.questions import is_model
from promptstudio.integrations import routing
from promptstudio.integrations.local.runner import LocalRunner
from promptstudio.integrations.routing import RoutingEmbedder, RoutingRunner
from promptstudio.prompts.bundle import Inference, Message, Tool
from promptstudio.prompts.catalogue import is_elsewhere
from promptstudio.prompts.templating import Rendered
from tests.evaluations.scripted import MODEL, PATH, said, saying


def call(model: str, text: str = "Which pipes burst in the kitchen?", **more: Any) -> Call:
    return Call(uid=uuid.uuid4(), model=model, rendered=Rendered("", (Message(role="user", text=text),)), **more)


@pytest.fixture(autouse=True)
def routes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MODEL_ROUTES = {"openai:": PATH, "local:": "promptstudio.integrations.local.runner.LocalRunner"}
    monkeypatch.setattr(routing, "BEDROCK", f"{__name__}.Bedrock")
    monkeypatch.setattr(routing, "BEDROCK_EMBEDDER", f"{__name__}.Bedrock")


class Bedrock:
    def run(self, call: Call) -> Said:
        return said(f"Bedrock: {call.model}")

    def embed(self, *, uid: uuid.UUID, model: str, text: str) -> Embedded:
        return Embedded(numbers=(1.0,), input_tokens=1, latency_ms=1, request_id=f"Bedrock: {model}")


@pytest.mark.parametrize("model", ["amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0", "openai.gpt-oss-20b-1:0", "azure:gpt-5"])
def test_what_no_route_knows_is_bedrocks(model: str) -> None:
    assert RoutingRunner().run(call(model)).text == f"Bedrock: {model}"


def test_a_prefix_leads_to_its_runner_which_gets_the_bare_name() -> None:
    with saying(lambda asked: said(asked.model)) as heard:
        assert RoutingRunner().run(call("openai:anthropic/claude-sonnet")).text == "anthropic/claude-sonnet"
        assert len(heard) == 1
    assert RoutingRunner().run(call("local:model")).emulated


@pytest.mark.parametrize("model", ["amazon.titan-embed-text-v2:0", "eu.cohere.embed-v4:0"])
def test_an_embedding_model_that_no_prefix_leads_elsewhere_is_bedrocks(model: str) -> None:
    assert RoutingEmbedder().embed(uid=uuid.uuid4(), model=model, text="A pipe").request_id == f"Bedrock: {model}"


def test_what_is_published_is_asked_at_bedrock_whatever_its_model_is_called() -> None:
    assert RoutingRunner().run(call("local:model", address="arn:aws:bedrock:eu-central-1:1:prompt/A:1")).text.startswith("Bedrock")


@pytest.mark.parametrize(
    ("model", "is_one"),
    [
        ("openai:gpt-4.1-mini", True),
        ("openai:anthropic/claude-sonnet@latest", True),
        ("openai:", False),
        ("openai:a b", False),
        ("openai:" + "x" * 201, False),
        ("openai:ä", False),
        ("arn:aws:bedrock:eu-central-1:123456789012:prompt/ABCDEFGHIJ:1", False),
        ("amazon.nova-lite-v1:0", True),
    ],
)
def test_a_name_behind_a_prefix_is_any_that_endpoints_have(model: str, is_one: bool) -> None:
    assert is_model(model) is is_one


def test_the_local_model_says_the_same_each_time_and_that_nobody_wrote_it() -> None:
    one, two = (LocalRunner().run(call("model")) for _ in range(2))
    assert (one.text, one.output_tokens) == (two.text, two.output_tokens)
    assert one.emulated
    assert one.text.startswith("[local model]")
    assert LocalRunner().run(call("model", "Something else about roofs.")).text != one.text


def test_the_local_model_keeps_to_form_tools_and_length() -> None:
    form = {"type": "object", "properties": {"urgent": {"type": "boolean"}}}
    assert '"urgent"' in LocalRunner().run(call("model", output_schema=form)).text
    tool = Tool(name="find", input_schema={"type": "object", "properties": {"number": {"type": "string"}}})
    told = LocalRunner().run(call("model", tools=(tool,), tool_choice="any"))
    assert (told.stop_reason, told.tool_calls[0]["name"], list(told.tool_calls[0]["input"])) == ("tool_use", "find", ["number"])
    assert LocalRunner().run(call("model", inference=Inference(max_tokens=3))).stop_reason == "max_tokens"
    assert LocalRunner().run(call("model", inference=Inference(temperature=0))).text


def test_the_local_model_does_not_pretend_to_know_what_is_published() -> None:
    with pytest.raises(RunFailed, match="does not know what is published"):
        LocalRunner().run(call("model", address="arn:aws:bedrock:eu-central-1:1:prompt/A:1"))


@pytest.mark.parametrize(
    ("model", "elsewhere"),
    [
        ("openai:gpt-4.1", True),
        ("local:model", True),
        (MODEL, False),
        (f"eu.{MODEL}", False),
        ("arn:aws:bedrock:eu-central-1::foundation-model/x", False),
    ],
)
def test_what_bedrock_does_not_hold_is_offered_for_trying_and_not_for_drafts(model: str, elsewhere: bool) -> None:
    assert is_elsewhere(model) is elsewhere
