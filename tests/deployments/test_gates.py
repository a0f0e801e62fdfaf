"""Promises 3 and 4: a gate that cannot answer blocks, and what an approval is worth."""

from datetime import timedelta

import pytest

from promptstudio.audit.models import Entry
from promptstudio.deployments import gates, waiting
from promptstudio.deployments import services as deployments
from promptstudio.deployments.services import Blocked
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, NotAllowed
from promptstudio.projects.models import Membership, Policy
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import change_policy
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.services import withdraw
from tests.cast import (
    STRICT,
    Cast,
    a_key,
    a_person,
    a_version,
    an_application,
    approve,
    approved,
    asked,
    bundle,
    in_production,
    in_staging,
    promote,
)


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    """Alice's, live in staging."""
    return in_staging(cast, prompt)


def outcome(cast: Cast, version: Version, gate: str) -> gates.Outcome:
    outcomes = gates.evaluate(gates.candidate_for(version, cast.production))
    return next(outcome for outcome in outcomes if outcome.gate == gate)


def test_a_query_that_fails_leaves_the_other_gates_their_transaction(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates.ChangeRecord, "check", lambda self, candidate: Version.objects.raw("SELECT nothing FROM nowhere")[0])
    with pytest.raises(Blocked) as refused:
        promote(version, cast.production, by=cast.alice)
    assert [o["gate"] for o in refused.value.evaluation.blocked] == ["change_record", "approvals"]


def test_a_gate_that_cannot_say_whether_it_applies_blocks(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates.PreviousEnvironment, "applies", lambda self, rules: rules.nothing_of_the_kind)
    assert not outcome(cast, version, "previous_environment").passed


def test_approvals_are_missing_by_role_with_the_names_of_those_who_can_give_them(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    assert outcome(cast, version, "approvals").reason == "1 more technical approval needed. These people can give it: Bella."


def test_with_every_approval_it_enters(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert promote(version, cast.production, by=cast.alice).version == version


def test_approving_deploys_nothing(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert not version.deployments.filter(placement__environment=cast.production).exists()


def test_the_author_does_not_approve(cast: Cast, prompt: Prompt) -> None:
    mine = a_version(prompt, by=cast.bob)
    with pytest.raises(NotAllowed, match="You worked on this version"):
        approve(asked(mine, cast.production, by=cast.alice), cast.bob)


def test_whoever_wrote_in_the_draft_does_not_approve(cast: Cast, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    draft = prompts.save_draft(draft=draft, content=bundle("Bob's {{claim}}"), revision=1, actor=cast.bob)
    change = prompts.Change("Together", "Fewer calls.", "We count them.")
    made = prompts.save_version_of_draft(draft=draft, revision=2, change=change, actor=cast.alice)
    assert {person.name for person in made.people} == {"Alice", "Bob"}
    with pytest.raises(NotAllowed, match="You worked on this version"):
        approve(asked(made, cast.production, by=cast.alice), cast.bob)


def test_what_a_key_wrote_counts_as_written_by_its_responsible_person(cast: Cast, prompt: Prompt) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.bob, by=cast.dora), "write", by=cast.dora)
    made = a_version(prompt, by=key)
    with pytest.raises(NotAllowed, match="You worked on this version"):
        approve(asked(made, cast.production, by=cast.alice), cast.bob)


def test_a_draft_that_a_key_wrote_in_counts_the_same(cast: Cast, prompt: Prompt) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.bella, by=cast.dora), "write", by=cast.dora)
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    prompts.save_draft(draft=draft, content=bundle("By night {{claim}}"), revision=1, actor=key)
    made = prompts.save_version_of_draft(draft=draft, revision=2, change=prompts.Change("By night"), actor=cast.alice)
    assert made.was_written_by(cast.bella.user)


def test_a_key_never_approves(cast: Cast, version: Version) -> None:
    account = an_application(cast.claims, responsible=cast.bob, by=cast.dora)
    grant_role(project=cast.claims, user=account.user, role="product", actor=cast.dora)
    _, key = a_key(account, "read", "write", "deploy", by=cast.dora)
    with pytest.raises(NotAllowed, match="A key never approves"):
        approve(asked(version, cast.production, by=cast.alice), key)


