"""Every so often the provider is asked again without a word. What is typed meanwhile is not lost."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.projects.role_services import grant_role
from promptstudio.web.sign_in.kept import forget
from tests.cast import Cast, a_prompt, a_version
from tests.web.reading import HTMX, at, text

from .hostile import Hostile

GIVE = "/p/claims/settings/people/give/"


@pytest.fixture
def signed_in(client: Client, hostile: Hostile, cast: Cast) -> Client:
    """Project admin of “claims”, through the provider."""
    hostile.come_back(client)
    arrived = User.objects.get(identities__subject="somebody")
    grant_role(project=cast.claims, user=arrived, role="admin", actor=cast.root)
    return client


def due(client: Client, *, late: float = 0) -> None:
    session = client.session
    session["oidc_id_token_expiration"] -= 900 + late
    session.save()


def silently(hostile: Hostile, client: Client, page: str, **answer: str) -> Any:
    leaving = urlsplit(client.get(page)["Location"])
    asked = parse_qs(leaving.query)
    assert asked["prompt"] == ["none"]
    hostile.nonce = asked["nonce"][0]
    return client.get("/oidc/callback/", {"state": asked["state"][0], **(answer or {"code": "a-code"})})


def test_before_it_is_time_nothing_happens(signed_in: Client) -> None:
    assert signed_in.get("/").status_code == 200


def test_a_page_is_renewed_and_leads_back_to_itself(signed_in: Client, hostile: Hostile) -> None:
    due(signed_in)
    assert silently(hostile, signed_in, "/?tab=2")["Location"] == "/?tab=2"
    assert signed_in.get("/").status_code == 200


def test_the_administration_is_renewed_too(signed_in: Client, hostile: Hostile) -> None:
    User.objects.filter(kind="person", identities__isnull=False).update(is_staff=True, is_superuser=True)
    due(signed_in)
    assert silently(hostile, signed_in, "/admin/")["Location"] == "/admin/"


def test_a_fragment_has_its_page_renewed(signed_in: Client) -> None:
    due(signed_in)
    headers = {**HTMX, "HX-Current-URL": "http://testserver/p/claims/environments/?q=1"}
    response = signed_in.get("/p/claims/environments/", headers=headers)
    assert (response.status_code, response["HX-Redirect"]) == (204, "/p/claims/environments/?q=1")


def test_a_page_that_looks_on_waits_for_the_next_deed(signed_in: Client, cast: Cast) -> None:
    """Whoever writes on it would lose the words to a renewal that they did not ask for."""
    version = a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice)
    address = reverse("prompt_conditions", args=["claims", version.prompt.name, "production", version.semver])
    assert signed_in.get(address, headers=HTMX).status_code == 200
    due(signed_in)
    response = signed_in.get(address, headers=HTMX)
    assert (response.status_code, "HX-Redirect" in response.headers) == (204, False)


@pytest.mark.parametrize("page", ["http://evil.example/x", "http://testserver//evil.example", "nonsense", ""])
def test_a_fragment_never_leads_to_another_host(signed_in: Client, page: str) -> None:
    due(signed_in)
    target = signed_in.get("/", headers={**HTMX, "HX-Current-URL": page})["HX-Redirect"]
    assert target == "/"


def test_a_script_is_not_led_through_the_provider(signed_in: Client) -> None:
    due(signed_in)
    assert signed_in.get("/", headers={"Sec-Fetch-Mode": "cors"}).status_code == 200


def test_what_is_sent_a_little_late_is_taken(signed_in: Client) -> None:
    due(signed_in, late=60)
    response = signed_in.post(GIVE, {"person": "Nobody at all", "role": "viewer"})
    assert response.status_code == 422
    assert "Nobody in your projects is called that." in text(response)


def test_what_is_sent_much_too_late_is_shown_back(signed_in: Client) -> None:
    due(signed_in, late=3600)
    response = signed_in.post(GIVE, {"person": "Many words that somebody typed"})
    assert response.status_code == 403
    assert "has to be confirmed again before this can be saved" in text(response)
    assert "Many words that somebody typed" in text(response)


def test_the_editor_keeps_its_words_and_tries_again(signed_in: Client) -> None:
    """It takes a redirect for “signed out”."""
    due(signed_in, late=3600)
    response = signed_in.post("/p/claims/prompts/x/-/edit/", headers={"X-Editor": "1"})
    assert response["Location"].startswith("/sign-in/")


def test_signing_out_needs_no_renewal(signed_in: Client) -> None:
    due(signed_in, late=3600)
    signed_in.post("/sign-out/")
    assert "_auth_user_id" not in signed_in.session


@pytest.mark.parametrize("said", ["login_required", "interaction_required", "consent_required", "account_selection_required"])
def test_when_the_session_at_the_provider_ended_so_does_ours(signed_in: Client, hostile: Hostile, said: str) -> None:
    due(signed_in)
    response = silently(hostile, signed_in, "/?tab=2", error=said)
    assert response["Location"] == "/sign-in/?next=%2F%3Ftab%3D2"
    assert "Your company’s sign-in has ended." in text(signed_in.get(response["Location"]))
    assert "_auth_user_id" not in signed_in.session
    assert not Entry.objects.filter(action="sign_in.refused").exists()


def test_a_refused_token_ends_the_session(signed_in: Client, hostile: Hostile) -> None:
    due(signed_in)
    hostile.claims = {"aud": "another-program"}
    response = silently(hostile, signed_in, "/")
    assert response.status_code == 400
    assert "You are not signed in" in text(response)
    assert "_auth_user_id" not in signed_in.session


def test_a_provider_that_is_away_ends_nothing(signed_in: Client, hostile: Hostile) -> None:
    due(signed_in)
    forget()
    hostile.stop()
    response = signed_in.get("/")
    assert response.status_code == 503
    assert "does not answer at the moment" in text(response)
    assert "You are still signed in as Some Body." in text(response)
    assert "_auth_user_id" in signed_in.session


def test_somebody_else_at_the_provider_is_somebody_else_here(signed_in: Client, hostile: Hostile) -> None:
    first = signed_in.session["_auth_user_id"]
    due(signed_in)
    hostile.claims = {"sub": "another-body"}
    silently(hostile, signed_in, "/")
    assert signed_in.session["_auth_user_id"] != first
    assert Entry.objects.filter(action="person.signed_in").count() == 2


def test_whoever_came_another_way_is_not_asked_for(client: Client, cast: Cast, hostile: Hostile) -> None:
    assert at(client, cast.dora).get("/").status_code == 200


def test_forms_may_lead_to_the_provider(client: Client, hostile: Hostile, db: None) -> None:
    hostile.document = {"end_session_endpoint": "http://127.0.0.2:9/leave"}
    hostile.come_back(client)
    forget()
    policy = client.get("/")["Content-Security-Policy"]
    assert f"form-action 'self' {hostile.issuer} http://127.0.0.2:9" in policy
    assert hostile.issuer not in Client().get("/sign-in/")["Content-Security-Policy"], "whoever is not signed in sends no form there"


def test_switching_single_sign_on_off_ends_its_sessions(signed_in: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = ""
    assert signed_in.get("/")["Location"].startswith("/sign-in/")
