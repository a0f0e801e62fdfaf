"""What waits for a second person."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock

from .grants import ProjectGroupPermission, granted
from .places import Project


class PendingChangeQuerySet(models.QuerySet["PendingChange"]):
    def open(self) -> "PendingChangeQuerySet":
        return self.filter(outcome="")

    def visible_to(self, actor: Actor) -> "PendingChangeQuerySet":
        """Of projects that this person administers; those of the site are for site admins. What one asked for oneself is always there."""
        if actor.key:
            return self.none()
        if actor.user.is_site_admin:
            return self
        return self.filter(Q(project__in=granted(ProjectGroupPermission, actor.user, "administer")) | Q(asked_by=actor.user))

    def with_people(self) -> "list[PendingChange]":
        """With the person whom each is about, in one query for all."""
        changes: list[PendingChange] = list(self)
        about = {change.data["user"] for change in changes if change.data.get("user")}
        people = {str(person.uid): person for person in User.objects.filter(uid__in=about)}
        for change in changes:
            change.person = people.get(change.data.get("user", ""))
        return changes


class PendingChange(models.Model):
    """Something that would make an environment easier to reach, and takes effect when a second person has confirmed it.

    `data` holds what its service needs to carry it out; `reasons` say what becomes easier; `subject` names the one thing that it is about.
    """

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="pending_changes")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    label = models.CharField(max_length=400)
    reasons = models.JSONField(default=list)
    data = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    objects: ClassVar[Any] = PendingChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(outcome=""), name="one_open_change_per_subject"),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | ~Q(decided_by=models.F("asked_by")), name="nobody_confirms_their_own_change"
            ),
        ]

    def __str__(self) -> str:
        """With the person whom it is about, who is not part of the label: they may be made anonymous, and the trail keeps labels."""
        return f"{self.label}: {self.person}" if self.person else self.label

    @cached_property
    def person(self) -> User | None:
        return User.objects.filter(uid=self.data["user"]).first() if self.data.get("user") else None

    @property
    def sentence(self) -> str:
        return f"{self} waits for a second person. It takes effect when somebody else confirms it."
