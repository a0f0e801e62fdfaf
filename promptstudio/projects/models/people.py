"""Who has which role, and what says so."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly

from .places import Folder, Project


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    DOMAIN_EXPERT = "domain_expert", "Domain expert"
    PRODUCT = "product", "Product"
    TECHNICAL = "technical", "Technical"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Project admin"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def at(self, folder: Folder) -> "MembershipQuerySet":
        """Those that hold for what lies in `folder`: of its project, of itself and of the folders above it."""
        return self.filter(project=folder.project_id).filter(Q(folder=None) | Q(folder__path__in=folder.lineage))

    def given_by_others(self) -> "MembershipQuerySet":
        """A role that people gave themselves counts for nothing in an approval."""
        return self.exclude(granted_by=models.F("user"))


class Membership(models.Model):
    """The truth about who has which role, in a whole project or in one folder and what lies below it. A person may have several."""

    class Source(models.TextChoices):
        LOCAL = "local", "Given here"
        PROVIDER = "provider", "From the identity provider"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    folder = models.ForeignKey(
        Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships", help_text="Without one, in the whole project."
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name="person")
    role = models.CharField(max_length=20, choices=Role)
    source = models.CharField(max_length=10, choices=Source, default=Source.LOCAL)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    objects: ClassVar[Any] = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["project", "user", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user", "role", "source"], condition=Q(folder=None), name="one_membership_per_role_and_source"
            ),
            models.UniqueConstraint(
                fields=["folder", "user", "role", "source"],
                condition=Q(folder__isnull=False),
                name="one_membership_per_folder_role_and_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} in {self.place}"

    @property
    def place(self) -> str:
        return f"{self.project}, {self.folder}" if self.folder else str(self.project)

    def holds_at(self, folder: Folder) -> bool:
        """As `MembershipQuerySet.at`, for a row that is there already."""
        return self.project_id == folder.project_id and (self.folder is None or self.folder.path in folder.lineage)


class GroupMapping(models.Model):
    """What a group at the identity provider gives here. `pattern` may hold <project> and <role>."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pattern = models.CharField("group", max_length=200)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, null=True, blank=True, related_name="group_mappings", help_text="Empty when the group names it."
    )
    role = models.CharField(max_length=20, choices=Role, blank=True, help_text="Empty when the group names it.")
    site_admin = models.BooleanField(default=False, help_text="May do everything in every project. Leave project and role empty.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["pattern"]
        constraints = [
            models.UniqueConstraint(
                fields=["pattern", "project", "role"],
                condition=Q(project__isnull=False),
                name="one_mapping_per_group_and_role",
                violation_error_message="This group means that already.",
            ),
            models.UniqueConstraint(
                fields=["pattern", "role", "site_admin"],
                condition=Q(project=None),
                name="one_mapping_per_pattern_and_role",
                violation_error_message="This group means that already.",
            ),
            models.CheckConstraint(
                condition=Q(site_admin=False) | Q(project=None, role=""),
                name="a_site_admin_has_no_role",
                violation_error_message="A site admin has no project and no role: leave both empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.pattern


class AccessReview(AppendOnly):
    """Somebody signed for who has access to a project. `kept` and `taken` hold person, role, folder and source of each role, and
    uid, application, scopes, environment and folder of each key."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="access_reviews")
    kept = models.JSONField()
    taken = models.JSONField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Access to {self.project}"
