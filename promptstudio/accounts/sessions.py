"""Which sessions a person has. Rows beside Django's own, kept fresh by the requests of the session; ending one is for the services."""

import time
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from promptstudio.lib import clock
from promptstudio.lib.read_only import TAKES_NO_WRITES

from .models import SignedIn, User

SEEN_EVERY = timedelta(minutes=1)
MOST_KEPT = 10_000
# What this process wrote lately, so that most pages ask nothing.
_seen: dict[str, float] = {}


def note_session(*, user: User, session_key: str, device: str, address: str) -> None:
    """The session is there and in use. At most one write a minute, and none that stops a page."""
    now = time.monotonic()
    if now < _seen.get(session_key, 0):
        return
    try:
        with transaction.atomic():
            _write(user, session_key, device[:80], address[:45])
    except (IntegrityError, *TAKES_NO_WRITES):
        # It ended meanwhile, another tab wrote the same, or the database takes no writes: the next request tries again.
        return
    if len(_seen) >= MOST_KEPT:
        _seen.clear()
    _seen[session_key] = now + SEEN_EVERY.total_seconds()


def close_sessions(*, person: User, keep: str = "") -> int:
    """Delete them, all but the one with the key `keep`. Part of a service, whose entry covers it. Returns how many."""
    theirs = list(SignedIn.objects.filter(user=person).exclude(session_id=keep).values_list("session_id", flat=True))
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)


def _write(user: User, session_key: str, device: str, address: str) -> None:
    seen = {"device": device, "address": address, "last_seen_at": clock.now()}
    # Somebody else's row stays theirs until the session is a new one, which signing in makes it.
    if not SignedIn.objects.filter(session_id=session_key, user=user).update(**seen):
        SignedIn.objects.filter(session_id=session_key).delete()
        SignedIn.objects.create(user=user, session_id=session_key, **seen)
