import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import target_services
from promptstudio.projects.key_services import create_service_account, key_for
from promptstudio.projects.models import ApiKey, Membership, ServiceAccount
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.services import folder_at
from tests.cast import Cast, a_key, an_application

URL = "/p/claims/settings/"
PAGES = (URL, URL + "people/", URL + "keys/")


def at(client: Client, actor: Actor) -> Client:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_each_environment_says_its_conditions_and_where_it_publishes(client: Client, cast: Cast) -> None:
    target_services.add_target(environment=cast.production, name="Bedrock, Frankfurt", settings={"region": "eu-central-1"}, actor=cast.root)
    html = text(at(client, cast.vera).get(URL))
    assert "There are no conditions." in html
    assert "To enter Production a version needs to be live in Staging first, 1 product approval and 1 technical approval" in html
    assert "Bedrock, Frankfurt" in html
    assert "(eu-central-1)" in html
    assert html.count("No place outside") == 2


def test_whoever_is_no_admin_reads_and_is_told_why_not_more(client: Client, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    key, _ = a_key(account, "read", by=cast.dora)
    at(client, cast.bob)
    for page in PAGES:
        html = text(client.get(page))
        assert "Your role does not allow you to change the settings of this project." in html
        assert '<form method="post" action="/p/' not in html
    membership = Membership.objects.get(user=cast.vera.user)
    posts = (
        "people/give/",
        f"people/{membership.uid}/take/",
        "keys/applications/",
        f"keys/applications/{account.uid}/",
        f"keys/{key.uid}/revoke/",
    )
    for path in posts:
        response = client.post(URL + path, {"name": "mine"})
        assert response.status_code == 403, path
        assert "Ask a project admin" in text(response)
    assert Membership.objects.filter(pk=membership.pk).exists()
    assert ApiKey.objects.usable().count() == 1


def test_another_project_is_not_there(client: Client, cast: Cast) -> None:
    at(client, cast.charlie)
    for page in PAGES:
        assert client.get(page).status_code == 404
    assert client.post(URL + "people/give/", {"person": "charlie", "role": "admin"}).status_code == 404


def test_a_thing_of_another_project_is_not_there_either(client: Client, cast: Cast) -> None:
    membership = Membership.objects.get(user=cast.charlie.user)
    account = an_application(cast.elsewhere, responsible=cast.charlie, by=cast.root)
    key, _ = a_key(account, "read", by=cast.root)
    at(client, cast.dora)
    for path in (f"people/{membership.uid}/take/", f"keys/applications/{account.uid}/", f"keys/{key.uid}/revoke/"):
        assert client.post(URL + path, {"name": "x", "scopes": ["read"]}).status_code == 404
    assert ApiKey.objects.usable().filter(pk=key.pk).exists()


def test_the_table_says_what_each_role_may_do(client: Client, cast: Cast) -> None:
    response = at(client, cast.vera).get(URL + "people/")
    table = dict(response.context["table"])
    assert response.context["roles"] == ["Viewer", "Domain expert", "Product", "Technical", "Auditor", "Project admin"]
    assert table["Change these settings"] == [False] * 5 + [True]
    assert table["Roll back"] == [False, False, True, True, False, True]


@pytest.mark.parametrize("typed", ["vera", "Vera", "VERA@claims.example"])
def test_an_admin_gives_a_role(client: Client, cast: Cast, typed: str) -> None:
    response = at(client, cast.dora).post(URL + "people/give/", {"person": typed, "role": "product"}, follow=True)
    assert "Vera has the role Product now." in text(response)
    assert Membership.objects.get(user=cast.vera.user, role="product").granted_by == cast.dora.user


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"person": "Zoë", "role": "product"}, 422, "Nobody in your projects is called that."),
        ({"person": "Same Name", "role": "product"}, 422, "More than one person is called that."),
        ({"person": "", "role": "product"}, 422, "Say who."),
        ({"person": "vera", "role": ""}, 422, "Choose a role."),
        ({"person": "vera", "role": "king"}, 422, "Select a valid choice."),
        ({"person": "bob", "role": "product"}, 409, "Bob already has this role here."),
    ],
)
def test_a_role_that_cannot_be_given_keeps_what_was_typed(client: Client, cast: Cast, typed: Any, status: int, sentence: str) -> None:
    for username in ("same1", "same2"):
        person = User.objects.create_user(username, name="Same Name")
        grant_role(project=cast.claims, user=person, role="viewer", actor=cast.root)
    response = at(client, cast.dora).post(URL + "people/give/", typed)
    assert response.status_code == status
    assert sentence in text(response)
    assert f'value="{typed["person"]}"' in text(response) or not typed["person"]


