"""How many calls a model gets at once, and what follows when its vendor asks us to wait. Counted in the database, for all workers."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from promptstudio.lib import clock
from promptstudio.prompts.catalogue import plain_id

from .models import Answer, ModelPace

# Seconds of a pause whose vendor did not say how long: the first one, the longest, and the longest that is believed of a vendor.
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_BELIEVED = 2, 120, 3600
# So much longer than told, at most: workers of several installations must not all come back in the same second.
JITTER = 0.25


def most_at_once(model: str) -> int:
    """For the whole installation: what is set for this model, else for all."""
    apart: dict[str, int] = settings.MODEL_CALLS_AT_ONCE_BY_MODEL
    return max(1, apart.get(model, apart.get(plain_id(model), settings.MODEL_CALLS_AT_ONCE)))


@dataclass(frozen=True)
class Traffic:
    """What is being asked at this moment: how many calls of each model and of each round."""

    models: Counter[str]
    rounds: Counter[UUID]

    @classmethod
    def at(cls, now: datetime) -> "Traffic":
        """A call counts until its answer is kept or its lease runs out, stopped or not: the vendor is at work on it."""
        rows = list(Answer.objects.filter(lease_until__gt=now).order_by().values_list("model", "round"))
        return cls(Counter(model for model, _ in rows), Counter(round_uid for _, round_uid in rows))

    def room(self, model: str, pace: ModelPace | None, now: datetime) -> int:
        """How many more calls this model may get now."""
        if pace and pace.paused_until and pace.paused_until > now:
            return 0
        most = most_at_once(model)
        return max(0, min(most, (pace and pace.at_once) or most) - self.models[model])

    def closed(self, now: datetime) -> list[str]:
        """Models that get no more calls now."""
        slowed = Q(paused_until__gt=now) | Q(at_once__isnull=False)
        paces = {pace.model: pace for pace in ModelPace.objects.filter(slowed)}
        return [model for model in {*paces, *self.models} if not self.room(model, paces.get(model), now)]


def locked_pace(model: str) -> ModelPace:
    """Its row, locked: whoever holds it is alone in counting and adding to this model's calls."""
    rows = ModelPace.objects.select_for_update()
    if found := rows.filter(model=model).first():
        return found  # type: ignore[no-any-return]
    ModelPace.objects.bulk_create([ModelPace(model=model)], ignore_conflicts=True)
    return rows.get(model=model)  # type: ignore[no-any-return]


def slow_down(model: str, *, began: datetime, retry_after: float | None) -> datetime:
    """Nobody asks this model before the time that comes back, and then with half as many calls at once. Part of a transaction.

    `began` is when the refused call was made: several that were under way together are one complaint, not several.
    """
    pace, now = locked_pace(model), clock.now()
    known = pace.paused_at is not None and began <= pace.paused_at
    if not known:
        pace.throttled += 1
        pace.at_once = max(1, min(most_at_once(model), pace.at_once or most_at_once(model)) // 2)
        pace.paused_at = now
    until = now + timedelta(seconds=_seconds(pace.throttled, retry_after) * (1 + random.uniform(0, JITTER)))  # noqa: S311
    asked_for_more = retry_after is not None or not known
    if pace.paused_until is None or (until > pace.paused_until and asked_for_more):
        pace.paused_until = until
    pace.save()
    return pace.paused_until


def answered(model: str, *, began: datetime) -> None:
    """It answered a call that was made after the last pause, so it gets one more at once."""
    slowed = ModelPace.objects.filter(model=model, paused_until__lte=began)
    slowed.filter(Q(throttled__gt=0) | Q(at_once__lt=most_at_once(model))).update(throttled=0, at_once=F("at_once") + 1)


def pauses_of(models: Iterable[str]) -> list[ModelPace]:
    """Those of these models that asked us to wait, and until when. One query."""
    return list(ModelPace.objects.paused(clock.now()).filter(model__in=set(models)).order_by("model"))


def _seconds(times: int, retry_after: float | None) -> float:
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_BELIEVED)
    return float(min(FIRST_PAUSE * 2 ** min(times - 1, 10), LONGEST_PAUSE))
