"""Each refusal is a page with a sentence, what was typed, and a way on."""

from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory

from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review
from promptstudio.web.middleware import back_url, typed
from promptstudio.web.views import errors
from tests.cast import Cast, a_key, a_version, an_application, asked

from .reading import HOSTILE, HTMX, at, text, typed_back

PAGE = "/p/claims/prompts/water-damage-triage/-/"
ASK = "/p/claims/prompts/water-damage-triage/-/ask/1.0.0/production/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def review(cast: Cast, version: Version) -> Review:
    return asked(version, cast.production, by=cast.alice)


def test_not_allowed_is_403_with_what_was_typed_and_the_way_back(client: Client, cast: Cast, version: Version) -> None:
    response = at(client, cast.vera).post(ASK, {"note": HOSTILE}, headers={"Referer": "http://testserver" + ASK + "?x=1&y=2"})
    assert response.status_code == 403
    assert "Your role does not allow you to write prompts in this project." in text(response)
    assert f'href="{ASK}?x=1&amp;y=2"' in text(response)
    assert b"<script>alert" not in response.content
    assert typed_back(response, "<script>alert(1)</script>")


def test_a_fragment_gets_the_page_in_the_place_of_the_page(client: Client, cast: Cast, version: Version) -> None:
    response = at(client, cast.vera).post(ASK, {"note": "Mine"}, headers=HTMX)
    assert response.status_code == 403
    assert (response["HX-Retarget"], response["HX-Reselect"], response["HX-Reswap"]) == ("#main", "#main", "outerHTML")
    assert 'id="main"' in text(response)


def test_somebody_was_faster_is_409(client: Client, cast: Cast, review: Review) -> None:
    response = at(client, cast.bob).post(ASK, {"note": "Me too"})
    assert response.status_code == 409
    assert "Somebody was faster" in text(response)
    assert "Me too" in text(response)
    assert "HX-Retarget" not in response


def test_what_is_not_there_is_404_for_everybody(client: Client, cast: Cast) -> None:
    response = at(client, cast.vera).get("/p/moon/prompts/")
    assert response.status_code == 404
    assert "Not there, or not shared with you" in text(response)
    assert "add you as a member" in text(response)


@pytest.mark.parametrize("path", ["/p/claims/prompts/nothing/-/", "/p/claims/nothing-at-all/"])
def test_in_a_project_of_ones_own_its_admins_are_asked(client: Client, cast: Cast, path: str) -> None:
    page = text(at(client, cast.vera).get(path))
    assert "ask Dora to add you" in page
    assert 'href="mailto:dora%40claims.example?subject=Access%20to%20Claims%20in%20Prompt%20Studio&amp;body=' in page
    assert f"http%3A%2F%2Ftestserver{path.replace('/', '%2F')}" in page


def test_nobody_is_told_to_ask_themselves(client: Client, cast: Cast) -> None:
    page = text(at(client, cast.dora).get("/p/claims/nothing-at-all/"))
    assert "ask Dora" not in page
    assert "ask them, or an administrator of the project, to add you" in page


def test_of_a_project_that_one_does_not_see_nothing_is_told(client: Client, cast: Cast) -> None:
    at(client, cast.vera)
    there, not_there = (text(client.get(f"/p/{slug}/prompts/")) for slug in ("elsewhere", "everywhere"))
    assert "ask Root to add you" in there
    assert "Charlie" not in there
    said, said_too = (page.split("<h1>")[1].split("</main>")[0] for page in (there, not_there))
    assert said.replace("elsewhere", "everywhere") == said_too


def test_whoever_is_not_signed_in_gets_a_404_without_a_frame(client: Client, db: None) -> None:
    response = client.get("/nothing/has/this/address/")
    assert response.status_code == 404
    assert "Not there, or not shared with you" in text(response)


def test_a_form_without_its_token_says_so_and_keeps_what_was_typed(cast: Cast, review: Review) -> None:
    client = at(Client(enforce_csrf_checks=True), cast.bob)
    response = client.post(f"/p/claims/reviews/{review.uid}/comment/", {"text": "Long <b>thoughts</b>"})
    assert response.status_code == 403
    assert "This page was open too long" in text(response)
    assert typed_back(response, "Long <b>thoughts</b>")


