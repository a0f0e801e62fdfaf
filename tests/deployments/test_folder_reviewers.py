"""Who answers for a folder approves what lies in it, where the conditions ask for that."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.deployments import gates, waiting
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.services import Blocked
from promptstudio.lib import clock
from promptstudio.lib.errors import NotAllowed
from promptstudio.notifications.audience import audience
from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.models import Folder, Membership
from promptstudio.projects.role_services import revoke_role
from promptstudio.projects.services import change_policy, folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews.models import Review
from promptstudio.reviews.substitute_services import end_substitute, name_substitute
from tests.cast import Cast, a_person, a_version, approve, approved, asked, promote

RULES = {"approvals": {"technical": 1}, "folder_reviewers": True}


@pytest.fixture
def mira(cast: Cast) -> Actor:
    return a_person("Mira", cast.claims, "product", by=cast.root)


@pytest.fixture
def motor(cast: Cast, prompt: Prompt, mira: Actor) -> Folder:
    """Where the prompt lies; Mira answers for it, and production asks her."""
    folder = folder_at(project=cast.claims, path="claims/motor")
    prompts.change_prompt(prompt=prompt, folder=folder.path, actor=cast.alice)
    answers(folder, mira, by=cast.dora)
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    return folder


@pytest.fixture
def version(cast: Cast, motor: Folder, prompt: Prompt) -> Version:
    return a_version(Prompt.objects.get(), by=cast.alice)


def answers(folder: Folder, *people: Actor, by: Actor, roles: tuple[str, ...] = ()) -> None:
    assert name_reviewers(folder=folder, people=[person.user for person in people], roles=roles, actor=by) is None


def outcome(cast: Cast, version: Version) -> gates.Outcome:
    fresh = Version.objects.select_related("prompt__folder").get(pk=version.pk)
    [found] = gates.evaluate(gates.candidate_for(fresh, cast.production), (gates.ForTheFolder(),))
    return found


def waits_for(person: Actor) -> list[Review]:
    return [item.review for item in waiting.reviews_for(person)]


def test_without_who_answers_for_it_nothing_enters(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bella])
    with pytest.raises(Blocked, match="It needs the approval of Mira, who answers for claims/motor"):
        promote(version, cast.production, by=cast.alice)


def test_with_their_approval_it_enters(cast: Cast, version: Version, mira: Actor) -> None:
    """Product approvals are not asked for, and Mira's counts for the folder."""
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
    assert outcome(cast, version).reason == "Mira approved it for claims/motor."
    assert promote(version, cast.production, by=cast.alice).version == version


def test_one_of_several_is_enough(cast: Cast, version: Version, motor: Folder, mira: Actor) -> None:
    answers(motor, mira, cast.bob, by=cast.dora)
    assert outcome(cast, version).reason == "It needs the approval of Bob or Mira, who answer for claims/motor."
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    assert outcome(cast, version).reason == "Bob approved it for claims/motor."


def test_a_role_can_answer_for_it(cast: Cast, version: Version, motor: Folder, mira: Actor) -> None:
    answers(motor, by=cast.dora, roles=("product",))
    assert outcome(cast, version).reason == "It needs the approval of Bob or Mira, who answer for claims/motor."
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    assert outcome(cast, version).passed


def test_the_nearest_folder_that_names_anybody_decides(cast: Cast, version: Version, motor: Folder, mira: Actor) -> None:
    claims, top = (folder_at(project=cast.claims, path=path) for path in ("claims", ""))
    answers(claims, cast.bob, by=cast.dora)
    answers(top, cast.bella, by=cast.dora)
    assert "Mira" in outcome(cast, version).reason
    answers(motor, by=cast.dora)
    assert outcome(cast, version).reason == "It needs the approval of Bob, who answers for claims."
    answers(claims, by=cast.dora)
    assert outcome(cast, version).reason == "It needs the approval of Bella, who answers for the top of the library."
    answers(top, by=cast.dora)
    assert outcome(cast, version).reason == "It asks nobody: no person and no role answers for its folder."


def test_a_folder_that_begins_alike_is_another(cast: Cast, version: Version, motor: Folder, mira: Actor) -> None:
    answers(motor, by=cast.dora)
    answers(folder_at(project=cast.claims, path="claims/mot"), mira, by=cast.dora)
    assert outcome(cast, version).passed


