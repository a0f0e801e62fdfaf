"""The gates at a glance: the same answers as one by one, in a constant number of queries."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import at_a_glance
from promptstudio.projects.models import Membership
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.rules import Rules
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.services import restrict_prompt
from promptstudio.reviews.conversation_services import begin_thread
from promptstudio.reviews.models import Review
from promptstudio.reviews.services import withdraw
from tests.cast import Cast, a_prompt, a_version, approve, approved, asked, in_production, promote

from .everything_asked import change_policy_once


def open_reviews() -> list[Review]:
    return list(Review.objects.open().with_everything().order_by("id"))


def a_story(cast: Cast, title: str) -> None:
    """Reviews in every situation that a gate knows."""
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    first = a_version(prompt, by=cast.alice)
    in_production(cast, first)
    stale = a_version(prompt, by=cast.alice, text="Second {{claim}}")
    approve(asked(stale, cast.production, by=cast.alice), cast.bob)
    third = a_version(prompt, by=cast.alice, text="Third {{claim}}")
    in_production(cast, third)
    recalled = a_version(prompt, by=cast.alice, text="Fourth {{claim}}")
    promote(recalled, cast.development, by=cast.alice)
    deployments.recall(version=recalled, reason="It promises money.", actor=cast.bella)
    asked(recalled, cast.production, by=cast.alice)
    refused = a_version(prompt, by=cast.alice, text="Fifth {{claim}}")
    review = asked(refused, cast.production, by=cast.alice)
    deployments.decide(review=review, verdict="request_changes", comment="No.", seen=third, actor=cast.bob)
    asked(refused, cast.staging, by=cast.alice)
    ready = a_version(prompt, by=cast.alice, text="Sixth {{claim}}")
    promote(ready, cast.development, cast.staging, by=cast.alice)
    approved(ready, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])


def test_it_answers_as_each_gate_does_alone(cast: Cast) -> None:
    a_story(cast, "Water")
    a_story(cast, "Storm")
    withdraw(review=open_reviews()[0], actor=cast.alice)
    itself: Actor = cast.dora
    grant_role(project=cast.claims, user=itself.user, role="product", actor=itself)
    for review in (reviews := open_reviews()):
        alone = gates.evaluate(gates.candidate_for(review.version, review.environment))
        assert at_a_glance(reviews)[review.pk] == alone, review
    passed = {tuple(outcome.passed for outcome in answer) for answer in at_a_glance(reviews).values()}
    assert len(passed) > 3, "the story has to tell the gates apart"


def test_on_a_restricted_prompt_whoever_gave_themselves_the_keys_sees_it_here_and_there(cast: Cast) -> None:
    """Seeing asks for any role that administers; deciding, for one that somebody else gave."""
    a_story(cast, "Water")
    ready = open_reviews()[-1]
    grant_role(project=cast.claims, user=cast.bob.user, role="admin", actor=cast.root)
    Membership.objects.filter(user=cast.bob.user, role="admin").update(granted_by=cast.bob.user)
    restrict_prompt(prompt=ready.version.prompt, people=[cast.bella.user], actor=cast.dora)
    ready = open_reviews()[-1]
    alone = gates.evaluate(gates.candidate_for(ready.version, ready.environment))
    assert at_a_glance([ready])[ready.pk] == alone
    assert all(outcome.passed for outcome in alone)


def test_a_role_that_is_gone_does_not_count(cast: Cast) -> None:
    a_story(cast, "Water")
    ready = open_reviews()[-1]
    assert all(outcome.passed for outcome in at_a_glance([ready])[ready.pk])
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    assert [o.gate for o in at_a_glance([ready])[ready.pk] if not o.passed] == ["approvals"]


def test_other_rules_can_be_tried(cast: Cast) -> None:
    a_story(cast, "Water")
    ready = open_reviews()[-1]
    tried = at_a_glance([ready], instead={cast.production.pk: Rules(approvals={"product": 2})})
    assert [(o.gate, o.passed) for o in tried[ready.pk]] == [("not_recalled", True), ("approvals", False), ("same_baseline", True)]
    assert all(outcome.passed for outcome in at_a_glance([ready])[ready.pk])


def test_more_reviews_take_no_more_queries(cast: Cast) -> None:
    def asks() -> int:
        reviews = open_reviews()
        with CaptureQueriesContext(connection) as captured:
            at_a_glance(reviews)
        return len(captured)

    a_story(cast, "Water")
    few = asks()
    a_story(cast, "Storm")
    a_story(cast, "Hail")
    assert asks() == few


def test_nothing_to_look_at_is_no_error(cast: Cast) -> None:
    assert at_a_glance([]) == {}


def test_where_everything_is_asked_for_it_answers_the_same_in_no_more_queries(cast: Cast) -> None:
    def asks(reviews: list[Review]) -> int:
        with CaptureQueriesContext(connection) as captured:
            at_a_glance(reviews)
        return len(captured)

    a_story(cast, "Water")
    a_story(cast, "Storm")
    begin_thread(version=open_reviews()[-1].version, lines=Lines("messages.0.text", 1, 1), text="Shorter?", actor=cast.bob)
    change_policy_once(cast)
    reviews = open_reviews()
    assert asks(open_reviews()[: len(reviews) // 2]) == asks(open_reviews())
    for review in reviews:
        alone = gates.evaluate(gates.candidate_for(review.version, review.environment))
        assert at_a_glance(reviews)[review.pk] == alone, review
