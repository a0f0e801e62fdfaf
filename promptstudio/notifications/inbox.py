"""Reading what one was told. Whether somebody has read something is theirs, and no part of the trail."""

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock

from .models import Notification

MOST_COUNTED = 100


def unread_count(actor: Actor) -> int:
    """How many are new, counted to a hundred. One query."""
    return int(Notification.objects.shown_to(actor).unread().order_by()[:MOST_COUNTED].count())


def mark_read(notification: Notification) -> None:
    if notification.seen_at is None:
        Notification.objects.filter(pk=notification.pk, seen_at=None).update(seen_at=clock.now())


def mark_all_read(actor: Actor) -> int:
    """Those that are shown: whatever a person may not see at the moment may come back."""
    return int(Notification.objects.shown_to(actor).unread().update(seen_at=clock.now()))
