"""What is sent to Bedrock, and when two bodies count as the same."""

import copy
import json
import struct
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.deployments.publishing import PublishFailed
from promptstudio.integrations.bedrock.rendition import (
    body_for,
    check_portable,
    metadata_of,
    rendition_of,
    tags_for,
    version_fields,
)
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.templating import variables_in
from tests.integrations.orders import chat_bundle, order_for, text_bundle
from tests.prompts.strategies import json_values, tools

CREATE_PROMPT = botocore.session.get_session().get_service_model("bedrock-agent").operation_model("CreatePrompt").input_shape


def variant_of(bundle: Bundle) -> dict[str, Any]:
    return body_for(order_for(bundle))["variants"][0]


def test_a_text_becomes_one_text_variant_with_its_settings() -> None:
    bundle = text_bundle(
        "Summarise {{claim}}.",
        inference={"temperature": 0.2, "max_tokens": 300, "stop_sequences": ["END"]},
        extra_model_fields={"top_k": 200},
    )
    order = order_for(bundle)
    assert body_for(order) == {
        "name": order.remote_name,
        "description": "Triage of a claim",
        "defaultVariant": "main",
        "variants": [
            {
                "name": "main",
                "templateType": "TEXT",
                "templateConfiguration": {"text": {"text": "Summarise {{claim}}.", "inputVariables": [{"name": "claim"}]}},
                "modelId": bundle.model,
                "inferenceConfiguration": {"text": {"temperature": 0.2, "maxTokens": 300, "stopSequences": ["END"]}},
                "additionalModelRequestFields": {"top_k": 200},
                "metadata": [
                    {"key": "studio-version-id", "value": str(order.version_uid)},
                    {"key": "studio-digest", "value": bundle.digest},
                ],
            }
        ],
    }


def test_a_chat_becomes_system_turns_and_tools() -> None:
    tool = {"name": "look_up", "description": "Finds a claim.", "input_schema": {"type": "object"}}
    turns = [{"role": "user", "text": "{{ claim }}"}, {"role": "assistant", "text": "Noted."}]
    chat = variant_of(chat_bundle(messages=turns, tools=[tool, {"name": "pay"}], tool_choice="pay"))["templateConfiguration"]["chat"]
    assert chat == {
        "system": [{"text": "You answer for the claims department."}],
        "messages": [{"role": "user", "content": [{"text": "{{claim}}"}]}, {"role": "assistant", "content": [{"text": "Noted."}]}],
        "inputVariables": [{"name": "claim"}],
        "toolConfiguration": {
            "tools": [
                {"toolSpec": {"name": "look_up", "description": "Finds a claim.", "inputSchema": {"json": {"type": "object"}}}},
                {"toolSpec": {"name": "pay", "inputSchema": {"json": {}}}},
            ],
            "toolChoice": {"tool": {"name": "pay"}},
        },
    }


@pytest.mark.parametrize("choice", ["auto", "any"])
def test_a_general_tool_choice_is_a_member_of_its_own(choice: str) -> None:
    chat = variant_of(chat_bundle(tools=[{"name": "pay"}], tool_choice=choice))["templateConfiguration"]["chat"]
    assert chat["toolConfiguration"]["toolChoice"] == {choice: {}}


def test_literal_braces_are_declared_beside_the_variables() -> None:
    template = variant_of(text_bundle('Answer {{open_braces}}"claim": "{{claim}}"}}.'))["templateConfiguration"]["text"]
    assert template["inputVariables"] == [{"name": "claim"}, {"name": "open_braces"}]


def test_what_is_not_set_is_not_sent() -> None:
    bundle = parse({"messages": [{"text": "Write a limerick."}]})
    assert set(variant_of(bundle)) == {"name", "templateType", "templateConfiguration", "metadata"}
    assert variant_of(bundle)["templateConfiguration"] == {"text": {"text": "Write a limerick."}}


def test_the_title_becomes_a_description_that_fits() -> None:
    order = order_for(text_bundle())
    assert body_for(replace(order, title="Two\nlines  of title"))["description"] == "Two lines of title"
    long = body_for(replace(order, title="ß" * 527))["description"]
    assert len(long) == 200
    assert long.endswith("…")
    assert "description" not in body_for(replace(order, title="\n"))
    assert version_fields(order)["description"] == "1.0.0 Triage of a claim"


def test_a_tag_that_aws_would_refuse_is_left_out() -> None:
    tags = tags_for(order_for(text_bundle(), project="schäden"))
    assert "studio-project" not in tags
    assert tags["studio-prompt"] == "claims/triage"


