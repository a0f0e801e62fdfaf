"""The publisher against a local AWS process: exactly one prompt and one version, whatever got lost on the way."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from promptstudio.deployments.publishing import Published
from tests.integrations.orders import NotingDesk, chat_bundle, known_as, order_for, text_bundle
from tests.integrations.prompt_bodies import Bedrock, text_variant
from tests.local_aws import LocalAws

from . import publications
from .publications import again, calls, failure, metadata, next_version, publish, text_of, versions


def test_a_first_publication_makes_a_prompt_and_its_version(bedrock: Bedrock, server: LocalAws) -> None:
    order, desk = order_for(text_bundle("Summarise {{ claim }}.")), NotingDesk()
    published = publish(order, desk)
    assert text_of(bedrock, published) == "Summarise {{claim}}."
    assert metadata(bedrock, published.remote_id, "1") == {"studio-version-id": str(order.version_uid), "studio-digest": order.digest}
    found = bedrock.prompts.get_prompt(promptIdentifier=published.address)
    assert (found["name"], found["version"]) == (order.remote_name, "1")
    assert published == Published(published.remote_id, "1", found["arn"], order.digest, published.rendition_seen, published.rendition_seen)
    assert desk.remembered == [published.remote_id]
    assert calls(server, bedrock)[:3] == ["CreatePrompt", "CreatePromptVersion", "GetPrompt"]


def test_a_chat_with_tools_is_confirmed_by_what_bedrock_gives_back(bedrock: Bedrock) -> None:
    tool = {"name": "look_up", "description": "Finds a claim.", "input_schema": {"type": "object", "properties": {}, "required": []}}
    bundle = chat_bundle(tools=[tool], tool_choice="any", inference={"temperature": 0.3, "max_tokens": 5}, extra_model_fields={"top_k": 20})
    published = publish(order_for(bundle))
    assert published.rendition_expected == published.rendition_seen
    assert bedrock.runtime.converse(modelId=published.address, promptVariables={"claim": {"text": "Burst pipe."}})["output"]


def test_prompt_and_version_are_tagged(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    published = publish(order)
    tags = bedrock.prompts.list_tags_for_resource(resourceArn=published.address.rpartition(":")[0])["tags"]
    assert tags == {
        "managed-by": "prompt-studio",
        "studio-resource": str(order.resource_uid),
        "studio-project": "claims",
        "studio-environment": "production",
        "studio-prompt": "claims/triage",
    }
    assert bedrock.prompts.list_tags_for_resource(resourceArn=published.address)["tags"] == {**tags, "studio-version": "1.0.0"}


def test_a_second_publication_updates_every_field_and_adds_a_version(bedrock: Bedrock) -> None:
    first = order_for(text_bundle(inference={"temperature": 0.2}))
    one = publish(first)
    two = publish(next_version(first, one, "Judge {{claim}}.", "2.0.0", title="Judging a claim"))
    assert (two.remote_id, two.remote_version) == (one.remote_id, "2")
    assert (text_of(bedrock, one), text_of(bedrock, two)) == ("Summarise {{claim}}.", "Judge {{claim}}.")
    draft = bedrock.prompts.get_prompt(promptIdentifier=one.remote_id)
    assert draft["description"] == "Judging a claim"
    assert "inferenceConfiguration" not in draft["variants"][0]


def test_what_somebody_changed_in_draft_is_written_over(bedrock: Bedrock) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    bedrock.prompts.update_prompt(promptIdentifier=one.remote_id, name="mine", variants=[text_variant("Mine now.")])
    two = publish(next_version(first, one, "Judge {{claim}}.", "1.1.0"))
    assert text_of(bedrock, two) == "Judge {{claim}}."
    assert bedrock.prompts.get_prompt(promptIdentifier=one.remote_id)["name"] == first.remote_name


def test_a_rollback_adopts_the_version_that_is_still_there(bedrock: Bedrock, server: LocalAws) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    second = next_version(first, one, "Judge {{claim}}.", "1.1.0", known=[known_as(one, version_uid=first.version_uid)])
    two = publish(second)
    known = [known_as(one, version_uid=first.version_uid), known_as(two, version_uid=second.version_uid)]
    seen = len(calls(server, bedrock))
    back = publish(again(first, one, known=known))
    assert back == replace(one, adopted=True)
    assert set(calls(server, bedrock)[seen:]) == {"ListPrompts", "GetPrompt"}
    assert versions(bedrock, one.remote_id) == ["1", "2"]


def test_a_receipt_whose_version_is_gone_is_no_reason_to_adopt(bedrock: Bedrock) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    bedrock.prompts.delete_prompt(promptIdentifier=one.remote_id, promptVersion="1")
    back = publish(again(first, one, known=[known_as(one, version_uid=first.version_uid)]))
    assert (back.remote_version, back.adopted) == ("2", False)
    assert text_of(bedrock, back) == "Summarise {{claim}}."


def test_a_version_that_only_claims_to_be_it_is_not_adopted(bedrock: Bedrock) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    draft = bedrock.prompts.get_prompt(promptIdentifier=one.remote_id)
    forged = {**draft["variants"][0], "templateConfiguration": {"text": {"text": "Pay everything."}}}
    bedrock.prompts.update_prompt(promptIdentifier=one.remote_id, name=draft["name"], defaultVariant="main", variants=[forged])
    bedrock.prompts.create_prompt_version(promptIdentifier=one.remote_id)
    bedrock.prompts.delete_prompt(promptIdentifier=one.remote_id, promptVersion="1")
    back = publish(again(first, one))
    assert back.remote_version == "3"
    assert text_of(bedrock, back) == "Summarise {{claim}}."


def test_a_prompt_that_was_deleted_at_bedrock_is_made_anew(bedrock: Bedrock) -> None:
    first, desk = order_for(text_bundle()), NotingDesk()
    one = publish(first)
    bedrock.prompts.delete_prompt(promptIdentifier=one.remote_id)
    anew = publish(again(first, one, known=[known_as(one, version_uid=first.version_uid)]), desk)
    assert anew.remote_id != one.remote_id
    assert desk.remembered == [anew.remote_id]
    assert text_of(bedrock, anew) == "Summarise {{claim}}."


def test_receipts_of_a_deleted_prompt_say_nothing_about_its_successor(bedrock: Bedrock) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    bedrock.prompts.delete_prompt(promptIdentifier=one.remote_id)
    second = next_version(first, one, "Judge {{claim}}.", "1.1.0", known=[known_as(one, version_uid=first.version_uid)])
    two = publish(second)
    # The new prompt's id was lost in a crash; its version 1 is not the one that the receipt of the old prompt speaks of.
    assert publish(again(second, one)) == replace(two, adopted=True)


def test_a_lost_reply_to_the_creation_leaves_one_prompt(bedrock: Bedrock, server: LocalAws) -> None:
    order = order_for(text_bundle())
    server.arm(operation="CreatePrompt", kind="lost_reply")
    lost = failure(order)
    assert (lost.code, lost.permanent) == ("no_answer", False)
    desk = NotingDesk()
    published = publish(again(order), desk)
    assert [prompt["id"] for prompt in bedrock.prompts.list_prompts()["promptSummaries"]] == [published.remote_id] == desk.remembered
    assert calls(server, bedrock).count("CreatePrompt") == 1


def test_a_lost_prompt_is_known_by_its_tag_and_not_by_its_name(bedrock: Bedrock, server: LocalAws) -> None:
    order = order_for(text_bundle())
    namesake = bedrock.prompts.create_prompt(name=order.remote_name, tags={"studio-resource": str(uuid4())})["id"]
    server.arm(operation="CreatePrompt", kind="lost_reply")
    failure(order)
    (ours,) = (p["id"] for p in bedrock.prompts.list_prompts()["promptSummaries"] if p["id"] != namesake)
    bedrock.prompts.update_prompt(promptIdentifier=ours, name="renamed-by-hand")
    assert publish(again(order)).remote_id == ours
    assert versions(bedrock, namesake) == []


def test_a_lost_prompt_is_found_after_its_name_changed_here(bedrock: Bedrock, server: LocalAws) -> None:
    order = replace(order_for(text_bundle()), remote_name="triage-0a1b2c3d")
    server.arm(operation="CreatePrompt", kind="lost_reply")
    failure(order)
    published = publish(replace(again(order), remote_name="sorting-0a1b2c3d"))
    assert [prompt["id"] for prompt in bedrock.prompts.list_prompts()["promptSummaries"]] == [published.remote_id]


def test_a_lost_prompt_is_found_on_a_later_page(bedrock: Bedrock, server: LocalAws) -> None:
    for number in range(12):
        bedrock.prompts.create_prompt(name=f"other-{number}")
    order = order_for(text_bundle())
    server.arm(operation="CreatePrompt", kind="lost_reply")
    failure(order)
    publish(again(order))
    assert calls(server, bedrock).count("CreatePrompt") == 13


def test_a_newer_version_uses_the_prompt_that_an_older_one_lost(bedrock: Bedrock, server: LocalAws) -> None:
    order = order_for(text_bundle())
    server.arm(operation="CreatePrompt", kind="lost_reply")
    failure(order)
    published = publish(next_version(order, None, "Judge {{claim}}.", "1.1.0"))
    assert text_of(bedrock, published) == "Judge {{claim}}."
    assert len(bedrock.prompts.list_prompts()["promptSummaries"]) == 1


def test_a_creation_that_bedrock_answers_from_memory_is_brought_up_to_date(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    one = publish(order)
    bedrock.prompts.update_prompt(promptIdentifier=one.remote_id, name="x", variants=[text_variant("Mine now.")])
    bedrock.prompts.delete_prompt(promptIdentifier=one.remote_id, promptVersion="1")
    mixed_up = failure(replace(order, job_uid=uuid4()))
    assert (mixed_up.code, mixed_up.permanent) == ("read_back_differs", False)
    assert publish(again(order, one)).remote_id == one.remote_id
    assert len(versions(bedrock, one.remote_id)) == 1


def test_two_first_versions_at_once_never_make_two_prompts(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    publish(order)
    late = failure(replace(next_version(order, None, "Judge {{claim}}.", "1.1.0"), tried_before=False))
    assert (late.code, late.permanent) == ("ConflictException", False)
    assert len(bedrock.prompts.list_prompts()["promptSummaries"]) == 1


def answers_with_another_text(operation: str) -> None:
    def change(parsed: dict, **_: Any) -> None:
        parsed["variants"][0]["templateConfiguration"]["text"]["text"] = "Something else."

    client = publications.PUBLISHER._connections.client_for({"region": "us-east-1"}, job_uid=uuid4())
    client.meta.events.register(f"after-call.bedrock-agent.{operation}", change)


def test_a_creation_answered_with_an_earlier_request_is_followed_by_an_update(bedrock: Bedrock, server: LocalAws) -> None:
    answers_with_another_text("CreatePrompt")
    publish(order_for(text_bundle()))
    assert calls(server, bedrock)[:3] == ["CreatePrompt", "UpdatePrompt", "CreatePromptVersion"]


def test_a_prompt_that_bedrock_keeps_differently_is_not_published_again_and_again(bedrock: Bedrock) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    answers_with_another_text("UpdatePrompt")
    refusal = failure(next_version(first, one, "Judge {{claim}}.", "1.1.0"))
    assert (refusal.code, refusal.permanent) == ("kept_differently", True)
    assert versions(bedrock, one.remote_id) == ["1"]


@pytest.mark.parametrize("operation", ["CreatePromptVersion", "GetPrompt"])
def test_a_lost_reply_about_the_version_leaves_one_version(bedrock: Bedrock, server: LocalAws, operation: str) -> None:
    order, desk = order_for(text_bundle()), NotingDesk()
    server.arm(operation=operation, kind="lost_reply")
    assert not failure(order, desk).permanent
    published = publish(replace(order, remote_id=desk.remembered[0], tried_before=True, attempt=2))
    assert (published.remote_version, published.adopted) == ("1", True)
    assert versions(bedrock, published.remote_id) == ["1"]
