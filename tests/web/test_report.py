"""A period, as an auditor asks for it: who wrote, approved and sent what, and do the places still hold it?"""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from promptstudio.audit.models import Entry
from promptstudio.deployments import places
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import PlaceCheck
from promptstudio.deployments.publishing import PublishFailed, Standing
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, a_version, in_production
from tests.deployments.fake_target import FakeTarget, confirmed_in_production, publish_everything, refuse, use_fake_publisher
from tests.web.reading import HTMX, at, queries, text

URL = "/p/claims/report/"


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture
def version(cast: Cast, prompt: Prompt, target: FakeTarget) -> Version:
    """1.0.0, in production and confirmed there by one place."""
    return confirmed_in_production(cast, prompt)


def rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def asked(client: Client, cast: Cast) -> str:
    at(client, cast.axel).post(URL + "ask/", {"environment": "production"})
    places.check_due()
    return text(client.get(URL))


def test_it_lists_each_change_with_author_approvers_conditions_and_receipts(client: Client, cast: Cast, version: Version) -> None:
    html = text(at(client, cast.axel).get(URL))
    assert "1 change of Production" in html
    for words in ("<b>Alice</b> sent 1.0.0", "Written by Alice.", "Approved by Bob (product), Bella (technical).", "5 conditions passed"):
        assert words in html, words


def test_ways_back_recalls_and_out_of_service_are_changes(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    second = a_version(prompt, by=cast.alice, text="Sort it: {{claim}}")
    in_production(cast, second)
    publish_everything()
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="Worse.", actor=cast.bob)
    deployments.recall(version=second, reason="It invents sums.", actor=cast.bob)
    deployments.take_out_of_service(prompt=prompt, environment=cast.production, reason="The law changed.", actor=cast.bob)
    html = text(at(client, cast.axel).get(URL))
    assert "2 sent · 1 rolled back · 1 recalled · 1 taken out of service" in html
    for words in ("went back to 1.0.0", "Going back asks nobody.", "It invents sums.", "The law changed."):
        assert words in html, words


def test_only_the_days_and_the_environment_that_were_asked_for(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    with clock.at(timezone.now() - timedelta(days=100)):
        in_production(cast, a_version(a_prompt(cast.claims, by=cast.alice, title="Letter"), by=cast.alice))
    assert [row["Prompt"] for row in rows(at(client, cast.axel).get(URL + "changes.csv"))] == ["Water damage triage"]
    day = (timezone.localdate() - timedelta(days=100)).isoformat()
    there = {"since": day, "until": day}
    assert [row["Prompt"] for row in rows(client.get(URL + "changes.csv", there))] == ["Letter"]
    assert {row["By"] for row in rows(client.get(URL + "changes.csv", {"environment": "staging"}))} == {"Alice"}


def test_the_file_has_a_line_for_each_change_and_taking_it_is_noted(client: Client, cast: Cast, version: Version) -> None:
    [row] = rows(at(client, cast.axel).get(URL + "changes.csv"))
    assert (row["Written by"], row["Approved by"], row["State today"]) == ("Alice", "Bob (product), Bella (technical)", "live")
    assert f"Bedrock, Frankfurt: confirmed, arn:fake:1, {version.digest}" in row["Places and what they confirmed"]
    assert "Approvals: passed" in row["Conditions"]
    assert Entry.objects.get(action="audit.exported").object_label.startswith("Changes of Production from ")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "soon"}, "Give a day, such as"),
        ({"since": "2026-02-02", "until": "2026-01-01"}, "The last day is before the first."),
        ({"since": "2020-01-01"}, "at most 400 days"),
        ({"until": "9999-12-31"}, "Give a day, such as"),
        ({"since": "0001-01-01"}, "Give a day, such as"),
        ({"environment": "nowhere"}, "Choose one from the list."),
    ],
)
def test_a_period_that_is_none_says_so_and_stays_typed(
    client: Client, cast: Cast, version: Version, query: dict[str, str], sentence: str
) -> None:
    response = at(client, cast.axel).get(URL, query)
    assert response.status_code == 422
    assert sentence in text(response)
    assert all(response.context["form"].data[name] == value for name, value in query.items())
    assert client.get(URL + "changes.csv", query).status_code == 302


