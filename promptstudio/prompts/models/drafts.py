"""Working copies, who writes in them, and the examples that fill them in."""

import uuid
from typing import Any, ClassVar

from django.db import models

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly

from .prompts import Prompt
from .versions import Version


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, actor: Actor) -> "DraftQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def open(self) -> "DraftQuerySet":
        return self.filter(ended_at=None)


class Draft(models.Model):
    """A working copy, finished or not. `revision` rises with every save, so that nobody overwrites anybody."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="drafts")
    based_on = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    content = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="drafts")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    became = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    # The snippet's version that this draft was opened to take over.
    takes_over = models.ForeignKey("prompts.SnippetVersion", on_delete=models.PROTECT, null=True, related_name="drafts")

    objects: ClassVar[Any] = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            # the drafts that wait for someone on the home page
            models.Index(fields=["created_by", "ended_at"], name="open_drafts_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"Draft of {self.prompt}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def newer_version(self) -> Version | None:
        """The newest version of its prompt, where that was saved after this draft began and is not what it goes on from."""
        newest = self.prompt.newest
        if newest is None or newest.created_at <= self.created_at:
            return None
        return None if self.based_on and newest.number <= self.based_on.number else newest


class Editor(models.Model):
    """Who wrote in a draft: a contributor of the version that it becomes."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="editors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    last_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "user"], name="an_editor_stands_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.draft}"


class VariableRename(AppendOnly):
    """That a draft of `prompt` calls `new` what was called `old` before."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="variable_renames")
    old = models.CharField(max_length=200)
    new = models.CharField(max_length=200)

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["prompt", "old", "new"], name="a_rename_is_remembered_once")]

    def __str__(self) -> str:
        return f"{self.old} is called {self.new}"


class NamedExample(models.Model):
    """A set of values with a name (“burst pipe”) that preview and review fill in."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="examples")
    name = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], condition=models.Q(archived_at=None), name="one_example_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
