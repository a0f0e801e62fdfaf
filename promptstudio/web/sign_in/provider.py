"""Speaking with the identity provider: bounded in time, no redirects, and every way to fail has a name."""

from typing import Any

import requests
import structlog

from .failures import ProviderAway

CONNECT, READ = 5, 10  # seconds
log = structlog.get_logger(__name__)


def ask(method: str, url: str, **more: Any) -> requests.Response:
    """The answer, whatever its status. Raises ProviderAway when there is none."""
    try:
        return requests.request(method, url, timeout=(CONNECT, READ), allow_redirects=False, **more)
    except requests.RequestException as error:
        # The error may hold the address with its query; its kind says enough.
        log.warning("provider.away", url=url, error=type(error).__name__)
        raise ProviderAway from error


def json_of(answer: requests.Response) -> dict[str, Any]:
    """The object in it. Raises ProviderAway when there is none."""
    try:
        found = answer.json()
    except requests.exceptions.JSONDecodeError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict):
        log.warning("provider.unusable", url=answer.url, status=answer.status_code)
        raise ProviderAway("provider_unusable")
    return found
