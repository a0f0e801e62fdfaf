"""The bell, the list behind it, the choices, and the outbox of the demo."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.notifications import telling
from promptstudio.notifications.deliveries import deliver_due
from promptstudio.notifications.inbox import unread_count
from promptstudio.notifications.models import Notification, OutboxMessage, Preference
from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.services import folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_version, asked
from tests.web.reading import HOSTILE, at, queries, text


@pytest.fixture
def review(cast: Cast, prompt: Prompt) -> Review:
    """Bob and Bella were told of it, and of nothing else."""
    telling.tell_due()
    Notification.objects.all().delete()
    made = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    return made


def test_the_bell_counts_what_is_new(cast: Cast, review: Review) -> None:
    bob = at(Client(), cast.bob)
    assert 'Notifications</span> <span class="count">1<span class="visually-hidden"> unread' in text(bob.get("/"))
    assert 'class="visually-hidden"> unread' not in text(at(Client(), cast.vera).get("/"))
    assert unread_count(cast.bob) == 1


def test_opening_one_marks_it_and_leads_to_the_thing(cast: Cast, review: Review) -> None:
    bob = at(Client(), cast.bob)
    row = Notification.objects.get(person=cast.bob.user)
    assert "Alice asked for a review of <b>Water damage triage 1.0.0 to Production</b>" in text(bob.get("/notifications/"))
    assert bob.get(f"/notifications/{row.uid}/")["Location"] == f"/p/claims/reviews/{review.uid}/"
    assert "Nothing new" in text(bob.get("/notifications/"))
    assert "Alice asked for a review" in text(bob.get("/notifications/?show=all"))


def test_all_are_marked_as_read_at_once_and_only_ones_own(cast: Cast, review: Review) -> None:
    response = at(Client(), cast.bob).post("/notifications/read/", follow=True)
    assert "Everything is marked as read." in text(response)
    assert unread_count(cast.bob) == 0
    assert unread_count(cast.bella) == 1


def test_what_somebody_else_was_told_is_not_there(cast: Cast, review: Review) -> None:
    row = Notification.objects.get(person=cast.bob.user)
    assert at(Client(), cast.bella).get(f"/notifications/{row.uid}/").status_code == 404
    assert Notification.objects.get(pk=row.pk).seen_at is None


def test_a_prompt_that_one_may_not_see_any_more_leaves_neither_title_nor_number(cast: Cast, prompt: Prompt, review: Review) -> None:
    bella = at(Client(), cast.bella)
    row = Notification.objects.get(person=cast.bella.user)
    prompts.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    assert "Water damage" not in text(bella.get("/notifications/?show=all"))
    assert unread_count(cast.bella) == 0
    assert bella.get(f"/notifications/{row.uid}/").status_code == 404


def test_the_list_takes_as_many_queries_for_one_as_for_thirty(cast: Cast, review: Review) -> None:
    alice = at(Client(), cast.alice)
    reviews.comment(review=review, text="Why?", actor=cast.bob)
    telling.tell_due()
    one = queries(alice, "/notifications/")
    for number in range(35):
        reviews.comment(review=review, text=f"{number}?", actor=cast.bob)
    telling.tell_due()
    assert queries(alice, "/notifications/") == one
    assert "Page 1 of 2" in text(alice.get("/notifications/"))
    assert "bob" in text(alice.get("/notifications/?page=nonsense&show=<script>")).lower()


def test_whoever_was_named_reads_that_they_were(cast: Cast, review: Review, outbox: None) -> None:
    lines = Lines("messages.0.text", 1, 1)
    thread = conversation.begin_thread(version=review.version, lines=lines, text="@Vera, is this clear?", actor=cast.bob)
    conversation.reply(thread=thread, text="@Vera?", actor=cast.bob)
    reviews.comment(review=review, text="@Vera, look", actor=cast.bob)
    reviews.decide(review=review, verdict="approve", comment="As @Vera said.", baseline=None, actor=cast.bob)
    telling.tell_due()
    vera, there = text(at(Client(), cast.vera).get("/notifications/")), "Water damage triage 1.0.0"
    assert vera.count(f"Bob mentioned you on <b>line 1 of {there}</b>") == 2
    assert f"Bob mentioned you in the review of <b>{there} to Production</b>" in vera
    assert f"Bob approved <b>{there} to Production</b> as product, and mentioned you" in vera
    # Alice wrote it, and was not named.
    assert f"Bob commented on <b>line 1 of {there}</b>" in text(at(Client(), cast.alice).get("/notifications/"))
    deliver_due()
    assert f"Bob mentioned you on line 1 of {there}" in [
        row.subject for row in OutboxMessage.objects.filter(to__contains=cast.vera.user.email)
    ]


def test_whoever_answers_for_a_folder_now_reads_so(cast: Cast) -> None:
    water = folder_at(project=cast.claims, path="Property/Water")
    name_reviewers(folder=water, people=[cast.bob.user], roles=[], actor=cast.dora)
    telling.tell_due()
    assert "You answer for <b>Property/Water</b> now (Dora)" in text(at(Client(), cast.bob).get("/notifications/"))


def test_people_choose_how_they_are_told(cast: Cast) -> None:
    bob = at(Client(), cast.bob)
    assert "This server sends no e-mails" in text(bob.get("/account/notifications/"))
    response = bob.post("/account/notifications/", {"review_asked": "daily", "mentioned": "not"}, follow=True)
    assert "Your choices are kept." in text(response)
    assert 'name="review_asked" value="daily" checked' in text(response)
    assert 'name="mentioned" value="not" checked' in text(response)
    assert set(Preference.objects.values_list("person__name", "kind", "way")) == {
        ("Bob", "review_asked", "daily"),
        ("Bob", "mentioned", "not"),
    }


def test_what_is_no_way_is_said_at_its_line_and_nothing_is_kept(cast: Cast) -> None:
    response = at(Client(), cast.bob).post("/account/notifications/", {"review_asked": HOSTILE, "mentioned": "not"})
    assert response.status_code == 422
    assert "Choose one of the ways." in text(response)
    assert 'name="mentioned" value="not" checked' in text(response)
    assert not Preference.objects.exists()


@pytest.fixture
def outbox(settings: Any) -> None:
    settings.OUTBOX = settings.EMAIL_IS_SENT = True
    settings.EMAIL_BACKEND = "promptstudio.notifications.outbox.Outbox"


def test_the_demo_shows_its_e_mails_and_runs_nothing_that_stands_in_them(cast: Cast, outbox: None, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    reviews.ask_for_review(version=version, environment=cast.production, note=HOSTILE, actor=cast.alice)
    telling.tell_due()
    deliver_due()
    message = OutboxMessage.objects.get(to="bob@claims.example", subject__startswith="Your review")
    vera = at(Client(), cast.vera)
    page = text(vera.get("/outbox/"))
    assert message.subject in page
    assert 'href="/outbox/"' in page, "in the menu of the account"
    page = text(vera.get(f"/outbox/{message.uid}/"))
    assert '<iframe class="mail-frame" sandbox srcdoc=' in page
    assert "<script>alert" not in page


def test_without_the_demo_there_is_no_such_page(cast: Cast) -> None:
    OutboxMessage.objects.create(sender="x", to="x", subject="x", text="x")
    root = at(Client(), cast.root)
    assert root.get("/outbox/").status_code == 404
    assert root.get(f"/outbox/{OutboxMessage.objects.get().uid}/").status_code == 404
    assert 'href="/outbox/"' not in text(root.get("/"))
