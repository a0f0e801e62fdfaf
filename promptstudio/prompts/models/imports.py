"""What somebody is about to bring in: kept for a day, and seen by that person alone."""

import uuid
from dataclasses import asdict
from typing import Any, ClassVar

from django.db import models

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import Project

from ..reading.files import FORMATS
from ..reading.found import Found
from .prompts import Prompt


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, actor: Actor) -> "ImportBatchQuerySet":
        return self.none() if actor.key else self.filter(person=actor.user)


class ImportBatch(models.Model):
    """A file as it was read. `marks` are the kinds of marks that become variables, `seen` those that stand in it.

    `content` is kept while it is a preview, so that it can be read again in another way.
    """

    class State(models.TextChoices):
        PREVIEW = "preview", "Nothing is written yet"
        RUNNING = "running", "Coming in"
        DONE = "done", "Done"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="imports")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=10, choices=FORMATS.items())
    content = models.BinaryField()
    folder = models.CharField(max_length=200)
    as_versions = models.BooleanField(default=False)
    whole = models.BooleanField(default=False)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=list)
    seen = models.JSONField(default=list)
    marks = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[Any] = ImportBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """Without its name, which may say anything: the trail keeps it."""
        return f"Import of {FORMATS[self.format]}"

    def waiting(self) -> "models.QuerySet[ImportRow]":
        """Rows that were chosen and have not been written yet."""
        return self.rows.filter(chosen=True, problem="", outcome="")


class ImportRow(models.Model):
    """One prompt of it, `data` as it was found. `outcome` is empty until it came in, or did not and `sentence` says why.

    `prompt` is what it became, already in the preview where it came in before.
    """

    class Outcome(models.TextChoices):
        IN = "in", "Brought in"
        BEFORE = "before", "Came in before"
        REFUSED = "refused", "Not brought in"

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    title = models.TextField()
    key = models.CharField(max_length=64)
    data = models.JSONField()
    problem = models.TextField()
    chosen = models.BooleanField(default=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    sentence = models.TextField(blank=True)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_row_per_number")]

    def __str__(self) -> str:
        return f"Row {self.number}"

    @property
    def found(self) -> Found:
        return Found(**self.data)

    @classmethod
    def of(cls, batch: ImportBatch, number: int, found: Found) -> "ImportRow":
        return cls(batch=batch, number=number, title=found.title, key=found.key, data=asdict(found), problem=found.problem)
