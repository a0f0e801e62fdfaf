"""Converse and ConverseStream: the small deterministic model behind them, by prompt ARN and by model id."""

import json
from typing import Any

import pytest

from tests.integrations.prompt_bodies import MODEL, Bedrock, assert_conforms, chat_variant, refused, text_variant, turn

MARK = "[local model]"


def published(bedrock: Bedrock, variant: dict) -> str:
    prompt = bedrock.prompts.create_prompt(name="claims", variants=[variant])
    return bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"])["arn"]


def values(**given: str) -> dict[str, dict[str, str]]:
    return {name: {"text": text} for name, text in given.items()}


def said(answer: dict) -> str:
    return answer["output"]["message"]["content"][0]["text"]


def by_model(bedrock: Bedrock, *turns: dict, **others: Any) -> dict:
    return bedrock.runtime.converse(modelId=MODEL, messages=list(turns), **others)


def test_an_answer_says_that_it_is_the_local_models_and_fits_the_shape(bedrock: Bedrock) -> None:
    arn = published(bedrock, text_variant())
    answer = bedrock.runtime.converse(modelId=arn, promptVariables=values(claim="burst pipes, flooded kitchen", reader="adjuster"))
    assert_conforms("bedrock-runtime", "Converse", bedrock.raw)
    assert said(answer).startswith(MARK)
    assert "burst" in said(answer)
    assert answer["stopReason"] == "end_turn"
    asked = "Summarise burst pipes, flooded kitchen for adjuster."
    assert answer["usage"]["inputTokens"] == -(-len(asked) // 4)
    assert answer["usage"]["totalTokens"] == answer["usage"]["inputTokens"] + answer["usage"]["outputTokens"]


def test_the_same_question_gets_the_same_answer_and_another_gets_another(bedrock: Bedrock) -> None:
    arn = published(bedrock, text_variant("Summarise {{claim}}.", "claim"))

    def ask(claim: str) -> str:
        return said(bedrock.runtime.converse(modelId=arn, promptVariables=values(claim=claim)))

    assert ask("hail on the roof") == ask("hail on the roof")
    assert len({ask(f"claim about vehicle {number}") for number in range(12)}) > 1


def test_a_prompt_answers_as_its_rendered_text_would(bedrock: Bedrock) -> None:
    settings = {"temperature": 0.5, "maxTokens": 200}
    arn = published(bedrock, text_variant("Say {{ a }} then {{b}}.", "a", "b", inferenceConfiguration={"text": settings}))
    answer = bedrock.runtime.converse(modelId=arn, promptVariables=values(a="{{b}}", b="pears"))
    # A value that looks like a variable stays as it is.
    same = by_model(bedrock, turn("user", "Say {{b}} then pears."), inferenceConfig=settings)
    assert said(answer) == said(same)
    assert answer["usage"] == same["usage"]


def test_the_draft_and_each_version_answer_for_themselves(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="p", variants=[text_variant("Old kettles {{x}}", "x")])
    version = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"])["arn"]
    bedrock.prompts.update_prompt(promptIdentifier=prompt["id"], name="p", variants=[text_variant("Fresh candles {{x}}", "x")])
    given = values(x="1")
    assert "kettles" in said(bedrock.runtime.converse(modelId=version, promptVariables=given))
    assert "candles" in said(bedrock.runtime.converse(modelId=prompt["arn"], promptVariables=given))


def test_a_chat_renders_every_turn_and_takes_messages_after_them(bedrock: Bedrock) -> None:
    turns = [turn("user", "Hello {{name}}"), turn("assistant", "Hello")]
    system = [{"text": "Be kind to {{name}}."}]
    arn = published(bedrock, chat_variant(turns, system=system, inputVariables=[{"name": "name"}]))
    answer = bedrock.runtime.converse(modelId=arn, promptVariables=values(name="Ann"), messages=[turn("user", "Windscreens?")])
    expected = by_model(
        bedrock, turn("user", "Hello Ann"), turn("assistant", "Hello"), turn("user", "Windscreens?"), system=[{"text": "Be kind to Ann."}]
    )
    assert said(answer) == said(expected)
    with refused("ValidationException", 400):
        bedrock.runtime.converse(modelId=arn, promptVariables=values(name="Ann"), messages=[turn("assistant", "Twice")])


@pytest.mark.parametrize(
    "member",
    [
        {"system": [{"text": "x"}]},
        {"inferenceConfig": {}},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}},
        {"additionalModelRequestFields": {"top_k": 1}},
    ],
    ids=lambda member: next(iter(member)),
)
def test_a_prompt_arn_refuses_what_the_prompt_decides(bedrock: Bedrock, member: dict) -> None:
    arn = published(bedrock, text_variant())
    with refused("ValidationException", 400):
        bedrock.runtime.converse(modelId=arn, promptVariables=values(claim="a", reader="b"), **member)


