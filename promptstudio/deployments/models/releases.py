"""Versions of several prompts that go to one environment together, all of them or none."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import Environment, Project
from promptstudio.prompts.models import Prompt, Version

from .deploying import Deployment


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, actor: Actor) -> "ReleaseQuerySet":
        """Where this person sees one of its prompts; an empty one, whoever sees the project. A name alone may tell too much."""
        seen = ReleaseItem.objects.filter(release=OuterRef("pk"), prompt__in=Prompt.objects.visible_to(actor))
        some = ReleaseItem.objects.filter(release=OuterRef("pk"))
        return self.filter(project__in=Project.objects.visible_to(actor)).filter(Exists(seen) | ~Exists(some))

    def with_counts(self) -> "ReleaseQuerySet":
        return self.annotate(prompts_count=Count("items")).select_related("project", "environment__project", "made_by", "settled_by")


class Release(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "Being put together"
        PROMOTED = "promoted", "Promoted"
        ROLLED_BACK = "rolled_back", "Rolled back"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="releases")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="releases")
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    # Who did last what its state says, and when.
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class ReleaseItemQuerySet(models.QuerySet["ReleaseItem"]):
    def visible_to(self, actor: Actor) -> "ReleaseItemQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def with_everything(self) -> "ReleaseItemQuerySet":
        version = ("version__prompt__project", "version__prompt__folder", "version__prompt__owner", "version__created_by")
        sent = ("deployment__replaces__version", "deployment__placement", "way_back__version")
        return self.select_related("prompt__project", "prompt__folder", "release__environment__project", *version, *sent)


class ReleaseItem(models.Model):
    """One version in a release; what it was sent as, and how it went back."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="items")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, null=True, related_name="in_release")
    way_back = models.OneToOneField(Deployment, on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = ReleaseItemQuerySet.as_manager()

    class Meta:
        # The order in which their placements are locked, everywhere.
        ordering = ["prompt_id"]
        constraints = [
            models.UniqueConstraint(fields=["release", "prompt"], name="a_prompt_is_in_a_release_once"),
            models.CheckConstraint(condition=Q(way_back=None) | Q(deployment__isnull=False), name="what_goes_back_was_sent"),
        ]

    def __str__(self) -> str:
        return str(self.version)

    # What `glance` asks of a review: which version wants to go where.

    @property
    def environment(self) -> Environment:
        return self.release.environment

    @property
    def environment_id(self) -> int:
        return self.release.environment_id
