"""The publisher against a local AWS process: ten versions at most, and others who write as well."""

from dataclasses import replace
from uuid import uuid4

import pytest

from promptstudio.deployments.publishing import Order, Overtaken, Published
from tests.integrations.orders import NotingDesk, known_as, order_for, text_bundle
from tests.integrations.prompt_bodies import Bedrock, text_variant
from tests.local_aws import LocalAws

from .publications import calls, failure, meanwhile, next_version, publish, text_of, versions


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
