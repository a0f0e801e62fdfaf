"""Who is told what, once each, and never what they may not see."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from promptstudio.accounts.services import anonymise_person, change_person
from promptstudio.audit.models import Entry, Head
from promptstudio.audit.services import record
from promptstudio.deployments import services as deployments
from promptstudio.lib import clock
from promptstudio.notifications import daily, telling
from promptstudio.notifications.models import Cursor, Delivery, Notification, OutboxMessage
from promptstudio.notifications.services import choose_ways
from promptstudio.projects.models import Membership
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.services import change_policy, folder_at
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Suggestion
from tests.cast import Cast, a_key, a_person, a_version, an_application, approve, asked, in_production, promote, wished
from tests.deployments.fake_target import a_target, publish_everything, refuse, use_fake_publisher


@pytest.fixture(autouse=True)
def told_so_far(cast: Cast) -> None:
    """The cast was hired, and everybody knows."""
    telling.tell_due()
    Notification.objects.all().delete()


def told(kind: str = "") -> set[str]:
    """Who was told lately (of one kind); it is forgotten here."""
    telling.tell_due()
    found = Notification.objects.filter(kind=kind) if kind else Notification.objects.all()
    names = {row.person.name for row in found.select_related("person")}
    Notification.objects.all().delete()
    return names


def test_a_review_is_told_to_everybody_who_may_decide_and_to_nobody_else(cast: Cast, prompt: Prompt) -> None:
    a_person("Theo", cast.claims, "viewer", "technical", by=cast.root)
    version = a_version(prompt, by=cast.alice)
    told()
    asked(version, cast.production, by=cast.alice)
    # Production asks for product and technical: not Alice, who wrote it, nor Dora, Vera, Axel or Charlie.
    assert told("review_asked") == {"Bob", "Bella", "Theo"}


def test_decisions_and_words_reach_the_asker_the_authors_and_who_spoke_before_but_not_who_speaks(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.dora)
    told()
    reviews.comment(review=review, text="Why?", actor=cast.bob)
    assert told("answered") == {"Alice", "Dora"}
    reviews.decide(review=review, verdict="request_changes", comment="No.", baseline=None, actor=cast.bella)
    assert told("answered") == {"Alice", "Dora", "Bob"}
    reviews.comment(review=review, text="Because.", actor=cast.alice)
    assert told("answered") == {"Dora", "Bob", "Bella"}
    reviews.withdraw(review=review, actor=cast.dora)
    assert told("answered") == {"Alice", "Bob", "Bella"}


def test_a_promotion_and_a_rollback_reach_owner_approvers_and_authors(cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))
    second = a_version(prompt, by=cast.bob, text="Second {{claim}}")
    promote(second, cast.development, cast.staging, by=cast.alice)
    told()
    review = asked(second, cast.production, by=cast.bob)
    change_policy(environment=cast.production, data={"approvals": {"technical": 1}}, actor=cast.dora)
    approve(review, cast.bella)
    told()
    promote(second, cast.production, by=cast.dora)
    assert told("released") == {"Alice", "Bob", "Bella"}
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="Wrong sums.", actor=cast.bella)
    assert "Alice" in told("released")


def test_what_is_held_back_reaches_the_owner(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    told()
    with pytest.raises(deployments.Blocked):
        promote(version, cast.production, by=cast.bob)
    assert told("held_back") == {"Alice"}


def test_a_failed_publication_reaches_the_deployer(cast: Cast, prompt: Prompt, settings: Any) -> None:

    use_fake_publisher(settings).twists = [refuse]
    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.bob)
    told()
    publish_everything()
    assert told("failed") == {"Alice", "Bob"}


def test_a_recall_reaches_whoever_put_it_where_it_is_live(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.dora)
    told()
    deployments.recall(version=version, reason="Wrong.", actor=cast.bob)
    assert told("recalled") == {"Alice", "Dora"}
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="Wrong.", actor=cast.bob)
    assert told("recalled") == {"Alice", "Dora"}


def test_a_wish_for_a_second_person_reaches_who_may_confirm_it(cast: Cast, settings: Any) -> None:
    settings.SECOND_PERSON = True
    change_policy(environment=cast.production, data={}, actor=cast.dora)
    assert told("second_person") == {"Root"}


def test_a_role_is_told_to_whom_it_is_given_or_taken(cast: Cast) -> None:
    grant_role(project=cast.claims, user=cast.vera.user, role="product", actor=cast.dora)
    assert told("role") == {"Vera"}
    revoke_role(membership=Membership.objects.get(user=cast.charlie.user), actor=cast.root)
    assert told("role") == {"Charlie"}


def test_a_mention_reaches_who_is_mentioned_where_they_may_see_it(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    told()
    names = [str(actor.user.uid) for actor in (cast.vera, cast.charlie, cast.alice, cast.bob)]
    record(actor=cast.bob, action="review.commented", subject=review, project_uid=cast.claims.uid, mentioned=[*names, "nonsense", None])
    # Charlie sees nothing of the project, and Bob wrote it himself.
    assert told("mentioned") == {"Vera", "Alice"}


def test_a_restricted_prompt_is_told_to_nobody_who_is_not_named(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    prompts.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    told()
    asked(version, cast.production, by=cast.alice)
    assert told() == {"Bob"}


def test_what_became_invisible_is_not_shown_any_more(cast: Cast, prompt: Prompt) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    assert Notification.objects.shown_to(cast.bella).exists()
    prompts.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    assert not Notification.objects.shown_to(cast.bella).exists()
    assert Notification.objects.shown_to(cast.bob).exists()


def test_whoever_left_is_told_nothing(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    asked(version, cast.production, by=cast.alice)
    change_person(person=cast.bob.user, name="Bob", email="", is_active=False, is_staff=False, is_site_admin=False, actor=cast.root)
    assert "Bob" not in told()


def test_a_key_is_told_nothing(cast: Cast, prompt: Prompt) -> None:
    account = an_application(cast.claims, responsible=cast.bob, by=cast.dora)
    _, key = a_key(account, "read", by=cast.dora)
    telling.tell_due()
    assert not Notification.objects.filter(person=account.user).exists()
    assert not Notification.objects.shown_to(key).exists()


def test_not_at_all_means_not_at_all(cast: Cast, prompt: Prompt) -> None:
    choose_ways(ways={"review_asked": "not"}, actor=cast.bob)
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    assert told("review_asked") == {"Bella"}


def test_nobody_is_told_twice(cast: Cast, prompt: Prompt) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    assert telling.tell_due() == 2
    assert telling.tell_due() == 0
    Cursor.objects.update(sequence=0)
    telling.tell_due()
    assert Notification.objects.filter(kind="review_asked").count() == 2


def test_of_two_that_read_the_same_entries_one_writes(cast: Cast, prompt: Prompt) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    chain = str(cast.claims.uid)
    slow = Cursor.objects.get(chain=chain)
    entries = list(Entry.objects.filter(chain=chain, sequence__gt=slow.sequence).order_by("sequence"))
    telling.tell_due()
    Notification.objects.all().delete()
    assert telling._told(slow, entries, [item for entry in entries for item in telling._for(entry)]) is None
    assert not Notification.objects.exists()
    assert Cursor.objects.get(chain=chain).sequence == Head.objects.get(chain=chain).sequence


def test_one_entry_that_is_not_understood_holds_nothing_up(cast: Cast, prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError

    monkeypatch.setitem(telling.audience.__globals__["AUDIENCES"], "version.saved", broken)
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    assert told("review_asked") == {"Bob", "Bella"}


def test_what_is_old_when_it_is_told_stands_there_as_read_and_very_old_things_are_gone(cast: Cast, prompt: Prompt) -> None:
    for days, expected in [(100, []), (20, [False]), (1, [False, True])]:
        with clock.at(timezone.now() - timedelta(days=days)):
            asked(a_version(prompt, by=cast.alice, text=f"{days} {{{{claim}}}}"), cast.production, by=cast.alice)
        telling.tell_due()
        rows = Notification.objects.filter(person=cast.bob.user, kind="review_asked").order_by("created_at")
        assert [row.seen_at is None for row in rows] == expected


def test_nothing_is_kept_for_longer_than_ninety_days(cast: Cast, prompt: Prompt) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    with clock.at(timezone.now() + timedelta(days=89)):
        daily.forget()
    assert Notification.objects.exists()
    with clock.at(timezone.now() + timedelta(days=91)):
        daily.forget()
    assert not Notification.objects.exists()


def test_what_was_told_to_somebody_goes_when_they_are_made_anonymous(cast: Cast, prompt: Prompt, settings: Any) -> None:
    settings.EMAIL_IS_SENT = True
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    mail = Delivery.objects.get(person=cast.bob.user)
    OutboxMessage.objects.create(message_id=str(mail.uid), sender="x", to=cast.bob.user.email, subject="x", text="x")
    anonymise_person(person=cast.bob.user, actor=cast.root)
    telling.tell_due()
    assert not Notification.objects.filter(person=cast.bob.user).exists()
    assert not Delivery.objects.filter(person=cast.bob.user).exists()
    assert not OutboxMessage.objects.exists()
    assert Notification.objects.filter(person=cast.bella.user).exists()


def test_words_about_a_line_reach_the_authors_and_who_spoke_before_and_who_is_named(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, text="Sort this: {{claim}}")
    told()
    lines = Lines("messages.0.text", 1, 1)
    thread = conversation.begin_thread(version=version, lines=lines, text="Shorter, @Dora?", suggests="Sort: {{claim}}", actor=cast.bob)
    telling.tell_due()
    assert dict(Notification.objects.values_list("person__name", "kind")) == {"Dora": "mentioned", "Alice": "answered"}
    told()
    conversation.reply(thread=thread, text="Why not.", actor=cast.bella)
    assert told("answered") == {"Alice", "Bob"}
    conversation.take_suggestion(suggestion=Suggestion.objects.get(), actor=cast.alice)
    assert told("answered") == {"Bob"}


def test_a_comment_of_a_review_reaches_who_is_named(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    told()
    reviews.comment(review=review, text="Is that right, @Vera?", actor=cast.bob)
    assert told("mentioned") == {"Vera"}


def test_what_somebody_writes_to_a_decision_reaches_who_is_named(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    told()
    deployments.decide(review=review, verdict="request_changes", comment="Is that right, @Vera?", seen=None, actor=cast.bob)
    assert told("mentioned") == {"Vera"}


def test_a_request_reaches_who_could_write_it_and_then_those_whose_it_is(cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    assert told("request_asked") == {"Alice", "Bob", "Bella", "Dora"}
    asking.take_request(request=request, actor=cast.alice)
    assert told("request") == {"Vera"}
    asking.say(request=request, text="Soon, please.", actor=cast.vera)
    assert told("request") == {"Alice"}


def test_a_request_about_a_prompt_reaches_who_writes_where_it_lies_now(cast: Cast, prompt: Prompt) -> None:
    nora = a_person("Nora", cast.claims, by=cast.root)
    motor = folder_at(project=cast.claims, path="Motor")
    grant_role(project=cast.claims, user=nora.user, role="technical", folder=motor, actor=cast.dora)
    wished(prompt, by=cast.vera)
    prompts.change_prompt(prompt=prompt, folder="Motor", actor=cast.alice)
    assert told("request_asked") == {"Alice", "Bob", "Bella", "Dora", "Nora"}


def test_a_request_is_shown_before_there_is_a_prompt_and_only_where_it_may_be_read(cast: Cast) -> None:
    asking.take_request(request=wished(cast.claims, by=cast.vera), actor=cast.alice)
    telling.tell_due()
    assert [row.kind for row in Notification.objects.shown_to(cast.vera)] == ["request"]
    assert [row.kind for row in Notification.objects.shown_to(cast.bob)] == ["request_asked"]
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.root)
    assert not Notification.objects.shown_to(cast.bob).filter(kind="request_asked").exists()
