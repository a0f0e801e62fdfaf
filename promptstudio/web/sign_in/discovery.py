"""What the issuer's one address leads to. Read at the first sign-in, kept for an hour, never at start-up."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from .failures import ProviderMisconfigured
from .kept import fresh, keep
from .provider import ask, json_of

FRESH = 3600  # seconds
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Provider:
    """The endpoints. Empty text: the provider has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    secret_in_body: bool = True

    @property
    def origins(self) -> list[str]:
        """Where a person is sent to, for the content policy."""
        return sorted({origin(url) for url in (self.issuer, self.authorization_endpoint, self.end_session_endpoint) if url})


def provider() -> Provider:
    """Raises ProviderAway when it does not answer, ProviderMisconfigured when its document is not the issuer's."""
    url = settings.OIDC_DISCOVERY_URL or settings.OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration"
    name = f"{settings.OIDC_ISSUER} at {url}"
    found: Provider | None = fresh(name)
    if found is None:
        found = _read(url)
        keep(name, found, seconds=FRESH)
    return found


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _read(url: str) -> Provider:
    document = json_of(ask("GET", url))
    if document.get("issuer") != settings.OIDC_ISSUER:
        log.error("provider.another_issuer", url=url, expected=settings.OIDC_ISSUER, found=str(document.get("issuer"))[:200])
        raise ProviderMisconfigured("another_issuer")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    endpoints = {name: document.get(name) or "" for name in (*needed, "userinfo_endpoint", "end_session_endpoint")}
    for name, address in endpoints.items():
        if (name in needed and not address) or (address and not _trustworthy(address)):
            log.error("provider.endpoint_unusable", url=url, endpoint=name)
            raise ProviderMisconfigured("endpoint_unusable")
    ways = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Provider(issuer=settings.OIDC_ISSUER, **endpoints, secret_in_body="client_secret_post" in ways)


def _trustworthy(address: object) -> bool:
    """No step down: what an https issuer names is https as well."""
    schemes = ("https",) if settings.OIDC_ISSUER.startswith("https:") else ("https", "http")
    return isinstance(address, str) and urlsplit(address).scheme in schemes and bool(urlsplit(address).hostname)
