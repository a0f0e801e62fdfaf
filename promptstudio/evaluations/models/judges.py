"""Judges: who decides the checks that no program can decide, and which judge a project chose."""

import uuid

from django.db import models
from django.db.models import Q

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import Project
from promptstudio.prompts.models import Prompt, Version

from .answers import Wording


class Bench(models.TextChoices):
    """What is judged: one answer by itself, or which of two is better."""

    ONE = "one", "One answer"
    PAIR = "pair", "Two answers to the same"


class Judge(AppendOnly):
    """A wording with a model, once for each. `version` is where the wording comes from, None for the judge that Studio brings along.

    Results are comparable where their judges have the same `digest`.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    bench = models.CharField(max_length=10, choices=Bench)
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT, related_name="judges")
    model = models.CharField(max_length=2048)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=80, db_index=True)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["digest", "version"], name="a_judge_of_a_version_is_kept_once"),
            models.UniqueConstraint(fields=["digest"], condition=Q(version=None), name="a_judge_of_studio_is_kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version.prompt.title} {self.version.semver}" if self.version else "The judge of Prompt Studio"


class JudgeChoice(AppendOnly):
    """Which judge a project chose; the newest row for each bench counts, and without one the judge that Studio brings along.

    With `prompt` and without `version`, it is what is live of it in the last environment when a run starts. `model` is asked in place of
    the prompt's own.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="judge_choices")
    bench = models.CharField(max_length=10, choices=Bench)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    model = models.CharField(max_length=2048, blank=True)
    chosen_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(version=None) | Q(prompt__isnull=False), name="a_version_of_a_chosen_prompt"),
        ]

    def __str__(self) -> str:
        return f"{self.get_bench_display()} in {self.project}"
