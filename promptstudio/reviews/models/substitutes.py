"""Who decides in whose place, and when."""

import uuid
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from promptstudio.accounts.models import User
from promptstudio.lib import clock


class SubstituteQuerySet(models.QuerySet["Substitute"]):
    def standing(self) -> "SubstituteQuerySet":
        """Today or later, and not ended."""
        return self.filter(ended_at=None, last_day__gte=today())

    def now(self) -> "SubstituteQuerySet":
        return self.standing().filter(first_day__lte=today())


class Substitute(models.Model):
    """`person` is away from the first to the last day, and `substitute`, who has the same role, decides in their place."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    substitute = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    named_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = SubstituteQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="an_absence_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(person=F("substitute")), name="nobody_stands_in_for_themselves"),
        ]
        indexes = [
            # whose reviews wait for somebody as well
            models.Index(fields=["substitute", "last_day"], name="absences_of_others"),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.person}"

    def covers(self, day: date) -> bool:
        """Whether it holds, or held, on that day: one that was ended holds until the day before."""
        ended = timezone.localdate(self.ended_at) if self.ended_at else None
        return self.first_day <= day <= self.last_day and (ended is None or day < ended)

    def covered(self, moment: datetime) -> bool:
        """Whether it held when something was decided: nobody makes an approval of before count by naming who gave it."""
        return self.named_at <= moment and self.covers(timezone.localdate(moment))


def today() -> date:
    return timezone.localdate(clock.now())
