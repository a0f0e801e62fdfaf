"""How what a change was held to found itself out."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.evaluations.models import Run
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.prompts.models import Criterion, Prompt

from .deploying import Deployment


class CriterionWatchQuerySet(models.QuerySet["CriterionWatch"]):
    def visible_to(self, actor: Actor) -> "CriterionWatchQuerySet":
        return self.filter(deployment__placement__prompt__in=Prompt.objects.visible_to(actor))

    def open(self) -> "CriterionWatchQuerySet":
        return self.filter(closed_at=None)

    def with_everything(self) -> "CriterionWatchQuerySet":
        return self.select_related(
            "criterion__version__prompt__project",
            "criterion__environment",
            "criterion__person",
            "deployment__placement__environment",
            "outcome__by",
            "run",
        )


class CriterionWatch(models.Model):
    """A criterion of a version that went live: from then until `ends_at` it is found out. The row is the debt; its outcome pays it.

    `run` measures it, the latest of `tries`. `asked_at` is when a person was asked. `error` says why it could not be told so far.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="watches")
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="watches")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    due_at = models.DateTimeField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = CriterionWatchQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "criterion watches"
        constraints = [models.UniqueConstraint(fields=["criterion", "deployment"], name="a_criterion_is_watched_once_for_each_time_live")]
        indexes = [
            # the clock's question: what is to be looked at?
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="criteria_that_are_due"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} in {self.deployment.placement.environment}"

    @property
    def state(self) -> str:
        """How it stands: `confirmed`, `missed`, `no_data`, `asked` (a person), else `waiting`."""
        if outcome := getattr(self, "outcome", None):
            return str(outcome.outcome)
        return "asked" if self.asked_at else "waiting"


class CriterionOutcome(AppendOnly):
    """How a criterion came out. `sentence` is Studio's own and names nobody; `words` are those of the person who was asked."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        MISSED = "missed", "Missed"
        NO_DATA = "no_data", "No data"

    ERASABLE = "words"

    watch = models.OneToOneField(CriterionWatch, on_delete=models.PROTECT, related_name="outcome")
    outcome = models.CharField(max_length=10, choices=Outcome)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    sentence = models.TextField(blank=True)
    words = models.TextField(blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.watch}: {self.get_outcome_display()}"

    @property
    def uid(self) -> uuid.UUID:
        """That of its watch, which has one outcome."""
        return self.watch.uid