def test_when_it_breaks_there_is_a_page_without_queries(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("password")

    monkeypatch.setattr("promptstudio.web.views.reviews.waiting_reviews", broken)
    client.raise_request_exception = False
    response = at(client, cast.vera).get("/p/claims/reviews/")
    assert response.status_code == 500
    assert "Something broke on our side" in text(response)
    assert "password" not in text(response)


def test_the_broken_page_needs_no_database() -> None:
    assert errors.broken(RequestFactory().get("/")).status_code == 500


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/p/claims/?q=a", "/p/claims/?q=a"),
        ("http://evil.example/p/claims/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_this_host(referer: str, back: str) -> None:
    assert back_url(RequestFactory().get("/", headers={"Referer": referer} if referer else {})) == back


def test_only_words_are_shown_back() -> None:
    posted = {
        "csrfmiddlewaretoken": "abc",
        "seen": "1",
        "replaces": "2",
        "next": "/",
        "password": "secret",
        "new_password1": "secret",
        "revision": "3",
        "empty": " ",
        "how_we_know": ["a", "b"],
    }
    assert typed(RequestFactory().post("/", posted)) == [("How we know", "a"), ("How we know", "b")]


def test_no_answer_is_kept_by_others_and_each_has_a_number(client: Client, cast: Cast) -> None:
    signed_out = client.get("/sign-in/")
    response = at(client, cast.vera).get("/p/claims/reviews/")
    assert response["Cache-Control"] == "private, no-store"
    assert len(response["X-Request-ID"]) == 32
    assert response["X-Request-ID"] != signed_out["X-Request-ID"]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/p/claims/settings/people/give/", "/p/claims/settings/people/"),
        ("/p/claims/settings/keys/applications/5f0c6f0e-6b1c-4c5e-8a7e-0a4c1c2b3d4e/", "/p/claims/settings/keys/"),
        (PAGE + "change/", PAGE),
        (PAGE + "versions/1.0.0/change-record/", PAGE + "versions/1.0.0/"),
    ],
)
def test_reloading_a_refused_form_leads_to_the_page_that_it_stood_on(
    client: Client, cast: Cast, version: Version, address: str, page: str
) -> None:
    at(client, cast.dora)
    answer = client.get(address, follow=True)
    assert {status for _, status in answer.redirect_chain} == {303}
    assert (answer.redirect_chain[-1][0], answer.status_code) == (page, 200)


def test_where_no_page_is_known_it_says_so_and_leads_back(client: Client, cast: Cast) -> None:
    address = "/p/claims/publications/5f0c6f0e-6b1c-4c5e-8a7e-0a4c1c2b3d4e/retry/"
    answer = at(client, cast.dora).get(address, headers={"Referer": "http://testserver/p/claims/environments/"})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address only takes what a form sends" in text(answer)
    assert 'href="/p/claims/environments/">Back to where you were' in text(answer)


def test_a_page_for_reading_takes_no_form(client: Client, cast: Cast) -> None:
    answer = at(client, cast.dora).post("/p/claims/environments/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "This page is for reading only. Nothing was done." in text(answer)


def too_large() -> dict[str, str]:
    return {"text": "x" * (9 * 1024 * 1024)}


def too_many() -> dict[str, list[str]]:
    return {"text": ["x"] * 3001}


@pytest.mark.parametrize("form", [too_large, too_many])
@pytest.mark.parametrize("checks", [False, True], ids=["", "csrf"])
def test_a_form_that_is_too_large_says_so_and_leads_back(cast: Cast, review: Review, form: Any, checks: bool) -> None:
    client = at(Client(enforce_csrf_checks=checks), cast.bob)
    page = f"/p/claims/reviews/{review.uid}/"
    answer = client.post(page + "comment/", form(), headers={"Referer": "http://testserver" + page})
    assert answer.status_code == 413
    assert "more than one form may hold, which is 8 MB of text and 3,000 fields, so nothing of it was saved." in text(answer)
    assert f'href="{page}">Open the form anew' in text(answer)
    assert not review.comments.exists()


def test_the_editor_gets_a_sentence_for_a_text_that_is_too_large(client: Client, cast: Cast, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    answer = at(client, cast.alice).post(f"{PAGE}drafts/{draft.uid}/words/", too_large(), headers={"X-Editor": "1"})
    assert answer.status_code == 413
    assert '<p class="lead-sentence">This is more than one form may hold' in text(answer)


def test_what_cannot_be_read_gets_a_page_without_queries() -> None:
    answer = errors.unreadable(RequestFactory().get("/", headers={"Host": "evil.example"}), SuspiciousOperation("x"))
    assert answer.status_code == 400
    assert "This could not be read" in answer.content.decode()


def test_a_conflict_without_somebody_faster_is_headed_otherwise(client: Client, cast: Cast, version: Version) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", by=cast.dora)
    address = f"/p/claims/settings/keys/{key.uid}/revoke/"
    at(client, cast.dora)
    assert client.post(address).status_code == 302
    again = client.post(address)
    assert again.status_code == 409
    assert "This key was revoked already." in text(again)
    assert "<h1>Not possible as things stand</h1>" in text(again)
    assert "Somebody was faster" not in text(again)
