from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Comment, Decision, Review
from promptstudio.reviews.services import withdraw
from tests.cast import Cast, a_prompt, a_version, approve, approved, asked, in_production, in_staging, promote

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

LIST = "/p/claims/reviews/"
ASK = "/p/claims/prompts/water-damage-triage/-/ask/1.0.0/production/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return in_staging(cast, prompt)


@pytest.fixture
def review(cast: Cast, version: Version) -> Review:
    return asked(version, cast.production, by=cast.alice)


def url(review: Review, page: str = "") -> str:
    return f"{LIST}{review.uid}/{page}"


def written() -> int:
    return Decision.objects.count() + Comment.objects.count() + Entry.objects.count()


def test_it_shows_what_is_asked_and_what_is_missing(client: Client, cast: Cast, review: Review) -> None:
    html = text(at(client, cast.bob).get(url(review)))
    assert "1.0.0 go to Production?" in html
    assert "Alice writes:</b> Please look." in html
    assert "1 more product approval and 1 more technical approval needed." in html
    assert "Fewer calls." in html
    assert "as product" in html


def test_approving_is_kept_with_what_was_live(client: Client, cast: Cast, review: Review) -> None:
    response = at(client, cast.bob).post(url(review), {"verdict": "approve", "comment": "Good.", "seen": ""}, follow=True)
    assert "Your decision is recorded." in text(response)
    decision = Decision.objects.get()
    assert (decision.person, decision.role, decision.verdict, decision.baseline) == (cast.bob.user, "product", "approve", None)
    assert "approved as product" in text(response)


def test_changes_are_requested_with_a_comment(client: Client, cast: Cast, review: Review) -> None:
    response = at(client, cast.bob).post(
        url(review), {"verdict": "request_changes", "comment": "Shorter, please.", "seen": ""}, follow=True
    )
    assert "asked for changes as product" in text(response)
    assert "Shorter, please." in text(response)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"verdict": "request_changes", "comment": "  "}, "Say what should change, so that the author can act on it."),
        ({"verdict": "perhaps", "comment": "Kept as typed"}, "Choose to approve or to request changes."),
        ({"comment": "Kept as typed"}, "Choose to approve or to request changes."),
    ],
)
def test_a_decision_that_is_none_says_so(client: Client, cast: Cast, review: Review, typed: dict[str, str], sentence: str) -> None:
    response = at(client, cast.bob).post(url(review), typed)
    assert response.status_code == 422
    assert sentence in text(response)
    assert typed["comment"].strip() in text(response)
    assert not Decision.objects.exists()


def test_what_is_missing_is_said_on_top_and_the_field_is_ready(client: Client, cast: Cast, review: Review) -> None:
    html = text(at(client, cast.bob).post(url(review), {"verdict": "request_changes", "comment": ""}))
    top, field = html[: html.index('id="text-h"')], html[html.index('id="why"') :]
    assert '<a href="#why">Say what should change, so that the author can act on it.</a>' in top
    assert "autofocus" in field[: field.index(">")]
    assert html.count("autofocus") == 1
    html = text(client.post(url(review, "comment/"), {"text": ""}))
    assert '<a href="#say">Write something first.</a>' in html[: html.index('id="text-h"')]
    assert "autofocus" not in text(client.get(url(review)))


