"""Writing the trail. Proving that it is whole is for `chain`."""

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction

from promptstudio.lib import clock
from promptstudio.lib.errors import NotAllowed

from .chain import SNAPSHOT, START, commitment_of, hash_of, salted_hash
from .models import INSTALLATION, Entry, FirstUse, Head, Snapshot


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
    *,
    actor: Who,
    action: str,
    subject: models.Model | None = None,
    label: str = "",
    project_uid: UUID | None = None,
    words: Mapping[str, str] | None = None,
    **data: Any,
) -> Entry:
    """Append one entry to the project's chain (or the installation's). Call it last in a transaction: it takes the chain's lock.

    `data` must be JSON without names or addresses of people. What somebody wrote freely (a reason) belongs into `words`, which can be
    erased one day while the chain stays whole.
    """
    with transaction.atomic():
        chain = str(project_uid) if project_uid else INSTALLATION
        snapshot = _snapshot_of(actor, words or {})
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
            commitment=commitment_of(*(getattr(snapshot, name) for name in SNAPSHOT)),
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


def note_export(*, actor: Who, what: str, project_uid: UUID | None, subject: models.Model | None = None, **data: Any) -> Entry:
    """Something left the installation as a file: `what` in words, and in `data` what makes it recognisable."""
    return record(actor=actor, action="audit.exported", subject=subject, label=what, project_uid=project_uid, **data)


def note_first_use(*, actor: Who, kind: str, project_uid: UUID | None) -> bool:
    """Note that a key is used for `kind` of operation; only the first time leaves an entry. Returns whether it was."""
    with transaction.atomic():
        _, first = FirstUse.objects.get_or_create(key_uid=actor.key.uid, kind=kind)
        if first:
            record(actor=actor, action="key.first_use", subject=actor.key, label=actor.key.name, project_uid=project_uid, kind=kind)
    return first


def forget_who(*, person_uid: UUID) -> int:
    """Erase who it was wherever one person acted. Part of making them anonymous, whose entry covers it. Returns in how many entries."""
    return _erase_content(Entry.objects.filter(actor_uid=person_uid))


def forget_old_who(*, before: datetime, actor: Who, at_once: int = 2000) -> int:
    """Erase who it was (name, e-mail and network address as they were then) in entries older than `before`, from every chain.

    Entries go on naming people by their uid, so pages still show who it was as long as the account is there. Returns in how many entries.
    """
    forgotten = 0
    # In parts, each held to the end: a first run may have years before it.
    while part := _erase_content(Entry.objects.filter(created_at__lt=before), most=at_once):
        forgotten += part
    if forgotten:
        record(actor=actor, action="names.erased", label="Names and addresses", before=before.isoformat(), entries=forgotten)
    return forgotten


def _erase_content(entries: models.QuerySet[Entry], most: int | None = None) -> int:
    with transaction.atomic():
        rows = list(Snapshot.objects.select_for_update().filter(entry_uid__in=entries.values("uid")).exclude(content="")[:most])
        for row in rows:
            row.content_hash, row.content, row.salt = salted_hash(row.salt, row.content), "", ""
        Snapshot.objects.bulk_update(rows, ["content_hash", "content", "salt"], batch_size=500)
    return len(rows)


def forget_words(*, text: str, object_uids: Iterable[UUID]) -> int:
    """Erase what was written in entries about some objects, where it holds `text`. Part of erasing that text elsewhere."""
    about = Entry.objects.filter(object_uid__in=list(object_uids)).values("uid")
    found = Snapshot.objects.filter(entry_uid__in=about).exclude(words="")
    rows = [row for row in found if text in json.loads(row.words).values()]
    for row in rows:
        row.words_hash, row.words, row.words_salt = salted_hash(row.words_salt, row.words), "", ""
    Snapshot.objects.bulk_update(rows, ["words_hash", "words", "words_salt"], batch_size=500)
    return len(rows)


def words_of(entries: Iterable[Entry]) -> dict[UUID, dict[str, str]]:
    """What people wrote, by entry: reasons and the like, as far as nobody erased them. One query."""
    kept = Snapshot.objects.filter(entry_uid__in=[entry.uid for entry in entries]).exclude(words="")
    return {uid: json.loads(words) for uid, words in kept.values_list("entry_uid", "words")}


def people_of(entries: Iterable[Entry]) -> dict[UUID, dict[str, str]]:
    """Who acted, by entry: `name`, `email`, `address` and `key` as they were then, as far as nobody erased them. One query."""
    kept = Snapshot.objects.filter(entry_uid__in=[entry.uid for entry in entries]).exclude(content="")
    return {uid: json.loads(content) for uid, content in kept.values_list("entry_uid", "content")}


def _locked_head(chain: str) -> Head:
    Head.objects.get_or_create(chain=chain, defaults={"hash": START})
    return Head.objects.select_for_update().get(chain=chain)


def _snapshot_of(actor: Who, words: Mapping[str, str]) -> Snapshot:
    content = {"name": actor.user.name, "email": actor.user.email, "address": actor.address, "key": actor.key.name if actor.key else ""}
    snapshot = Snapshot(salt=secrets.token_hex(16), content=json.dumps(content, sort_keys=True, ensure_ascii=False))
    if any(words.values()):
        snapshot.words_salt, snapshot.words = secrets.token_hex(16), json.dumps(dict(words), sort_keys=True, ensure_ascii=False)
    return snapshot
