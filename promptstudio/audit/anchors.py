"""Signing the heads of the chains and sending them out, so that the trail can be held against what stood elsewhere.

A row for each anchor and destination comes first; sending follows, outside any transaction, until it arrived.
"""

import json
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.lib.wake import wake_on_commit

from .destinations import Undelivered, anchor_destinations
from .keys import sign
from .models import Anchor, Dispatch, Head

log = structlog.get_logger(__name__)
SEND = "audit.send_anchors"
# While one worker sends, no other one does: longer than any destination takes.
HELD = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=10)


def anchor(chain: str, *, occasion: str) -> Anchor | None:
    """Sign the present head of `chain` and owe it to every destination; None when it is signed already, or nothing can sign.

    Within the transaction that wrote the head, so that the anchor is there exactly when the entry is.
    """
    if not settings.AUDIT_KEY_FILE:
        return None
    with transaction.atomic():
        head = Head.objects.select_for_update().filter(chain=chain).first()
        newest = Anchor.objects.filter(chain=chain).order_by("-sequence", "-id").first()
        if head is None or head.sequence == 0 or (newest and (newest.sequence, newest.hash) == (head.sequence, head.hash)):
            return None
        try:
            made = Anchor.objects.create(**_signed(head, occasion))
        except Conflict as error:
            # A release must not wait for a key file; the next hour tries again.
            log.error("anchor.not_signed", chain=chain, error=error.sentence)
            return None
        now = clock.now()
        Dispatch.objects.bulk_create(Dispatch(anchor=made, destination=name, next_try_at=now) for name in anchor_destinations())
        wake_on_commit(SEND)
    return made


def anchor_all(*, occasion: str = "hourly") -> int:
    """Sign every head that moved. Returns how many."""
    return sum(anchor(chain, occasion=occasion) is not None for chain in Head.objects.order_by("chain").values_list("chain", flat=True))


def send_due() -> int:
    """Send what is owed and due, oldest first. Returns how many arrived. An anchor for a destination that is gone waits for it."""
    arrived = 0
    destinations = anchor_destinations()
    while (due := _claimed(list(destinations))) is not None:
        try:
            destinations[due.destination].keep(due.anchor.line, name=f"{due.anchor.chain}-{due.anchor.sequence:012d}-{due.anchor.uid}")
        except Undelivered as failure:
            _put_off(due, failure.sentence)
            # The others owed to it wait for the next round: one that hangs must not hold up the rest of what is due.
            del destinations[due.destination]
        except Exception as error:
            log.exception("anchor.broken", destination=due.destination)
            _put_off(due, f"Something unexpected happened ({type(error).__name__}).")
            del destinations[due.destination]
        else:
            Dispatch.objects.filter(pk=due.pk).update(sent_at=clock.now(), error="")
            arrived += 1
    return arrived


def _signed(head: Head, occasion: str) -> dict[str, object]:
    at = clock.now()
    said = {"v": 1, "chain": head.chain, "sequence": head.sequence, "hash": head.hash, "at": at.isoformat(), "occasion": occasion}
    signature = sign(signed_text(said))
    line = json.dumps({**said, "key": signature.key, "signature": signature.value}, sort_keys=True, separators=(",", ":"))
    return {"chain": head.chain, "sequence": head.sequence, "hash": head.hash, "occasion": occasion, "line": line, "created_at": at}


def signed_text(said: dict[str, object]) -> bytes:
    """What the signature of an anchor covers: all its members but `key` and `signature`."""
    covered = {name: value for name, value in said.items() if name not in {"key", "signature"}}
    return json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()


def _claimed(destinations: list[str]) -> Dispatch | None:
    """The next one that is due; taking it puts it off, so that a worker that dies costs a minute."""
    with transaction.atomic():
        due = Dispatch.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            sent_at=None, next_try_at__lte=clock.now(), destination__in=destinations
        )
        found = due.select_related("anchor").order_by("next_try_at", "id").first()
        if found:
            Dispatch.objects.filter(pk=found.pk).update(next_try_at=clock.now() + HELD, tries=F("tries") + 1)
    return found


def _put_off(due: Dispatch, sentence: str) -> None:
    pause = min(timedelta(seconds=5 * 2 ** min(due.tries, 10)), LONGEST_PAUSE)
    Dispatch.objects.filter(pk=due.pk).update(next_try_at=clock.now() + pause, error=sentence)
    log.warning("anchor.not_sent", destination=due.destination, chain=due.anchor.chain, error=sentence)
