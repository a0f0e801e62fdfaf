"""Django models of prompts. (The catalogue of AI models is in `catalogue.py`.)"""

import json
import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from guardian.models import UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly, AppendOnlyQuerySet
from promptstudio.projects.models import Folder, FolderGroupPermission, Project, ProjectGroupPermission, granted

from .bundle import Bundle


class PromptQuerySet(models.QuerySet["Prompt"]):
    def visible_to(self, actor: Actor) -> "PromptQuerySet":
        if actor.key:
            found, folders = self.filter(project=actor.key.project_id), actor.key.folder_ids
            return found if folders is None else found.filter(folder__in=folders)
        if actor.user.is_site_admin:
            return self
        named = Q(pk__in=PromptUserPermission.objects.filter(user=actor.user).values("content_object"))
        return self.filter(_granted(actor, "read")).filter(Q(restricted=False) | named | _granted(actor, "administer"))

    def active(self) -> "PromptQuerySet":
        return self.filter(archived_at=None)

    def search(self, words: str) -> "PromptQuerySet":
        """Prompts whose title, name or newest text holds every word."""
        found = self
        for word in words.split():
            found = found.filter(search__text__icontains=word)
        return found


def _granted(actor: Actor, deed: str) -> Q:
    """Prompts in a project or folder where a role of this person allows `deed`."""
    by_project = granted(ProjectGroupPermission, actor.user, deed)
    return Q(project__in=by_project) | Q(folder__in=granted(FolderGroupPermission, actor.user, deed))


class Prompt(models.Model):
    """A named template. Its words live in drafts and versions."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="prompts")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="prompts")
    name = models.CharField(max_length=200)
    title = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_prompts")
    # Then only named people and those who administer the place see it, whatever the roles of others.
    restricted = models.BooleanField(default=False, editable=False)
    origin = models.CharField(max_length=10, default="studio", choices=[("studio", "Written here"), ("import", "Imported")])
    import_key = models.CharField(max_length=64, null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords(excluded_fields=["import_key"])

    objects: ClassVar[Any] = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        permissions = [("read_prompt", "Can read a restricted prompt")]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_prompt_per_name"),
            models.UniqueConstraint(fields=["project", "import_key"], name="one_prompt_per_imported_row"),
        ]
        indexes = [
            # the library, newest first
            models.Index(fields=["project", "archived_at", "-created_at"], name="prompts_of_a_project"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def newest(self) -> "Version | None":
        return self.versions.order_by("-major", "-minor", "-patch").first()


class PromptUserPermission(UserObjectPermissionBase):
    """guardian's rows: who is named on a restricted prompt. A prompt that is not restricted has none."""

    content_object = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class PromptText(models.Model):
    """What the library's search looks through: one row a prompt, rewritten with each version."""

    prompt = models.OneToOneField(Prompt, on_delete=models.PROTECT, related_name="search", primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.prompt_id)


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
        return [label for value, label in ChangeNote.Field.choices if not self.change_record[value]]


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


class Editor(models.Model):
    """Who wrote in a draft: a contributor of the version that it becomes."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="editors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    last_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "user"], name="an_editor_stands_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.draft}"


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
