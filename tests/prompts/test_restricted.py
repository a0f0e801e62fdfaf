"""A prompt can be restricted to named people: then roles alone do not show it."""

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import gates, waiting
from promptstudio.deployments import services as deployments
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts.models import Prompt, PromptUserPermission
from tests.cast import Cast, a_key, a_version, an_application, asked, promote


@pytest.fixture
def restricted(cast: Cast, prompt: Prompt) -> Prompt:
    """Alice's; Bob is named."""
    return services.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)


def sees(actor: Actor, prompt: Prompt) -> bool:
    return Prompt.objects.visible_to(actor).filter(pk=prompt.pk).exists()


def test_named_people_its_owner_and_admins_see_it(cast: Cast, restricted: Prompt) -> None:
    people = ("alice", "bob", "dora", "root", "bella", "vera", "axel", "charlie")
    assert [name for name in people if sees(getattr(cast, name), restricted)] == ["alice", "bob", "dora", "root"]


def test_no_service_serves_whoever_is_not_named(cast: Cast, restricted: Prompt) -> None:
    version = a_version(restricted, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    refused = [
        lambda: services.open_draft(prompt=restricted, actor=cast.bella),
        lambda: a_version(restricted, by=cast.bella, text="Mine {{claim}}"),
        lambda: promote(version, cast.staging, by=cast.bella),
        lambda: deployments.roll_back(prompt=restricted, environment=cast.development, reason="No.", actor=cast.bella),
        lambda: deployments.recall(version=version, reason="No.", actor=cast.bella),
    ]
    for deed in refused:
        with pytest.raises(NotAllowed, match="restricted to named people"):
            deed()


def test_whoever_is_not_named_does_not_approve_and_is_not_waited_for(cast: Cast, restricted: Prompt) -> None:
    review = asked(a_version(restricted, by=cast.alice), cast.production, by=cast.alice)
    with pytest.raises(NotAllowed, match="restricted to named people"):
        deployments.decide(review=review, verdict="approve", seen=None, actor=cast.bella)
    assert waiting.reviews_for(cast.bella) == []
    reason = gates.Approvals().check(gates.candidate_for(review.version, cast.production)).reason
    assert "Bob" in reason
    assert "Bella" not in reason


def test_an_approval_stops_counting_when_its_giver_is_shut_out(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    review = asked(version, cast.production, by=cast.alice)
    for person in (cast.bob, cast.bella):
        deployments.decide(review=review, verdict="approve", seen=None, actor=person)
    assert gates.Approvals().check(gates.candidate_for(version, cast.production)).passed
    services.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    version.prompt.refresh_from_db()
    assert not gates.Approvals().check(gates.candidate_for(version, cast.production)).passed


def test_it_is_opened_to_everyone_again(cast: Cast, restricted: Prompt) -> None:
    services.restrict_prompt(prompt=restricted, people=[], actor=cast.dora)
    assert sees(cast.vera, restricted)
    assert not PromptUserPermission.objects.exists()


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_only_its_owner_and_admins_restrict_it(cast: Cast, prompt: Prompt, who: str) -> None:
    with pytest.raises(NotAllowed):
        services.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=getattr(cast, who))
    assert not Prompt.objects.get(pk=prompt.pk).restricted


def test_whoever_has_no_role_cannot_be_named(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid, match="Charlie may not read here"):
        services.restrict_prompt(prompt=prompt, people=[cast.charlie.user], actor=cast.alice)


def test_nothing_is_done_silently(cast: Cast, restricted: Prompt) -> None:
    with pytest.raises(Conflict, match="Nothing changed"):
        services.restrict_prompt(prompt=restricted, people=[cast.bob.user], actor=cast.alice)
    services.restrict_prompt(prompt=restricted, people=[], actor=cast.alice)
    with pytest.raises(Conflict, match="not restricted"):
        services.restrict_prompt(prompt=restricted, people=[], actor=cast.alice)


def test_a_named_person_who_loses_the_role_does_not_see_it(cast: Cast, restricted: Prompt) -> None:
    cast.claims.memberships.filter(user=cast.bob.user).delete()
    assert not sees(cast.bob, restricted)


def test_applications_go_on_reading_it(cast: Cast, restricted: Prompt) -> None:
    """The restriction is about people; what a key may read, its scopes, its environment and its folder say."""
    _, machine = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", by=cast.dora)
    assert sees(machine, restricted)


def test_who_changes_the_title_meanwhile_does_not_open_it(cast: Cast, prompt: Prompt) -> None:
    read_before = Prompt.objects.get(pk=prompt.pk)
    services.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    services.change_prompt(prompt=read_before, title="Another title", actor=cast.alice)
    found = Prompt.objects.get(pk=prompt.pk)
    assert (found.title, found.restricted) == ("Another title", True)
