from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, a_version, asked, in_production, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, refuse, use_fake_publisher

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

URL = "/p/claims/environments/"


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    made = a_version(prompt, by=cast.alice)
    promote(made, cast.development, by=cast.alice)
    return made


def titles(response: Any) -> list[str]:
    return [row["prompt"].title for row in response.context["rows"]]


def cards(response: Any) -> list[dict[str, Any]]:
    [row] = response.context["rows"]
    return list(row["cards"])


def test_each_place_says_its_conditions(client: Client, cast: Cast, version: Version) -> None:
    html = text(at(client, cast.vera).get(URL))
    assert "There are no conditions." in html
    assert "To enter Production a version needs to be live in Staging first" in html


def test_a_card_offers_the_next_step_and_no_later_one(client: Client, cast: Cast, version: Version) -> None:
    response = at(client, cast.vera).get(URL)
    assert [card["cell"].state for card in cards(response)] == ["live", "none", "none"]
    assert [card["promote"] for card in cards(response)] == [None, version, None]
    assert "/-/promote/staging/1.0.0/" in text(response)
    assert "/-/roll-back/development/" not in text(response), "nothing was live there before"
    assert "Take out of service…" in text(client.get("/p/claims/prompts/water-damage-triage/-/"))
    promote(a_version(version.prompt, by=cast.alice, text="Sort that: {{claim}}"), cast.development, by=cast.alice)
    assert "/-/roll-back/development/" in text(client.get(URL))
    assert "Roll back…" in text(client.get("/p/claims/prompts/water-damage-triage/-/"))


def test_an_open_review_stands_in_the_place_of_promoting(client: Client, cast: Cast, version: Version) -> None:
    review = asked(version, cast.staging, by=cast.alice)
    response = at(client, cast.vera).get(URL)
    assert f"/p/claims/reviews/{review.uid}/" in text(response)
    assert "/-/promote/staging/" not in text(response)


def test_out_of_service_is_said(client: Client, cast: Cast, version: Version) -> None:
    deployments.take_out_of_service(prompt=version.prompt, environment=cast.development, reason="The law changed.", actor=cast.bob)
    html = text(at(client, cast.vera).get(URL))
    assert "out of service" in html
    assert "/-/roll-back/development/" not in html
    assert "Bring 1.0.0 back…" in html
    assert "1.0.0 was live" in html
    overview = text(client.get("/p/claims/prompts/water-damage-triage/-/"))
    assert "Bring it back…" in overview
    assert "Take out of service…" not in overview
    assert "/-/promote/development/1.0.0/" in html


def test_a_recalled_version_is_marked_where_it_is_live(client: Client, cast: Cast, version: Version) -> None:
    assert "Recalled" not in text(at(client, cast.vera).get(URL))
    deployments.recall(version=version, reason="It promises cover.", actor=cast.bob)
    assert "Recalled" in text(client.get(URL))
    assert "1.0.0 recalled" in text(client.get("/p/claims/prompts/water-damage-triage/-/"))
    assert "Recalled" in text(client.get("/p/claims/prompts/water-damage-triage/-/versions/"))


def test_what_moves_stands_on_top_until_it_is_there(client: Client, cast: Cast, prompt: Prompt, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    moving = at(client, cast.vera).get(URL, headers=HTMX)
    assert "0 of 1 place confirmed" in text(moving)
    assert 'hx-trigger="every 2s"' in text(moving)
    assert "<html" not in text(moving)
    assert "<html" in text(client.get(URL))
    publish_everything()
    there = client.get(URL, headers=HTMX)
    assert 'id="moving"' in text(there)
    assert "hx-trigger" not in text(there)


def test_a_fragment_does_not_ask_for_the_whole_board(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.vera)
    assert queries(client, URL, headers=HTMX) < queries(client, URL) / 2


def test_the_board_is_filtered(client: Client, cast: Cast, prompt: Prompt, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora)
    target.twists = [refuse]
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title="Refused"), by=cast.alice), cast.development, by=cast.alice)
    publish_everything()
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title="On its way"), by=cast.alice), cast.development, by=cast.alice)
    at(client, cast.vera)
    assert titles(client.get(URL)) == ["On its way", "Refused", "Water damage triage"]
    assert titles(client.get(URL, {"state": "failed"})) == ["Refused"]
    assert titles(client.get(URL, {"state": "moving"})) == ["On its way", "Refused"]
    assert titles(client.get(URL, {"state": "behind"})) == ["On its way", "Refused"]
    assert titles(client.get(URL, {"state": "nonsense", "page": "nonsense"})) == titles(client.get(URL))
    assert titles(client.get(URL, {"q": "WATER damage"})) == ["Water damage triage"]
    nothing = client.get(URL, {"q": '"><script>alert(1)'})
    assert "No prompt matches" in text(nothing)
    assert b"<script>alert" not in nothing.content


def test_a_prompt_that_is_live_everywhere_is_not_behind(client: Client, cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))
    at(client, cast.vera)
    assert titles(client.get(URL, {"state": "behind"})) == []
    a_version(prompt, by=cast.alice, text="Sort that: {{claim}}")
    assert titles(client.get(URL, {"state": "behind"})) == ["Water damage triage"]


def test_without_prompts_it_says_what_to_do_first(client: Client, cast: Cast) -> None:
    assert "No prompts yet" in text(at(client, cast.vera).get(URL))
    assert "No prompts yet" in text(at(client, cast.charlie).get("/p/elsewhere/environments/"))


def test_another_project_is_not_there(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.charlie)
    assert client.get(URL).status_code == 404
    assert client.get(URL, headers=HTMX).status_code == 404
    assert client.get("/p/moon/environments/").status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(client: Client, cast: Cast) -> None:
    assert client.get(URL)["Location"] == f"/sign-in/?next={URL}"


def test_it_only_reads(client: Client, cast: Cast, version: Version) -> None:
    before = Entry.objects.count()
    at(client, cast.root)
    assert client.get(URL).status_code == 200
    assert client.post(URL).status_code == 405
    assert Entry.objects.count() == before


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora, name="<script>alert(2)</script>")
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title=HOSTILE), by=cast.alice), cast.development, by=cast.alice)
    response = at(client, cast.vera).get(URL)
    assert b"<script>alert" not in response.content
    assert typed_back(response, "<script>alert(1)</script>")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, target: FakeTarget, headers: dict[str, str]) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice)
            promote(version, cast.development, cast.staging, by=cast.alice)
            asked(version, cast.production, by=cast.alice)

    a_target(cast.staging, by=cast.dora)
    at(client, cast.bob)
    grow(0, 3)
    few = queries(client, URL, headers=headers)
    grow(3, 30)
    assert queries(client, URL, headers=headers) == few


def test_what_was_rolled_back_is_offered_quietly(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    worse = a_version(prompt, by=cast.alice, text="Worse {{claim}}")
    promote(worse, cast.development, by=cast.alice)
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="It misleads.", actor=cast.bob)
    html = text(at(client, cast.vera).get(URL))
    assert f"{worse.semver} was rolled back" in html
    assert f"Promote {worse.semver} again…" in html
    assert "Roll back…" in html