def test_who_may_not_read_the_trail_is_told_whom_to_ask(client: Client, cast: Cast, version: Version) -> None:
    for url in (URL, URL + "changes.csv", URL + "places/?environment=production"):
        assert at(client, cast.vera).get(url).status_code == 403
        assert at(client, cast.charlie).get(url).status_code == 404
    assert at(client, cast.vera).post(URL + "ask/", {"environment": "production"}).status_code == 403


def test_a_place_that_holds_what_it_confirmed_agrees(client: Client, cast: Cast, version: Version, target: FakeTarget) -> None:
    assert "Not asked yet" in text(at(client, cast.axel).get(URL))
    html = asked(client, cast)
    assert "Every place holds what was confirmed when it was published." in html
    [question] = target.questions
    assert (question.remote_id, question.remote_version, question.digest) == ("R1", "1", version.digest)
    assert target.written == ["1.0.0"]


def test_a_place_that_holds_something_else_is_named_and_it_is_in_the_trail(
    client: Client, cast: Cast, version: Version, target: FakeTarget
) -> None:
    target.standing = Standing(False, "Version 1 is not there any more.")
    html = asked(client, cast)
    assert "Differs" in html
    assert "Version 1 is not there any more." in html
    assert Entry.objects.filter(action="publication.drift_noticed", object_uid=version.prompt.uid).count() == 1


def test_a_place_that_cannot_be_asked_says_why(client: Client, cast: Cast, version: Version, target: FakeTarget) -> None:
    target.standing = PublishFailed("AWS refused the permission for GetPrompt.", code="AccessDenied", permanent=True)
    html = asked(client, cast)
    assert "Could not be asked" in html
    assert "AWS refused the permission for GetPrompt." in html


def test_a_publisher_that_breaks_is_no_500(client: Client, cast: Cast, version: Version, target: FakeTarget) -> None:
    target.standing = ValueError("broken")
    assert "Something unexpected happened (ValueError)." in asked(client, cast)


def test_a_place_whose_kind_is_gone_cannot_be_asked(client: Client, cast: Cast, version: Version, settings: Any) -> None:
    settings.PUBLISHERS = {}
    assert "Places of this kind cannot be asked." in asked(client, cast)


def test_a_place_that_did_not_get_the_live_version_differs_without_being_asked(
    client: Client, cast: Cast, prompt: Prompt, version: Version, target: FakeTarget
) -> None:
    in_production(cast, a_version(prompt, by=cast.alice, text="Sort it: {{claim}}"))
    publish_everything()

    target.twists = [refuse]
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="Worse.", actor=cast.bob)
    publish_everything()
    assert "has not arrived there" in text(at(client, cast.axel).get(URL))


def test_the_page_asks_for_itself_while_answers_are_on_their_way(client: Client, cast: Cast, version: Version) -> None:
    fragment = text(at(client, cast.axel).post(URL + "ask/", {"environment": "production"}, headers=HTMX))
    assert 'hx-trigger="every 2s"' in fragment
    assert "<html" not in fragment
    assert client.post(URL + "ask/", {"environment": "production"}).status_code == 409
    places.check_due()
    assert 'hx-trigger="every 2s"' not in text(client.get(URL + "places/?environment=production", headers=HTMX))


def test_a_worker_that_dies_while_asking_is_followed_by_another(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.axel).post(URL + "ask/", {"environment": "production"})
    assert places._claimed() is not None
    assert places.check_due() == 0
    with clock.at(timezone.now() + timedelta(minutes=10)):
        assert places.check_due() == 1
    assert PlaceCheck.objects.get().outcome == "agrees"


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, version: Version) -> None:
    few = queries(at(client, cast.axel), URL)
    for number in range(4):
        in_production(cast, a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice))
    publish_everything()
    assert queries(client, URL) == few
