"""What those outside have of the trail: how far they are, and what keeps them."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from .destinations import anchor_destinations, stream_destinations
from .models import Dispatch, Stream
from .streaming import waiting_for


@dataclass(frozen=True)
class Receiver:
    """`takes` is what it is sent: signed `heads`, or all `entries`. `waiting` counts what it has not got, `error` is why it failed last."""

    takes: str
    name: str
    arrived_at: datetime | None
    waiting: int
    error: str


def receivers() -> list[Receiver]:
    """Those that the settings name; nothing that was set up once and is no more."""
    return [*map(_of_heads, anchor_destinations()), *map(_of_entries, stream_destinations())]


def heads_are_signed() -> bool:
    return bool(settings.AUDIT_KEY_FILE)


def _of_heads(name: str) -> Receiver:
    owed = Dispatch.objects.filter(destination=name, sent_at=None)
    newest = Dispatch.objects.filter(destination=name).exclude(sent_at=None).order_by("-sent_at").first()
    failed = owed.exclude(error="").order_by("-id").first()
    return Receiver("heads", name, newest.sent_at if newest else None, owed.count(), failed.error if failed else "")


def _of_entries(name: str) -> Receiver:
    stream = Stream.objects.filter(name=name).first()
    return Receiver("entries", name, stream.delivered_at if stream else None, waiting_for(name), stream.error if stream else "")
