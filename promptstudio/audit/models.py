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
    """Who it was, and what they wrote, in words. Either may be erased; the entry keeps a salted commitment to both.

    An erased part leaves its hash here and loses its salt, so that nobody can try out what it said.
    """

    entry_uid = models.UUIDField(primary_key=True)
    salt = models.CharField(max_length=32, blank=True)
    content = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    words_salt = models.CharField(max_length=32, blank=True)
    words = models.TextField(blank=True)
    words_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "audit_snapshot"

    def __str__(self) -> str:
        return str(self.entry_uid)


class Anchor(AppendOnly):
    """The head of a chain at one moment, signed with a key outside the database. `line` is what is sent out, to the letter."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    chain = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)
    occasion = models.CharField(max_length=40)
    line = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "audit_anchor"
        base_manager_name = "objects"
        ordering = ["id"]
        # the newest anchor of a chain
        indexes = [models.Index(fields=["chain", "-sequence"], name="anchors_of_a_chain")]

    def __str__(self) -> str:
        return f"{self.chain} at {self.sequence}"


class Dispatch(models.Model):
    """An anchor that is owed to one destination."""

    anchor = models.ForeignKey(Anchor, on_delete=models.PROTECT, related_name="dispatches")
    destination = models.CharField(max_length=40)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "audit_dispatch"
        constraints = [models.UniqueConstraint(fields=["anchor", "destination"], name="an_anchor_is_owed_once")]
        indexes = [
            # what is due?
            models.Index(fields=["next_try_at"], condition=models.Q(sent_at=None), name="anchors_that_are_due"),
        ]

    def __str__(self) -> str:
        return f"{self.anchor} to {self.destination}"


class Stream(models.Model):
    """A receiver of the trail: who sends to it at the moment, and when it is tried next."""

    name = models.CharField(max_length=40, primary_key=True)
    token = models.UUIDField(null=True)
    token_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_stream"

    def __str__(self) -> str:
        return self.name


class Cursor(models.Model):
    """How far one chain was delivered to one receiver. `until` ends the batch that is being sent, so that it is repeated to the letter."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="cursors")
    chain = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField(default=0)
    until = models.PositiveBigIntegerField(null=True)

    class Meta:
        db_table = "audit_cursor"
        constraints = [models.UniqueConstraint(fields=["stream", "chain"], name="one_cursor_per_chain")]

    def __str__(self) -> str:
        return f"{self.stream_id}: {self.chain} up to {self.sequence}"


class FirstUse(models.Model):
    """A kind of operation that a key was used for, so that its first use is told once."""

    key_uid = models.UUIDField()
    kind = models.CharField(max_length=60)

    class Meta:
        db_table = "audit_first_use"
        constraints = [models.UniqueConstraint(fields=["key_uid", "kind"], name="a_first_use_comes_once")]

    def __str__(self) -> str:
        return f"{self.key_uid} {self.kind}"
