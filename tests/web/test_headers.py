"""Every kind of answer carries what keeps a browser from being used against its owner."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.projects.key_services import create_key
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, an_application

from .reading import HTMX, at

KINDS = {
    "sign-in": ("/sign-in/", "", 200),
    "sent to the sign-in": ("/", "", 302),
    "home": ("/", "alice", 200),
    "a prompt": ("/p/claims/prompts/", "alice", 200),
    "a fragment": ("/p/claims/environments/?state=moving", "alice", 200),
    "not there": ("/p/claims/prompts/nope/-/", "alice", 404),
    "no address": ("/nowhere/at/all", "alice", 404),
    "refused": ("/p/claims/audit/", "alice", 403),
    "wrong method": ("/p/claims/prompts/", "alice", 405),
    "a file": ("/p/claims/audit/export.csv", "axel", 200),
    "your account": ("/account/", "alice", 200),
    "the administration": ("/admin/", "root", 200),
    "a list": ("/admin/projects/policy/", "root", 200),
    "the API": ("/api/v1/prompts", "key", 200),
    "the API without a key": ("/api/v1/prompts", "", 401),
    "its description": ("/api/v1/openapi.json", "", 200),
    "health": ("/healthz", "", 200),
}


def asked(kind: str, cast: Cast, **more: Any) -> Any:
    address, who, status = KINDS[kind]
    client = Client()
    if who == "key":
        account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
        _, secret = create_key(account=account, name="Nightly", scopes=["read"], actor=cast.dora)
        more["headers"] = {"Authorization": f"Bearer {secret}"}
    elif who:
        at(client, getattr(cast, who))
    if kind == "a fragment":
        more["headers"] = HTMX
    response = client.generic("PUT" if kind == "wrong method" else "GET", address, **more)
    assert response.status_code == status, kind
    return response


def directives(response: Any) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_them(cast: Cast, prompt: Prompt, kind: str) -> None:
    response = asked(kind, cast)
    policy = directives(response)
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    assert {name: response.headers[name] for name in wanted} == wanted
    assert "camera=()" in response.headers["Permissions-Policy"]
    if KINDS[kind][1] not in ("", "key"):
        assert {"private", "no-store"} <= set(response.headers["Cache-Control"].split(", "))


@pytest.mark.parametrize("kind", KINDS)
def test_over_https_browsers_are_told_to_stay_there(cast: Cast, prompt: Prompt, kind: str, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert asked(kind, cast, secure=True).headers["Strict-Transport-Security"].startswith("max-age=31536000")
