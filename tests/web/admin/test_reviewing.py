"""Deciding inside the administration: the review page's template and services, one review after the other."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.projects.models import Membership
from promptstudio.prompts.models import Prompt
from promptstudio.reviews.models import Decision, Review
from tests.cast import Cast, a_prompt, a_version, approve, asked, in_production, promote

from ..reading import HOSTILE, at, queries, text, typed_back
from .panel import address, entries, staff


@pytest.fixture
def review(cast: Cast, prompt: Prompt) -> Review:
    in_production(cast, a_version(prompt, by=cast.alice))
    version = a_version(prompt, by=cast.alice, text="Sort this claim kindly: {{claim}}")
    promote(version, cast.development, cast.staging, by=cast.alice)
    return asked(version, cast.production, by=cast.alice)


@pytest.fixture
def bob(cast: Cast) -> Actor:
    return staff(cast.bob)


def page_of(review: Review) -> str:
    return address(Review, "change", review.pk)


def live_of(client: Client, review: Review) -> str:
    live = client.get(page_of(review)).context["live"]
    return str(live.uid) if live else ""


def test_it_shows_everything_that_a_decision_looks_at(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    response = at(client, bob).get(page_of(review))
    templates = {template.name for template in response.templates}
    assert {"reviews/_body.html", "components/_gates.html", "reviews/_change_record.html", "admin/review.html"} <= templates
    page = text(response)
    for shown in (
        "kindly",
        "1.0.0, live in Production",
        "Fewer calls.",
        "Please look.",
        "1 of 5 conditions is open",
        "as product",
    ):
        assert shown in page, shown


def test_its_forms_stay_in_the_administration(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    page = text(at(client, bob).get(page_of(review)))
    actions = [part.split('"')[0] for part in page.split('action="')[1:]]
    here = [action for action in actions if not action.startswith(("/search", "/sign-out"))]
    assert here == [f"/admin/reviews/review/{review.pk}/comment/", page_of(review)]
    assert f'href="/admin/prompts/version/{review.version.pk}/promote/?environment={cast.production.pk}"' in page
    owner = text(at(client, staff(cast.alice)).get(page_of(review)))
    assert f'action="/admin/reviews/review/{review.pk}/withdraw/"' in owner


def test_approving_there_is_the_same_decision(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    at(client, bob)
    answer = client.post(page_of(review), {"verdict": "approve", "comment": "Fine.", "seen": live_of(client, review)})
    assert (answer.status_code, answer["Location"]) == (303, page_of(review))
    decision = Decision.objects.latest("id")
    assert (decision.person, decision.role, decision.baseline.semver) == (bob.user, "product", "1.0.0")  # type: ignore[union-attr]
    assert entries("review.approved") == 1
    assert "Your decision is recorded." in text(client.get(page_of(review)))


def test_after_deciding_it_offers_the_next_one(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    second = asked(a_version(a_prompt(cast.claims, by=cast.alice, title="Storm"), by=cast.alice), cast.production, by=cast.alice)
    at(client, bob)
    before = text(client.get(page_of(review)))
    assert ("After this one:" in before, "Skip to it" in before) == (True, True)
    client.post(page_of(review), {"verdict": "approve", "seen": live_of(client, review)})
    after = text(client.get(page_of(review)))
    assert f'<a class="btn btn-primary" href="{page_of(second)}">Open the next review' in after
    client.post(page_of(second), {"verdict": "approve", "seen": ""})
    assert "Nothing else waits for you." in text(client.get(page_of(second)))


def test_changes_without_a_word_are_refused_at_the_field(client: Client, bob: Actor, review: Review) -> None:
    at(client, bob)
    answer = client.post(page_of(review), {"verdict": "request_changes", "comment": " ", "seen": live_of(client, review)})
    assert (answer.status_code, "Say what should change, so that the author can act on it." in text(answer)) == (422, True)
    assert not review.decisions.exists()


def test_when_something_else_went_live_the_words_are_kept(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    at(client, bob)
    seen = live_of(client, review)
    other = a_version(review.version.prompt, by=cast.alice, text="Third {{claim}}")
    in_production(cast, other)
    answer = client.post(page_of(review), {"verdict": "approve", "comment": HOSTILE, "seen": seen})
    assert answer.status_code == 409
    assert "Look at the new difference and decide again." in text(answer)
    assert typed_back(answer, "<script>alert(1)</script>")
    assert b"<script>alert" not in answer.content
    assert not review.decisions.exists()


def test_whoever_may_not_decide_reads_why_and_keeps_the_words(client: Client, cast: Cast, review: Review) -> None:
    at(client, staff(cast.alice))
    answer = client.post(page_of(review), {"verdict": "approve", "comment": "Mine is best", "seen": live_of(client, review)})
    assert answer.status_code == 403
    assert "You worked on this version. Ask someone else to approve it." in text(answer)
    assert "Mine is best" in text(answer)
    refusal = Entry.objects.get(action="review.not_allowed")
    assert (refusal.via, refusal.project_uid) == ("admin", cast.claims.uid)
    assert not review.decisions.exists()


def test_a_role_lost_while_deciding_counts(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    at(client, bob)
    seen = live_of(client, review)
    Membership.objects.filter(user=bob.user).update(role="viewer")
    answer = client.post(page_of(review), {"verdict": "approve", "comment": "Still me", "seen": seen})
    assert (answer.status_code, "Still me" in text(answer), review.decisions.exists()) == (403, True, False)


def test_the_conversation_goes_on_there(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    at(client, bob)
    path = f"/admin/reviews/review/{review.pk}/comment/"
    assert client.post(path, {"text": "Why kindly?"})["Location"] == page_of(review) + "#talk-h"
    assert "Why kindly?" in text(client.get(page_of(review)))
    empty = client.post(path, {"text": " "})
    assert (empty.status_code, "Write something first." in text(empty)) == (422, True)
    refused = at(client, staff(cast.vera)).post(path, {"text": "Me too"})
    assert (refused.status_code, "Me too" in text(refused)) == (403, True)


def test_the_author_withdraws_there(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    path = f"/admin/reviews/review/{review.pk}/withdraw/"
    assert at(client, bob).post(path).status_code == 403
    assert at(client, staff(cast.alice)).post(path)["Location"] == page_of(review)
    review.refresh_from_db()
    assert review.outcome == "withdrawn"
    late = at(client, bob).post(page_of(review), {"verdict": "approve", "seen": ""})
    assert late.status_code in (403, 409)


def test_whoever_approved_against_something_else_confirms(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    approve(review, bob)
    in_production(cast, a_version(review.version.prompt, by=cast.alice, text="Third {{claim}}"))
    page = text(at(client, bob).get(page_of(review)))
    assert "Since you approved, something else went live." in page
    assert "Confirm: approve" in page


@pytest.mark.parametrize("path", ["/admin/reviews/review/999999/change/", "/admin/reviews/review/x/change/"])
def test_what_is_not_there_is_404(client: Client, bob: Actor, path: str) -> None:
    assert at(client, bob).get(path).status_code == 404


def test_reviews_of_other_projects_are_neither_read_nor_decided(client: Client, cast: Cast, review: Review) -> None:
    at(client, staff(cast.charlie))
    for path in (page_of(review), f"/admin/reviews/review/{review.pk}/comment/", f"/admin/reviews/review/{review.pk}/withdraw/"):
        assert client.post(path, {"verdict": "approve", "text": "x"}).status_code == 404, path
    assert client.get(page_of(review)).status_code == 404


def test_the_list_tells_how_the_gates_stand(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    assert "4 of 5" in text(at(client, bob).get(address(Review, "changelist"), {"state": "open"}))
    closed: Any = client.get(address(Review, "changelist"), {"state": "deployed"})
    assert "4 of 5" not in text(closed)


def test_a_longer_queue_takes_no_more_queries(client: Client, cast: Cast, bob: Actor, review: Review) -> None:
    at(client, bob)

    def more(*titles: str) -> None:
        for title in titles:
            asked(a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice), cast.production, by=cast.alice)

    more("One")
    few = queries(client, page_of(review))
    more("Two", "Three", "Four")
    assert queries(client, page_of(review)) == few
