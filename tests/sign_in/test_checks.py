"""Settings that contradict each other are said at start-up, each with a sentence."""

from typing import Any

import pytest

from promptstudio.web.sign_in.checks import glass_is_whole, single_sign_on, somebody_can_come_in

WHOLE = {"OIDC_ISSUER": "https://id.example/realm", "OIDC_RP_CLIENT_ID": "studio", "OIDC_RP_CLIENT_SECRET": "secret"}


def said(settings: Any, **given: Any) -> list[str]:
    for name, value in given.items():
        setattr(settings, name, value)
    return [f"{problem.id} {problem.msg}" for problem in single_sign_on()]


def test_nothing_set_is_fine(settings: Any) -> None:
    assert said(settings) == []


@pytest.mark.parametrize(
    "issuer", ["https://id.example", "https://id.example/realm/", "http://127.0.0.1:8080/realms/x", "http://localhost:1"]
)
def test_everything_set_is_fine(settings: Any, issuer: str) -> None:
    assert said(settings, **WHOLE | {"OIDC_ISSUER": issuer}) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"OIDC_RP_CLIENT_ID": ""}, "OIDC_CLIENT_ID must be"),
        ({"OIDC_RP_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET must be"),
        ({"OIDC_ISSUER": "id.example"}, "must be an address"),
        ({"OIDC_ISSUER": "https://id.example/?x=1"}, "must be an address"),
        ({"OIDC_ISSUER": "http://id.example"}, "must begin with https"),
        ({"OIDC_RP_SIGN_ALGO": "HS256"}, "Only RS256 and ES256"),
        ({"OIDC_RP_SIGN_ALGO": "none"}, "Only RS256 and ES256"),
        ({"OIDC_RP_SCOPES": "email profile"}, "must hold openid"),
        ({"OIDC_RENEW_SECONDS": 0}, "number of seconds"),
        ({"OIDC_RENEW_SECONDS": -1}, "number of seconds"),
        ({"OIDC_RENEW_SECONDS": 5}, "under a minute"),
    ],
    ids=str,
)
def test_a_contradiction_is_said(settings: Any, given: dict[str, Any], words: str) -> None:
    [problem] = said(settings, **WHOLE | given)
    assert words in problem


@pytest.mark.parametrize(
    "given", [{"OIDC_RP_CLIENT_ID": "studio"}, {"OIDC_ALLOWED_GROUPS": ["x"]}, {"OIDC_CREATE_PROJECTS": True}], ids=str
)
def test_options_without_an_issuer_are_said(settings: Any, given: dict[str, Any]) -> None:
    [problem] = said(settings, **given)
    assert "without OIDC_ISSUER" in problem


def test_a_server_that_nobody_can_enter_is_said(settings: Any) -> None:
    assert [problem.id for problem in somebody_can_come_in()] == ["sign_in.W001"]
    settings.OIDC_ISSUER = "https://id.example"
    assert somebody_can_come_in() == []


def test_an_open_glass_is_said(settings: Any) -> None:
    assert glass_is_whole() == []
    settings.BREAK_GLASS = True
    assert [problem.id for problem in glass_is_whole()] == ["sign_in.W002"]
