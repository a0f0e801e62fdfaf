"""Handing the trail to receivers outside (a SIEM), in order, each entry at least once.

Places in a chain have no gaps and become visible in their order, because the head of the chain is locked until the entry is committed:
so one number for each chain says how far a receiver is, whatever other transactions are open.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from promptstudio.lib import clock

from .chain import as_json
from .destinations import Batch, StreamDestination, Undelivered, stream_destinations
from .models import Cursor, Entry, Head, Stream
from .services import people_of, words_of

log = structlog.get_logger(__name__)
AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = 2, 300


@dataclass(frozen=True)
class _Turn:
    """The right to send one batch, held under a token until it is too old to be believed."""

    stream: str
    token: uuid.UUID
    cursor: Cursor
    batch: Batch


def stream_due() -> int:
    """Hand over what is due to each receiver. Returns how many entries arrived. One that is away holds no other back."""
    return sum(_stream(name, destination) for name, destination in stream_destinations().items())


def waiting_for(name: str) -> int:
    """How many entries a receiver has not got yet."""
    there = dict(Cursor.objects.filter(stream=name).values_list("chain", "sequence"))
    return sum(head.sequence - there.get(head.chain, 0) for head in Head.objects.all())


def hold_seconds() -> float:
    """Longer than one delivery can take."""
    return float(settings.AUDIT_SEND_TIMEOUT) * 3 + 5


def _stream(name: str, destination: StreamDestination) -> int:
    arrived = 0
    while (turn := _next_turn(name)) is not None:
        try:
            destination.deliver(turn.batch)
        except Undelivered as failure:
            _put_off(turn, failure.sentence)
            return arrived
        except Exception as error:
            log.exception("stream.broken", stream=name)
            _put_off(turn, f"Something unexpected happened ({type(error).__name__}).")
            return arrived
        if not _advance(turn):
            return arrived
        arrived += len(turn.batch.entries)
    return arrived


def _next_turn(name: str) -> _Turn | None:
    """The next batch, unless somebody else sends to this receiver or it is too early to try again."""
    with transaction.atomic():
        now = clock.now()
        Stream.objects.get_or_create(name=name, defaults={"next_try_at": now})
        stream = Stream.objects.select_for_update().get(name=name)
        held = stream.token is not None and stream.token_until is not None and stream.token_until > now
        if held or stream.next_try_at > now:
            return None
        cursor = _cursor_behind(stream)
        if cursor is None:
            return None
        entries = list(
            Entry.objects.filter(chain=cursor.chain, sequence__gt=cursor.sequence, sequence__lte=cursor.until).order_by("sequence")
        )
        stream.token, stream.token_until = uuid.uuid4(), now + timedelta(seconds=hold_seconds())
        stream.save()
    return _Turn(name, stream.token, cursor, _batch(cursor, entries))


def _cursor_behind(stream: Stream) -> Cursor | None:
    """A chain of which this receiver lacks entries, with the end of the next batch written down before it is sent."""
    cursors = {cursor.chain: cursor for cursor in stream.cursors.all()}
    for head in Head.objects.order_by("chain"):
        cursor = cursors.get(head.chain) or Cursor(stream=stream, chain=head.chain)
        if head.sequence <= cursor.sequence:
            continue
        cursor.until = cursor.until or min(cursor.sequence + AT_ONCE, head.sequence)
        cursor.save()
        return cursor
    return None


def _advance(turn: _Turn) -> bool:
    """Note that a batch arrived. False when somebody else took the turn meanwhile: the receiver then gets it twice, never not at all."""
    with transaction.atomic():
        stream = Stream.objects.select_for_update().get(name=turn.stream)
        if stream.token != turn.token:
            return False
        Cursor.objects.filter(pk=turn.cursor.pk).update(sequence=F("until"), until=None)
        stream.token, stream.token_until, stream.failures, stream.error = None, None, 0, ""
        stream.delivered_at = clock.now()
        stream.save()
    return True


def _put_off(turn: _Turn, sentence: str) -> None:
    with transaction.atomic():
        stream = Stream.objects.select_for_update().get(name=turn.stream)
        if stream.token != turn.token:
            return
        pause = min(FIRST_PAUSE * 2 ** min(stream.failures, 10), LONGEST_PAUSE)
        stream.failures += 1
        stream.token, stream.token_until, stream.error = None, None, sentence
        stream.next_try_at = clock.now() + timedelta(seconds=pause)
        stream.save()
    log.warning("stream.not_delivered", stream=turn.stream, chain=turn.batch.chain, error=sentence)


def _batch(cursor: Cursor, entries: list[Entry]) -> Batch:
    people, words = people_of(entries), words_of(entries)
    rows: list[dict[str, Any]] = [as_json(entry) | {"who": people.get(entry.uid), "words": words.get(entry.uid)} for entry in entries]
    return Batch(f"{cursor.chain}:{cursor.sequence + 1}-{cursor.until}", cursor.chain, rows)
