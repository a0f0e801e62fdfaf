from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import upkeep_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from tests.cast import Cast, a_prompt, a_version, asked, wished


def find(client: Client, actor: Actor, words: str) -> Any:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/search", {"q": words})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("words", ["water-damage-triage", "Water damage triage", "water DAMAGE triage"])
def test_the_exact_name_or_title_leads_straight_there(client: Client, cast: Cast, prompt: Any, words: str) -> None:
    response = find(client, cast.vera, words)
    assert (response.status_code, response["Location"]) == (302, f"/p/claims/prompts/{prompt.name}/-/")


def test_two_of_the_same_title_are_listed(client: Client, cast: Cast, prompt: Any) -> None:
    other = a_prompt(cast.claims, by=cast.bob)
    response = find(client, cast.vera, "Water damage triage")
    assert response.status_code == 200
    assert {item["prompt"].pk for item in response.context["titled"]} == {prompt.pk, other.pk}


def test_requests_are_found_by_what_is_wanted_and_by_names(client: Client, cast: Cast) -> None:
    over = wished(cast.claims, by=cast.vera, title="Postcard about hail", wanted="Short, and <i>kind</i>.")
    asking.decline(request=over, reason="No.", actor=cast.alice)
    wish = wished(cast.claims, by=cast.vera, title="Letter about hail", wanted="<b>Never</b> promise a sum.")
    asking.take_request(request=wish, actor=cast.alice)
    for words, titles in {
        "hail": [wish.title, over.title],
        "promise LETTER": [wish.title],
        "alice": [wish.title],
        "postcard never": [],
        "vera kind": [over.title],
    }.items():
        assert [item["asked"].title for item in find(client, cast.bob, words).context["requests"]] == titles
    page = text(find(client, cast.bob, "never"))
    assert "&lt;b&gt;<mark>Never</mark>&lt;/b&gt; promise a sum." in page
    assert f"/p/claims/requests/{wish.uid}/" in page


def test_requests_about_what_one_does_not_see_or_what_is_archived_are_not_found(client: Client, cast: Cast, prompt: Any) -> None:
    wish = wished(prompt, by=cast.vera, title="Name the severance")
    assert "Name the <mark>severance</mark>" in text(find(client, cast.vera, "severance"))
    assert "Name the" not in text(find(client, cast.charlie, "severance"))
    upkeep_services.archive_prompt(prompt=prompt, actor=cast.alice)
    assert "Name the" not in text(find(client, cast.vera, "severance"))
    assert "Name the" in text(client.get("/search", {"q": "severance", "archived": "1"}))
    upkeep_services.restore_prompt(prompt=prompt, actor=cast.alice)
    prompts.restrict_prompt(prompt=wish.prompt, people=[cast.bob.user], actor=cast.alice)
    assert "Name the" not in text(find(client, cast.vera, "severance"))


def test_titles_texts_reviews_and_pages_are_found(client: Client, cast: Cast, prompt: Any) -> None:
    review = asked(a_version(prompt, by=cast.alice, text="Who is on call? {{claim}}"), cast.production, by=cast.alice)
    by_title = find(client, cast.vera, "damage")
    assert [item["prompt"] for item in by_title.context["titled"]] == [prompt]
    assert "Water <mark>damage</mark> triage" in text(by_title)
    assert f"/p/claims/reviews/{review.uid}/" in text(by_title)
    by_text = find(client, cast.vera, "on call")
    assert [item["prompt"] for item in by_text.context["mentioned"]] == [prompt]
    assert "Who is <mark>on</mark> <mark>call</mark>?" in text(by_text)
    assert '<a class="prompt-name" href="/p/claims/settings/keys/">Keys</a>' in text(find(client, cast.vera, "api claims"))


def test_other_projects_stay_out_of_sight(client: Client, cast: Cast, prompt: Any) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    for words in ("Water damage triage", "water", "1.0.0"):
        html = text(find(client, cast.charlie, words))
        assert "Nothing found" in html
        assert prompt.name not in html


def test_nothing_typed_explains_what_can_be_found(client: Client, cast: Cast) -> None:
    assert "Type a part of a title" in text(find(client, cast.vera, "  "))


@pytest.mark.parametrize("words", ["%", "\x00", "x " * 3000, "<script>alert(1)</script>", "\\", "'\""])
def test_odd_words_find_nothing_worse_than_nothing(client: Client, cast: Cast, prompt: Any, words: str) -> None:
    response = find(client, cast.vera, words)
    assert response.status_code == 200
    assert b"<script>alert" not in response.content


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            prompt = a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}" if number % 2 else f"Note {number}")
            asked(a_version(prompt, by=cast.alice, text="A letter: {{claim}}"), cast.production, by=cast.alice)
            wished(prompt, by=cast.vera, title=f"A letter {number}")

    def queries() -> int:
        find(client, cast.vera, "letter")
        with CaptureQueriesContext(connection) as captured:
            client.get("/search", {"q": "letter"})
        return len(captured)

    grow(0, 2)
    few = queries()
    grow(2, 16)
    assert queries() == few
