"""Who is at the door, before anybody is signed in."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import system_user
from promptstudio.lib.addresses import address_of


def stranger(request: HttpRequest) -> Actor:
    """The installation itself, with where the request came from."""
    return Actor(user=system_user(), request_id=getattr(request, "request_id", ""), address=address_of(request.META))


def safe_next(request: HttpRequest, wanted: object) -> str:
    """`wanted` when it is a page of this host, else the home page."""
    if not isinstance(wanted, str) or not wanted:
        return "/"
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