@pytest.mark.parametrize(
    ("bundle", "names"),
    [
        (text_bundle(output_schema={"type": "object"}), "form of the answer"),
        (text_bundle(tools=[{"name": "pay"}]), "tools in chats only"),
        (text_bundle("Summarise {{claim}} and {{policy}}."), "policy"),
        (parse({"messages": []}), "no message"),
    ],
    ids=["output schema", "tools in a text", "undeclared variable", "no message"],
)
def test_what_bedrock_cannot_hold_is_refused_by_name(bundle: Bundle, names: str) -> None:
    with pytest.raises(PublishFailed, match=names) as refusal:
        check_portable(bundle)
    assert refusal.value.permanent
    assert refusal.value.code == "not_portable"


def test_a_prompt_without_a_model_can_be_published() -> None:
    check_portable(parse({"messages": [{"text": "Write a limerick."}]}))


def test_metadata_of_something_foreign_is_empty() -> None:
    assert metadata_of({}) == metadata_of({"variants": []}) == metadata_of({"variants": [{"name": "main"}]}) == {}


def as_bedrock_might_return(body: dict[str, Any]) -> dict[str, Any]:
    """Single precision, empty lists, sets in another order, and the members that only an answer has."""
    returned = copy.deepcopy(body) | {"id": "PROMPT1234", "version": "3", "arn": "arn:…", "description": "another", "name": "renamed"}
    variant = returned["variants"][0]
    variant["metadata"].reverse()
    for template in variant["templateConfiguration"].values():
        template.setdefault("inputVariables", []).reverse()
    settings = variant.setdefault("inferenceConfiguration", {"text": {}})["text"]
    for name in ("temperature", "topP"):
        if name in settings:
            settings[name] = struct.unpack("f", struct.pack("f", settings[name]))[0]
    settings.setdefault("stopSequences", [])
    if not any(settings.values()) and "inferenceConfiguration" not in body["variants"][0]:
        del variant["inferenceConfiguration"]
    return returned


words = st.sampled_from(["{{claim}}", "{{ tone }}", "{{open_braces}}", " the rooms", "ü\n", "}}", "'\"", "理赔"])
writings = st.lists(words, max_size=6).map(lambda parts: "Read: " + "".join(parts))
inferences = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(1, 4096),
        "stop_sequences": st.lists(st.text("ab", min_size=1), max_size=4),
    },
)


@st.composite
def portable_bundles(draw: st.DrawFn) -> Bundle:
    chat = draw(st.booleans())
    turns = draw(st.integers(0, 2)) * 2 + 1 if chat else 1
    data = {
        "kind": "chat" if chat else "text",
        "system": draw(st.just("") | writings) if chat else "",
        "messages": [{"role": "assistant" if number % 2 else "user", "text": draw(writings)} for number in range(turns)],
        "tools": draw(st.lists(tools, max_size=2, unique_by=lambda tool: tool["name"])) if chat else [],
        "model": draw(st.sampled_from(["", "amazon.nova-lite-v1:0"])),
        "inference": draw(inferences),
        "extra_model_fields": draw(st.dictionaries(st.text("ab", min_size=1), json_values, max_size=2)),
    }
    used = sorted({name for message in [{"text": data["system"]}, *data["messages"]] for name in variables_in(message["text"])})
    return parse(data | {"variables": [{"name": name} for name in used]})


@settings(max_examples=60, deadline=None)
@given(portable_bundles())
def test_whatever_is_portable_fits_the_service_model_and_is_recognised_again(bundle: Bundle) -> None:
    check_portable(bundle)
    body = body_for(order_for(bundle))
    report = ParamValidator().validate(body, CREATE_PROMPT)
    assert not report.has_errors(), report.generate_report()
    returned = as_bedrock_might_return(body)
    assert rendition_of(returned) == rendition_of(json.loads(json.dumps(returned))) == rendition_of(body)


BODY = body_for(order_for(chat_bundle(tools=[{"name": "pay", "input_schema": {"enum": []}}], inference={"temperature": 0.3})))


@pytest.mark.parametrize(
    "change",
    [
        lambda variant: variant["templateConfiguration"]["chat"]["system"][0].update(text="You answer for the claims department!"),
        lambda variant: variant["templateConfiguration"]["chat"]["inputVariables"].append({"name": "other"}),
        lambda variant: variant["templateConfiguration"]["chat"]["toolConfiguration"]["tools"][0]["toolSpec"]["inputSchema"].update(
            json={}
        ),
        lambda variant: variant["inferenceConfiguration"]["text"].update(temperature=0.30001),
        lambda variant: variant["metadata"][0].update(value="another version"),
        lambda variant: variant.update(modelId="amazon.nova-lite-v1:0"),
    ],
    ids=["a letter", "a variable", "an empty list in a schema", "the fifth digit", "the version", "the model"],
)
def test_every_real_difference_changes_the_rendition(change: Any) -> None:
    changed = copy.deepcopy(BODY)
    change(changed["variants"][0])
    assert rendition_of(changed) != rendition_of(BODY)
