"""What is looked at after somebody promoted past the conditions."""

import uuid
from typing import Any, ClassVar

from django.db import models

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import ProjectGroupPermission, granted
from promptstudio.prompts.models import Prompt

from .deploying import Deployment


class AfterReviewQuerySet(models.QuerySet["AfterReview"]):
    def visible_to(self, actor: Actor) -> "AfterReviewQuerySet":
        return self.filter(deployment__placement__prompt__in=Prompt.objects.visible_to(actor))

    def open(self) -> "AfterReviewQuerySet":
        return self.filter(conclusion=None)

    def awaiting(self, actor: Actor) -> "AfterReviewQuerySet":
        """Open ones that this person may close. `can_conclude` for many rows at once."""
        if actor.key:
            return self.none()
        others = self.open().visible_to(actor).exclude(deployment__by=actor.user)
        if actor.user.is_site_admin:
            return others
        mine = granted(ProjectGroupPermission, actor.user, "administer")
        return others.filter(deployment__placement__prompt__project__in=mine)

    def with_everything(self) -> "AfterReviewQuerySet":
        return self.select_related(
            "deployment__version__prompt__project",
            "deployment__placement__environment__project",
            "deployment__placement__prompt__project",
            "deployment__by",
            "deployment__evaluation",
            "conclusion__by",
        )


class AfterReview(models.Model):
    """Somebody else has to look at a promotion in an emergency, by `due_at`. Open until it has a conclusion."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, related_name="after_review")
    opened_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    # The day on which the admins were reminded last.
    reminded_on = models.DateField(null=True)

    objects: ClassVar[Any] = AfterReviewQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"After-review of {self.deployment}"

    @property
    def is_open(self) -> bool:
        return not hasattr(self, "conclusion")

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at < clock.now()


class Conclusion(AppendOnly):
    """What somebody else says of it, and what follows."""

    ERASABLE = "words"

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", "It was justified"
        NOT_JUSTIFIED = "not_justified", "It was not justified"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    after_review = models.OneToOneField(AfterReview, on_delete=models.PROTECT, related_name="conclusion")
    verdict = models.CharField(max_length=15, choices=Verdict)
    words = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.after_review}: {self.get_verdict_display()}"
