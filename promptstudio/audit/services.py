"""Writing the trail, and proving that it is whole."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction

from promptstudio.lib import clock
from promptstudio.lib.errors import NotAllowed

from .models import INSTALLATION, Entry, Head, Snapshot

START = "0" * 64


class Person(Protocol):
    uid: UUID
    name: str
    email: str


class Who(Protocol):
    """The part of an Actor that the trail keeps."""

    @property
    def user(self) -> Any: ...
    @property
    def key(self) -> Any: ...
    @property
    def via(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def address(self) -> str: ...


def record(
    *, actor: Who, action: str, subject: models.Model | None = None, label: str = "", project_uid: UUID | None = None, **data: Any
) -> Entry:
    """Append one entry to the project's chain (or the installation's). Call it last in a transaction: it takes the chain's lock.

    `data` must be JSON without names or addresses of people.
    """
    with transaction.atomic():
        chain = str(project_uid) if project_uid else INSTALLATION
        snapshot = _snapshot_of(actor)
        head = _locked_head(chain)
        entry = Entry(
            chain=chain,
            sequence=head.sequence + 1,
            action=action,
            actor_uid=actor.user.uid,
            key_uid=actor.key.uid if actor.key else None,
            via=actor.via,
            request_id=actor.request_id,
            project_uid=project_uid,
            object_type=subject._meta.model_name or "" if subject is not None else "",
            object_uid=getattr(subject, "uid", None),
            object_label=(label or str(subject or ""))[:600],
            data=json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str),
            commitment=_commitment(snapshot.salt, snapshot.content),
            created_at=clock.now(),
            previous_hash=head.hash,
        )
        entry.hash = hash_of(entry)
        entry.save()
        snapshot.entry_uid = entry.uid
        snapshot.save(force_insert=True)
        head.sequence, head.hash = entry.sequence, entry.hash
        head.save()
        return entry


def keep_refusal(*, actor: Who, error: NotAllowed, door: str, project_uid: UUID | None = None) -> None:
    """Note that `actor` was refused at `door` (method and address), unless the service did so itself."""
    if not error.kept:
        record(actor=actor, action="access.refused", label=door, project_uid=project_uid, reason=error.sentence)


def hash_of(entry: Entry) -> str:
    """SHA-256 over every column but `id` and `hash` itself."""
    columns = {
        field.attname: _text(getattr(entry, field.attname)) for field in Entry._meta.concrete_fields if field.attname not in {"id", "hash"}
    }
    return hashlib.sha256(json.dumps(columns, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    chain: str
    sequence: int
    sentence: str


def faults(chain: str | None = None) -> Iterator[Fault]:
    """Each broken link, oldest first in its chain. Nothing means that the trail is whole."""
    heads = Head.objects.filter(chain=chain) if chain else Head.objects.order_by("chain")
    known = set()
    for head in heads:
        known.add(head.chain)
        yield from _faults_of(head)
    if chain is None:
        for stray in Entry.objects.exclude(chain__in=known).order_by("chain").values_list("chain", flat=True).distinct():
            yield Fault(stray, 1, "The chain has entries but no head.")


def _faults_of(head: Head) -> Iterator[Fault]:
    previous, expected = START, 1
    entries = Entry.objects.filter(chain=head.chain).order_by("sequence")
    for entry in entries.iterator(chunk_size=2000):
        if entry.sequence != expected:
            yield Fault(head.chain, expected, f"Entry {expected} is missing.")
        elif entry.previous_hash != previous:
            yield Fault(head.chain, entry.sequence, "It does not follow the entry before it.")
        if entry.hash != hash_of(entry):
            yield Fault(head.chain, entry.sequence, "Its content is not what was written.")
        previous, expected = entry.hash, entry.sequence + 1
    if (head.sequence, head.hash) != (expected - 1, previous):
        yield Fault(head.chain, expected, "The newest entries are missing.")
    yield from _broken_snapshots(head.chain)


def _broken_snapshots(chain: str) -> Iterator[Fault]:
    commitments = Entry.objects.filter(chain=chain).order_by("sequence").values_list("uid", "sequence", "commitment")
    snapshots = {row.entry_uid: row for row in Snapshot.objects.filter(entry_uid__in=Entry.objects.filter(chain=chain).values("uid"))}
    for uid, sequence, commitment in commitments:
        row = snapshots.get(uid)
        if row and _commitment(row.salt, row.content) != commitment:
            yield Fault(chain, sequence, "The name kept beside it is not the one that was written.")


def _locked_head(chain: str) -> Head:
    Head.objects.get_or_create(chain=chain, defaults={"hash": START})
    return Head.objects.select_for_update().get(chain=chain)


def _snapshot_of(actor: Who) -> Snapshot:
    content = {"name": actor.user.name, "email": actor.user.email, "address": actor.address, "key": actor.key.name if actor.key else ""}
    return Snapshot(salt=secrets.token_hex(16), content=json.dumps(content, sort_keys=True, ensure_ascii=False))


def _commitment(salt: str, content: str) -> str:
    return hashlib.sha256((salt + content).encode()).hexdigest()


def _text(value: Any) -> str | int | None:
    if value is None or isinstance(value, (str, int)):
        return value
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
