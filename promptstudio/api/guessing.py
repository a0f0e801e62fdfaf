"""Keys that nobody has: slowed down by address, and by the key that they begin like.

A key in use never comes here, so no guessing keeps an application from its prompts, not even from the same address.
"""

import structlog
from django.http import HttpRequest

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import system_user
from promptstudio.accounts.throttling import UNKNOWN_KEYS_BY_ADDRESS, UNKNOWN_KEYS_BY_BEGINNING, note_guessing
from promptstudio.lib.addresses import address_of, neighbourhood
from promptstudio.lib.read_only import TAKES_NO_WRITES
from promptstudio.lib.throttle import TooMany, count, pause
from promptstudio.projects.key_services import KEY_SHOWN
from promptstudio.projects.models import ApiKey


def guessed(request: HttpRequest, token: str) -> None:
    """Count a key that is not in use. Raises TooMany while its address, or what begins like it, has to wait."""
    address = address_of(request.META)
    sources = ((UNKNOWN_KEYS_BY_ADDRESS, neighbourhood(address)), (UNKNOWN_KEYS_BY_BEGINNING, token[:KEY_SHOWN]))
    if wait := max(pause(limit, source) for limit, source in sources):
        raise TooMany(wait)
    by_address, by_beginning = (count(limit, source) for limit, source in sources)
    if by_address or by_beginning:
        _tell(token if by_beginning else "", address)


def _tell(token: str, address: str) -> None:
    key = ApiKey.objects.filter(prefix=token[:KEY_SHOWN]).select_related("account__project").first() if token else None
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    try:
        actor = Actor(user=system_user(), via="api", request_id=request_id, address=address)
        note_guessing(key=key, project_uid=key.account.project.uid if key else None, actor=actor)
    except TAKES_NO_WRITES:
        # Reading goes on while the database takes no writes.
        structlog.get_logger(__name__).warning("key.guessing_not_noted", address=address)
