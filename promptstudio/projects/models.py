"""A team's space: its folders, people, keys, environments, and the policies of those as data."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly

from .roles import DEEDS
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


def granted(table: "type[ProjectGroupPermission] | type[FolderGroupPermission]", user: User, deed: str) -> models.QuerySet[Any, Any]:
    """The ids of the projects or folders in which a group of `user` has `deed`, for a subquery. Nobody who left has any."""
    kind = table._meta.get_field("content_object").related_model._meta.model_name
    found = table.objects.filter(group__user=user, group__user__is_active=True, permission__codename=f"{deed}_{kind}")
    return found.values("content_object")


class ProjectGroupPermission(GroupObjectPermissionBase):
    """guardian's rows: what a role may do in a project. Written by `mirror` alone; memberships are the truth."""

    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="group_permissions")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class ProjectUserPermission(UserObjectPermissionBase):
    """Nobody has any: people get what they may do through roles. It keeps guardian from asking its generic table."""

    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class FolderGroupPermission(GroupObjectPermissionBase):
    """What a role in a folder, or in one above it, may do there."""

    content_object = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="group_permissions")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class FolderUserPermission(UserObjectPermissionBase):
    """As ProjectUserPermission."""

    content_object = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


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


class AccessReview(AppendOnly):
    """Somebody signed for who has access to a project. `kept` and `taken` hold person, role, folder and source of each row."""

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


class PendingChangeQuerySet(models.QuerySet["PendingChange"]):
    def open(self) -> "PendingChangeQuerySet":
        return self.filter(outcome="")

    def visible_to(self, actor: Actor) -> "PendingChangeQuerySet":
        """Of projects that this person administers; those of the site are for site admins. What one asked for oneself is always there."""
        if actor.key:
            return self.none()
        if actor.user.is_site_admin:
            return self
        return self.filter(Q(project__in=granted(ProjectGroupPermission, actor.user, "administer")) | Q(asked_by=actor.user))

    def with_people(self) -> "list[PendingChange]":
        """With the person whom each is about, in one query for all."""
        changes: list[PendingChange] = list(self)
        about = {change.data["user"] for change in changes if change.data.get("user")}
        people = {str(person.uid): person for person in User.objects.filter(uid__in=about)}
        for change in changes:
            change.person = people.get(change.data.get("user", ""))
        return changes


class PendingChange(models.Model):
    """Something that would make an environment easier to reach, and takes effect when a second person has confirmed it.

    `data` holds what its service needs to carry it out; `reasons` say what becomes easier; `subject` names the one thing that it is about.
    """

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="pending_changes")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    label = models.CharField(max_length=400)
    reasons = models.JSONField(default=list)
    data = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    objects: ClassVar[Any] = PendingChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(outcome=""), name="one_open_change_per_subject"),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | ~Q(decided_by=models.F("asked_by")), name="nobody_confirms_their_own_change"
            ),
        ]

    def __str__(self) -> str:
        """With the person whom it is about, who is not part of the label: they may be made anonymous, and the trail keeps labels."""
        return f"{self.label}: {self.person}" if self.person else self.label

    @cached_property
    def person(self) -> User | None:
        return User.objects.filter(uid=self.data["user"]).first() if self.data.get("user") else None

    @property
    def sentence(self) -> str:
        return f"{self} waits for a second person. It takes effect when somebody else confirms it."


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
        return self.filter(revoked_at=None, waits=False, account__user__is_active=True).filter(
            Q(expires_at=None) | Q(expires_at__gt=clock.now())
        )


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
    folder = models.ForeignKey(
        Folder, on_delete=models.PROTECT, null=True, blank=True, help_text="With one, only the prompts in it and below it."
    )
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    # It opens nothing until a second person has confirmed it.
    waits = models.BooleanField(default=False, editable=False)
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

    @property
    def folder_ids(self) -> list[int] | None:
        """The folders whose prompts it reads and writes; None for all of the project."""
        if self.folder is None:
            return None
        return [folder.pk for folder in self.account.project.folders.all() if self.folder.holds(folder)]

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        if self.waits:
            return "waiting"
        return "expired" if self.expires_at and self.expires_at <= clock.now() else "in use"
