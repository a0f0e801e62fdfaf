"""Suites: what a prompt is tested with. Their versions never change, so a result names the case that it ran."""

import json
import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.prompts.models import Prompt

from ..cases import Case, Cases


class SuiteQuerySet(models.QuerySet["Suite"]):
    def visible_to(self, actor: Actor) -> "SuiteQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def in_use(self) -> "SuiteQuerySet":
        return self.filter(archived_at=None)


class Suite(models.Model):
    """A named set of cases for one prompt. `required`: conditions that ask for tests ask for this one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="suites")
    name = models.CharField(max_length=120)
    required = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = SuiteQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], condition=Q(archived_at=None), name="one_suite_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def newest(self) -> "SuiteVersion":
        found: SuiteVersion = self.versions.order_by("-number").select_related("created_by")[:1].get()
        return found


class SuiteVersion(AppendOnly):
    """The cases as they were saved once. `canonical` is the truth; equal cases have equal digests."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    digest = models.CharField(max_length=80)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["suite", "-number"]
        constraints = [models.UniqueConstraint(fields=["suite", "number"], name="a_suite_number_is_used_once")]

    def __str__(self) -> str:
        return f"{self.suite} {self.number}"

    @cached_property
    def content(self) -> Cases:
        return Cases.model_validate(json.loads(self.canonical))

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.content.cases

    def case(self, uid: str) -> Case | None:
        return next((case for case in self.cases if case.uid == uid), None)