def test_whoever_wrote_it_does_not_approve_it_for_the_folder(cast: Cast, version: Version, mira: Actor) -> None:
    mine = a_version(version.prompt, by=mira, text="Mine {{claim}}")
    with pytest.raises(NotAllowed, match="You worked on this version"):
        approve(asked(mine, cast.production, by=cast.alice), mira)
    assert outcome(cast, mine).reason == (
        "Mira answers for claims/motor and worked on this version. Ask Dora to name somebody else there as well."
    )


def test_who_lost_the_role_closes_the_gate_and_it_says_whom_to_ask(cast: Cast, version: Version, mira: Actor) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
    revoke_role(membership=Membership.objects.get(user=mira.user), actor=cast.dora)
    assert outcome(cast, version).reason == (
        "Nobody who answers for claims/motor (Mira) can approve at the moment. Ask Dora to name somebody else under Settings › Folders."
    )


def test_who_may_only_read_now_cannot_give_it_any_more(cast: Cast, version: Version, mira: Actor) -> None:
    Membership.objects.filter(user=mira.user).update(role="viewer")
    assert outcome(cast, version).reason.startswith("Nobody who answers for claims/motor (Mira) can approve")


def test_who_was_archived_closes_it_as_well(cast: Cast, version: Version, mira: Actor) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
    mira.user.is_active = False
    mira.user.save()
    assert outcome(cast, version).reason.startswith("Nobody who answers for claims/motor (Mira) can approve")


def test_a_role_that_they_gave_themselves_does_not_count(cast: Cast, version: Version, motor: Folder) -> None:
    answers(motor, cast.dora, by=cast.dora)
    assert outcome(cast, version).reason == "It needs the approval of Dora, who answers for claims/motor."
    Membership.objects.filter(user=cast.dora.user).update(granted_by=cast.dora.user)
    assert not outcome(cast, version).passed
    with pytest.raises(NotAllowed):
        approve(asked(version, cast.production, by=cast.alice), cast.dora)


def test_who_does_not_see_a_restricted_prompt_cannot_give_it(cast: Cast, version: Version) -> None:
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.alice.user, cast.bella.user], actor=cast.alice)
    assert outcome(cast, version).reason.startswith("Nobody who answers for claims/motor (Mira) can approve")


def test_an_approval_stops_counting_when_something_else_goes_live(cast: Cast, version: Version, mira: Actor) -> None:
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
    other = a_version(version.prompt, by=cast.alice, text="Other {{claim}}")
    approved(other, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
    promote(other, cast.production, by=cast.alice)
    assert outcome(cast, version).reason == (
        "Mira approved it for claims/motor when something else was live, and must look at the new difference and confirm."
    )
    assert review in waits_for(mira)
    approve(review, mira)
    assert outcome(cast, version).passed


def test_what_was_recalled_needs_them_again(cast: Cast, version: Version, mira: Actor) -> None:
    deployments.recall(version=version, reason="Wrong sums.", actor=cast.bella)
    review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bella])
    recalled = gates.NotRecalled()
    assert not recalled.check(gates.candidate_for(version, cast.production)).passed
    approve(review, mira)
    assert recalled.check(gates.candidate_for(version, cast.production)).passed


def test_changes_that_somebody_asked_for_hold_it_back_without_approvals_by_role_too(cast: Cast, version: Version, mira: Actor) -> None:
    change_policy(environment=cast.production, data={"folder_reviewers": True}, actor=cast.dora)
    review = approved(version, cast.production, asked_by=cast.alice, by=[mira])
    deployments.decide(review=review, verdict="request_changes", comment="Not yet.", seen=None, actor=cast.bob)
    assert outcome(cast, version).reason == "Bob asked for changes: “Not yet.”"


def test_it_waits_for_those_who_answer_and_for_those_whose_role_is_asked(cast: Cast, version: Version, mira: Actor) -> None:
    asked(version, cast.production, by=cast.alice)
    waits = {person.user.name for person in (cast.alice, cast.bob, cast.bella, cast.dora, cast.vera, mira) if waits_for(person)}
    assert waits == {"Bella", "Mira"}


def test_without_approvals_by_role_it_waits_for_nobody_else(cast: Cast, version: Version, mira: Actor) -> None:
    change_policy(environment=cast.production, data={"folder_reviewers": True}, actor=cast.dora)
    asked(version, cast.production, by=cast.alice)
    assert [bool(waits_for(person)) for person in (cast.bob, cast.bella, mira)] == [False, False, True]


