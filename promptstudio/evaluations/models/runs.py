"""Runs: a suite asked of one wording, and how each case came out."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import Environment
from promptstudio.prompts.catalogue import BUILT_IN
from promptstudio.prompts.models import Draft, Prompt, Version

from .answers import Answer, Wording
from .judges import Judge
from .suites import SuiteVersion


def _of_round(**which: Any) -> Coalesce:
    """How many calls of a run, its judges' as well, are like that."""
    calls = Answer.objects.filter(round=OuterRef("uid"), **which).order_by().values("round").values(count=Count("pk"))
    return Coalesce(Subquery(calls), 0)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, actor: Actor) -> "RunQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def as_written(self) -> "RunQuerySet":
        """On the wording's own model: how another one answers says nothing about what would go live."""
        return self.filter(model="")

    def with_everything(self) -> "RunQuerySet":
        return self.select_related(
            "prompt", "suite_version__suite", "version", "draft__created_by", "environment", "wording", "asked_by", "judge__version__prompt"
        )

    def counted(self) -> "RunQuerySet":
        """With `total`, `passed`, `failed`, `unknown` and `waiting` results."""
        return self.annotate(
            total=Count("results"),
            **{name: Count("results", filter=Q(results__outcome=name)) for name in ("passed", "failed", "unknown", "waiting")},
        )

    def with_progress(self) -> "RunQuerySet":
        """`counted`, with what was `spent` in US dollars, how many answers are `unpriced`, and how many its ceiling left `not_asked`."""
        return self.counted().annotate(
            # What judges cost as well: their rows belong to the round, not to the results.
            spent=Subquery(Answer.objects.filter(round=OuterRef("uid")).order_by().values("round").values(sum=Sum("cost"))),
            unpriced=_of_round(state=Answer.State.ANSWERED, cost=None),
            not_asked=_of_round(error_code="ceiling"),
        )


class Run(models.Model):
    """One suite version, asked of one wording. `environment` is where the version was live then, where it was run for that.

    With `address`, what is published there was called, as applications call it.

    `model` is who was asked in place of the wording's own model, empty where nobody was. Each case is asked `repeats` times.
    `most` is the ceiling in US dollars at which it stops; None without one. `judge` and `embedding_model` are who its checks ask, where
    any do: they stay the same for the whole run.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="runs")
    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="runs")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="+")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, null=True, related_name="+")
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT, related_name="runs")
    label = models.CharField(max_length=200)
    model = models.CharField(max_length=2048, blank=True)
    address = models.CharField(max_length=2048, blank=True)
    repeats = models.PositiveSmallIntegerField(default=1)
    most = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, null=True, related_name="runs")
    embedding_model = models.CharField(max_length=2048, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # which runs speak for a version in front of an environment
            models.Index(fields=["suite_version", "version"], name="runs_of_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.suite_version.suite} on {self.label}"

    @property
    def title(self) -> str:
        """What it ran on, as it is shown: “Draft of Alice”."""
        what = f"Draft of {self.draft.created_by}" if self.draft else self.label
        known = BUILT_IN.find(self.model) if self.model else None
        return f"{what} on {known.label if known else self.model}" if self.model else what


class Result(models.Model):
    """One case of a run: its answer, and how that was graded once it was there. `case` is the uid of a case of the run's suite version.

    `passed` and `failed` are what the assertions say; `unknown`: there is no answer, or some assertion could not be evaluated. It waits
    until the last of its checks is decided; `owed` is how many questions those still have to ask.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "On its way"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Could not be told"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="results")
    case = models.CharField(max_length=36)
    repeat = models.PositiveSmallIntegerField(default=0)
    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="result")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    owed = models.PositiveSmallIntegerField(default=0)
    score = models.FloatField(null=True)
    # Each assertion's outcome: type, passed, score, reason.
    checks = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "case", "repeat"], name="a_case_runs_once_in_a_run")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.case} of {self.run}"


class Judgement(models.Model):
    """One question that a check of a result asks of another model: `answer` is what was asked, of whom, and what came back.

    `place` says which check (`2`, within a group `2.0`), `part` which of its questions. Numbers for a text are asked once, so results
    may share an answer.
    """

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="judgements")
    place = models.CharField(max_length=20)
    part = models.PositiveSmallIntegerField(default=0)
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="judgements")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["result", "place", "part"], name="a_check_asks_each_question_once")]

    def __str__(self) -> str:
        return f"{self.place} of {self.result}"
