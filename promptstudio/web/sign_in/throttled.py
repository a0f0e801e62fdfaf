"""Guessing at the sign-in gets slower, by address and by name. Whoever gives the right answer is never shut out for good."""

from django.http import HttpRequest

from promptstudio.accounts.throttling import FAILED_BY_ADDRESS, FAILED_BY_NAME, STARTS, note_throttled
from promptstudio.lib import throttle
from promptstudio.lib.addresses import address_of, neighbourhood

from .arrivals import stranger

COMPANY, GLASS = "single sign-on", "break-glass"


def count_start(request: HttpRequest) -> None:
    """Each way to the provider writes a session. Raises TooMany."""
    source = _source(request)
    _wait(throttle.pause(STARTS, source))
    if throttle.count(STARTS, source):
        note_throttled(door=COMPANY, by="address", actor=stranger(request))


def turn_away(request: HttpRequest, name: str = "") -> None:
    """Raises TooMany while the address has to wait, or the name has and this address failed already.

    So while others guess at a name, its holder still has a try from wherever they are.
    """
    source = _source(request)
    wait = throttle.pause(FAILED_BY_ADDRESS, source)
    if name and throttle.failures(FAILED_BY_ADDRESS, source):
        wait = max(wait, throttle.pause(FAILED_BY_NAME, name))
    _wait(wait)


def count_failure(request: HttpRequest, name: str = "") -> bool:
    """Whether the trail is told of this failure by itself; within a pause the entry of the pause stands for it."""
    door = GLASS if name else COMPANY
    source = _source(request)
    if throttle.pause(FAILED_BY_ADDRESS, source):
        return False
    if throttle.count(FAILED_BY_ADDRESS, source):
        note_throttled(door=door, by="address", actor=stranger(request))
    if name and not throttle.pause(FAILED_BY_NAME, name) and throttle.count(FAILED_BY_NAME, name):
        note_throttled(door=door, by="name", actor=stranger(request))
    return True


def _source(request: HttpRequest) -> str:
    return neighbourhood(address_of(request.META))


def _wait(seconds: int) -> None:
    if seconds:
        raise throttle.TooMany(seconds)
