"""Comparisons: the answers of two runs side by side, and which of them people prefer without knowing whose they are."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, F, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt

from .answers import Answer
from .runs import Run


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def visible_to(self, actor: Actor) -> "ComparisonQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def of_run(self, run: Run) -> "ComparisonQuerySet":
        return self.filter(Q(new=run) | Q(old=run), archived_at=None)

    def with_everything(self) -> "ComparisonQuerySet":
        run = ("suite_version__suite", "version", "draft__created_by")
        return self.select_related(
            "asked_by", "closed_by", "prompt__project", *(f"{side}__{each}" for side in ("new", "old") for each in run)
        )


class Comparison(models.Model):
    """Two runs of the same cases, shown to people pair by pair. `new` is what it was started for, `old` what that is held against."""

    ERASABLE: ClassVar[str] = "question"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="comparisons")
    new = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    old = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    question = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(new=F("old")), name="a_comparison_has_two_sides"),
            models.CheckConstraint(condition=Q(archived_at=None) | Q(closed_at__isnull=False), name="what_is_archived_is_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.new.suite_version.suite}: {self.new.label} or {self.old.label}"


class Pair(models.Model):
    """Two answers to the same case. Where they are word for word the same, nobody is asked."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="pairs")
    case = models.CharField(max_length=36)
    repeat = models.PositiveSmallIntegerField(default=0)
    new = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="+")
    old = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["comparison", "case", "repeat"], name="a_pair_is_there_once")]

    def __str__(self) -> str:
        return f"{self.case} of {self.comparison}"


class RaterQuerySet(models.QuerySet["Rater"]):
    def awaited(self) -> "RaterQuerySet":
        return self.filter(finished_at=None, comparison__closed_at=None, comparison__prompt__archived_at=None)

    def visible_to(self, actor: Actor) -> "RaterQuerySet":
        return self.filter(comparison__prompt__in=Prompt.objects.visible_to(actor))

    def with_progress(self) -> "RaterQuerySet":
        """With how many pairs they have (`total`), and how many of those they did not look at yet (`left`)."""
        return self.annotate(total=Count("ballots"), left=Count("ballots", filter=Q(ballots__choice="")))


class Rater(models.Model):
    """Somebody who is asked. What they choose counts, and what others chose is shown to them, once they have finished."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="raters")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = RaterQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["comparison", "person"], name="a_person_is_asked_once")]

    def __str__(self) -> str:
        return f"{self.person} on {self.comparison}"


class Ballot(models.Model):
    """One pair as one person sees it: at which `place` of theirs, and whether the old answer stands first (`turned`).

    Both are drawn when people are asked, and stay. `choice` is what they pressed, so that the row alone says nothing of whose answer
    it was. It changes as often as they like until they finish.
    """

    class Choice(models.TextChoices):
        ONE = "1", "Answer 1 is better"
        TWO = "2", "Answer 2 is better"
        SAME = "=", "No difference"
        SKIPPED = "?", "Cannot tell"

    ERASABLE: ClassVar[str] = "words"
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="ballots")
    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="ballots")
    place = models.PositiveIntegerField()
    turned = models.BooleanField()
    choice = models.CharField(max_length=1, choices=Choice, blank=True)
    words = models.TextField(blank=True)
    cast_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["rater", "pair"], name="a_person_sees_a_pair_once"),
            models.UniqueConstraint(fields=["rater", "place"], name="one_pair_at_each_place"),
            models.CheckConstraint(condition=Q(choice__in=["", "1", "2", "=", "?"]), name="a_choice_is_one_of_four"),
        ]

    def __str__(self) -> str:
        return f"{self.place} of {self.rater}"
