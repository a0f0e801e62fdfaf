"""People, roles and keys."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.projects.models import ApiKey, Membership
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.services import folder_at
from tests.cast import Cast, a_key, an_application

from ..reading import at, text
from .panel import address, client_post, entries, staff


def test_a_role_is_given_by_its_service_and_taken_away(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"project": cast.claims.pk, "person": "charlie@claims.example", "role": "viewer"}
    assert client_post(client, dora, address(Membership, "add"), typed).status_code == 302
    membership = Membership.objects.get(user=cast.charlie.user, project=cast.claims)
    assert (membership.granted_by, entries("role.granted")) == (dora.user, 1)
    again = client.post(address(Membership, "add"), typed)
    assert 'id="form-errors"' in text(again)
    response = client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [membership.pk]}, follow=True)
    assert "Charlie no longer has the role Viewer in Claims." in text(response)
    assert (Membership.objects.filter(pk=membership.pk).exists(), entries("role.revoked")) == (False, 1)


def test_a_role_is_given_in_one_folder(client: Client, cast: Cast, dora: Actor) -> None:
    water, theirs = folder_at(project=cast.claims, path="Property/Water"), folder_at(project=cast.elsewhere, path="Secret")
    page = text(at(client, dora).get(address(Membership, "add")))
    assert "Claims: Property / Water" in page
    assert "Secret" not in page
    typed = {"project": cast.claims.pk, "person": "charlie@claims.example", "role": "product"}
    assert client.post(address(Membership, "add"), {**typed, "folder": theirs.pk}).status_code == 422
    assert client.post(address(Membership, "add"), {**typed, "folder": water.pk}).status_code == 302
    membership = Membership.objects.get(user=cast.charlie.user, project=cast.claims)
    assert (membership.folder, membership.role) == (water, "product")
    auditor = client.post(address(Membership, "add"), {**typed, "role": "auditor", "folder": water.pk})
    assert "The trail belongs to the whole project" in text(auditor)
    assert "Property/Water" in text(client.get(address(Membership, "change", membership.pk)))
    gone = client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [membership.pk]}, follow=True)
    assert "Charlie no longer has the role Product in Claims, Property/Water." in text(gone)


def test_a_role_in_a_folder_of_another_project_says_so(client: Client, cast: Cast) -> None:
    theirs = folder_at(project=cast.elsewhere, path="Secret")
    typed = {"project": cast.claims.pk, "person": "charlie@claims.example", "role": "product", "folder": theirs.pk}
    answer = client_post(client, cast.root, address(Membership, "add"), typed)
    assert (answer.status_code, "That folder belongs to another project." in text(answer)) == (422, True)


def test_a_role_elsewhere_is_neither_given_nor_taken(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"project": cast.elsewhere.pk, "person": "dora", "role": "admin"}
    assert "Select a valid choice." in text(client_post(client, dora, address(Membership, "add"), typed))
    theirs = Membership.objects.get(user=cast.charlie.user)
    client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [theirs.pk]})
    assert Membership.objects.filter(pk=theirs.pk).exists()
    mine = Membership.objects.get(user=cast.vera.user)
    client_post(client, staff(cast.bob), address(Membership, "changelist"), {"action": "take_away", "_selected_action": [mine.pk]})
    assert entries("access.refused") == 1
    assert Membership.objects.filter(pk=mine.pk).exists()


def test_a_role_is_given_to_people_only(client: Client, cast: Cast, dora: Actor) -> None:
    account = an_application(cast.claims, responsible=dora, by=dora)
    response = client_post(
        client, dora, address(Membership, "add"), {"project": cast.claims.pk, "person": account.user.username, "role": "viewer"}
    )
    assert "Nobody in your projects is called that." in text(response)
    assert not Membership.objects.filter(user=account.user).exists()


def test_a_person_is_added_and_changed_by_the_service(client: Client, cast: Cast) -> None:
    typed = {"username": "zoe", "name": "Zoë", "email": "zoe@claims.example", "is_active": "on", "is_staff": "on"}
    assert client_post(client, cast.root, address(User, "add"), typed).status_code == 302
    zoe = User.objects.get(username="zoe")
    assert (zoe.name, zoe.is_staff, zoe.is_superuser, zoe.has_usable_password()) == ("Zoë", True, False, False)
    leaves = {"name": "Zoë Z.", "email": "zoe@claims.example"}
    assert client.post(address(User, "change", zoe.pk), leaves).status_code == 302
    zoe.refresh_from_db()
    assert (zoe.name, zoe.is_active, zoe.is_staff, zoe.username) == ("Zoë Z.", False, False, "zoe")
    assert (entries("person.added"), entries("person.changed")) == (1, 2)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": "alice", "name": "Second"}, "already exists"),
        ({"username": "zoe", "name": ""}, "required"),
        ({"username": "zoe", "name": "Kept as typed", "email": "nowhere"}, "valid email address"),
    ],
)
def test_a_person_who_cannot_be_added_keeps_what_was_typed(client: Client, cast: Cast, typed: Any, sentence: str) -> None:
    before = User.objects.count()
    response = client_post(client, cast.root, address(User, "add"), typed | {"is_active": "on"})
    assert response.status_code == 422
    assert sentence in text(response)
    assert all(f'value="{value}"' in text(response) for value in typed.values() if value)
    assert User.objects.count() == before


def test_the_last_site_admin_stays(client: Client, cast: Cast) -> None:
    response = client_post(client, cast.root, address(User, "change", cast.root.user.pk), {"name": "Root, who leaves", "email": ""})
    assert "This is the last site admin." in text(response)
    assert 'value="Root, who leaves"' in text(response)
    cast.root.user.refresh_from_db()
    assert (cast.root.user.is_superuser, cast.root.user.name) == (True, "Root")


def test_people_are_changed_by_site_admins_only(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"name": "Dora, the boss", "email": "", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client_post(client, dora, address(User, "change", dora.user.pk), typed).status_code == 403
    assert client.post(address(User, "add"), typed | {"username": "mine"}).status_code == 403
    dora.user.refresh_from_db()
    assert not dora.user.is_superuser


def test_a_key_is_revoked_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=dora, by=dora), "read", by=dora)
    assert key.secret_hash not in text(at(client, dora).get(address(ApiKey, "change", key.pk)))
    posted = {"action": "revoke", "_selected_action": [key.pk]}
    assert "Nightly is revoked." in text(client.post(address(ApiKey, "changelist"), posted, follow=True))
    assert "This key was revoked already." in text(client.post(address(ApiKey, "changelist"), posted, follow=True))
    assert (ApiKey.objects.usable().count(), entries("key.revoked")) == (0, 1)


def test_a_person_s_page_tells_roles_accounts_and_sign_in(client: Client, cast: Cast, dora: Actor) -> None:
    grant_role(project=cast.elsewhere, user=cast.bob.user, role="viewer", actor=cast.root)
    an_application(cast.claims, responsible=cast.bob, by=dora)
    path = address(User, "change", cast.bob.user.pk)
    page = text(at(client, dora).get(path))
    assert "Claims: <b>Product</b> <span class='muted small'>by Root</span>" in page
    assert "Claims desk in Claims" in page
    assert "Never" in page
    assert "Elsewhere" not in page
    at(client, cast.bob)
    everything = text(at(client, cast.root).get(path))
    assert "Elsewhere: <b>Viewer</b>" in everything
    assert "today" in everything


def test_a_role_form_names_nobody_whom_one_does_not_know(client: Client, cast: Cast, dora: Actor) -> None:
    form = text(at(client, dora).get(address(Membership, "add")))
    assert "Charlie" not in form
    assert "Vera" not in form
    people = "/admin/projects/membership/people/"
    assert text(client.get(people, {"person": "ve"})) == '<option value="vera@claims.example">Vera</option>'
    for words in ("char", "charlie@claims.example", ""):
        assert "Charlie" not in text(client.get(people, {"person": words}))
    assert "Charlie" in text(at(client, cast.root).get(people, {"person": "char"}))


@pytest.mark.parametrize(("typed", "given"), [("Charlie", False), ("charlie", False), ("charlie@claims.example", True), ("Vera", True)])
def test_strangers_are_found_by_their_exact_address_alone(client: Client, cast: Cast, dora: Actor, typed: str, given: bool) -> None:
    answer = client_post(client, dora, address(Membership, "add"), {"project": cast.claims.pk, "person": typed, "role": "auditor"})
    assert (answer.status_code == 302) is given
    assert Membership.objects.filter(project=cast.claims, role="auditor").exclude(user=cast.axel.user).exists() is given
    if not given:
        assert "Nobody in your projects is called that." in text(answer)
        assert f'value="{typed}"' in text(answer)


def test_a_key_s_page_tells_what_it_may_and_revokes_it(client: Client, cast: Cast, dora: Actor) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=dora, by=dora), "read", "deploy", by=dora)
    path = address(ApiKey, "change", key.pk)
    page = text(at(client, dora).get(path))
    assert "promote and roll back, read prompts" in page
    assert "every one: not for applications" in page
    assert key.secret_hash not in page
    revoked = client.post(f"/admin/projects/apikey/{key.pk}/revoke/", follow=True)
    assert "Nightly is revoked." in text(revoked)
    assert "Revoke it" not in text(revoked)
    assert client.post(f"/admin/projects/apikey/{key.pk}/revoke/").status_code == 409
    assert entries("key.revoked") == 1


def test_a_key_is_revoked_by_project_admins_alone(client: Client, cast: Cast, dora: Actor) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=dora, by=dora), "read", by=dora)
    path = f"/admin/projects/apikey/{key.pk}/revoke/"
    assert at(client, staff(cast.bob)).post(path).status_code == 403
    assert at(client, staff(cast.charlie)).post(path).status_code == 404
    assert ApiKey.objects.usable().count() == 1
