"""Applications and their keys."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from promptstudio.accounts.models import User
from promptstudio.lib import clock

from .places import Environment, Folder, Project


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
        TEST = "test", "Run tests, which asks models"
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
