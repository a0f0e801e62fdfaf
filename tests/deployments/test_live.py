"""Promise 5: what an environment serves only moves to a newer deployment, and only when every target confirmed it."""

import json
from typing import Any

import pytest

from promptstudio.audit.models import Entry
from promptstudio.deployments import live
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, PublishJob, RemoteResource, Snapshot
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, live_version, placement_of, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, refuse, use_fake_publisher


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture(autouse=True)
def frankfurt(cast: Cast, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora)


@pytest.fixture
def first(cast: Cast, prompt: Prompt, frankfurt: None) -> Version:
    """Live in development and at its target."""
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    publish_everything()
    return version


@pytest.fixture
def second(cast: Cast, prompt: Prompt, first: Version) -> Version:
    return a_version(prompt, by=cast.alice, text="Look at {{claim}}")


def state(deployment: Deployment) -> str:
    return Deployment.objects.with_state().get(pk=deployment.pk).state


def served(prompt: Prompt) -> dict[str, Any]:
    return json.loads(Snapshot.objects.get(prompt_name=prompt.name).body)


def test_until_the_target_confirms_nothing_moves(cast: Cast, prompt: Prompt, first: Version, second: Version) -> None:
    deployment = promote(second, cast.development, by=cast.alice)
    assert (live_version(prompt, cast.development), served(prompt)["semver"]) == (first, "1.0.0")
    assert state(deployment) == "publishing"


def test_when_the_target_confirmed_it_is_served(cast: Cast, prompt: Prompt, second: Version) -> None:
    deployment = promote(second, cast.development, by=cast.alice)
    publish_everything()
    assert (live_version(prompt, cast.development), served(prompt)["digest"]) == (second, second.digest)
    assert state(deployment) == "live"
    assert [receipt["arn"] for receipt in served(prompt)["receipts"]] == ["arn:fake:2"]


def test_every_target_has_to_confirm(cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora, name="Bedrock, Dublin")
    target.twists = [lambda *args: None, refuse]
    promote(second, cast.development, by=cast.alice)
    publish_everything()
    assert target.written == ["1.0.0", second.semver]
    assert live_version(prompt, cast.development) == first


def test_a_failure_keeps_serving_what_was_served(cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget) -> None:
    target.twists = [refuse]
    deployment = promote(second, cast.development, by=cast.alice)
    publish_everything()
    assert (live_version(prompt, cast.development), state(deployment)) == (first, "failed")


def test_after_a_retry_it_is_served(cast: Cast, prompt: Prompt, second: Version, target: FakeTarget) -> None:
    target.twists = [refuse]
    deployment = promote(second, cast.development, by=cast.alice)
    publish_everything()
    deployments.retry(job=deployment.jobs.get(), actor=cast.alice)
    publish_everything()
    assert live_version(prompt, cast.development) == second


def test_what_is_not_failed_is_not_retried(cast: Cast, second: Version) -> None:
    deployment = promote(second, cast.development, by=cast.alice)
    with pytest.raises(Conflict, match="on its way"):
        deployments.retry(job=deployment.jobs.get(), actor=cast.alice)


def test_a_target_that_was_left_out_does_not_hold_it_back(cast: Cast, prompt: Prompt, second: Version, target: FakeTarget) -> None:
    target.twists = [refuse]
    job = promote(second, cast.development, by=cast.alice).jobs.get()
    publish_everything()
    deployments.exclude(job=job, reason="Closed for good.", actor=cast.alice)
    assert live_version(prompt, cast.development) == second
    assert Entry.objects.filter(action="deployment.went_live").count() == 2


def test_leaving_out_needs_a_reason(cast: Cast, second: Version) -> None:
    job = promote(second, cast.development, by=cast.alice).jobs.get()
    with pytest.raises(Invalid) as refused:
        deployments.exclude(job=job, reason="", actor=cast.alice)
    assert list(refused.value.errors) == ["reason"]


def test_what_is_confirmed_cannot_be_left_out(cast: Cast, first: Version) -> None:
    with pytest.raises(Conflict, match="settled: confirmed"):
        deployments.exclude(job=PublishJob.objects.get(), reason="Hm.", actor=cast.alice)


