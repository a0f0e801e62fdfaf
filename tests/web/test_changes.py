"""The page of what waits for a second person: two people, one change."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.projects import key_services, services
from promptstudio.projects.models import PendingChange
from tests.cast import STRICT, Cast, a_person, an_application

from .reading import HOSTILE, at, queries, text

URL = "/changes/"
EASIER = STRICT.model_dump(mode="json") | {"approvals": {"product": 1}}


@pytest.fixture
def dana(cast: Cast, settings: Any) -> Actor:
    person = a_person("Dana", cast.claims, "admin", by=cast.root)
    settings.SECOND_PERSON = True
    return person


@pytest.fixture
def change(cast: Cast, dana: Actor) -> PendingChange:
    made = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    assert isinstance(made, PendingChange)
    return made


def test_it_says_before_and_after_and_what_becomes_easier(client: Client, cast: Cast, dana: Actor, change: PendingChange) -> None:
    html = text(at(client, dana).get(URL))
    assert "New conditions for Production" in html
    assert "1 product approval and 1 technical approval given against what is live now" in html
    assert "0 instead of 1 technical approvals are enough" in html
    assert "Dora asked" in html


def test_the_second_person_finds_it_at_home_and_confirms(client: Client, cast: Cast, dana: Actor, change: PendingChange) -> None:
    home = text(at(client, dana).get("/"))
    assert "One change to confirm waits for you." in home
    assert "Look and confirm" in home
    page = client.post(f"{URL}{change.uid}/confirm/", follow=True)
    assert "Confirmed. New conditions for Production holds from now on." in text(page)
    assert "Confirmed by Dana" in text(page)
    assert cast.production.policy.number == 2
    again = client.post(f"{URL}{change.uid}/confirm/")
    assert (again.status_code, "decided already" in text(again)) == (409, True)


def test_whoever_asked_reads_why_they_cannot_and_may_withdraw(client: Client, cast: Cast, dana: Actor, change: PendingChange) -> None:
    html = text(at(client, cast.dora).get(URL))
    assert "You asked for this yourself. Somebody else has to confirm it." in html
    assert f"{URL}{change.uid}/confirm/" not in html
    assert "Look and confirm" not in text(client.get("/"))
    assert client.post(f"{URL}{change.uid}/confirm/").status_code == 403
    client.post(f"{URL}{change.uid}/decline/")
    change.refresh_from_db()
    assert change.outcome == "withdrawn"


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_it_is_not_there_for_anybody_else(client: Client, cast: Cast, dana: Actor, change: PendingChange, who: str) -> None:
    assert "New conditions" not in text(at(client, getattr(cast, who)).get(URL))
    assert client.post(f"{URL}{change.uid}/confirm/").status_code == 404
    assert cast.production.policy.number == 1


def test_settings_say_that_something_waits(client: Client, cast: Cast, dana: Actor) -> None:
    typed = {"person": "charlie@claims.example", "role": "technical", "folder": ""}
    page = at(client, cast.dora).post("/p/claims/settings/people/give/", typed, follow=True)
    assert "The role technical: Charlie waits for a second person." in text(page)
    assert "1 change waits for a second person." in text(page)


def test_a_new_key_that_promotes_says_that_it_opens_nothing_yet(client: Client, cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    typed = {"name": "Ships", "scopes": ["deploy"], "environment": "production", "folder": ""}
    page = at(client, cast.dora).post(f"/p/claims/settings/keys/applications/{account.uid}/", typed)
    assert (page.status_code, "It opens nothing yet." in text(page)) == (201, True)
    assert "Waits for a second person" in text(client.get("/p/claims/settings/keys/"))


def test_the_administration_says_so_too(client: Client, cast: Cast, dana: Actor) -> None:
    cast.dora.user.is_staff = True
    cast.dora.user.save()
    typed = {"environment": cast.production.pk, "approvals_product": 1, "deployers": ["technical"]}
    page = at(client, cast.dora).post("/admin/projects/policy/add/", typed, follow=True)
    assert "New conditions for Production waits for a second person." in text(page)
    assert cast.production.policy.number == 1


def test_hostile_words_are_words(client: Client, cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    key_services.create_key(account=account, name=HOSTILE[:120], scopes=["deploy"], actor=cast.dora)
    assert b"<script>alert" not in at(client, dana).get(URL).content


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)

    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            key_services.create_key(account=account, name=f"Key {number}", scopes=["deploy"], actor=cast.dora)

    grow(0, 2)
    few = queries(at(client, dana), URL)
    grow(2, 8)
    assert queries(client, URL) == few
