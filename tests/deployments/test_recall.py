"""Recalling a version, and taking a prompt out of service."""

import json

import pytest

from promptstudio.deployments import gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Generation, Snapshot
from promptstudio.deployments.services import Blocked
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.services import withdraw
from tests.cast import Cast, a_version, approved, in_production, live_version, placement_of, promote


@pytest.fixture
def recalled(cast: Cast, prompt: Prompt) -> Version:
    """Approved for production and recalled before it went there."""
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    deployments.recall(version=version, reason="It promises money.", actor=cast.bella)
    return version


def test_it_blocks_although_every_approval_was_given(cast: Cast, recalled: Version) -> None:
    with pytest.raises(Blocked, match=r"Bella recalled 1\.0\.0: “It promises money\.” A new review"):
        promote(recalled, cast.production, by=cast.alice)


def test_it_blocks_where_no_approval_is_asked_for(cast: Cast, prompt: Prompt, recalled: Version) -> None:
    promote(a_version(prompt, by=cast.alice, text="Now {{claim}}"), cast.development, by=cast.alice)
    with pytest.raises(Blocked, match="Bella recalled"):
        promote(recalled, cast.development, by=cast.alice)


def test_what_serves_it_goes_on(cast: Cast, prompt: Prompt, recalled: Version) -> None:
    assert live_version(prompt, cast.staging) == recalled


def test_a_decision_in_a_review_from_before_does_not_lift_it(cast: Cast, recalled: Version) -> None:
    review = recalled.reviews.get()
    deployments.decide(review=review, verdict="approve", comment="Still good.", seen=None, actor=cast.bob)
    with pytest.raises(Blocked, match="Bella recalled"):
        promote(recalled, cast.production, by=cast.alice)


def test_a_new_review_lifts_it_there(cast: Cast, recalled: Version) -> None:
    withdraw(review=recalled.reviews.get(), actor=cast.alice)
    approved(recalled, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert promote(recalled, cast.production, by=cast.alice).version == recalled


def test_a_new_review_elsewhere_does_not(cast: Cast, recalled: Version) -> None:
    approved(recalled, cast.staging, asked_by=cast.alice, by=[cast.bob, cast.bella])
    with pytest.raises(Blocked, match="Bella recalled"):
        promote(recalled, cast.production, by=cast.alice)


def test_where_no_approval_is_asked_for_one_does_not_lift_it_beside_a_wish_for_changes(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    deployments.recall(version=version, reason="It promises money.", actor=cast.dora)
    review = approved(version, cast.development, asked_by=cast.alice, by=[cast.bella])
    assert _lifted(version, cast)
    deployments.decide(review=review, verdict="request_changes", comment="It still does.", seen=version, actor=cast.bob)
    assert not _lifted(version, cast)


def test_half_of_the_approvals_are_no_way_back_to_it(cast: Cast, prompt: Prompt) -> None:
    first, second = a_version(prompt, by=cast.alice), a_version(prompt, by=cast.alice, text="Other {{claim}}")
    in_production(cast, first)
    in_production(cast, second)
    deployments.recall(version=first, reason="It promises money.", actor=cast.bella)
    approved(first, cast.production, asked_by=cast.alice, by=[cast.bob])
    with pytest.raises(Blocked, match="Bella recalled"):
        deployments.roll_back(prompt=prompt, environment=cast.production, reason="Back.", version=first, actor=cast.bob)


def test_readers_forget_what_they_remember(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    before = Generation.objects.get().number
    deployments.recall(version=version, reason="It promises money.", actor=cast.bella)
    assert Generation.objects.get().number == before + 1


def test_recalling_needs_a_reason(cast: Cast, recalled: Version) -> None:
    with pytest.raises(Invalid) as refused:
        deployments.recall(version=recalled, reason=" ", actor=cast.bella)
    assert list(refused.value.errors) == ["reason"]


def test_recalling_needs_permission(cast: Cast, recalled: Version) -> None:
    with pytest.raises(NotAllowed, match="recall versions"):
        deployments.recall(version=recalled, reason="Hm.", actor=cast.alice)


def take_out(cast: Cast, prompt: Prompt) -> None:
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="We are being sued.", actor=cast.bella)


def test_out_of_service_readers_get_the_reason(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    take_out(cast, prompt)
    snapshot = Snapshot.objects.get()
    assert (snapshot.status, json.loads(snapshot.body)["code"]) == (410, "out_of_service")
    assert "We are being sued." in snapshot.body


def test_out_of_service_twice_is_a_conflict(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    take_out(cast, prompt)
    with pytest.raises(Conflict, match="already"):
        take_out(cast, prompt)


def test_what_is_not_live_cannot_be_taken_out(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict, match="Nothing is live"):
        take_out(cast, prompt)


def test_the_same_version_puts_it_back_into_service(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    take_out(cast, prompt)
    promote(version, cast.development, by=cast.alice)
    assert placement_of(prompt, cast.development).out_of_service_at is None
    assert Snapshot.objects.get().status == 200


def test_taking_it_out_needs_permission(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    with pytest.raises(NotAllowed):
        deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="Hm.", actor=cast.alice)


def test_a_recalled_version_is_not_recalled_twice(cast: Cast, recalled: Version) -> None:
    with pytest.raises(Conflict, match=r"Bella recalled 1\.0\.0 already"):
        deployments.recall(version=recalled, reason="Again.", actor=cast.bella)
    assert recalled.recalls.count() == 1


def test_once_a_new_review_let_it_in_it_can_be_recalled_again(cast: Cast, recalled: Version) -> None:
    withdraw(review=recalled.reviews.get(), actor=cast.alice)
    approved(recalled, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    deployments.recall(version=recalled, reason="Again.", actor=cast.bella)
    assert recalled.recalls.count() == 2


def _lifted(version: Version, cast: Cast) -> bool:
    fresh = Version.objects.get(pk=version.pk)
    return gates.NotRecalled().check(gates.candidate_for(fresh, cast.development)).passed
