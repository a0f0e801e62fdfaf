"""A version, whose hands were on it, and what it promises."""

import json
import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.db import models

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly, AppendOnlyQuerySet

from ..bundle import Bundle
from .prompts import Prompt


class VersionQuerySet(AppendOnlyQuerySet):
    def newest_first(self) -> "VersionQuerySet":
        return self.order_by("-major", "-minor", "-patch")

    def visible_to(self, actor: Actor) -> "VersionQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))


class Version(AppendOnly):
    """An immutable bundle with a semantic version. `canonical` is the truth; `bundle` and the rest are read from it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="versions")
    major = models.PositiveIntegerField()
    minor = models.PositiveIntegerField()
    patch = models.PositiveIntegerField()
    semver = models.CharField(max_length=40)
    canonical = models.TextField()
    digest = models.CharField(max_length=80)
    model = models.CharField(max_length=2048, blank=True)
    summary = models.TextField(blank=True)
    origin = models.CharField(max_length=10, default="studio", choices=[("studio", "Written here"), ("import", "Imported")])
    impact = models.CharField(max_length=10)
    computed_impact = models.CharField(max_length=10)
    impact_reasons = models.JSONField(default=list)
    impact_reason = models.TextField(blank=True)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    authored_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = VersionQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["prompt", "-major", "-minor", "-patch"]
        constraints = [models.UniqueConstraint(fields=["prompt", "major", "minor", "patch"], name="a_number_is_used_once")]
        indexes = [
            # which version has this content: adopting remote versions, refusing a bundle that changes nothing
            models.Index(fields=["prompt", "digest"], name="versions_by_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt} {self.semver}"

    @cached_property
    def bundle(self) -> Bundle:
        return Bundle.model_validate(json.loads(self.canonical))

    @property
    def as_written(self) -> dict[str, Any]:
        """The JSON that a draft goes on from: with its snippets still named, where it has any."""
        source = getattr(self, "source", None)
        return dict(source.content) if source else self.bundle.as_json()

    @property
    def number(self) -> tuple[int, int, int]:
        return self.major, self.minor, self.patch

    @property
    def people(self) -> list[User]:
        return [row.user for row in self.contributors.select_related("user")]

    def was_written_by(self, user: User) -> bool:
        return self.contributors.filter(user=user).exists()

    @cached_property
    def change_record(self) -> dict[str, list["ChangeNote"]]:
        """Notes by field, oldest first."""
        notes: dict[str, list[ChangeNote]] = {field: [] for field in ChangeNote.Field.values}
        for note in self.notes.select_related("author").order_by("id"):
            notes[note.field].append(note)
        return notes

    @property
    def missing_from_record(self) -> list[str]:
        """What the change record still needs before a review: field labels."""
        missing = {value: label for value, label in ChangeNote.Field.choices if not self.change_record[value]}
        if ChangeNote.Field.VALIDATION_CRITERIA in missing and self.criteria.exists():
            # What finds itself out says it better than words.
            del missing[ChangeNote.Field.VALIDATION_CRITERIA]
        return list(missing.values())


class Contributor(AppendOnly):
    """Someone whose hands were on a version. None of them approves it."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="contributors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["version", "user"], name="a_contributor_counts_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.version}"


class ChangeNote(AppendOnly):
    """A part of a version's change record that was added after the summary. Added to, never overwritten."""

    class Field(models.TextChoices):
        EXPECTED_IMPACT = "expected_impact", "Expected impact"
        VALIDATION_CRITERIA = "validation_criteria", "How we will know"

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="notes")
    field = models.CharField(max_length=20, choices=Field)
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.get_field_display()} of {self.version}"
