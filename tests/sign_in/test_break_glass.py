"""The local administrator for when the provider is away: off by default, once per password, always in the trail."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from tests.cast import Cast
from tests.web.reading import at, text

pytestmark = pytest.mark.django_db
URL = "/sign-in/break-glass/"


@pytest.fixture
def password(settings: Any) -> str:
    settings.BREAK_GLASS = True
    return made("ops")


def made(name: str) -> str:
    said = StringIO()
    call_command("break_glass", name, stdout=said)
    return said.getvalue().strip().splitlines()[-1]


def enter(client: Client, password: str, name: str = "ops", headers: dict[str, str] | None = None, **more: str) -> Any:
    return client.post(URL, {"name": name, "password": password, **more}, headers=headers)


def test_it_is_not_there_unless_it_is_switched_on(client: Client) -> None:
    password = made("ops")
    assert client.get(URL).status_code == 404
    assert enter(client, password).status_code == 404
    assert "Break-glass" not in text(client.get("/sign-in/"))
    assert "_auth_user_id" not in client.session


def test_it_opens_everything_and_says_so(client: Client, password: str, cast: Cast) -> None:
    assert enter(client, password, next="/p/claims/reviews/")["Location"] == "/p/claims/reviews/"
    assert "You are the break-glass administrator" in text(client.get("/p/claims/reviews/"))
    assert client.get("/admin/").status_code == 200
    entry = Entry.objects.get(action="break_glass.used")
    assert entry.actor_uid == User.objects.get(username="break-glass-ops").uid
    assert Entry.objects.filter(action="break_glass.made").count() == 1


def test_every_site_admin_reads_of_it_and_others_do_not(client: Client, password: str, cast: Cast) -> None:
    enter(client, password)
    said = "The break-glass administrator was used lately"
    assert said in text(at(Client(), cast.root).get("/"))
    assert said not in text(at(Client(), cast.dora).get("/"))


def test_a_password_works_once(client: Client, password: str) -> None:
    enter(client, password)
    again = Client()
    response = enter(again, password)
    assert response.status_code == 403
    assert "Name and password do not fit." in text(response)
    assert "_auth_user_id" not in again.session
    enter(again, made("ops"))
    assert "_auth_user_id" in again.session


@pytest.mark.parametrize(("name", "typed"), [("ops", "wrong"), ("nobody", "wrong"), ("root", "wrong"), ("break-glass-ops", "")])
def test_whoever_does_not_fit_reads_one_sentence(client: Client, password: str, name: str, typed: str) -> None:
    User.objects.create_superuser("root", password="a local password")
    response = enter(client, typed or password, name)
    assert response.status_code == 403
    assert "Name and password do not fit." in text(response)
    assert f'value="{name}"' in text(response), "what was typed stays"
    assert typed == "" or typed not in text(response), "and a password is not shown back"
    assert json.loads(Entry.objects.get(action="sign_in.refused").data)["because"] == "wrong_password"
    assert "_auth_user_id" not in client.session


def test_an_administrator_with_a_password_is_not_one_for_this_door(client: Client, password: str) -> None:
    User.objects.create_superuser("root", password="a local password")
    assert enter(client, "a local password", "root").status_code == 403


def test_an_empty_form_says_what_is_missing(client: Client, password: str) -> None:
    response = enter(client, "", "")
    assert response.status_code == 422
    assert "Give the name of the local administrator." in text(response)


def test_it_never_leads_to_another_host(client: Client, password: str) -> None:
    assert enter(client, password, next="https://evil.example/")["Location"] == "/"


def test_switching_it_off_ends_its_sessions(client: Client, password: str, settings: Any) -> None:
    enter(client, password)
    assert client.get("/").status_code == 200
    settings.BREAK_GLASS = False
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_archiving_ends_its_sessions(client: Client, password: str) -> None:
    enter(client, password)
    User.objects.filter(username="break-glass-ops").update(is_active=False)
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_it_is_offered_where_people_sign_in(client: Client, password: str) -> None:
    assert f'href="{URL}?next=%2Fp%2Fx%2F"' in text(client.get("/sign-in/", {"next": "/p/x/"}))


def test_the_demo_does_not_offer_it_as_a_person(client: Client, password: str, settings: Any) -> None:
    settings.DEMO = True
    assert "Break-glass ops" not in text(client.get("/sign-in/"))
    assert client.post("/sign-in/", {"person": User.objects.get(username="break-glass-ops").uid}).status_code == 404


@pytest.mark.parametrize("name", ["", "Ops", "a b", "a--b", "x" * 61])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="small letters"):
        call_command("break_glass", name)


def test_it_does_not_count_as_the_site_admin_who_stays(cast: Cast, password: str) -> None:
    from promptstudio.accounts.services import change_person
    from promptstudio.lib.errors import Conflict

    with pytest.raises(Conflict, match="the last site admin"):
        change_person(person=cast.root.user, name="Root", email="", is_active=False, is_staff=True, is_site_admin=True, actor=cast.root)


def test_the_password_is_sent_by_post_with_a_token(password: str) -> None:
    response = enter(Client(enforce_csrf_checks=True), password)
    assert response.status_code == 403
    assert "This page was open too long" in text(response)
    assert "ops" in text(response)
    assert password not in text(response)