def test_the_same_person_counts_once(cast: Cast, version: Version) -> None:
    grant_role(project=cast.claims, user=cast.bob.user, role="technical", actor=cast.dora)
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    deployments.decide(review=review, verdict="approve", comment="As technical as well.", seen=None, actor=cast.bob)
    assert outcome(cast, version, "approvals").reason.startswith("1 more technical approval needed")


def test_an_approval_lapses_with_the_role_it_was_given_in(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    assert outcome(cast, version, "approvals").reason.startswith("1 more product approval needed")


def test_an_approval_lapses_with_the_person(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    cast.bob.user.is_active = False
    cast.bob.user.save()
    assert not outcome(cast, version, "approvals").passed


def test_a_role_that_someone_gave_themselves_does_not_decide(cast: Cast, version: Version) -> None:
    grant_role(project=cast.claims, user=cast.dora.user, role="product", actor=cast.dora)
    with pytest.raises(NotAllowed, match="Your roles do not decide here"):
        approve(asked(version, cast.production, by=cast.alice), cast.dora)


def test_conditions_of_before_that_ask_for_an_auditor_give_that_role_no_say(cast: Cast, version: Version) -> None:
    agnes = a_person("Agnes", cast.claims, "auditor", by=cast.root)
    data = Rules(approvals={"auditor": 1}).model_dump(mode="json")
    number = cast.production.policy.number + 1
    Policy.objects.create(environment=cast.production, number=number, data=data, created_by=cast.dora.user)
    with pytest.raises(NotAllowed, match="Your roles do not decide here"):
        approve(asked(version, cast.production, by=cast.alice), agnes)
    assert not outcome(cast, version, "approvals").passed


def test_a_role_given_to_oneself_again_does_not_count(cast: Cast, version: Version) -> None:
    paula = a_person("Paula", cast.claims, "admin", "product", by=cast.root)
    approved(version, cast.production, asked_by=cast.alice, by=[paula, cast.bella])
    revoke_role(membership=Membership.objects.get(user=paula.user, role="product"), actor=cast.dora)
    grant_role(project=cast.claims, user=paula.user, role="product", actor=paula)
    assert not outcome(cast, version, "approvals").passed


def test_a_later_decision_replaces_the_earlier(cast: Cast, version: Version) -> None:
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    deployments.decide(review=review, verdict="request_changes", comment="Too long.", seen=None, actor=cast.bob)
    assert outcome(cast, version, "approvals").reason == "Bob asked for changes: “Too long.”"
    approve(review, cast.bob)
    assert outcome(cast, version, "approvals").passed


def test_an_approval_is_for_one_version(cast: Cast, version: Version, prompt: Prompt) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    other = a_version(prompt, by=cast.alice, text="Judge {{claim}}")
    assert not outcome(cast, other, "approvals").passed


def test_an_approval_is_for_one_environment(cast: Cast, version: Version) -> None:
    approved(version, cast.staging, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert not outcome(cast, version, "approvals").passed


@pytest.fixture
def hotfixed(cast: Cast, prompt: Prompt, version: Version) -> Version:
    """`version` was approved against nothing; then a hotfix by someone else went live."""
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    hotfix = a_version(prompt, by=cast.alice, text="Quickly: {{claim}}")
    in_production(cast, hotfix)
    return hotfix


def test_when_something_else_went_live_approvals_stop_counting(cast: Cast, version: Version, hotfixed: Version) -> None:
    with pytest.raises(Blocked) as refused:
        promote(version, cast.production, by=cast.alice)
    assert [o["gate"] for o in refused.value.evaluation.blocked] == ["same_baseline"]
    assert f"{hotfixed.semver} is live now" in refused.value.sentence
    assert "Bob (who saw nothing live), Bella (who saw nothing live) must look" in refused.value.sentence


def test_once_all_have_confirmed_it_enters(cast: Cast, version: Version, hotfixed: Version) -> None:
    approve(version.reviews.get(closed_at=None), cast.bob, cast.bella)
    assert promote(version, cast.production, by=cast.alice).version == version


def test_the_confirmation_of_one_is_not_that_of_the_other(cast: Cast, version: Version, hotfixed: Version) -> None:
    approve(version.reviews.get(closed_at=None), cast.bob)
    reason = outcome(cast, version, "same_baseline").reason
    assert "Bella" in reason
    assert "Bob" not in reason


def test_a_stale_approval_that_is_not_needed_does_not_block(cast: Cast, version: Version, hotfixed: Version) -> None:
    review = version.reviews.get(closed_at=None)
    pia = a_person("Pia", cast.claims, "product", by=cast.dora)
    approve(review, pia, cast.bella)
    assert outcome(cast, version, "same_baseline").passed


def test_a_decision_on_another_difference_than_the_one_seen_is_a_conflict(cast: Cast, version: Version, hotfixed: Version) -> None:
    with pytest.raises(Conflict, match="Look at the new difference"):
        deployments.decide(review=version.reviews.get(closed_at=None), verdict="approve", seen=None, actor=cast.bob)


def test_an_imported_version_has_no_change_record(cast: Cast, prompt: Prompt) -> None:
    change = prompts.Change(origin="import", authored_at=clock.now() - timedelta(days=900))
    made = prompts.save_version(prompt=prompt, data=bundle(), change=change, actor=cast.alice)
    prompts.add_to_change_record(version=made, expected_impact="None.", validation_criteria="None.", actor=cast.alice)
    assert "was imported" in outcome(cast, made, "change_record").reason


def test_an_approval_lapses_after_the_days_of_the_policy(cast: Cast, version: Version) -> None:
    change_policy(environment=cast.production, data=STRICT.model_dump(mode="json") | {"approval_days": 14}, actor=cast.dora)
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert outcome(cast, version, "approvals").passed
    assert waiting.reviews_for(cast.bob) == []
    later = clock.now() + timedelta(days=14, minutes=1)
    with clock.at(later):
        refused = outcome(cast, version, "approvals")
        assert not refused.passed
        assert "The approval of Bob of" in refused.reason
        assert "lapsed after 14 days." in refused.reason
        assert "These people can give it: Bella, Bob." in refused.reason
        [item] = waiting.reviews_for(cast.bob)
        assert (item.review, item.lapsed, item.confirm) == (review, True, False)
        approve(review, cast.bob, cast.bella)
        assert promote(version, cast.production, by=cast.alice)


def test_whoever_approved_does_not_promote_where_the_policy_says_so(cast: Cast, version: Version) -> None:
    apart = STRICT.model_dump(mode="json") | {"approver_may_deploy": False}
    change_policy(environment=cast.production, data=apart, actor=cast.dora)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    with pytest.raises(Blocked, match="Bob approved it, so somebody else has to promote it"):
        promote(version, cast.production, by=cast.bob)
    assert promote(version, cast.production, by=cast.dora)


def test_a_key_promotes_with_the_hands_of_whoever_answers_for_it(cast: Cast, version: Version) -> None:
    apart = STRICT.model_dump(mode="json") | {"approver_may_deploy": False}
    change_policy(environment=cast.production, data=apart, actor=cast.dora)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    account = an_application(cast.claims, responsible=cast.bella, by=cast.dora)
    _, machine = a_key(account, "deploy", by=cast.dora)
    with pytest.raises(Blocked, match="Bella approved it"):
        promote(version, cast.production, by=machine)


def test_approvals_of_a_withdrawn_review_open_no_gate(cast: Cast, version: Version) -> None:
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert outcome(cast, version, "approvals").passed
    withdraw(review=review, actor=cast.alice)
    assert not outcome(cast, version, "approvals").passed
    with pytest.raises(Blocked):
        promote(version, cast.production, by=cast.alice)


def test_without_an_approval_the_baseline_says_that_there_is_none(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    promote(version, cast.production, by=cast.alice)
    newer = a_version(version.prompt, by=cast.alice, text="Newer {{claim}}")
    assert outcome(cast, newer, "same_baseline").reason == "There is no approval yet that could be held against what is live."
    promote(newer, cast.development, cast.staging, by=cast.alice)
    approved(newer, cast.production, asked_by=cast.alice, by=[cast.bob])
    assert outcome(cast, newer, "same_baseline").reason == "The approvals that count were given against 1.0.0, which is live now."


def test_whoever_may_not_decide_is_told_so_first_and_it_is_kept(cast: Cast, version: Version) -> None:
    review = asked(version, cast.production, by=cast.alice)
    with pytest.raises(NotAllowed, match="You worked on this version") as refused:
        deployments.decide(review=review, verdict="approve", seen=version, actor=cast.alice)
    assert refused.value.kept
    kept = Entry.objects.get(action="review.not_allowed")
    assert (kept.actor_uid, kept.project_uid) == (cast.alice.user.uid, cast.claims.uid)