@pytest.mark.parametrize("given", [None, {}, values(claim="a")], ids=["none", "empty", "one of two"])
def test_a_missing_variable_is_refused(bedrock: Bedrock, given: dict | None) -> None:
    arn = published(bedrock, text_variant())
    with refused("ValidationException", 400):
        bedrock.runtime.converse(modelId=arn, **({} if given is None else {"promptVariables": given}))


def test_an_unknown_prompt_is_not_found(bedrock: Bedrock) -> None:
    arn = published(bedrock, text_variant())
    for unknown in (f"{arn[:-1]}9", f"arn:aws:bedrock:us-east-1:{bedrock.account}:prompt/AAAAAAAAAA"):
        with refused("ResourceNotFoundException", 404):
            bedrock.runtime.converse(modelId=unknown, promptVariables=values(claim="a", reader="b"))


def test_a_prompt_without_a_model_cannot_be_asked(bedrock: Bedrock) -> None:
    variant = text_variant("Hello", "x")
    del variant["modelId"]
    with refused("ValidationException", 400):
        bedrock.runtime.converse(modelId=published(bedrock, variant), promptVariables=values(x="1"))


def test_a_plain_model_needs_a_conversation_that_begins_with_the_user(bedrock: Bedrock) -> None:
    with refused("ValidationException", 400):
        bedrock.runtime.converse(modelId=MODEL)
    with refused("ValidationException", 400):
        by_model(bedrock, turn("assistant", "Hello"))
    with refused("ValidationException", 400):
        by_model(bedrock, turn("user", "Hello"), inferenceConfig={"temperature": 2.0})


def test_it_stops_where_it_is_told_to(bedrock: Bedrock) -> None:
    short = by_model(bedrock, turn("user", "Tell me about kettles"), inferenceConfig={"maxTokens": 5})
    assert short["stopReason"] == "max_tokens"
    assert short["usage"]["outputTokens"] == 5
    cut = by_model(bedrock, turn("user", "Tell me about kettles"), inferenceConfig={"stopSequences": [" model]"]})
    assert (cut["stopReason"], said(cut)) == ("stop_sequence", "[local")


def test_asked_for_json_it_answers_json_and_still_says_who_it_is(bedrock: Bedrock) -> None:
    answer = by_model(bedrock, turn("user", 'Classify the claim. Reply in JSON like {"category": "...", "urgency": "..."}.'))
    found = json.loads(said(answer))
    assert list(found) == ["category", "urgency"]
    assert all(MARK in value for value in found.values())


def test_a_stream_tells_the_same_as_the_whole(bedrock: Bedrock) -> None:
    arn = published(bedrock, text_variant())
    given = values(claim="hail", reader="ärzte")
    whole = bedrock.runtime.converse(modelId=arn, promptVariables=given)
    events = list(bedrock.runtime.converse_stream(modelId=arn, promptVariables=given)["stream"])
    kinds = [next(iter(event)) for event in events]
    assert kinds[0] == "messageStart"
    assert kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event) == said(whole)
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    with refused("ResourceNotFoundException", 404):
        bedrock.runtime.converse_stream(modelId=f"{arn[:-1]}9")