def test_asked_for_changes_it_says_so_until_whoever_asked_approves(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    cast.bob.user.is_staff = True
    cast.bob.user.save()
    pages = url(review), LIST, "/p/claims/prompts/", "/admin/reviews/review/", f"/admin/reviews/review/{review.pk}/change/"
    assert not [page for page in pages if "changes asked for" in text(at(client, cast.bob).get(page)).lower()]
    client.post(url(review), {"verdict": "request_changes", "comment": "Shorter, please.", "seen": ""})
    approve(review, cast.bella)
    assert [page for page in pages if "changes asked for" in text(client.get(page)).lower()] == list(pages)
    approve(review, cast.bob)
    assert not [page for page in pages if "changes asked for" in text(client.get(page)).lower()]


def test_the_decision_is_one_step_away_for_the_keyboard(client: Client, cast: Cast, review: Review) -> None:
    skip = '<a class="skip" href="#decide-h">Go to the decision</a>'
    html = text(at(client, cast.bob).get(url(review)))
    assert html.index(skip) < html.index("<main")
    withdraw(review=review, actor=cast.alice)
    assert skip not in text(client.get(url(review)))


def test_what_went_live_meanwhile_has_to_be_looked_at_first(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    other = a_version(prompt, by=cast.alice, text="Sort that: {{claim}}")
    review = asked(other, cast.production, by=cast.alice)
    in_production_from_staging(cast, version)
    response = at(client, cast.bob).post(url(review), {"verdict": "approve", "comment": "I like <b>it</b>", "seen": ""})
    assert response.status_code == 409
    assert "1.0.0 is live in Production now, not nothing as when you looked." in text(response)
    assert typed_back(response, "I like <b>it</b>")
    assert f'name="seen" value="{version.uid}"' in text(response)
    assert not Decision.objects.filter(review=review).exists()


def in_production_from_staging(cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    promote(version, cast.production, by=cast.alice)


def test_an_approval_of_another_difference_asks_for_confirmation(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    other = a_version(prompt, by=cast.alice, text="Sort that: {{claim}}")
    promote(other, cast.development, cast.staging, by=cast.alice)
    review = asked(other, cast.production, by=cast.alice)
    approve(review, cast.bob)
    in_production_from_staging(cast, version)
    html = text(at(client, cast.bob).get(url(review)))
    assert "Since you approved, something else went live." in html
    assert f"Confirm: approve {other.semver} against 1.0.0" in html
    assert "Confirm your approval" not in text(at(client, cast.bella).get(url(review)))


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("alice", "You worked on this version. Ask someone else to approve it."),
        ("vera", "Your roles do not decide here. The conditions of Production ask for product or technical."),
        ("dora", "Your roles do not decide here. The conditions of Production ask for product or technical."),
    ],
)
def test_whoever_may_not_decide_reads_why(client: Client, cast: Cast, review: Review, who: str, sentence: str) -> None:
    at(client, getattr(cast, who))
    page = text(client.get(url(review)))
    assert sentence in page
    assert 'aria-disabled="true" aria-describedby="decide-why"' in page
    refused = client.post(url(review), {"verdict": "approve", "comment": "Mine!", "seen": ""})
    assert refused.status_code == 403
    assert sentence in text(refused)
    assert "Mine!" in text(refused)
    assert not Decision.objects.exists()


def test_a_reader_may_not_say_anything(client: Client, cast: Cast, review: Review) -> None:
    sentence = "Your role does not allow you to write prompts in this project."
    assert sentence in text(at(client, cast.vera).get(url(review)))
    refused = client.post(url(review, "comment/"), {"text": "Hello?"})
    assert (refused.status_code, sentence in text(refused), "Hello?" in text(refused)) == (403, True, True)
    assert client.post(url(review, "withdraw/")).status_code == 403
    assert not Comment.objects.exists()
    assert Review.objects.get().is_open


def test_people_talk(client: Client, cast: Cast, review: Review) -> None:
    response = at(client, cast.bob).post(url(review, "comment/"), {"text": "Is “cover” clear?\n<i>Really</i>"})
    assert response["Location"] == url(review) + "#talk-h"
    assert "Is “cover” clear?<br>&lt;i&gt;Really&lt;/i&gt;" in text(client.get(url(review)))
    empty = client.post(url(review, "comment/"), {"text": " \n "})
    assert (empty.status_code, "Write something first." in text(empty)) == (422, True)
    assert Comment.objects.count() == 1


def test_the_author_withdraws(client: Client, cast: Cast, review: Review) -> None:
    assert "Withdraw the request" in text(at(client, cast.alice).get(url(review)))
    assert "The review is withdrawn." in text(client.post(url(review, "withdraw/"), follow=True))
    again = client.post(url(review, "withdraw/"))
    assert (again.status_code, "This review is closed." in text(again)) == (403, True)
    assert "Withdraw the request" not in text(client.get(url(review)))


def test_a_closed_review_is_read_and_not_decided(client: Client, cast: Cast, review: Review) -> None:
    withdraw(review=review, actor=cast.alice)
    assert "Your decision" not in text(at(client, cast.bob).get(url(review)))
    late = client.post(url(review), {"verdict": "approve", "comment": "Too late", "seen": ""})
    assert (late.status_code, "This review is closed." in text(late), "Too late" in text(late)) == (403, True, True)


def test_when_every_condition_is_met_it_leads_on(client: Client, cast: Cast, review: Review) -> None:
    approve(review, cast.bob, cast.bella)
    html = text(at(client, cast.alice).get(url(review)))
    assert "Every condition is met" in html
    assert "/-/promote/production/1.0.0/" in html


def test_asking_completes_the_change_record(client: Client, cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, complete=False)
    typed = {"expected_impact": "Fewer calls.", "validation_criteria": "We count.", "note": "Line 7, please."}
    response = at(client, cast.alice).post(ASK, typed)
    review = Review.objects.get()
    assert response["Location"] == url(review)
    assert (review.note, review.asked_by, version.missing_from_record) == ("Line 7, please.", cast.alice.user, [])


def test_asking_without_the_record_keeps_what_was_typed(client: Client, cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice, complete=False)
    response = at(client, cast.alice).post(ASK, {"expected_impact": "", "validation_criteria": "", "note": "Please <b>look</b>"})
    assert response.status_code == 422
    assert "Reviewers need “Expected impact” and “How we will know”" in text(response)
    assert typed_back(response, "Please <b>look</b>")
    assert not Review.objects.exists()


def test_what_was_added_is_not_added_twice(client: Client, cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, complete=False)
    at(client, cast.alice)
    half = client.post(ASK, {"expected_impact": "Fewer calls.", "validation_criteria": "", "note": ""})
    assert half.status_code == 422
    client.post(ASK, {"expected_impact": "Fewer calls.", "validation_criteria": "We count.", "note": ""})
    assert [note.text for note in version.notes.all()].count("Fewer calls.") == 1
    assert Review.objects.count() == 1


def test_asking_twice_says_who_was_faster(client: Client, cast: Cast, review: Review) -> None:
    assert "A review is open already" in text(at(client, cast.bob).get(ASK))
    response = client.post(ASK, {"note": "Me too"})
    assert response.status_code == 409
    assert "Alice asked for a review of 1.0.0 for Production" in text(response)
    assert "Me too" in text(response)


def test_a_reader_is_told_whom_to_ask(client: Client, cast: Cast, version: Version) -> None:
    sentence = "Your role does not allow you to write prompts in this project."
    page = text(at(client, cast.vera).get(ASK))
    assert sentence in page
    assert 'aria-describedby="ask-why"' in page
    refused = client.post(ASK, {"note": "Mine"})
    assert (refused.status_code, sentence in text(refused), "Mine" in text(refused)) == (403, True, True)


def test_the_list_begins_with_what_waits_for_the_reader(client: Client, cast: Cast, review: Review) -> None:
    for number in range(26):
        other = asked(a_version(a_prompt(cast.claims, by=cast.bob, title=f"Letter {number}"), by=cast.bob), cast.production, by=cast.bob)
        approve(other, cast.bella)
    response = at(client, cast.bella).get(LIST)
    assert [item["review"] for item in response.context["listed"] if item["waiting"]] == [review]
    assert response.context["listed"][0]["review"] == review
    assert "waits for you" in text(response)


def test_the_list_is_searched_and_paged(client: Client, cast: Cast, review: Review) -> None:
    asked(a_version(a_prompt(cast.claims, by=cast.bob, title="Letter"), by=cast.bob), cast.production, by=cast.bob)
    at(client, cast.vera)
    assert [item["review"] for item in client.get(LIST, {"q": "water DAMAGE"}).context["listed"]] == [review]
    assert "No review matches" in text(client.get(LIST, {"q": "<script>alert(1)"}))
    assert len(client.get(LIST, {"page": "nonsense"}).context["listed"]) == 2
    withdraw(review=review, actor=cast.alice)
    assert [item["review"] for item in client.get(LIST, {"state": "closed"}).context["listed"]] == [review]


def test_the_empty_lists_say_what_will_stand_there(client: Client, cast: Cast) -> None:
    assert "Nothing waits for a decision" in text(at(client, cast.vera).get(LIST))
    assert "No review was closed yet" in text(client.get(LIST + "?state=closed"))


def test_another_project_is_not_there(client: Client, cast: Cast, review: Review) -> None:
    at(client, cast.charlie)
    for path in (LIST, url(review), ASK):
        assert client.get(path).status_code == 404, path
    for path in (url(review), url(review, "comment/"), url(review, "withdraw/"), ASK):
        assert client.post(path, {"verdict": "approve", "text": "x"}).status_code == 404, path
    through_mine = f"/p/elsewhere/reviews/{review.uid}/"
    assert client.get(through_mine).status_code == 404
    assert at(client, cast.root).get(through_mine).status_code == 404


@pytest.mark.parametrize("path", ["ask/9.9.9/production/", "ask/1.0.0/moon/"])
def test_what_is_not_there_cannot_be_asked_for(client: Client, cast: Cast, version: Version, path: str) -> None:
    assert at(client, cast.alice).get(f"/p/claims/prompts/water-damage-triage/-/{path}").status_code == 404


@pytest.mark.parametrize("seen", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_version_that_nobody_saw_is_not_there(client: Client, cast: Cast, review: Review, seen: str) -> None:
    assert at(client, cast.bob).post(url(review), {"verdict": "approve", "seen": seen}).status_code == 404
    assert not Decision.objects.exists()


def test_whoever_is_not_signed_in_signs_in_first(client: Client, cast: Cast, review: Review) -> None:
    for path in (LIST, url(review), ASK):
        assert client.get(path)["Location"] == f"/sign-in/?next={path}"
    assert client.post(url(review), {"verdict": "approve"})["Location"] == "/sign-in/?next=/"
    fragment = client.post(url(review, "comment/"), {"text": "x"}, headers=HTMX)
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/sign-in/?next=/")
    assert not Decision.objects.exists()


def test_reading_changes_nothing(client: Client, cast: Cast, review: Review) -> None:
    before = written()
    at(client, cast.bob)
    for path in (LIST, url(review), ASK):
        assert client.get(path, {"verdict": "approve", "comment": "x"}).status_code == 200
        assert client.head(path).status_code == 200
    for path in (url(review, "comment/"), url(review, "withdraw/")):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (303, url(review))
    assert client.post(LIST).status_code == 405
    assert written() == before


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    hostile = a_prompt(cast.claims, by=cast.alice, title=HOSTILE, name="hostile")
    review = asked(a_version(hostile, by=cast.alice, text=HOSTILE + "{{claim}}"), cast.production, by=cast.alice)
    at(client, cast.bob).post(url(review, "comment/"), {"text": HOSTILE})
    client.post(url(review), {"verdict": "request_changes", "comment": HOSTILE, "seen": ""})
    for path in (LIST, url(review), "/p/claims/prompts/hostile/-/ask/1.0.0/production/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
        assert typed_back(response, "<script>alert(1)</script>")


@pytest.mark.parametrize("reader", ["vera", "bob"])
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, reader: str) -> None:
    def ask(start: int, end: int) -> None:
        for number in range(start, end):
            version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice)
            asked(version, cast.production, by=cast.alice)

    at(client, getattr(cast, reader))
    ask(0, 3)
    few = queries(client, LIST)
    ask(3, 24)
    assert queries(client, LIST) == few
    ask(24, 30)
    # The page's number costs nothing more, but the pager does not either.
    assert queries(client, LIST) == few


def test_an_open_review_in_production_ends_when_it_is_live(client: Client, cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))
    html = text(at(client, cast.alice).get(url(Review.objects.get())))
    assert "Promoted" in html
    assert "1.0.0 is live in Production." in html


def test_whoever_left_is_signed_out(client: Client, cast: Cast, review: Review) -> None:
    cast.bob.user.is_active = False
    cast.bob.user.save()
    response: Any = at(client, cast.bob).get(url(review))
    assert response["Location"].startswith("/sign-in/")


def test_letting_an_older_version_go_says_what_it_takes_back(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    in_production(cast, newer)
    html = text(at(client, cast.bob).get(url(asked(version, cast.production, by=cast.alice))))
    assert f"1.0.0 is older than {newer.semver}, which is live." in html
    assert "Letting it go takes back what" in html


def test_a_decision_that_was_given_is_shown_as_given(client: Client, cast: Cast, review: Review) -> None:
    assert "Your decision</h2>" in text(at(client, cast.bob).get(url(review)))
    approve(review, cast.bob)
    html = text(client.get(url(review)))
    assert "You approved</b>" in html
    assert "The conditions above say what is still missing." in html
    assert "Decide again</h2>" in html
