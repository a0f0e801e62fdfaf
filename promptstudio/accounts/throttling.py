"""What may go wrong how often before it is slowed down, and the one entry that tells of it."""

from uuid import UUID

from django.db import models, transaction

from promptstudio.audit.services import record
from promptstudio.lib.throttle import Limit

from .actor import Actor

# People of one company share an address; so these are far above what a person does, and far below what a program tries.
STARTS = Limit("sign_in_starts", most=120, window=60, first=10, longest=60)
FAILED_BY_ADDRESS = Limit("sign_in_failed_by_address", most=10)
FAILED_BY_NAME = Limit("sign_in_failed_by_name", most=10)
UNKNOWN_KEYS_BY_ADDRESS = Limit("unknown_keys_by_address", most=30, window=60)
UNKNOWN_KEYS_BY_BEGINNING = Limit("unknown_keys_by_beginning", most=30, window=60)


@transaction.atomic
def note_throttled(*, door: str, by: str, actor: Actor) -> None:
    """`by`: address or name. Once for each pause, in place of an entry for each attempt."""
    record(actor=actor, action="sign_in.throttled", label=door, by=by)


@transaction.atomic
def note_guessing(*, key: models.Model | None, project_uid: UUID | None, actor: Actor) -> None:
    """`key` when what is sent begins like one that exists; its project reads of it."""
    label = str(getattr(key, "name", "")) or "API keys"
    record(actor=actor, action="key.guessing_noticed", subject=key, label=label, project_uid=project_uid, by="key" if key else "address")
