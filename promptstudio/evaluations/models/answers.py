"""What models answered, and to what."""

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
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.models import Draft, NamedExample, Prompt, Version

from ..trial_settings import in_words


class Wording(AppendOnly):
    """A bundle that was run, once for each digest: a draft goes on changing, and what was asked has to stay readable."""

    digest = models.CharField(max_length=80, unique=True)
    canonical = models.TextField()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.digest

    @cached_property
    def bundle(self) -> Bundle:
        return Bundle.model_validate(json.loads(self.canonical))


class FilledWith(models.TextChoices):
    TABLE = "table", "The examples in the table of variables"
    OWN = "own", "Typed values"
    EXAMPLE = "example", "A named example"


class AnswerQuerySet(models.QuerySet["Answer"]):
    def visible_to(self, actor: Actor) -> "AnswerQuerySet":
        return self.filter(prompt__in=Prompt.objects.visible_to(actor))

    def of_prompts(self) -> "AnswerQuerySet":
        """What prompts were asked, without what checks asked about their answers."""
        return self.filter(purpose=Answer.Purpose.PROMPT)

    def waiting(self) -> "AnswerQuerySet":
        return self.filter(state=Answer.State.WAITING)

    def with_everything(self) -> "AnswerQuerySet":
        return self.select_related("version", "draft__created_by", "asked_by", "example")


class Answer(models.Model):
    """One call of a model: what was asked, and when it is there, what came back.

    The row is the debt and its payment: a worker takes it under a lease and fills it in. `asked` is the digest of wording, model, values
    and turns together, so that the answers to one question are found again. `values`, `turns` and `text` may hold personal data, so rows
    may be deleted. `cost` is in US dollars, from the catalogue's prices of that day; None where the model is not in it. `most_cost` is
    what it may cost at most, by estimate, where somebody has to know before. A lease that lasts is a call under way, whatever the state
    says.

    What a check asks of another model is such a row too (`purpose`): then `wording` is the judge's, or for an embedding only names its
    model, and `text` is a verdict or a list of numbers, in JSON. It belongs to the prompt whose answer is looked at.
    """

    class Purpose(models.TextChoices):
        PROMPT = "prompt", "An answer of the prompt"
        JUDGE = "judge", "A verdict about an answer"
        NUMBERS = "numbers", "A text as numbers"

    class State(models.TextChoices):
        WAITING = "waiting", "On its way"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Not answered"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What was asked with one press of a button.
    round = models.UUIDField(db_index=True)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="answers")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="+")
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT, related_name="answers")
    model = models.CharField(max_length=2048)
    # The published version that was called, where it was asked as an application asks: at Bedrock, an ARN.
    address = models.CharField(max_length=2048, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.PROMPT)
    # Where it stood when it was asked, in words without names of people: “Draft”, “1.3.2, live in Production”.
    label = models.CharField(max_length=200)
    # Settings that were others for this trial: `wording` has them, what it stands for does not.
    changed = models.JSONField(default=dict)
    filled_with = models.CharField(max_length=10, choices=FilledWith)
    example = models.ForeignKey(NamedExample, on_delete=models.PROTECT, null=True, related_name="+")
    values = models.JSONField(default=dict)
    # The conversation that followed the filled-in prompt, as `role` and `text`.
    turns = models.JSONField(default=list)
    asked = models.CharField(max_length=80, db_index=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    # What came of an answer that is still being written. For whoever looks on, and for nothing else: half an answer is none.
    half_text = models.TextField(blank=True)
    text = models.TextField(blank=True)
    tool_calls = models.JSONField(default=list)
    stop_reason = models.CharField(max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    most_cost = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    request_id = models.CharField(max_length=200, blank=True, db_index=True)
    emulated = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # what a worker takes next
            models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="answers_that_are_due"),
            # which calls are under way
            models.Index(fields=["lease_until"], condition=Q(lease_until__isnull=False), name="answers_under_way"),
            # how many one person asked for lately
            models.Index(fields=["asked_by", "asked_at"], name="answers_asked_by"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state="waiting", ended_at=None) | Q(ended_at__isnull=False), name="an_answer_ends_once"),
            models.CheckConstraint(condition=Q(half_text="") | Q(state="waiting"), name="half_an_answer_ends_with_its_call"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.prompt}"

    @property
    def title(self) -> str:
        """As it is shown: “Draft of Alice”, “1.3.0 with temperature 0”."""
        return (f"Draft of {self.draft.created_by}" if self.draft else self.label) + in_words(self.changed)

    @property
    def filling(self) -> str:
        """What filled it in, as people call it."""
        return self.example.name if self.example else FilledWith(self.filled_with).label

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def half_text_seen(self) -> str:
        """What came so far, while a worker holds it: what one left behind that is gone is nothing to look at."""
        held = self.is_waiting and self.lease_until is not None and self.lease_until > clock.now()
        return self.half_text if held else ""

    @property
    def was_cut(self) -> bool:
        """Whether it ended because it may not be longer."""
        return self.stop_reason == "max_tokens"
