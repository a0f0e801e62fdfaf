"""Bedrock's prompt operations as promised, seen through boto3 alone."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integrations.prompt_bodies import Bedrock, assert_conforms, chat_variant, refused, text_variant, turn
from tests.local_aws import LocalAws, start_local_aws


def test_every_answer_fits_botocores_output_shape(bedrock: Bedrock) -> None:
    tools = {"tools": [{"toolSpec": {"name": "look_up", "inputSchema": {"json": {"type": "object"}}}}], "toolChoice": {"auto": {}}}
    variant = chat_variant([turn("user", "Hello {{name}}")], system=[{"text": "Be kind."}], toolConfiguration=tools)
    variant |= {"metadata": [{"key": "studio-digest", "value": "abc"}], "additionalModelRequestFields": {"top_k": 5}}
    created = bedrock.prompts.create_prompt(
        name="greeting", description="Says hello", variants=[variant], defaultVariant="main", tags={"a": "b"}
    )
    assert_conforms("bedrock-agent", "CreatePrompt", bedrock.raw)
    assert created["variants"] == [variant]
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    prompt, arn = created["id"], created["arn"]
    calls = {
        "UpdatePrompt": lambda: bedrock.prompts.update_prompt(promptIdentifier=prompt, name="greeting", variants=[variant]),
        "CreatePromptVersion": lambda: bedrock.prompts.create_prompt_version(promptIdentifier=arn, description="first"),
        "GetPrompt": lambda: bedrock.prompts.get_prompt(promptIdentifier=f"{arn}:1"),
        "ListPrompts": lambda: bedrock.prompts.list_prompts(),
        "TagResource": lambda: bedrock.prompts.tag_resource(resourceArn=arn, tags={"c": "d"}),
        "ListTagsForResource": lambda: bedrock.prompts.list_tags_for_resource(resourceArn=arn),
        "UntagResource": lambda: bedrock.prompts.untag_resource(resourceArn=arn, tagKeys=["a"]),
        "DeletePrompt": lambda: bedrock.prompts.delete_prompt(promptIdentifier=prompt),
    }
    for operation, call in calls.items():
        call()
        assert_conforms("bedrock-agent", operation, bedrock.raw)


def test_an_update_replaces_the_whole_draft_and_keeps_identity(bedrock: Bedrock) -> None:
    created = bedrock.prompts.create_prompt(
        name="one", description="old", variants=[text_variant()], defaultVariant="main", tags={"a": "b"}
    )
    updated = bedrock.prompts.update_prompt(promptIdentifier=created["id"], name="two")
    assert updated["name"] == "two"
    assert {"description", "variants", "defaultVariant"}.isdisjoint(updated)
    assert (updated["id"], updated["createdAt"]) == (created["id"], created["createdAt"])
    assert updated["updatedAt"] > created["updatedAt"]
    assert bedrock.prompts.list_tags_for_resource(resourceArn=created["arn"])["tags"] == {"a": "b"}


def test_a_version_is_a_snapshot_of_the_draft_that_nothing_changes(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one", description="of the draft", variants=[text_variant("First {{claim}}", "claim")])
    version = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"], description="of the version")
    assert (version["version"], version["arn"]) == ("1", f"{prompt['arn']}:1")
    assert "description" not in bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"])
    bedrock.prompts.update_prompt(promptIdentifier=prompt["id"], name="one", variants=[text_variant("Second {{claim}}", "claim")])
    read = bedrock.prompts.get_prompt(promptIdentifier=prompt["id"], promptVersion="1")
    assert read["variants"] == prompt["variants"]
    assert read["description"] == "of the version"
    with refused("ValidationException", 400):
        bedrock.prompts.update_prompt(promptIdentifier=version["arn"], name="one")


def test_a_version_number_is_never_given_twice(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    assert [bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"] for _ in range(2)] == ["1", "2"]
    assert bedrock.prompts.delete_prompt(promptIdentifier=prompt, promptVersion="2")["version"] == "2"
    assert bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"] == "3"
    with refused("ResourceNotFoundException", 404):
        bedrock.prompts.get_prompt(promptIdentifier=prompt, promptVersion="2")


def test_the_eleventh_version_is_refused_until_one_is_deleted(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    for _ in range(10):
        bedrock.prompts.create_prompt_version(promptIdentifier=prompt)
    with refused("ServiceQuotaExceededException", 402):
        bedrock.prompts.create_prompt_version(promptIdentifier=prompt)
    bedrock.prompts.delete_prompt(promptIdentifier=prompt, promptVersion="1")
    assert bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"] == "11"


def test_an_account_has_five_hundred_prompts_listed_ten_a_page(bedrock: Bedrock) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: bedrock.prompts.create_prompt(name=f"prompt-{number}"), range(500)))
    with refused("ServiceQuotaExceededException", 402):
        bedrock.prompts.create_prompt(name="one-too-many")
    pages = [page["promptSummaries"] for page in bedrock.prompts.get_paginator("list_prompts").paginate(maxResults=1000)]
    assert [len(page) for page in pages] == [10] * 50
    assert {summary["name"] for page in pages for summary in page} == {f"prompt-{number}" for number in range(500)}


def test_a_prompts_own_list_shows_its_draft_and_versions(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    for _ in range(10):
        bedrock.prompts.create_prompt_version(promptIdentifier=prompt)
    first = bedrock.prompts.list_prompts(promptIdentifier=prompt)
    second = bedrock.prompts.list_prompts(promptIdentifier=prompt, nextToken=first["nextToken"])
    shown = [summary["version"] for summary in first["promptSummaries"] + second["promptSummaries"]]
    assert sorted(shown, key=len) == [*(["1", "2", "3", "4", "5", "6", "7", "8", "9"]), "10", "DRAFT"]
    assert "nextToken" not in second
    for token in (first["nextToken"], "nonsense"):
        with refused("ValidationException", 400):
            bedrock.prompts.list_prompts(nextToken=token)


def test_the_same_client_token_makes_one_version(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")
    token = str(uuid.uuid4())
    first = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"], clientToken=token)
    again = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["arn"], clientToken=token)
    assert (first["version"], again["version"]) == ("1", "1")
    assert len(bedrock.prompts.list_prompts(promptIdentifier=prompt["id"])["promptSummaries"]) == 2
    with refused("ConflictException", 409):
        bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"], clientToken=token, description="another")


def test_the_same_client_token_makes_one_prompt(bedrock: Bedrock) -> None:
    token = str(uuid.uuid4())
    made = {bedrock.prompts.create_prompt(name="one", clientToken=token)["id"] for _ in range(2)}
    assert len(made) == len(bedrock.prompts.list_prompts()["promptSummaries"]) == 1
    with refused("ConflictException", 409):
        bedrock.prompts.create_prompt(name="two", clientToken=token)


def test_versions_made_at_once_get_numbers_of_their_own(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"], range(10)))
    assert sorted(made, key=int) == [str(number) for number in range(1, 11)]


def test_tags_belong_to_the_prompt_or_to_one_version(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one", tags={"managed-by": "prompt-studio"})
    version = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"], tags={"studio-version": "1.0.0"})
    bedrock.prompts.tag_resource(resourceArn=version["arn"], tags={"environment": "test", "studio-version": "1.0.1"})
    bedrock.prompts.untag_resource(resourceArn=version["arn"], tagKeys=["environment", "never-there"])
    assert bedrock.prompts.list_tags_for_resource(resourceArn=version["arn"])["tags"] == {"studio-version": "1.0.1"}
    assert bedrock.prompts.list_tags_for_resource(resourceArn=prompt["arn"])["tags"] == {"managed-by": "prompt-studio"}
    with refused("ResourceNotFoundException", 404):
        bedrock.prompts.list_tags_for_resource(resourceArn=f"{prompt['arn']}:7")
    with refused("ServiceQuotaExceededException", 402):
        bedrock.prompts.tag_resource(resourceArn=prompt["arn"], tags={f"tag-{number}": "" for number in range(50)})
    assert len(bedrock.prompts.list_tags_for_resource(resourceArn=prompt["arn"])["tags"]) == 1


def test_deleting_a_prompt_deletes_its_versions_and_tags(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")
    version = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"], tags={"a": "b"})
    assert "version" not in bedrock.prompts.delete_prompt(promptIdentifier=prompt["id"])
    for gone in (prompt["arn"], version["arn"]):
        with refused("ResourceNotFoundException", 404):
            bedrock.prompts.get_prompt(promptIdentifier=gone)
        with refused("ResourceNotFoundException", 404):
            bedrock.prompts.list_tags_for_resource(resourceArn=gone)
    assert bedrock.prompts.list_prompts()["promptSummaries"] == []


def test_prompts_of_another_account_or_region_are_not_found(bedrock: Bedrock, server: LocalAws) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")
    assert prompt["arn"] == f"arn:aws:bedrock:us-east-1:{bedrock.account}:prompt/{prompt['id']}"
    elsewhere = server.client("bedrock-agent", access_key=bedrock.account, region="eu-west-1")
    other = Bedrock(server).prompts
    for client in (elsewhere, other):
        for identifier in (prompt["id"], prompt["arn"]):
            with refused("ResourceNotFoundException", 404):
                client.get_prompt(promptIdentifier=identifier)
    with refused("ResourceNotFoundException", 404):
        bedrock.prompts.get_prompt(promptIdentifier=f"arn:aws:bedrock:us-east-1:999999999999:prompt/{prompt['id']}")


def test_an_access_key_is_account_123456789012_unless_it_says_otherwise(server: LocalAws) -> None:
    assert ":123456789012:" in server.client("bedrock-agent", access_key="AKIAEXAMPLE").create_prompt(name="one")["arn"]


def test_metadata_only_leaves_the_content_out(bedrock: Bedrock) -> None:
    prompt = bedrock.prompts.create_prompt(name="one", variants=[text_variant()])["id"]
    assert "variants" not in bedrock.prompts.get_prompt(promptIdentifier=prompt, includedData="METADATA_ONLY")
    assert "variants" in bedrock.prompts.get_prompt(promptIdentifier=prompt, includedData="ALL_DATA")


def test_the_published_rates_hold_where_they_are_switched_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    limited = start_local_aws(tmp_path_factory.mktemp("limited"), rate_limits=True)
    try:
        client = limited.client("bedrock-agent")
        with ThreadPoolExecutor(8) as pool, refused("ThrottlingException", 429):
            list(pool.map(lambda number: client.create_prompt(name=f"prompt-{number}"), range(20)))
        statuses = [call["status"] for call in limited.journal()]
        assert statuses.count(201) >= 2
        for _ in range(5):
            client.list_prompts()
        patient = limited.client("bedrock-agent", attempts=6)
        assert patient.create_prompt(name="waits-for-its-turn")["id"]
    finally:
        limited.stop()
