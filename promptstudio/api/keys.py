"""Who is asking: the key in the Authorization header, and nothing else. A browser's session opens no door here."""

from datetime import timedelta
from typing import cast
from uuid import UUID

import structlog
from django.db.models import Q
from django.http import HttpRequest
from ninja.security import HttpBearer

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import note_first_use
from promptstudio.lib import clock
from promptstudio.lib.addresses import address_of
from promptstudio.lib.read_only import TAKES_NO_WRITES
from promptstudio.projects.key_services import key_for
from promptstudio.projects.models import ApiKey, Environment, Project
from promptstudio.projects.permissions import can

from .guessing import guessed

# A row that every request wrote would be the bottleneck of all reading.
NOTED_EVERY = timedelta(minutes=1)
SCOPE_OF = {"promote": "deploy", "roll_back": "roll_back"}
MOST_TOLD = 10_000
_TOLD: set[tuple[UUID, str]] = set()


class KeyRequest(HttpRequest):
    """A request that came with a key in use."""

    auth: Actor


class StudioKey(HttpBearer):
    """`scope` is what the key must have; without one the service that is called asks, so that its refusal is kept."""

    def __init__(self, scope: str | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        key = key_for(token.strip())
        if key is None:
            guessed(request, token.strip())
            return None
        _note_use(key)
        actor = Actor(
            user=key.account.user,
            key=key,
            via="api",
            request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
            address=address_of(request.META),
        )
        if self.scope:
            can(actor, self.scope, key.account.project).require()
        _note_first_use(actor, key, self.scope or _deed(request))
        return actor


READS, WRITES, TESTS, ACTS = StudioKey("read"), StudioKey("write"), StudioKey("test"), StudioKey()


def project_of(actor: Actor) -> Project:
    return cast(ApiKey, actor.key).account.project


def bound_to(actor: Actor) -> Environment | None:
    """The one environment whose releases this key reads; None for a key that reads everything."""
    return cast(ApiKey, actor.key).environment


def _deed(request: HttpRequest) -> str:
    """What a request asks for whose scope the service checks."""
    return "roll_back" if request.path.endswith("/rollback") else "promote"


def _note_first_use(actor: Actor, key: ApiKey, kind: str) -> None:
    """A key that does something of a new kind is told in the trail. What this process knows to be told costs no query."""
    if (key.uid, kind) in _TOLD or not can(actor, SCOPE_OF.get(kind, kind), key.account.project):
        return
    try:
        note_first_use(actor=actor, kind=kind, project_uid=key.account.project.uid)
    except TAKES_NO_WRITES:
        structlog.get_logger(__name__).warning("key.first_use_not_noted", key=str(key.uid))
        return
    if len(_TOLD) >= MOST_TOLD:
        _TOLD.clear()
    _TOLD.add((key.uid, kind))


def _note_use(key: ApiKey) -> None:
    now = clock.now()
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    if key.last_used_at and key.last_used_at > now - NOTED_EVERY:
        return
    try:
        ApiKey.objects.filter(due, pk=key.pk).update(last_used_at=now)
    except TAKES_NO_WRITES:
        # Reading goes on while the database takes no writes.
        structlog.get_logger(__name__).warning("key.use_not_noted", key=str(key.uid))
