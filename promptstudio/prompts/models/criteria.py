"""How a change will be known to have worked, so that it can be found out."""

import uuid

from django.db import models
from django.db.models import Q

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import Environment

from ..criteria import DIRECTIONS, METRICS, amount, days_in_words
from .versions import Version


class Criterion(AppendOnly):
    """A part of a version's change record, beside its words: added to, never overwritten.

    It is held against the version each time that goes live in `environment`, for so many `days`. Where a suite measures it, `suite_uid`
    says which, and `suite_name` how that was called then. Where a person is asked, `question` is what.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="criteria")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    metric = models.CharField(max_length=40)
    direction = models.CharField(max_length=10, choices=DIRECTIONS, blank=True)
    threshold = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    suite_uid = models.UUIDField(null=True)
    suite_name = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    question = models.TextField(blank=True)
    days = models.PositiveSmallIntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name_plural = "criteria"
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, threshold__isnull=False) | Q(person__isnull=False, threshold=None),
                name="a_criterion_is_measured_or_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"Criterion of {self.version}"

    @property
    def is_asked(self) -> bool:
        return METRICS[self.metric].source == "person"

    @property
    def wanted(self) -> str:
        """“at least 95 %”; nothing for a question."""
        return f"{DIRECTIONS[self.direction]} {amount(self.threshold, self.metric)}" if self.threshold is not None else ""

    @property
    def in_words(self) -> str:
        """“Passed cases in “Usual claims”: at least 95 %, within 3 days in Production”."""
        days = days_in_words(self.days)
        if self.is_asked:
            return f"{self.person} is asked after {days} in {self.environment}: “{self.question}”"
        return f"{METRICS[self.metric].words} in “{self.suite_name}”: {self.wanted}, within {days} in {self.environment}"
