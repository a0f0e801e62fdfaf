from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.models import User
from tests.cast import Cast, a_person, an_application
from tests.sign_in.hostile import OTHER_HOSTS

from .reading import HTMX, at, text

URL = "/sign-in/"


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEMO = True


def test_the_demo_offers_its_people(client: Client, demo: None, cast: Cast) -> None:
    an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    User.objects.create_user("gone", name="Gone Away", is_active=False)
    User.objects.create_user("new", name="Nora New")
    html = text(client.get(URL))
    assert "Choose who you want to be." in html
    assert "Product in Claims" in html
    assert "Decides what may go to production." in html
    assert "No project yet" in html
    assert "Site admin" in html
    assert "Gone Away" not in html
    assert "Claims desk" not in html


def test_choosing_somebody_is_signing_in(client: Client, demo: None, cast: Cast) -> None:
    response = client.post(URL, {"person": cast.bob.user.uid})
    assert response["Location"] == "/"
    assert "Bob" in text(client.get("/"))


def test_it_leads_to_the_page_that_was_asked_for(client: Client, demo: None, cast: Cast) -> None:
    asked_for = "/p/claims/reviews/?q=storm&state=closed"
    to_sign_in = client.get(asked_for)["Location"]
    assert 'value="/p/claims/reviews/?q=storm&amp;state=closed"' in text(client.get(to_sign_in))
    assert client.post(URL, {"person": cast.bob.user.uid, "next": asked_for})["Location"] == asked_for


@pytest.mark.parametrize("wanted", [*OTHER_HOSTS, ""])
def test_it_never_leads_to_another_host(client: Client, demo: None, cast: Cast, wanted: str) -> None:
    assert client.post(URL, {"person": cast.bob.user.uid, "next": wanted})["Location"] == "/"


@pytest.mark.parametrize("person", ["", "nobody", "1", "00000000-0000-0000-0000-000000000000"])
def test_nobody_is_not_there(client: Client, demo: None, cast: Cast, person: str) -> None:
    assert client.post(URL, {"person": person}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_applications_and_people_who_left_do_not_sign_in(client: Client, demo: None, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    gone = User.objects.create_user("gone", name="Gone Away", is_active=False)
    for uid in (account.user.uid, gone.uid):
        assert client.post(URL, {"person": uid}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_outside_the_demo_nobody_is_offered_and_nobody_gets_in(client: Client, settings: Any, cast: Cast) -> None:
    settings.DEMO = False
    html = text(client.get(URL))
    assert "Sign-in is not set up." in html
    assert "Bob" not in html
    response = client.post(URL, {"person": cast.bob.user.uid, "next": "/"})
    assert "Sign-in is not set up." in text(response)
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session(client: Client, cast: Cast) -> None:
    at(client, cast.bob)
    assert client.get("/sign-out/").status_code == 405
    assert "_auth_user_id" in client.session
    assert "You are signed out." in text(client.post("/sign-out/", follow=True))
    assert "_auth_user_id" not in client.session
    assert client.get("/p/claims/reviews/")["Location"].startswith(URL)


def test_a_get_signs_nobody_in(client: Client, demo: None, cast: Cast) -> None:
    assert client.get(URL, {"person": cast.bob.user.uid}).status_code == 200
    assert "_auth_user_id" not in client.session


def test_signing_in_takes_a_token(demo: None, cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(URL, {"person": cast.bob.user.uid})
    assert response.status_code == 403
    assert "This page was open too long" in text(response)
    assert "_auth_user_id" not in client.session


def test_the_session_is_a_new_one(client: Client, demo: None, cast: Cast) -> None:
    client.post(URL, {"person": cast.bob.user.uid})
    before = client.session.session_key
    client.post(URL, {"person": cast.alice.user.uid})
    assert client.session.session_key != before


def test_a_fragment_is_no_place_for_signing_in(client: Client, cast: Cast) -> None:
    response = client.get("/p/claims/environments/", headers=HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (204, "/sign-in/?next=/p/claims/environments/")


def test_hostile_names_are_shown_as_names(client: Client, demo: None, cast: Cast) -> None:
    a_person("<script>alert(1)</script>\u202e", cast.claims, "viewer", by=cast.root)
    response = client.get(URL, {"next": '"><script>alert(1)</script>'})
    assert b"<script>alert" not in response.content
    assert b"&lt;script&gt;alert(1)" in response.content
