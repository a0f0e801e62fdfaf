"""The append-only trail. One hash chain per project and one for the installation."""

import uuid
from typing import Any, ClassVar

from django.db import models

from promptstudio.lib.append_only import AppendOnly, AppendOnlyQuerySet

INSTALLATION = "installation"


class EntryQuerySet(AppendOnlyQuerySet):
    def of_projects(self, uids: Any) -> "EntryQuerySet":
        return self.filter(project_uid__in=list(uids))


class Entry(AppendOnly):
    """What happened. No foreign keys and no personal data: both would have to change one day."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    chain = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    action = models.CharField(max_length=60)
    actor_uid = models.UUIDField(null=True)
    key_uid = models.UUIDField(null=True)
    via = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64, blank=True)
    project_uid = models.UUIDField(null=True)
    object_type = models.CharField(max_length=40)
    object_uid = models.UUIDField(null=True)
    object_label = models.CharField(max_length=600)
    data = models.TextField()
    commitment = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[Any] = EntryQuerySet.as_manager()

    class Meta:
        db_table = "audit_entry"
        base_manager_name = "objects"
        verbose_name_plural = "entries"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="one_entry_per_place_in_a_chain")]
        indexes = [
            # the audit page of a project, newest first
            models.Index(fields=["project_uid", "-created_at"], name="audit_of_a_project"),
            # everything that happened to one prompt, version or review
            models.Index(fields=["object_uid"], name="audit_of_an_object"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence} {self.action}"


class Head(models.Model):
    """The last entry of a chain. Its row is locked last, so that writers queue as briefly as possible."""

    chain = models.CharField(max_length=40, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_head"

    def __str__(self) -> str:
        return f"{self.chain} at {self.sequence}"


class Snapshot(models.Model):
    """Who it was, in words. May be erased on request; the entry keeps a salted commitment to it."""

    entry_uid = models.UUIDField(primary_key=True)
    salt = models.CharField(max_length=32)
    content = models.TextField()

    class Meta:
        db_table = "audit_snapshot"

    def __str__(self) -> str:
        return str(self.entry_uid)
