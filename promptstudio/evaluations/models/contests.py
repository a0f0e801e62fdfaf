"""Contests: the answers of two runs, compared pair by pair by a judge."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt

from .answers import Answer
from .judges import Judge
from .runs import Run


class ContestQuerySet(models.QuerySet["Contest"]):
    def visible_to(self, actor: Actor) -> "ContestQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def of_run(self, run: Run) -> "ContestQuerySet":
        return self.filter(Q(first=run) | Q(second=run))

    def with_everything(self) -> "ContestQuerySet":
        run = ("suite_version__suite", "version", "draft__created_by")
        return self.select_related(
            "asked_by", "judge__version__prompt", *(f"{side}__{each}" for side in ("first", "second") for each in run)
        )


class Contest(models.Model):
    """Two runs of the same cases. Every pair of answers that differ is judged twice, the second time in the other order."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="contests")
    first = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="contests")
    criterion = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = ContestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(first=F("second")), name="a_contest_has_two_sides")]

    def __str__(self) -> str:
        return f"{self.first.title} or {self.second.title}"


class Bout(models.Model):
    """One question of a contest. `turned`: the answer of the second run was shown first."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="bouts")
    case = models.CharField(max_length=36)
    repeat = models.PositiveSmallIntegerField(default=0)
    turned = models.BooleanField(default=False)
    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="bout")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "case", "repeat", "turned"], name="a_pair_is_judged_once_each_way"),
        ]

    def __str__(self) -> str:
        return f"{self.case} of {self.contest}"
