"""Settings that contradict each other are said when the program starts, not at the first sign-in."""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from .tokens import ALGORITHMS

# Environment name by setting, for what has no meaning without OIDC_ISSUER.
ONLY_WITH_ISSUER = {
    "OIDC_RP_CLIENT_ID": "OIDC_CLIENT_ID",
    "OIDC_RP_CLIENT_SECRET": "OIDC_CLIENT_SECRET",
    "OIDC_DISCOVERY_URL": "OIDC_DISCOVERY_URL",
    "OIDC_ALLOWED_GROUPS": "OIDC_ALLOWED_GROUPS",
    "OIDC_CREATE_PROJECTS": "OIDC_CREATE_PROJECTS",
}


@register(Tags.security)
def single_sign_on(**_: Any) -> list[CheckMessage]:
    return list(_of_issuer() if settings.OIDC_ISSUER else _without_issuer())


@register(Tags.security, deploy=True)
def somebody_can_come_in(**_: Any) -> list[CheckMessage]:
    if settings.OIDC_ISSUER or settings.BREAK_GLASS or settings.DEMO:
        return []
    sentence = "Nobody can sign in: set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (docs/sign-in/README.md)."
    return [Warning(sentence, id="sign_in.W001")]


@register(Tags.security, deploy=True)
def glass_is_whole(**_: Any) -> list[CheckMessage]:
    if not settings.BREAK_GLASS:
        return []
    return [Warning("BREAK_GLASS is on. Switch it off when the emergency is over (docs/sign-in/break-glass.md).", id="sign_in.W002")]


def _without_issuer() -> Iterator[CheckMessage]:
    idle = [name for setting, name in ONLY_WITH_ISSUER.items() if getattr(settings, setting)]
    if idle:
        sentence = f"{', '.join(idle)} {'mean' if len(idle) > 1 else 'means'} nothing without OIDC_ISSUER. Set it, or leave them out."
        yield Error(sentence, id="sign_in.E001")


def _of_issuer() -> Iterator[CheckMessage]:
    for setting in ("OIDC_RP_CLIENT_ID", "OIDC_RP_CLIENT_SECRET"):
        if not getattr(settings, setting):
            yield Error(f"OIDC_ISSUER is set, so {ONLY_WITH_ISSUER[setting]} must be as well.", id="sign_in.E002")
    yield from _of_address("OIDC_ISSUER", settings.OIDC_ISSUER)
    elsewhere = settings.OIDC_DISCOVERY_URL
    if elsewhere and settings.OIDC_ISSUER.startswith("https:") and not elsewhere.startswith("https:"):
        yield Error("OIDC_DISCOVERY_URL must begin with https, as the issuer does: it says whose keys are trusted.", id="sign_in.E003")
    if settings.OIDC_RP_SIGN_ALGO not in ALGORITHMS:
        sentence = f"OIDC_SIGN_ALGO is {settings.OIDC_RP_SIGN_ALGO}. Only {' and '.join(ALGORITHMS)} are accepted."
        yield Error(sentence, id="sign_in.E004")
    if "openid" not in settings.OIDC_RP_SCOPES.split():
        yield Error("OIDC_SCOPES must hold openid, with spaces between scopes.", id="sign_in.E005")
    if settings.OIDC_RENEW_SECONDS <= 0:
        yield Error("OIDC_RENEW_SECONDS must be a number of seconds above 0.", id="sign_in.E006")
    elif settings.OIDC_RENEW_SECONDS < 60:
        yield Warning("OIDC_RENEW_SECONDS is under a minute: almost every click goes by way of the provider.", id="sign_in.W003")


def _of_address(name: str, address: str) -> Iterator[CheckMessage]:
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        yield Error(f"{name} must be an address without ? and #, exactly as the provider writes its issuer.", id="sign_in.E003")
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        yield Error(f"{name} must begin with https: tokens would travel in the open.", id="sign_in.E003")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
