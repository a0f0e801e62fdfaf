"""What people say about lines of a version, and whom they name."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Draft, Prompt, Version

from .reviews import Comment, Decision, Review


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, actor: Actor) -> "ThreadQuerySet":
        return self.filter(version__prompt__in=Prompt.objects.visible_to(actor))

    def open(self) -> "ThreadQuerySet":
        return self.filter(resolved_at=None)

    def with_everything(self) -> "ThreadQuerySet":
        found = self.select_related("version__prompt__project", "version__prompt__folder", "begun_by", "resolved_by")
        return found.prefetch_related("remarks__author", "remarks__mentions__person", "remarks__suggestions__taken__by")


class Thread(models.Model):
    """A conversation about lines of one version. The version never changes, so their text and its neighbourhood are read from it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="threads")
    place = models.CharField(max_length=40)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=clock.now)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(first__gte=1, last__gte=F("first")), name="a_thread_is_about_lines")]

    def __str__(self) -> str:
        return f"{self.lines.in_words.lower()} of {self.version}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def lines(self) -> Lines:
        return Lines(self.place, self.first, self.last)

    @property
    def message(self) -> str:
        """“System”, “User” …"""
        return self.lines.message_in(self.version.bundle)

    @property
    def quoted(self) -> str:
        return self.lines.text_in(self.version.bundle)


class Remark(AppendOnly):
    """What one person said in a thread. People stand in it as marks, see `mentioning`."""

    ERASABLE = "text"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="remarks")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author} about {self.thread}"


class Suggestion(AppendOnly):
    """Words that a remark puts in the place of the thread's lines; empty to take the lines out."""

    ERASABLE = "text"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    remark = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="suggestions")
    text = models.TextField(blank=True)

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["remark"], name="one_suggestion_in_a_remark")]

    def __str__(self) -> str:
        return f"What {self.remark.author} suggests for {self.remark.thread}"


class Taken(AppendOnly):
    """A suggestion went into a draft."""

    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="taken")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name_plural = "taken"

    def __str__(self) -> str:
        return f"{self.suggestion}, taken by {self.by}"


class MentionQuerySet(models.QuerySet["Mention"]):
    def unseen_by(self, actor: Actor) -> "MentionQuerySet":
        """Where this person was named and has not looked yet, as far as they still see the prompt."""
        seen = Prompt.objects.visible_to(actor)
        there = Q(remark__thread__version__prompt__in=seen) | Q(comment__review__version__prompt__in=seen)
        there |= Q(decision__review__version__prompt__in=seen)
        return self.filter(there, person=actor.user, seen_at=None)


class Mention(models.Model):
    """Somebody was named, in a remark, in a comment or in what somebody wrote to a decision."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    remark = models.ForeignKey(Remark, on_delete=models.PROTECT, null=True, related_name="mentions")
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, related_name="mentions")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="mentions")
    made_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = MentionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(remark__isnull=False, comment=None, decision=None)
                | Q(remark=None, comment__isnull=False, decision=None)
                | Q(remark=None, comment=None, decision__isnull=False),
                name="a_mention_stands_somewhere",
            )
        ]
        indexes = [
            # what waits for somebody on the home page
            models.Index(fields=["person", "seen_at"], name="mentions_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.said}"

    @property
    def said(self) -> "Remark | Comment | Decision":
        found = self.remark or self.comment or self.decision
        assert found
        return found

    @property
    def where(self) -> "Thread | Review":
        """The conversation."""
        return self.remark.thread if self.remark else self.said.review  # type: ignore[union-attr]