def test_an_admin_takes_a_role_away(client: Client, cast: Cast) -> None:
    membership = Membership.objects.get(user=cast.vera.user)
    response = at(client, cast.dora).post(f"{URL}people/{membership.uid}/take/", follow=True)
    assert "Vera does not have the role Viewer any more." in text(response)
    assert not Membership.objects.filter(user=cast.vera.user).exists()


def test_whoever_takes_their_own_last_role_lands_at_home(client: Client, cast: Cast) -> None:
    grant_role(project=cast.claims, user=cast.bob.user, role="admin", actor=cast.root)
    membership = Membership.objects.get(user=cast.dora.user)
    assert at(client, cast.dora).post(f"{URL}people/{membership.uid}/take/")["Location"] == "/"


def test_a_key_is_shown_once_and_works(client: Client, cast: Cast) -> None:
    at(client, cast.dora).post(URL + "keys/applications/", {"account_name": "Claims desk", "responsible": cast.alice.user.pk})
    account = ServiceAccount.objects.get()
    assert account.responsible == cast.alice.user
    last_day = timezone.localdate() + timedelta(days=30)
    typed = {"name": "Web shop", "scopes": ["read"], "environment": "production", "expires_on": last_day.isoformat()}
    made = client.post(f"{URL}keys/applications/{account.uid}/", typed)
    assert made.status_code == 201
    assert "no-store" in made["Cache-Control"]
    secret = re.search(r'id="secret">(ps_[^<]+)<', made.content.decode())
    assert secret
    key = key_for(secret[1])
    assert key
    assert (key.environment, key.scopes, key.created_by) == (cast.production, ["read"], cast.dora.user)
    assert key.expires_at
    assert timezone.localtime(key.expires_at - timedelta(seconds=1)).date() == last_day
    listed = text(client.get(URL + "keys/"))
    assert secret[1] not in listed
    assert key.prefix in listed
    assert "not for applications" not in listed.split("<details")[0]


def test_a_key_without_an_environment_is_marked(client: Client, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    made = at(client, cast.dora).post(
        f"{URL}keys/applications/{account.uid}/", {"name": "Import", "scopes": ["read", "write"], "environment": ""}
    )
    assert "Not for applications" in text(made)
    assert "Every environment: not for applications" in text(at(client, cast.vera).get(URL + "keys/"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "  "}, "Say what this key is for."),
        ({"scopes": []}, "Choose at least one thing that it may do."),
        ({"scopes": ["rule"]}, "Choose from the list."),
        ({"environment": "moon"}, "Choose an environment of this project."),
        ({"expires_on": "2001-01-01"}, "Choose a day in the future."),
        ({"expires_on": "9999-12-31"}, "Choose a day before 2100"),
        ({"expires_on": "soon"}, "Give a day, such as"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(client: Client, cast: Cast, change: dict[str, Any], sentence: str) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    typed = {"name": "Kept as typed", "scopes": ["read"], "environment": "", "expires_on": ""} | change
    response = at(client, cast.dora).post(f"{URL}keys/applications/{account.uid}/", typed)
    assert response.status_code == 422
    assert sentence in text(response)
    assert "name" in change or "Kept as typed" in text(response)
    assert not ApiKey.objects.exists()


def test_a_revoked_key_works_no_more_and_stays_listed(client: Client, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    key, _ = a_key(account, "read", by=cast.dora)
    response = at(client, cast.dora).post(f"{URL}keys/{key.uid}/revoke/", follow=True)
    assert "Revoked" in text(response)
    assert not ApiKey.objects.usable().exists()
    again = client.post(f"{URL}keys/{key.uid}/revoke/")
    assert (again.status_code, "This key was revoked already." in text(again)) == (409, True)


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"account_name": "", "responsible": ""}, 422, "Give the application a name."),
        ({"account_name": "New one", "responsible": "999999"}, 422, "Choose someone from the list."),
        ({"account_name": "Claims desk"}, 409, "There is already a service account"),
    ],
)
def test_an_application_that_cannot_be_added_says_why(client: Client, cast: Cast, typed: Any, status: int, sentence: str) -> None:
    an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    response = at(client, cast.dora).post(URL + "keys/applications/", {"responsible": cast.dora.user.pk} | typed)
    assert response.status_code == status
    assert sentence in text(response)
    assert ServiceAccount.objects.count() == 1


