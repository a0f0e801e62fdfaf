"""Keeps the list of a person's sessions: a row when they sign in, and a sign of life at most once a minute."""

from typing import Any, cast

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from promptstudio.accounts.models import User
from promptstudio.accounts.sessions import note_session
from promptstudio.lib.addresses import address_of

from .devices import device_in_words
from .middleware import Answer


class Sessions:
    """Behind ActorMiddleware."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hasattr(request, "actor"):
            _note(request, request.actor.user)
        return self.get_response(request)


@receiver(user_logged_in)
def _began(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    # At once: whoever signs out everywhere in the next second means this one as well.
    if request.session.session_key is None:
        request.session.create()
    _note(request, user)


def _note(request: HttpRequest, user: Any) -> None:
    key = request.session.session_key
    if key:
        device = device_in_words(request.META.get("HTTP_USER_AGENT", ""))
        note_session(user=cast(User, user), session_key=key, device=device, address=address_of(request.META))
