"""What people think of answers."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt

from .answers import Answer


class RatingQuerySet(models.QuerySet["Rating"]):
    def visible_to(self, actor: Actor) -> "RatingQuerySet":
        return self.filter(answer__prompt__in=Prompt.objects.visible_to(actor))


class Rating(models.Model):
    """A person's thumb up or down on an answer, with a sentence where they wrote one. It goes with the answer when that is forgotten."""

    class Verdict(models.TextChoices):
        UP = "up", "Good"
        DOWN = "down", "Not good"

    ERASABLE: ClassVar[str] = "words"
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="ratings")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=4, choices=Verdict)
    words = models.TextField(blank=True)
    rated_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = RatingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "person"], name="a_person_rates_an_answer_once"),
            models.CheckConstraint(condition=Q(verdict__in=["up", "down"]), name="a_thumb_is_up_or_down"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.answer}"

    @property
    def is_down(self) -> bool:
        return self.verdict == self.Verdict.DOWN