def test_settling_needs_permission(cast: Cast, second: Version) -> None:
    job = promote(second, cast.development, by=cast.alice).jobs.get()
    with pytest.raises(NotAllowed):
        deployments.exclude(job=job, reason="Hm.", actor=cast.vera)
    with pytest.raises(NotAllowed):
        deployments.retry(job=job, actor=cast.vera)


def test_a_newer_deployment_overtakes_what_is_owed(cast: Cast, prompt: Prompt, second: Version, target: FakeTarget) -> None:
    overtaken = promote(second, cast.development, by=cast.alice)
    third = a_version(prompt, by=cast.alice, text="Third {{claim}}")
    promote(third, cast.development, by=cast.alice)
    publish_everything()
    assert (state(overtaken), overtaken.jobs.get().state) == ("superseded", "superseded")
    assert target.written == ["1.0.0", third.semver]


def test_it_never_moves_to_an_older_deployment(cast: Cast, prompt: Prompt, first: Version, second: Version) -> None:
    older = Deployment.objects.get()
    newer = promote(second, cast.development, by=cast.alice)
    publish_everything()
    live.move(placement=placement_of(prompt, cast.development), deployment=older)
    assert placement_of(prompt, cast.development).live == newer


def test_what_is_settled_after_a_newer_one_was_sent_is_not_served(cast: Cast, prompt: Prompt, first: Version, second: Version) -> None:
    late = promote(second, cast.development, by=cast.alice)
    promote(a_version(prompt, by=cast.alice, text="Third {{claim}}"), cast.development, by=cast.alice)
    late.jobs.update(state=PublishJob.State.CONFIRMED)
    assert not live.move_if_settled(late)
    assert live_version(prompt, cast.development) == first


def test_a_rollback_is_served_at_once(cast: Cast, prompt: Prompt, first: Version, second: Version) -> None:
    promote(second, cast.development, by=cast.alice)
    publish_everything()
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="No.", actor=cast.bob)
    assert (live_version(prompt, cast.development), served(prompt)["semver"]) == (first, "1.0.0")


def test_a_broken_target_does_not_hold_a_rollback_back(
    cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget
) -> None:
    a_target(cast.development, by=cast.dora, name="Bedrock, Dublin")
    promote(second, cast.development, by=cast.alice)
    publish_everything()
    target.twists = [refuse]
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="No.", actor=cast.bob)
    publish_everything()
    assert served(prompt)["semver"] == first.semver
    assert [receipt["target"] for receipt in served(prompt)["receipts"]] == ["Bedrock, Frankfurt"]


def test_after_a_rollback_the_address_that_was_confirmed_before_is_there_at_once(
    cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget
) -> None:
    promote(second, cast.development, by=cast.alice)
    publish_everything()
    target.twists = [refuse]
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="No.", actor=cast.bob)
    publish_everything()
    assert [receipt["arn"] for receipt in served(prompt)["receipts"]] == ["arn:fake:1"]
    deployments.retry(job=PublishJob.objects.get(state="failed"), actor=cast.bob)
    publish_everything()
    assert [receipt["arn"] for receipt in served(prompt)["receipts"]] == ["arn:fake:3"]


def test_the_address_of_a_prompt_that_was_made_anew_is_no_address(
    cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget
) -> None:
    promote(second, cast.development, by=cast.alice)
    publish_everything()
    RemoteResource.objects.update(remote_id="R2")
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="No.", actor=cast.bob)
    assert served(prompt)["receipts"] == []


def test_a_deployment_from_before_does_not_put_a_prompt_back_into_service(
    cast: Cast, prompt: Prompt, first: Version, second: Version
) -> None:
    promote(second, cast.development, by=cast.alice)
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="Stop.", actor=cast.bella)
    publish_everything()
    assert Snapshot.objects.get().status == 410
    assert placement_of(prompt, cast.development).live_version == second


def test_a_recalled_version_is_not_tried_again(cast: Cast, prompt: Prompt, first: Version, second: Version, target: FakeTarget) -> None:
    target.twists = [refuse]
    job = promote(second, cast.development, by=cast.alice).jobs.get()
    publish_everything()
    deployments.recall(version=second, reason="It promises money.", actor=cast.bella)
    with pytest.raises(Conflict, match="recalled"):
        deployments.retry(job=job, actor=cast.alice)


def test_without_a_target_it_is_served_at_once(cast: Cast, prompt: Prompt, first: Version) -> None:
    assert state(promote(first, cast.staging, by=cast.alice)) == "live"
