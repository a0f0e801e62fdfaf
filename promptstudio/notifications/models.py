"""What people were told, how they want to be told, and the e-mails that are owed."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import PendingChange, Project, ProjectGroupPermission, granted
from promptstudio.prompts.models import Prompt, Request
from promptstudio.reviews.models import Review

from .kinds import ACCESS_REVIEW, KINDS, REQUEST, REQUEST_ASKED, ROLE, SECOND_PERSON, Way


class Cursor(models.Model):
    """How far one chain of the trail was read. It moves in the transaction that writes what it told."""

    chain = models.CharField(max_length=40, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.chain} up to {self.sequence}"


class Preference(models.Model):
    """How one person wants to be told about one kind of thing. Without a row, as is usual."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=20, choices=[(name, kind.words) for name, kind in KINDS.items()])
    way = models.CharField(max_length=10, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_way_per_person_and_kind")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind} {self.way}"


class Delivery(models.Model):
    """One e-mail that is owed to one person. What it says is written when it is sent, from what the person may see then."""

    class Kind(models.TextChoices):
        ONE = "one", "One notification"
        MORE = "more", "What came too fast"
        DAILY = "daily", "The daily e-mail"

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Nothing to say any more"
        REFUSED = "refused", "Refused by the mail server"
        UNKNOWN = "unknown", "Perhaps sent"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    day = models.DateField(null=True)
    # Nothing is added to one that somebody took to send it.
    closed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    tries = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)
    # From here on it may have been sent, so it is never sent again.
    handed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(kind="more", closed=False), name="one_message_gathers_what_came_too_fast"
            ),
            models.UniqueConstraint(fields=["person", "day"], condition=Q(kind="daily"), name="one_daily_message_per_person"),
        ]
        indexes = [
            # what is due?
            models.Index(fields=["due_at"], condition=Q(outcome=""), name="deliveries_that_are_owed"),
            # how many did this person get within the hour?
            models.Index(fields=["person", "-created_at"], name="deliveries_to_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.person}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def shown_to(self, actor: Actor) -> "NotificationQuerySet":
        """One's own, of what one may see at this moment."""
        if actor.key:
            return self.none()
        own = self.filter(person=actor.user)
        administered = Project.objects.all() if actor.user.is_site_admin else _administered(actor.user)
        return own.filter(
            Q(prompt_uid__in=Prompt.objects.visible_to(actor).values("uid"))
            | Q(kind=SECOND_PERSON, about_uid__in=PendingChange.objects.visible_to(actor).values("uid"))
            # Before there is a prompt, where it belongs decides.
            | Q(kind__in=[REQUEST_ASKED, REQUEST], about_uid__in=Request.objects.visible_to(actor).values("uid"))
            | Q(kind=ACCESS_REVIEW, project_uid__in=administered.values("uid"))
            | Q(kind=ROLE)
        )

    def unread(self) -> "NotificationQuerySet":
        return self.filter(seen_at=None)


def _administered(user: User) -> models.QuerySet[Project]:
    return Project.objects.filter(pk__in=granted(ProjectGroupPermission, user, "administer"))


class Notification(models.Model):
    """One person was told of one entry of the trail. It holds no words: they are made from the entry when it is shown."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20)
    entry_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True)
    prompt_uid = models.UUIDField(null=True)
    about_type = models.CharField(max_length=40)
    about_uid = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    told_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(null=True)
    way = models.CharField(max_length=10, choices=Way)
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="notifications")

    objects: ClassVar[Any] = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["person", "entry_uid", "kind"], name="a_person_is_told_once")]
        indexes = [
            # the list behind the bell
            models.Index(fields=["person", "-created_at", "-id"], name="notifications_of_a_person"),
            # the number on the bell
            models.Index(fields=["person"], condition=Q(seen_at=None), name="unread_of_a_person"),
            # what waits for the daily message
            models.Index(fields=["told_at"], condition=Q(way="daily", delivery=None), name="waiting_for_the_daily_message"),
            # was anybody reminded of this review?
            models.Index(fields=["about_uid"], name="notifications_about_a_thing"),
            # what is old enough to go
            models.Index(fields=["created_at"], name="notifications_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class OutboxMessage(models.Model):
    """An e-mail of the demo, which is shown instead of sent."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message_id = models.CharField(max_length=200, blank=True)
    sender = models.CharField(max_length=400)
    to = models.CharField(max_length=400)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="outbox_newest_first")]

    def __str__(self) -> str:
        return self.subject


def ways_of(people: Iterable[User]) -> dict[tuple[int, str], str]:
    """How each person wants to be told, by person and kind, as far as they chose. One query."""
    chosen = Preference.objects.filter(person__in=[person.pk for person in people]).values_list("person_id", "kind", "way")
    return {(person, kind): way for person, kind, way in chosen}


class GateStanding(models.Model):
    """What receivers outside know of the gates of an open review; one that they heard nothing of is held back. `turns` counts the news."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, primary_key=True, related_name="+")
    passed = models.BooleanField(default=False)
    turns = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.review}: {'passed' if self.passed else 'held back'}"


class HookMessage(models.Model):
    """One message that is owed to a receiver outside, and what became of it. `about` is the same whenever the same news comes again."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    receiver = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=100)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    tries = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["receiver", "about"], name="a_receiver_is_told_once")]
        indexes = [
            # what is due?
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="hook_messages_that_are_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.receiver}"
