"""A team's space: its folders, its environments, and the policies of those as data."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly

from ..roles import DEEDS
from ..rules import Rules
from .grants import FolderGroupPermission, ProjectGroupPermission, granted


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, actor: Actor) -> "ProjectQuerySet":
        if actor.key:
            return self.filter(pk=actor.key.project_id)
        if actor.user.is_site_admin:
            return self
        # Whoever has a role in one folder alone finds their way to it.
        folders = Folder.objects.granted(actor.user, "read")
        return self.filter(Q(pk__in=granted(ProjectGroupPermission, actor.user, "read")) | Q(pk__in=folders.values("project")))


def _deeds(kind: str) -> Any:
    """A Django permission for each deed, such as `write_project`."""
    return [(f"{deed}_{kind}", f"Can {words.format(place=kind)}") for deed, words in DEEDS.items()]


class Project(models.Model):
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    objects: ClassVar[Any] = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = _deeds("project")

    def __str__(self) -> str:
        return self.name


class FolderQuerySet(models.QuerySet["Folder"]):
    def granted(self, user: User, deed: str) -> "FolderQuerySet":
        """Folders in which `user` has a role that allows `deed`, besides what the project's roles allow."""
        return self.filter(pk__in=granted(FolderGroupPermission, user, deed))


class Folder(models.Model):
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="folders")
    path = models.CharField(max_length=200, blank=True, help_text="Readable, with / between levels: Property/Water. Empty is the top.")

    objects: ClassVar[Any] = FolderQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        permissions = _deeds("folder")
        constraints = [models.UniqueConstraint(fields=["project", "path"], name="one_folder_per_path")]

    def __str__(self) -> str:
        return self.path or "Top"

    @property
    def lineage(self) -> list[str]:
        """The paths of the folders above it and its own: what is granted there holds here."""
        levels = self.path.split("/") if self.path else []
        return ["/".join(levels[: depth + 1]) for depth in range(len(levels))]

    def holds(self, other: "Folder") -> bool:
        """Whether `other` is this folder or lies below it."""
        return self.project_id == other.project_id and (not self.path or self.path in other.lineage)


class FolderReviewer(models.Model):
    """Somebody, or everybody with a role, who answers for what lies in a folder: where the conditions ask for it, one of them has to
    approve. The nearest folder that names anybody decides, see `projects.answering`."""

    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="reviewers")
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20, blank=True)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["folder", "person"], condition=Q(role=""), name="a_person_answers_for_a_folder_once"),
            models.UniqueConstraint(fields=["folder", "role"], condition=Q(person=None), name="a_role_answers_for_a_folder_once"),
            models.CheckConstraint(
                condition=Q(person=None) & ~Q(role="") | Q(person__isnull=False, role=""), name="a_person_or_a_role_answers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or self.role} for {self.folder}"


class Environment(models.Model):
    """An ordered lane of a project."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="environments")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    grace_days = models.PositiveSmallIntegerField(
        default=0, help_text="For so many days after a version stopped being live here, its copy outside is kept."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["project", "position"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="one_environment_per_slug"),
            models.UniqueConstraint(fields=["project", "position"], name="one_environment_per_position"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> "Policy":
        """The rules in force: the newest."""
        return self.policies.latest("number")

    @property
    def previous(self) -> "Environment | None":
        return Environment.objects.filter(project=self.project_id, position__lt=self.position).order_by("-position").first()

    @property
    def next(self) -> "Environment | None":
        return Environment.objects.filter(project=self.project_id, position__gt=self.position).order_by("position").first()


class Policy(AppendOnly):
    """The gates of one environment. A change of rules is a new row, so that an evaluation can name what it went by."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    data = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["environment", "-number"]
        verbose_name_plural = "policies"
        constraints = [models.UniqueConstraint(fields=["environment", "number"], name="one_policy_per_number")]

    def __str__(self) -> str:
        return f"{self.environment} policy {self.number}"

    @property
    def rules(self) -> Rules:
        return Rules.model_validate(self.data)


class Floor(AppendOnly):
    """What the site asks of the last environment of every project, and of those with a name in `environments`. The newest counts."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    data = models.JSONField()
    environments = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Floor {self.number}"

    @property
    def rules(self) -> Rules:
        return Rules.model_validate(self.data)

    def holds_for(self, environment: Environment) -> bool:
        return environment.slug in self.environments or environment.next is None
