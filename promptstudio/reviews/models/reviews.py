"""Asking for approval, and giving it."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import Environment, Role
from promptstudio.prompts.models import Prompt, Version


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, actor: Actor) -> "ReviewQuerySet":
        return self.filter(version__prompt__in=Prompt.objects.visible_to(actor))

    def open(self) -> "ReviewQuerySet":
        return self.filter(closed_at=None)

    def with_changes_asked(self) -> "ReviewQuerySet":
        """`changes_asked`: somebody's last decision asks for changes."""
        later = Decision.objects.filter(review=OuterRef("review"), person=OuterRef("person"), pk__gt=OuterRef("pk"))
        wanted = Decision.objects.filter(review=OuterRef("pk"), verdict=Decision.Verdict.REQUEST_CHANGES)
        return self.annotate(changes_asked=Exists(wanted.exclude(Exists(later))))

    def with_everything(self) -> "ReviewQuerySet":
        return self.select_related("version__prompt__project", "version__prompt__folder", "environment__project", "asked_by")


class Review(models.Model):
    """A request to let one version into one environment."""

    class Outcome(models.TextChoices):
        WITHDRAWN = "withdrawn", "Withdrawn"
        DEPLOYED = "deployed", "Promoted"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reviews")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="reviews")
    note = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    objects: ClassVar[Any] = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "environment"], condition=Q(closed_at=None), name="one_open_review_per_version_and_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} to {self.environment}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Decision(AppendOnly):
    """What one person decided, in which role, having seen which live version. A later one by the same person replaces it."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approved"
        REQUEST_CHANGES = "request_changes", "Asked for changes"

    ERASABLE = "comment"
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role)
    verdict = models.CharField(max_length=20, choices=Verdict)
    comment = models.TextField(blank=True)
    baseline = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=80)
    decided_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_verdict_display()}"

    # As remarks and comments have them, for pages that show what people said.

    @property
    def author(self) -> User:
        return self.person

    @property
    def text(self) -> str:
        return self.comment


class Comment(AppendOnly):
    ERASABLE = "text"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author} on {self.review}"
