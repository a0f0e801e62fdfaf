"""How fast each model may be asked at the moment, the same for every worker of the installation."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models


class ModelPaceQuerySet(models.QuerySet["ModelPace"]):
    def paused(self, now: datetime) -> "ModelPaceQuerySet":
        return self.filter(paused_until__gt=now)


class ModelPace(models.Model):
    """What a model's vendor asked of us. No row, or an empty one: it never complained.

    `paused_until` is when it may be asked again. `at_once` is how many calls it gets until it answers steadily again, where that is
    fewer than usual; `throttled` how often in a row it asked us to wait. The row is also what workers lock to count its calls.
    """

    model = models.CharField(max_length=2048, unique=True)
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    at_once = models.PositiveIntegerField(null=True)
    throttled = models.PositiveIntegerField(default=0)

    objects: ClassVar[Any] = ModelPaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.model
