"""A team's space: its folders, people, keys, environments, and the policies of those as data."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly

from .rules import Rules


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    DOMAIN_EXPERT = "domain_expert", "Domain expert"
    PRODUCT = "product", "Product"
    TECHNICAL = "technical", "Technical"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Project admin"


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, actor: Actor) -> "ProjectQuerySet":
        if actor.key:
            return self.filter(pk=actor.key.project_id)
        if actor.user.is_site_admin:
            return self
        return self.filter(pk__in=Membership.objects.filter(user=actor.user).values("project"))


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

    def __str__(self) -> str:
        return self.name


class Folder(models.Model):
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="folders")
    path = models.CharField(max_length=200, blank=True, help_text="Readable, with / between levels: Property/Water. Empty is the top.")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["project", "path"], name="one_folder_per_path")]

    def __str__(self) -> str:
        return self.path or "Top"


class Membership(models.Model):
    """The truth about who has which role. A person may have several."""

    class Source(models.TextChoices):
        LOCAL = "local", "Given here"
        PROVIDER = "provider", "From the identity provider"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name="person")
    role = models.CharField(max_length=20, choices=Role)
    source = models.CharField(max_length=10, choices=Source, default=Source.LOCAL)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["project", "user", "role"]
        constraints = [models.UniqueConstraint(fields=["project", "user", "role", "source"], name="one_membership_per_role_and_source")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} in {self.project}"


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


class ServiceAccount(models.Model):
    """An application of one project. It acts through keys, and a person answers for it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="service_accounts")
    name = models.CharField(max_length=120)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="service_account")
    responsible = models.ForeignKey(User, on_delete=models.PROTECT, related_name="answers_for")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_service_account_per_name")]

    def __str__(self) -> str:
        return self.name


class KeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> "KeyQuerySet":
        return self.filter(revoked_at=None, account__user__is_active=True).filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))


class ApiKey(models.Model):
    """A secret that an application sends. Only its SHA-256 is kept: the secret itself has 256 random bits."""

    class Scope(models.TextChoices):
        READ = "read", "Read prompts"
        WRITE = "write", "Write prompts, versions and review requests"
        DEPLOY = "deploy", "Promote and roll back"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(ServiceAccount, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    environment = models.ForeignKey(
        Environment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Without one the key reads everything: not for applications.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = KeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def responsible(self) -> User:
        return self.account.responsible

    @property
    def project_id(self) -> int:
        return self.account.project_id

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= clock.now() else "in use"
