"""What helps people to find a prompt again: tags, stars, kept filters, and the names that it had before."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import Project

from .prompts import Prompt


class Tag(models.Model):
    """A word on a prompt. The same word means the same all over the project."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tags")
    word = models.CharField(max_length=40)

    class Meta:
        ordering = ["word"]
        constraints = [models.UniqueConstraint(fields=["prompt", "word"], name="a_tag_stands_once")]

    def __str__(self) -> str:
        return self.word


class Favourite(models.Model):
    """A person's star on a prompt. Nobody else sees it."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="stars")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "prompt"], name="a_star_is_given_once")]

    def __str__(self) -> str:
        return f"Star on {self.prompt}"


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, actor: Actor) -> "SavedFilterQuerySet":
        return self.filter(Q(owner=actor.user) | Q(shared=True), project__in=Project.objects.visible_to(actor))


class SavedFilter(models.Model):
    """Filters of the library under a name, as they stand in its address; a person's own, or shared with the project."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="saved_filters")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[Any] = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "owner", "name"], name="one_kept_filter_per_name")]

    def __str__(self) -> str:
        return self.name


class FormerName(models.Model):
    """A name that a prompt had before, and still answers to. No other prompt of the project takes it until it is given up."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="former_names")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="former_names")
    name = models.CharField(max_length=200)
    since = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="a_former_name_leads_to_one_prompt")]

    def __str__(self) -> str:
        return self.name