def test_the_request_tells_them(cast: Cast, version: Version, mira: Actor) -> None:
    asked(version, cast.production, by=cast.alice)
    told = audience(Entry.objects.get(action="review.asked"))
    assert {notification.person.name for notification in told} == {"Bella", "Mira"}


class TestAway:
    @pytest.fixture
    def away(self, cast: Cast, mira: Actor) -> Any:
        """Mira named Bob, who is product as well."""
        day = timezone.localdate(clock.now())
        return name_substitute(substitute=cast.bob.user, first_day=day, last_day=day + timedelta(days=7), actor=mira)

    def test_a_substitute_approves_in_their_place(self, cast: Cast, version: Version, away: Any) -> None:
        review = asked(version, cast.production, by=cast.alice)
        [item] = waiting.reviews_for(cast.bob)
        assert item.instead_of == ("Mira",)
        assert outcome(cast, version).reason == "It needs the approval of Bob or Mira, who answer for claims/motor."
        approve(review, cast.bob, cast.bella)
        assert outcome(cast, version).reason == "Bob in the place of Mira approved it for claims/motor."
        assert promote(version, cast.production, by=cast.alice).version == version

    def test_what_they_approved_goes_on_counting_afterwards(self, cast: Cast, version: Version, away: Any, monkeypatch: Any) -> None:
        review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
        later = clock.now() + timedelta(days=10)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert outcome(cast, version).passed
        other = a_version(version.prompt, by=cast.alice, text="Other {{claim}}")
        with pytest.raises(NotAllowed, match="Your roles do not decide here"):
            approve(asked(other, cast.production, by=cast.alice), cast.bob)
        assert review.version == version

    @pytest.mark.parametrize(("days", "first"), [(5, 30), (0, 0)])
    def test_naming_who_approved_already_makes_nothing_of_it(
        self, cast: Cast, version: Version, mira: Actor, days: int, first: int
    ) -> None:
        change_policy(environment=cast.production, data={"approvals": {"product": 1}, "folder_reviewers": True}, actor=cast.dora)
        with clock.at(clock.now() - timedelta(days=days)):
            review = approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
        day = timezone.localdate(clock.now())
        name_substitute(substitute=cast.bob.user, first_day=day - timedelta(days=first), last_day=day, actor=mira)
        assert outcome(cast, version).reason == "It needs the approval of Bob or Mira, who answer for claims/motor."
        approve(review, cast.bob)
        assert outcome(cast, version).reason == "Bob in the place of Mira approved it for claims/motor."

    def test_before_and_after_they_do_not(self, cast: Cast, version: Version, away: Any, mira: Actor) -> None:
        end_substitute(row=away, actor=mira)
        with pytest.raises(NotAllowed, match="Your roles do not decide here"):
            approve(asked(version, cast.production, by=cast.alice), cast.bob)
        assert not waits_for(cast.bob)

    def test_nobody_approves_their_own_words_through_a_substitute(self, cast: Cast, version: Version, away: Any, mira: Actor) -> None:
        mine = a_version(version.prompt, by=mira, text="Mine {{claim}}")
        change_policy(environment=cast.production, data={"folder_reviewers": True}, actor=cast.dora)
        review = asked(mine, cast.production, by=cast.alice)
        assert not waits_for(cast.bob)
        approve(review, cast.bob)
        assert outcome(cast, mine).reason.startswith("Mira answers for claims/motor and worked on this version.")

    def test_who_left_for_good_has_no_substitute(self, cast: Cast, version: Version, away: Any, mira: Actor) -> None:
        approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
        revoke_role(membership=Membership.objects.get(user=mira.user), actor=cast.dora)
        assert not outcome(cast, version).passed


def test_at_a_glance_it_says_the_same(cast: Cast, version: Version, motor: Folder, mira: Actor) -> None:
    day = timezone.localdate(clock.now())
    name_substitute(substitute=cast.bob.user, first_day=day, last_day=day, actor=mira)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    other = a_version(version.prompt, by=mira, text="Other {{claim}}")
    asked(other, cast.production, by=cast.alice)
    reviews = list(Review.objects.open().with_everything().order_by("id"))
    answers_by_review = at_a_glance(reviews)
    for review in reviews:
        assert answers_by_review[review.pk] == gates.evaluate(gates.candidate_for(review.version, review.environment))
    assert {o.passed for answer in answers_by_review.values() for o in answer if o.gate == "folder_reviewers"} == {True, False}


