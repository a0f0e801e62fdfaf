"""The publisher against a local AWS process, through boto3: what stands at Bedrock afterwards, read with a client of our own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from promptstudio.deployments.publishing import Order, Overtaken, Published, PublishFailed, Question, Standing
from promptstudio.integrations.bedrock import publisher as module
from promptstudio.integrations.bedrock.publisher import BedrockPublisher
from tests.integrations.orders import NotingDesk, chat_bundle, known_as, order_for, text_bundle
from tests.integrations.prompt_bodies import Bedrock, text_variant
from tests.local_aws import LocalAws, start_local_aws
from tests.studio import wait_until

PUBLISHER = BedrockPublisher()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    server = start_local_aws(tmp_path_factory.mktemp("aws"))
    yield server
    server.stop()


@pytest.fixture
def server(running: LocalAws) -> Iterator[LocalAws]:
    yield running
    running.disarm()
    running.release()


@pytest.fixture
def bedrock(server: LocalAws, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Bedrock:
    """An account of this test's own, which the ordinary AWS environment leads to."""
    account = Bedrock(server)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    settings.PUBLISH_CONNECT_TIMEOUT, settings.PUBLISH_READ_TIMEOUT = 2, 2
    return account


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each test, because each has its own account."""
    monkeypatch.setitem(globals(), "PUBLISHER", BedrockPublisher())


def publish(order: Order, desk: NotingDesk | None = None) -> Published:
    return PUBLISHER.publish(order, desk or NotingDesk())


def again(order: Order, published: Published | None = None, **others: Any) -> Order:
    """The next order of the same placement, for the same version unless `others` say otherwise."""
    remote = {"remote_id": published.remote_id} if published else {}
    return replace(order, job_uid=uuid4(), attempt=order.attempt + 1, tried_before=True, **{**remote, **others})


def next_version(order: Order, published: Published | None, text: str, semver: str, **others: Any) -> Order:
    bundle = text_bundle(text)
    return again(order, published, bundle=bundle, digest=bundle.digest, version_uid=uuid4(), semver=semver, **others)


def versions(bedrock: Bedrock, prompt: str) -> list[str]:
    pages = bedrock.prompts.get_paginator("list_prompts").paginate(promptIdentifier=prompt)
    return [summary["version"] for page in pages for summary in page["promptSummaries"] if summary["version"] != "DRAFT"]


def text_of(bedrock: Bedrock, published: Published) -> str:
    found = bedrock.prompts.get_prompt(promptIdentifier=published.remote_id, promptVersion=published.remote_version)
    return found["variants"][0]["templateConfiguration"]["text"]["text"]


def metadata(bedrock: Bedrock, prompt: str, version: str) -> dict[str, str]:
    found = bedrock.prompts.get_prompt(promptIdentifier=prompt, promptVersion=version)
    return {entry["key"]: entry["value"] for entry in found["variants"][0]["metadata"]}


def calls(server: LocalAws, bedrock: Bedrock) -> list[str]:
    return [call["operation"] for call in server.journal() if call["account"] == bedrock.account]


def failure(order: Order, desk: NotingDesk | None = None) -> PublishFailed:
    with pytest.raises(PublishFailed) as caught:
        publish(order, desk)
    return caught.value


@contextmanager
def meanwhile(server: LocalAws, act: Callable[[], Any]) -> Iterator[None]:
    """Do `act` as soon as a request is held, then let that request go on."""

    def interfere() -> None:
        server.wait_held()
        act()
        server.release()

    other = threading.Thread(target=interfere)
    other.start()
    yield
    other.join(30)
    assert not other.is_alive()


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

    client = PUBLISHER._connections.client_for({"region": "us-east-1"}, job_uid=uuid4())
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


def test_ten_versions_make_room_for_the_eleventh_by_the_oldest_that_may_go(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    published, known = publish(order), []
    known.append(known_as(published, version_uid=order.version_uid, stays_because="it is live"))
    for number in range(2, 11):
        order = next_version(order, published, f"Summarise {{{{claim}}}} in {number} words.", f"1.{number}.0", known=known)
        published = publish(order)
        known.append(known_as(published, version_uid=order.version_uid, semver=order.semver))
    order = next_version(order, published, "Judge {{claim}}.", "2.0.0", known=known)
    assert publish(order).remote_version == "11"
    assert versions(bedrock, published.remote_id) == ["1", *map(str, range(3, 12))]


@pytest.fixture
def full(bedrock: Bedrock) -> tuple[Order, Published]:
    """Version 1 is live, version 2 was published for something long gone, 3 to 10 were cut by hand, 3 with a tag of ours."""
    first = order_for(text_bundle())
    one = publish(first)
    second = next_version(first, one, "Judge {{claim}}.", "1.1.0")
    two = publish(second)
    tags = {"studio-resource": str(first.resource_uid)}
    for number in range(3, 11):
        bedrock.prompts.create_prompt_version(promptIdentifier=one.remote_id, **({"tags": tags} if number == 3 else {}))
    known = [
        known_as(one, version_uid=first.version_uid, stays_because="it is live"),
        known_as(two, version_uid=second.version_uid, semver="1.1.0"),
    ]
    return next_version(first, one, "Refuse {{claim}}.", "2.0.0", known=known), one


def test_only_a_version_with_a_receipt_is_ever_removed(full: tuple[Order, Published], bedrock: Bedrock) -> None:
    order, one = full
    assert publish(order).remote_version == "11"
    assert versions(bedrock, one.remote_id) == ["1", *map(str, range(3, 12))]


def test_without_room_each_version_and_its_reason_are_named(full: tuple[Order, Published], bedrock: Bedrock) -> None:
    order, one = full
    known = [order.known[0], replace(order.known[1], stays_because="it is one of the last three that were live")]
    refusal = failure(replace(order, known=known))
    assert (refusal.code, refusal.permanent) == ("no_room", True)
    assert "1 (1.0.0): it is live; 2 (1.1.0): it is one of the last three that were live; " in refusal.sentence
    assert "3: Prompt Studio made it, but has no receipt of it; 4: it was not made by Prompt Studio; " in refusal.sentence
    assert len(versions(bedrock, one.remote_id)) == 10


def test_a_number_that_holds_something_else_now_is_not_removed(full: tuple[Order, Published], bedrock: Bedrock) -> None:
    order, one = full
    refusal = failure(replace(order, known=[order.known[0], replace(order.known[1], version_uid=uuid4())]))
    assert "2 (1.1.0): it does not hold what Prompt Studio published under this number" in refusal.sentence
    assert len(versions(bedrock, one.remote_id)) == 10


def test_a_full_prompt_that_the_listing_did_not_show_makes_room_once(bedrock: Bedrock, server: LocalAws) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    known = [known_as(one, version_uid=first.version_uid)]
    server.arm(operation="CreatePromptVersion", kind="error", code="ServiceQuotaExceededException")
    two = publish(next_version(first, one, "Judge {{claim}}.", "1.1.0", known=known))
    assert versions(bedrock, one.remote_id) == [two.remote_version]


def test_another_writer_between_update_and_version_is_noticed_and_nothing_of_it_stays(bedrock: Bedrock, server: LocalAws) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    second = next_version(first, one, "Judge {{claim}}.", "1.1.0")
    server.arm(operation="CreatePromptVersion", kind="hold_before")
    change = {"promptIdentifier": one.remote_id, "name": "mine", "variants": [text_variant("Mine now.")]}
    with meanwhile(server, lambda: bedrock.prompts.update_prompt(**change)):
        mixed_up = failure(second)
    assert (mixed_up.code, mixed_up.permanent) == ("read_back_differs", False)
    assert versions(bedrock, one.remote_id) == ["1"]
    published = publish(replace(second, attempt=3))
    assert text_of(bedrock, published) == "Judge {{claim}}."
    assert versions(bedrock, one.remote_id) == ["1", published.remote_version]


def test_a_version_that_appears_late_is_waited_for(bedrock: Bedrock, server: LocalAws) -> None:
    server.arm(operation="GetPrompt", kind="error", code="ResourceNotFoundException", times=2)
    published = publish(order_for(text_bundle()))
    assert versions(bedrock, published.remote_id) == ["1"]


def test_a_version_that_never_appears_is_no_publication(bedrock: Bedrock, server: LocalAws) -> None:
    server.arm(operation="GetPrompt", kind="error", code="ResourceNotFoundException", times=None)
    order, desk = order_for(text_bundle()), NotingDesk()
    unseen = failure(order, desk)
    assert (unseen.code, unseen.permanent) == ("not_readable", False)
    assert failure(replace(order, remote_id=desk.remembered[0], tried_before=True)).code == "not_readable"
    assert versions(bedrock, desk.remembered[0]) == ["1"]


@pytest.mark.parametrize(("writes", "left_behind"), [(0, []), (1, ["CreatePrompt"])], ids=["before the creation", "before the version"])
def test_nothing_is_written_once_it_was_overtaken(bedrock: Bedrock, server: LocalAws, writes: int, left_behind: list[str]) -> None:
    with pytest.raises(Overtaken):
        publish(order_for(text_bundle()), NotingDesk(writes_left=writes))
    assert calls(server, bedrock) == left_behind


@pytest.mark.parametrize("operation", ["UpdatePrompt", "DeletePrompt", "CreatePromptVersion"])
def test_every_later_write_asks_first_as_well(full: tuple[Order, Published], bedrock: Bedrock, server: LocalAws, operation: str) -> None:
    order, _ = full
    seen = len(calls(server, bedrock))
    before = ["UpdatePrompt", "DeletePrompt", "CreatePromptVersion"].index(operation)
    with pytest.raises(Overtaken):
        publish(order, NotingDesk(writes_left=before))
    assert operation not in calls(server, bedrock)[seen:]


def test_each_call_waits_for_the_rate_of_its_operation(bedrock: Bedrock, server: LocalAws) -> None:
    desk = NotingDesk()
    publish(order_for(text_bundle()), desk)
    assert [name for name, _ in desk.waited_for] == [f"bedrock:default:us-east-1:{operation}" for operation in calls(server, bedrock)]
    assert dict(desk.waited_for) == {
        "bedrock:default:us-east-1:CreatePrompt": 2,
        "bedrock:default:us-east-1:CreatePromptVersion": 2,
        "bedrock:default:us-east-1:GetPrompt": 10,
    }


def test_a_role_leads_into_its_account(bedrock: Bedrock, server: LocalAws, settings: Any) -> None:
    # The local AWS takes seconds to get its STS ready.
    settings.PUBLISH_READ_TIMEOUT = 30
    there, desk = Bedrock(server), NotingDesk()
    role = f"arn:aws:iam::{there.account}:role/publisher"
    order = order_for(text_bundle(), settings={"region": "us-east-1", "role_arn": role, "external_id": "studio-42"})
    published = publish(order, desk)
    assert versions(there, published.remote_id) == ["1"]
    assert bedrock.prompts.list_prompts()["promptSummaries"] == []
    assert desk.waited_for[0][0] == f"bedrock:{there.account}:us-east-1:CreatePrompt"
    (assumed,) = [call for call in server.journal() if call["operation"] == "AssumeRole" and there.account in str(call["body"])]
    assert f"RoleSessionName=prompt-studio-{order.job_uid}" in assumed["body"]
    assert "ExternalId=studio-42" in assumed["body"]


@pytest.mark.parametrize(
    ("code", "status", "permanent", "says"),
    [
        ("AccessDeniedException", 403, True, "refused the permission for CreatePrompt (AccessDeniedException). An administrator"),
        ("UnrecognizedClientException", 403, True, "does not accept Prompt Studio's credentials"),
        ("ValidationException", 400, True, "does not accept this prompt as it is: armed."),
        ("ServiceQuotaExceededException", 402, True, "as many prompts in this region as it may"),
        ("ConflictException", 409, False, "busy with another change"),
        ("ThrottlingException", 429, False, "too many requests"),
        ("InternalServerException", 500, False, "a failure of its own"),
        ("ServiceUnavailableException", 503, False, "a failure of its own"),
        ("ImATeapotException", 418, True, "AWS refused CreatePrompt (ImATeapotException): armed."),
    ],
)
def test_a_refusal_says_what_happened_and_who_can_mend_it(
    bedrock: Bedrock, server: LocalAws, code: str, status: int, permanent: bool, says: str
) -> None:
    server.arm(operation="CreatePrompt", kind="error", code=code, status=status, message="armed")
    refusal = failure(order_for(text_bundle()))
    assert (refusal.code, refusal.permanent) == (code, permanent)
    assert says in refusal.sentence
    assert calls(server, bedrock) == ["CreatePrompt"]


def test_a_quota_that_room_does_not_help_is_said(bedrock: Bedrock, server: LocalAws) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    server.arm(operation="CreatePromptVersion", kind="error", code="ServiceQuotaExceededException", times=2)
    refusal = failure(next_version(first, one, "Judge {{claim}}.", "1.1.0", known=[known_as(one, version_uid=first.version_uid)]))
    assert refusal.permanent
    assert "no more room for this prompt" in refusal.sentence


def test_bedrocks_own_complaint_is_passed_on_with_its_field(bedrock: Bedrock) -> None:
    refusal = failure(order_for(text_bundle(), remote_name="not a name"))
    assert (refusal.code, refusal.permanent) == ("ValidationException", True)
    assert "name: " in refusal.sentence


def test_a_request_that_boto3_itself_refuses_is_permanent(bedrock: Bedrock, server: LocalAws) -> None:
    refusal = failure(order_for(text_bundle(), remote_name=None))
    assert (refusal.code, refusal.permanent) == ("ParamValidationError", True)
    assert calls(server, bedrock) == []


def test_what_is_not_portable_never_leaves(bedrock: Bedrock, server: LocalAws) -> None:
    assert failure(order_for(text_bundle(output_schema={"type": "object"}))).code == "not_portable"
    assert calls(server, bedrock) == []


def test_an_answer_that_takes_too_long_is_tried_again(bedrock: Bedrock, server: LocalAws, settings: Any) -> None:
    settings.PUBLISH_READ_TIMEOUT = 0.3
    server.arm(operation="CreatePrompt", kind="delay", seconds=1)
    slow = failure(order_for(text_bundle()))
    assert (slow.code, slow.permanent) == ("no_answer", False)
    wait_until(lambda: calls(server, bedrock) == ["CreatePrompt"])


def test_an_endpoint_that_nobody_listens_at_is_tried_again(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    unreachable = failure(order_for(text_bundle()))
    assert (unreachable.code, unreachable.permanent) == ("unreachable", False)


def test_without_credentials_somebody_has_to_act(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    refusal = failure(order_for(text_bundle()))
    assert (refusal.code, refusal.permanent) == ("no_credentials", True)


@pytest.mark.parametrize(
    "target",
    [{}, {"region": "not a region"}, {"region": "us-east-1", "role_arn": "publisher"}],
    ids=["no region", "no such region", "no role's ARN"],
)
def test_a_target_that_is_set_up_wrongly_is_said_so(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch, target: dict) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    refusal = failure(order_for(text_bundle(), settings=target))
    assert (refusal.code, refusal.permanent) == ("not_set_up", True)
    assert "An administrator can correct its settings" in refusal.sentence


def test_the_region_may_come_from_the_environment(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert ":eu-central-1:" in publish(order_for(text_bundle(), settings={})).address
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert ":eu-west-1:" in publish(order_for(text_bundle(), settings={})).address


def about(order: Order, published: Published) -> Question:
    return Question(uuid4(), order.settings, published.remote_id, published.remote_version, published.digest, published.rendition_seen)


def test_asked_later_it_agrees_while_the_version_stands_as_it_was(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    bedrock.prompts.update_prompt(promptIdentifier=question.remote_id, name=order.remote_name, variants=[text_variant("By hand.")])
    assert PUBLISHER.inspect(question, NotingDesk(writes_left=0)) == Standing(True)


def test_asked_later_it_says_that_the_version_was_deleted(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    bedrock.prompts.delete_prompt(promptIdentifier=question.remote_id, promptVersion=question.remote_version)
    standing = PUBLISHER.inspect(question, NotingDesk(writes_left=0))
    assert not standing.agrees
    assert "somebody deleted it at Bedrock" in standing.sentence


def test_asked_later_it_says_that_the_version_is_another_one(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    other = replace(question, rendition="sha256:" + "0" * 64)
    assert "is not what was confirmed" in PUBLISHER.inspect(other, NotingDesk()).sentence
    assert "is not what was confirmed" in PUBLISHER.inspect(replace(question, digest="sha256:other"), NotingDesk()).sentence


def test_what_cannot_be_asked_is_a_failure_with_a_sentence(server: LocalAws, bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    server.arm(operation="GetPrompt", kind="error", code="AccessDeniedException", message="no", status=403)
    with pytest.raises(PublishFailed, match="AWS refused the permission for GetPrompt"):
        PUBLISHER.inspect(question, NotingDesk())
