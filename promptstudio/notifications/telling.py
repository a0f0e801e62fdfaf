"""Reading the trail by cursor, and telling people what is for them: each of them once for each entry.

Places in a chain have no gaps and become visible in their order (see `audit.streaming`), so one number for each chain suffices. It moves
in the transaction that writes what was told: a worker that is killed in between has told nothing, and the next one tells it.
"""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from promptstudio.audit.models import Entry, Head
from promptstudio.lib import clock

from .audience import Told, about, audience
from .deliveries import owe
from .kinds import ACCESS_REVIEW, KINDS, REMINDER, Way
from .models import Cursor, Delivery, Notification, OutboxMessage, Preference, ways_of

log = structlog.get_logger(__name__)
AT_ONCE = 50
# A reminder is news however old the entry is that it reminds of.
_FROM_ENTRY = KINDS.keys() - {REMINDER, ACCESS_REVIEW}
# What is older when it is told stands in the list as read: nobody waits for it any more.
NEWS, MAILED, KEPT = timedelta(days=7), timedelta(days=3), timedelta(days=90)


def tell_due() -> int:
    """Read every chain to its end. Returns how many notifications were written."""
    behind = dict(Cursor.objects.values_list("chain", "sequence"))
    return sum(_read(head.chain) for head in Head.objects.order_by("chain") if head.sequence > behind.get(head.chain, 0))


def write(told: Iterable[Told]) -> list[Notification]:
    """The rows, and the e-mails that they owe. Part of the transaction that notes how far one is; what is there already stays."""
    told = list(told)
    ways = ways_of(item.person for item in told)
    there = set(Notification.objects.filter(entry_uid__in={item.entry.uid for item in told}).values_list("person_id", "entry_uid", "kind"))
    made = []
    for item in told:
        way = ways.get((item.person.pk, item.kind), KINDS[item.kind].usual)
        if way != Way.NOT and (item.person.pk, item.entry.uid, item.kind) not in there:
            made.append(_written(item, way))
    return made


def _read(chain: str) -> int:
    written = 0
    while True:
        cursor, _ = Cursor.objects.get_or_create(chain=chain)
        entries = list(Entry.objects.filter(chain=chain, sequence__gt=cursor.sequence).order_by("sequence")[:AT_ONCE])
        if not entries:
            return written
        # Asked before the transaction, which writers of the trail would wait for.
        told = [item for entry in entries for item in _for(entry)]
        made = _told(cursor, entries, told)
        if made is None:
            return written
        written += len(made)


def _told(cursor: Cursor, entries: list[Entry], told: list[Told]) -> list[Notification] | None:
    """None when somebody else told these entries meanwhile."""
    with transaction.atomic():
        if not Cursor.objects.filter(chain=cursor.chain, sequence=cursor.sequence).update(sequence=entries[-1].sequence):
            return None
        made = write(told)
        for entry in entries:
            if entry.action == "person.anonymised":
                _forget(entry)
    return made


def _for(entry: Entry) -> list[Told]:
    if entry.created_at < clock.now() - KEPT:
        return []
    try:
        with transaction.atomic():
            return audience(entry)
    except (OperationalError, InterfaceError):
        # The database is away or was too busy: the next round tells it.
        raise
    except Exception:
        # One entry that is not understood must not keep everybody from hearing of the next ones.
        log.exception("notifications.not_understood", entry=str(entry.uid), action=entry.action)
        return []


def _written(item: Told, way: str) -> Notification:
    entry, now = item.entry, clock.now()
    row: Notification = Notification.objects.create(
        person=item.person,
        kind=item.kind,
        entry_uid=entry.uid,
        project_uid=entry.project_uid,
        prompt_uid=item.prompt_uid,
        about_type=entry.object_type,
        about_uid=entry.object_uid,
        created_at=entry.created_at,
        told_at=now,
        seen_at=now if item.kind in _FROM_ENTRY and entry.created_at < now - NEWS else None,
        way=way,
    )
    recent = item.kind not in _FROM_ENTRY or entry.created_at > now - MAILED
    if way == Way.AT_ONCE and recent and item.person.email and settings.EMAIL_IS_SENT:
        owe(row)
    return row


def _forget(entry: Entry) -> None:
    """What was told to somebody who is anonymous now, how they wanted it, and what was written to them."""
    sent = Delivery.objects.filter(person__uid=about(entry))
    OutboxMessage.objects.filter(message_id__in=[str(uid) for uid in sent.values_list("uid", flat=True)]).delete()
    Notification.objects.filter(person__uid=about(entry)).delete()
    Preference.objects.filter(person__uid=about(entry)).delete()
    sent.delete()
