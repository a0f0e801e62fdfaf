"""What an e-mail holds: what the person may see at this moment. The words are made where sentences and addresses are (`LETTER_WRITER`)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.waiting import WaitingReview, reviews_for

from .kinds import REMINDER
from .models import Delivery, Notification


@dataclass(frozen=True)
class Letter:
    """`subject` is one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Contents:
    """`waiting` are reviews that this person was reminded of and has not decided."""

    kind: str
    actor: Actor
    notifications: list[Notification]
    waiting: list[WaitingReview] = field(default_factory=list)


Writer = Callable[[Contents], Letter | None]


def letter_for(delivery: Delivery) -> Letter | None:
    """None when there is nothing to say any more, or nobody to say it to."""
    person = delivery.person
    if not person.is_active or not person.email:
        return None
    actor = Actor(user=person, via="schedule")
    shown = delivery.notifications.shown_to(actor)  # type: ignore[attr-defined]
    waiting: list[WaitingReview] = []
    if delivery.kind == Delivery.Kind.DAILY:
        # Whoever looked already needs no reminder of it.
        shown = shown.unread()
        waiting = still_waiting(actor)
    contents = Contents(delivery.kind, actor, list(shown), waiting)
    if not contents.notifications and not waiting:
        return None
    write: Writer = import_string(settings.LETTER_WRITER)
    return write(contents)


def still_waiting(actor: Actor) -> list[WaitingReview]:
    reminded = Notification.objects.filter(person=actor.user, kind=REMINDER).values_list("about_uid", flat=True)
    of = set(reminded)
    return [item for item in reviews_for(actor) if item.review.uid in of] if of else []