@pytest.mark.parametrize("reader", ["vera", "dora"])
@pytest.mark.parametrize("page", PAGES)
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, page: str, reader: str) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            user = User.objects.create_user(f"p{number}", name=f"Person {number}")
            Membership.objects.create(project=cast.claims, user=user, role="viewer", granted_by=cast.dora.user)
            target_services.add_target(environment=cast.production, name=f"Place {number}", actor=cast.root)
            account = create_service_account(project=cast.claims, name=f"Application {number}", responsible=cast.dora.user, actor=cast.dora)
            a_key(account, "read", environment=cast.production, by=cast.dora)

    def queries() -> int:
        at(client, getattr(cast, reader)).get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    grow(0, 2)
    few = queries()
    grow(2, 9)
    assert queries() == few


def test_a_role_is_given_in_a_folder(client: Client, cast: Cast) -> None:
    folder_at(project=cast.claims, path="Property/Water")
    html = text(at(client, cast.dora).get(URL + "people/"))
    assert '<option value="Property">Property</option>' in html
    assert '<option value="Property/Water">Property / Water</option>' in html
    typed = {"person": "charlie@claims.example", "role": "technical", "folder": "Property"}
    page = client.post(URL + "people/give/", typed, follow=True)
    assert "Charlie has the role Technical in Property now." in text(page)
    assert Membership.objects.get(user=cast.charlie.user, project=cast.claims).folder.path == "Property"
    refused = client.post(URL + "people/give/", typed | {"role": "auditor"})
    assert (refused.status_code, "belongs to the whole project" in text(refused)) == (422, True)
    strange = client.post(URL + "people/give/", typed | {"folder": "Nowhere"})
    assert (strange.status_code, "Choose a folder in which you may give roles." in text(strange)) == (422, True)


def test_the_keeper_of_a_folder_gives_roles_there_only(client: Client, cast: Cast) -> None:
    folder, other = folder_at(project=cast.claims, path="Property"), folder_at(project=cast.claims, path="Motor")
    grant_role(project=cast.claims, user=cast.charlie.user, role="admin", folder=folder, actor=cast.dora)
    elsewhere = grant_role(project=cast.claims, user=cast.bob.user, role="viewer", folder=other, actor=cast.dora)
    html = text(at(client, cast.charlie).get(URL + "people/"))
    assert '<option value="Property">' in html
    assert "The whole project" not in html
    assert '<option value="Motor">' not in html
    assert html.count("/take/") == 1
    client.post(URL + "people/give/", {"person": "Alice", "role": "product", "folder": "Property"})
    made = Membership.objects.get(user=cast.alice.user, folder=folder)
    assert client.post(f"{URL}people/{made.uid}/take/").status_code == 302
    assert client.post(f"{URL}people/{elsewhere.uid}/take/").status_code == 403
    assert client.post(URL + "people/give/", {"person": "Alice", "role": "product", "folder": ""}).status_code == 403


def test_a_key_is_changed_with_an_overlap(client: Client, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    old, _ = a_key(account, "read", environment=cast.staging, by=cast.dora)
    page = at(client, cast.dora).post(f"{URL}keys/{old.uid}/rotate/", {"days": "7"})
    assert page.status_code == 201
    [secret] = re.findall(r"ps_[\w-]{43}", text(page))
    assert key_for(secret).replaces == old
    assert "goes on working until" in text(page)
    old.refresh_from_db()
    assert timedelta(days=6.9) < old.expires_at - timezone.now() < timedelta(days=7.1)
    again = client.post(f"{URL}keys/{old.uid}/rotate/", {"days": "7"})
    assert (again.status_code, "newer key in place" in text(again)) == (409, True)
    assert client.post(f"{URL}keys/{old.uid}/rotate/", {"days": "-5"}).status_code == 422
    assert at(client, cast.bob).post(f"{URL}keys/{old.uid}/rotate/", {"days": "7"}).status_code == 403


def test_a_key_is_made_for_a_folder(client: Client, cast: Cast) -> None:
    folder_at(project=cast.claims, path="Property")
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    typed = {"name": "Water desk", "scopes": ["read"], "environment": "staging", "folder": "Property"}
    assert at(client, cast.dora).post(f"{URL}keys/applications/{account.uid}/", typed).status_code == 201
    assert ApiKey.objects.get().folder.path == "Property"
    assert "Property" in text(client.get(URL + "keys/"))
