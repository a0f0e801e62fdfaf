"""Promotions that wait for their moment."""

import uuid
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import ApiKey
from promptstudio.projects.windows import moment_in_words
from promptstudio.prompts.models import Prompt, Version

from .deploying import Deployment, Evaluation, Placement


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def visible_to(self, actor: Actor) -> "ScheduleQuerySet":
        return self.filter(placement__prompt__in=Prompt.objects.visible_to(actor))

    def waiting(self) -> "ScheduleQuerySet":
        return self.filter(state=Schedule.State.WAITING)

    def due(self) -> "ScheduleQuerySet":
        return self.waiting().filter(at__lte=clock.now()).order_by("at", "id")

    def with_everything(self) -> "ScheduleQuerySet":
        places = ("placement__prompt__project", "placement__prompt__owner", "placement__environment__project", "placement__live__version")
        told = ("deployment", "evaluation", "overtaken_by__version", "overtaken_by__by", "cancelled_by")
        return self.select_related("version__prompt__project", "by", "key__account", "replaces__version", *places, *told)


class Schedule(models.Model):
    """One version is promoted at `at`, as whoever asked for it, if the conditions are met then and nothing else was sent meanwhile."""

    ERASABLE = "reason"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PROMOTED = "promoted", "Promoted"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"

    class Because(models.TextChoices):
        BLOCKED = "blocked", "A condition was not met"
        OVERTAKEN = "overtaken", "Somebody was faster"
        NOT_ALLOWED = "not_allowed", "Not allowed any more"
        CONFLICT = "conflict", "Not possible as things stood"
        BROKEN = "broken", "Something unexpected happened"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="schedules")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="schedules")
    at = models.DateTimeField()
    # In which it was said, and is shown.
    zone = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    # The newest that was sent there when it was asked for.
    replaces = models.ForeignKey(Deployment, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    settled_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=12, choices=Because, blank=True)
    # Why it was refused, without names: this row outlives people.
    sentence = models.TextField(blank=True)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, null=True, related_name="+")
    overtaken_by = models.ForeignKey(Deployment, on_delete=models.PROTECT, null=True, related_name="+")
    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, null=True, related_name="schedule")
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement"], condition=Q(state="waiting"), name="one_promotion_waits_for_its_moment"),
        ]
        indexes = [
            # the clock's question: what is due?
            models.Index(fields=["at"], condition=Q(state="waiting"), name="schedules_that_are_due"),
        ]

    def __str__(self) -> str:
        return f"{self.version} to {self.placement.environment}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.zone))

    @property
    def when(self) -> str:
        """“Thursday, 3 December 2026 at 7:00 (Europe/Berlin)”."""
        return moment_in_words(self.at, self.zone)

    @property
    def actor(self) -> Actor:
        """As whom it is promoted: whoever asked, with what that person may do then."""
        return Actor(user=self.by, key=self.key, via="schedule")