def test_the_number_of_queries_does_not_grow(cast: Cast, version: Version, mira: Actor) -> None:
    day = timezone.localdate(clock.now())
    name_substitute(substitute=cast.bob.user, first_day=day, last_day=day, actor=mira)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert waiting.reviews_for(cast.bob)
            at_a_glance(list(Review.objects.open().with_everything()))
        return len(seen)

    asked(version, cast.production, by=cast.alice)
    few = queries()
    for number in range(3):
        asked(a_version(version.prompt, by=cast.alice, text=f"{number} {{{{claim}}}}"), cast.production, by=cast.alice)
    assert queries() == few


class TestSuggesters:
    @pytest.fixture
    def theirs(self, cast: Cast, version: Version) -> Version:
        """Bella suggested words, and Alice took them."""
        lines = Lines("messages.0.text", 1, 1)
        thread = conversation.begin_thread(version=version, lines=lines, suggests="Bella's {{claim}}", actor=cast.bella)
        draft = conversation.take_suggestion(suggestion=thread.remarks.get().suggestions.get(), actor=cast.alice)
        change = prompts.Change("As Bella says.", "Fewer calls.", "We count them.")
        return prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=change, actor=cast.alice)

    def test_who_suggested_it_approves_it(self, cast: Cast, theirs: Version, mira: Actor) -> None:
        approved(theirs, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
        assert promote(theirs, cast.production, by=cast.alice).version == theirs

    def test_unless_the_conditions_count_that_as_writing(self, cast: Cast, theirs: Version, version: Version) -> None:
        change_policy(environment=cast.production, data=RULES | {"suggester_counts_as_author": True}, actor=cast.dora)
        review = asked(theirs, cast.production, by=cast.alice)
        assert review not in waits_for(cast.bella)
        with pytest.raises(NotAllowed, match="Words that you suggested were taken into this version"):
            approve(review, cast.bella)
        approve(asked(version, cast.production, by=cast.alice), cast.bella)

    def test_one_version_further_their_words_still_come_along(self, cast: Cast, theirs: Version, mira: Actor) -> None:
        change_policy(environment=cast.production, data=RULES | {"suggester_counts_as_author": True}, actor=cast.dora)
        further = a_version(theirs.prompt, by=cast.alice, text="Bella's {{claim}}!")
        review = asked(further, cast.production, by=cast.alice)
        assert review not in waits_for(cast.bella)
        with pytest.raises(NotAllowed, match="or into one that it brings along"):
            approve(review, cast.bella)

    def test_until_they_are_live_there(self, cast: Cast, theirs: Version, mira: Actor) -> None:
        approved(theirs, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
        promote(theirs, cast.production, by=cast.alice)
        change_policy(environment=cast.production, data=RULES | {"suggester_counts_as_author": True}, actor=cast.dora)
        further = a_version(theirs.prompt, by=cast.alice, text="Bella's {{claim}}!")
        review = asked(further, cast.production, by=cast.alice)
        assert review in waits_for(cast.bella)
        approve(review, cast.bella, mira)
        fresh = list(Review.objects.open().with_everything())
        expected = {r.pk: gates.evaluate(gates.candidate_for(r.version, r.environment)) for r in fresh}
        assert at_a_glance(fresh) == expected
        assert promote(further, cast.production, by=cast.alice).version == further

    def test_what_they_approved_before_counts_no_more(self, cast: Cast, theirs: Version, mira: Actor) -> None:
        approved(theirs, cast.production, asked_by=cast.alice, by=[cast.bella, mira])
        change_policy(environment=cast.production, data=RULES | {"suggester_counts_as_author": True}, actor=cast.dora)
        with pytest.raises(Blocked, match=r"1 more technical approval needed\. Nobody can give it at the moment"):
            promote(theirs, cast.production, by=cast.alice)
        reviews = list(Review.objects.open().with_everything())
        assert at_a_glance(reviews)[reviews[0].pk] == gates.evaluate(gates.candidate_for(theirs, cast.production))

    def test_they_do_not_approve_it_for_the_folder_either(self, cast: Cast, theirs: Version, motor: Folder) -> None:
        answers(motor, cast.bella, by=cast.dora)
        change_policy(environment=cast.production, data={"folder_reviewers": True, "suggester_counts_as_author": True}, actor=cast.dora)
        assert outcome(cast, theirs).reason.startswith("Bella answers for claims/motor and worked on this version.")
