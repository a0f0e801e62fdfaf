"""Asking for approval, deciding, talking about it: who may, and what is missing."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Membership
from promptstudio.projects.role_services import revoke_role
from promptstudio.projects.services import change_policy
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import services
from promptstudio.reviews.models import Decision, Review
from promptstudio.reviews.permissions import can_decide
from tests.cast import Cast, a_key, a_prompt, a_version, an_application, approve, asked, bundle


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def review(cast: Cast, version: Version) -> Review:
    return asked(version, cast.production, by=cast.alice)


def decide(review: Review, actor: Any, verdict: str = "approve", comment: str = "") -> Decision:
    return services.decide(review=review, verdict=verdict, comment=comment, baseline=None, actor=actor)


def test_a_review_waits_until_the_change_record_is_complete(cast: Cast, prompt: Prompt) -> None:
    bare = a_version(prompt, by=cast.alice, complete=False)
    with pytest.raises(Invalid, match="Reviewers need “Expected impact” and “How we will know”") as refused:
        asked(bare, cast.production, by=cast.alice)
    assert list(refused.value.errors) == ["change_record"]


def test_once_it_is_complete_a_review_can_be_asked(cast: Cast, prompt: Prompt) -> None:
    bare = a_version(prompt, by=cast.alice, complete=False)
    prompts.add_to_change_record(version=bare, expected_impact="Fewer calls.", actor=cast.alice)
    prompts.add_to_change_record(version=bare, validation_criteria="We count.", actor=cast.alice)
    assert asked(bare, cast.production, by=cast.alice).is_open


def test_an_import_has_no_record_to_complete(cast: Cast, prompt: Prompt) -> None:
    made = prompts.save_version(prompt=prompt, data=bundle(), change=prompts.Change(origin="import"), actor=cast.alice)
    assert asked(made, cast.production, by=cast.alice).is_open


def test_a_second_open_review_is_a_conflict_that_names_who_asked(cast: Cast, version: Version, review: Review) -> None:
    with pytest.raises(Conflict, match=r"Alice asked for a review of 1\.0\.0 for Production") as lost:
        asked(version, cast.production, by=cast.bob)
    assert lost.value.details["review"] == str(review.uid)


def test_the_database_holds_one_open_review_too(cast: Cast, version: Version, review: Review) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(version=version, environment=cast.production, asked_by=cast.bob.user)


def test_the_environment_is_one_of_the_project(cast: Cast) -> None:
    foreign = a_version(a_prompt(cast.elsewhere, by=cast.charlie), by=cast.charlie)
    with pytest.raises(Invalid) as refused:
        asked(foreign, cast.production, by=cast.charlie)
    assert list(refused.value.errors) == ["environment"]


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_who_does_not_write_does_not_ask(cast: Cast, version: Version, who: str) -> None:
    with pytest.raises(NotAllowed):
        asked(version, cast.production, by=getattr(cast, who))


def test_a_decision_keeps_role_digest_and_baseline(cast: Cast, review: Review, version: Version) -> None:
    decision = decide(review, cast.bob)
    assert (decision.role, decision.digest, decision.baseline) == ("product", version.digest, None)


@pytest.mark.parametrize("who", ["vera", "axel", "charlie", "dora", "root"])
def test_only_the_roles_that_the_policy_asks_for_decide(cast: Cast, review: Review, who: str) -> None:
    with pytest.raises(NotAllowed, match="The conditions of Production ask for product or technical"):
        decide(review, getattr(cast, who))


def test_where_the_policy_asks_for_nobody_any_reviewer_decides(cast: Cast, version: Version) -> None:
    assert decide(asked(version, cast.staging, by=cast.alice), cast.dora).role == "admin"


def test_the_button_and_the_refusal_say_the_same(cast: Cast, review: Review) -> None:
    with pytest.raises(NotAllowed) as refused:
        decide(review, cast.alice)
    assert refused.value.sentence == str(can_decide(cast.alice, review))


def test_whoever_lost_the_role_decides_no_more(cast: Cast, review: Review) -> None:
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    with pytest.raises(NotAllowed):
        decide(review, cast.bob)


def test_the_policy_of_the_moment_says_who_decides(cast: Cast, review: Review) -> None:
    change_policy(environment=cast.production, data={"approvals": {"admin": 1}}, actor=cast.root)
    assert decide(review, cast.dora).role == "admin"


def test_asking_for_changes_needs_words(cast: Cast, review: Review) -> None:
    with pytest.raises(Invalid) as refused:
        decide(review, cast.bob, "request_changes")
    assert list(refused.value.errors) == ["comment"]


def test_a_verdict_is_one_of_two(cast: Cast, review: Review) -> None:
    with pytest.raises(Invalid) as refused:
        decide(review, cast.bob, "maybe")
    assert list(refused.value.errors) == ["verdict"]


def test_a_closed_review_takes_no_decision(cast: Cast, review: Review) -> None:
    services.withdraw(review=review, actor=cast.alice)
    with pytest.raises(NotAllowed, match="closed"):
        decide(review, cast.bob)


def test_standing_is_each_persons_last_word(cast: Cast, review: Review, version: Version) -> None:
    decide(review, cast.bob, "request_changes", "Shorter.")
    approve(review, cast.bella, cast.bob)
    standing = services.standing_decisions(version, cast.production)
    assert {decision.person.name: decision.verdict for decision in standing} == {"Bob": "approve", "Bella": "approve"}


@pytest.mark.parametrize("who", ["bob", "vera", "charlie"])
def test_others_do_not_withdraw_it(cast: Cast, review: Review, who: str) -> None:
    with pytest.raises(NotAllowed):
        services.withdraw(review=review, actor=getattr(cast, who))


def test_an_admin_withdraws_it(cast: Cast, review: Review) -> None:
    services.withdraw(review=review, actor=cast.dora)
    review.refresh_from_db()
    assert (review.is_open, review.outcome) == (False, "withdrawn")


def test_after_that_it_can_be_asked_again(cast: Cast, version: Version, review: Review) -> None:
    services.withdraw(review=review, actor=cast.alice)
    assert asked(version, cast.production, by=cast.bob).is_open


def test_a_key_that_only_reads_withdraws_nothing(cast: Cast, review: Review) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", by=cast.dora)
    with pytest.raises(NotAllowed, match="lacks the scope"):
        services.withdraw(review=review, actor=key)


def test_a_key_takes_no_part_in_a_conversation(cast: Cast, review: Review) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "write", by=cast.dora)
    with pytest.raises(NotAllowed, match="A key cannot take part"):
        services.comment(review=review, text="Hello", actor=key)


def test_an_empty_comment_is_refused_at_its_field(cast: Cast, review: Review) -> None:
    with pytest.raises(Invalid) as refused:
        services.comment(review=review, text=" \n ", actor=cast.bob)
    assert list(refused.value.errors) == ["text"]


def test_a_withdrawn_review_takes_its_decisions_along(cast: Cast, version: Version, review: Review) -> None:
    decide(review, cast.bob)
    assert [d.person for d in services.standing_decisions(version, cast.production)] == [cast.bob.user]
    services.withdraw(review=review, actor=cast.alice)
    assert services.standing_decisions(version, cast.production) == []


@pytest.mark.parametrize("who", ["bob", "bella", "vera", "axel"])
def test_only_who_asked_or_wrote_or_administers_withdraws(cast: Cast, review: Review, who: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        services.withdraw(review=review, actor=getattr(cast, who))
    assert refused.value.sentence == "Only who asked, who wrote it, or a project admin withdraws it."
    services.withdraw(review=review, actor=cast.dora)


def test_a_decision_that_was_sent_twice_is_recorded_once(cast: Cast, version: Version, review: Review) -> None:
    decide(review, cast.bob, comment="Good.")
    with pytest.raises(Conflict, match="You approved already, at"):
        decide(review, cast.bob, comment=" Good. ")
    assert review.decisions.count() == 1
    decide(review, cast.bob, comment="On second thoughts, very good.")
    services.decide(review=review, verdict="approve", comment="On second thoughts, very good.", baseline=version, actor=cast.bob)
    decide(review, cast.bella, comment="Good.")
    assert review.decisions.count() == 4
