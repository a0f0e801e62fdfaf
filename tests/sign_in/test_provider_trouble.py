"""The provider is away, broken or not the one that was agreed on: a page says so, and nothing is a 500."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.web.sign_in.kept import forget
from tests.web.reading import text

from .hostile import Hostile

pytestmark = pytest.mark.django_db
AWAY = "Your company’s sign-in does not answer at the moment."
WRONG = "are not set up for each other"


def says(client: Client, response: Any, sentence: str, status: int = 503) -> None:
    assert response.status_code == status
    assert sentence in text(response)
    assert "Sign in again" in text(response)
    assert "_auth_user_id" not in client.session


def test_a_provider_that_is_down(client: Client, hostile: Hostile) -> None:
    hostile.stop()
    says(client, client.get("/oidc/authenticate/"), AWAY)
    assert client.get("/sign-in/").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_it_is_asked_again_when_it_is_back(client: Client, hostile: Hostile) -> None:
    hostile.answers["/.well-known/openid-configuration"] = (502, {})
    says(client, client.get("/oidc/authenticate/"), AWAY)
    hostile.answers.clear()
    assert client.get("/oidc/authenticate/").status_code == 302


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff\xfe"], ids=str)
def test_a_document_that_is_none(client: Client, hostile: Hostile, body: bytes) -> None:
    hostile.answers["/.well-known/openid-configuration"] = (200, body)
    says(client, client.get("/oidc/authenticate/"), AWAY)


def test_a_document_of_another_issuer(client: Client, hostile: Hostile) -> None:
    hostile.document = {"issuer": "https://another.example"}
    says(client, client.get("/oidc/authenticate/"), WRONG)


def test_an_issuer_that_differs_by_a_stroke(client: Client, hostile: Hostile) -> None:
    hostile.document = {"issuer": hostile.issuer + "/"}
    says(client, client.get("/oidc/authenticate/"), WRONG)


@pytest.mark.parametrize("address", ["", None, "javascript:alert(1)", "file:///etc/passwd", "/relative", 7, "https://"], ids=str)
@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_endpoint_that_leads_nowhere(client: Client, hostile: Hostile, endpoint: str, address: Any) -> None:
    hostile.document = {endpoint: address}
    says(client, client.get("/oidc/authenticate/"), WRONG)


def test_an_endpoint_that_steps_down_from_https(client: Client, hostile: Hostile, settings: Any) -> None:
    settings.OIDC_DISCOVERY_URL = f"{hostile.issuer}/.well-known/openid-configuration"
    settings.OIDC_ISSUER = "https://id.example"
    hostile.document = {"issuer": "https://id.example"}
    says(client, client.get("/oidc/authenticate/"), WRONG)


def test_the_document_may_stand_elsewhere_for_the_server(client: Client, hostile: Hostile, settings: Any) -> None:
    """Inside a network the provider often has another name than outside."""
    settings.OIDC_DISCOVERY_URL = f"{hostile.issuer}/inside"
    settings.OIDC_ISSUER = "http://localhost:1"
    hostile.answers["/inside"] = (200, {**hostile.answer("/.well-known/openid-configuration")[1], "issuer": "http://localhost:1"})
    hostile.claims = {"iss": "http://localhost:1"}
    assert hostile.come_back(client).status_code == 302
    assert User.objects.get(kind="person").identities.get().issuer == "http://localhost:1"


@pytest.mark.parametrize("path", ["/token", "/keys", "/me"])
@pytest.mark.parametrize("answer", [(500, {}), (503, b"<html>"), (200, b"<html>"), (200, []), (302, {}), (404, {})], ids=str)
def test_an_endpoint_that_fails(client: Client, hostile: Hostile, path: str, answer: Any) -> None:
    hostile.answers[path] = answer
    says(client, hostile.come_back(client), AWAY)
    assert not Entry.objects.filter(action="sign_in.refused").exists(), "nobody was refused"


def test_a_client_that_the_provider_does_not_know(client: Client, hostile: Hostile) -> None:
    hostile.answers["/token"] = (401, {"error": "invalid_client"})
    says(client, hostile.come_back(client), WRONG)


def test_a_code_that_the_provider_refuses(client: Client, hostile: Hostile) -> None:
    hostile.answers["/token"] = (400, {"error": "invalid_grant"})
    says(client, hostile.come_back(client), "This sign-in was used already, or it took too long.", 400)


def test_a_provider_without_userinfo_is_enough(client: Client, hostile: Hostile) -> None:
    hostile.document = {"userinfo_endpoint": None}
    assert hostile.come_back(client).status_code == 302
    assert "/me" not in hostile.asked


def test_the_document_is_read_once(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    hostile.come_back(Client())
    assert hostile.asked.count("/.well-known/openid-configuration") == 1


def test_a_page_asks_the_provider_nothing(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    forget()
    hostile.asked.clear()
    assert client.get("/").status_code == 200
    assert hostile.asked == []


def test_signing_out_works_when_the_provider_is_away(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    forget()
    hostile.stop()
    response = client.post("/sign-out/", follow=True)
    assert "Your company’s sign-in goes on until you sign out there as well." in text(response)
    assert "_auth_user_id" not in client.session


def test_cognito_is_told_where_to_go_in_its_own_word(client: Client, hostile: Hostile, settings: Any) -> None:
    settings.OIDC_DISCOVERY_URL = f"{hostile.issuer}/inside"
    settings.OIDC_ISSUER = "http://cognito-idp.localhost/pool"
    document = hostile.answer("/.well-known/openid-configuration")[1] | {"end_session_endpoint": "http://localhost:1/logout"}
    hostile.answers["/inside"] = (200, document | {"issuer": settings.OIDC_ISSUER})
    hostile.claims = {"iss": settings.OIDC_ISSUER}
    hostile.come_back(client)
    leaving = client.post("/sign-out/")["Location"]
    assert "logout_uri=http%3A%2F%2Ftestserver%2Fsign-in%2F" in leaving
    assert "post_logout_redirect_uri" not in leaving


def test_nothing_of_it_is_there_without_an_issuer(client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = ""
    for page in ("/oidc/authenticate/", "/oidc/callback/?code=a&state=b"):
        assert client.get(page).status_code == 404
