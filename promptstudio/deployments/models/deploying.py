"""What is live where, how it got there, and what is owed to the places outside."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly, AppendOnlyQuerySet
from promptstudio.projects.models import Environment, Policy
from promptstudio.prompts.models import Prompt, Version

from ..naming import in_words


class Target(models.Model):
    """A place outside that one environment publishes to. `kind` names a publisher in settings.PUBLISHERS."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="targets")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40, default="bedrock")
    settings = models.JSONField(
        default=dict, blank=True, help_text='For Bedrock: {"region": "eu-central-1", "role_arn": "…"}; both optional.'
    )
    is_active = models.BooleanField("publish here", default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["environment", "name"]
        constraints = [models.UniqueConstraint(fields=["environment", "name"], name="one_target_per_name")]

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """One prompt in one environment. `live` only ever moves to a newer deployment."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="placements")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="placements")
    live = models.ForeignKey("Deployment", on_delete=models.PROTECT, null=True, related_name="+")
    out_of_service_at = models.DateTimeField(null=True)
    out_of_service_reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prompt", "environment"], name="one_placement_per_prompt_and_environment")]

    def __str__(self) -> str:
        return f"{self.prompt} in {self.environment}"

    @property
    def newest(self) -> "Deployment | None":
        return self.deployments.order_by("-sequence").select_related("version", "by").first()

    @property
    def live_version(self) -> Version | None:
        return self.live.version if self.live else None


class Evaluation(AppendOnly):
    """What each gate answered at one moment. Refusals are kept like passes."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="evaluations")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=10, choices=[("promotion", "Promotion"), ("rollback", "Way back"), ("emergency", "Emergency")])
    passed = models.BooleanField()
    outcomes = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.version} to {self.environment}: {'passed' if self.passed else 'blocked'}"

    @property
    def answers(self) -> list[dict[str, Any]]:
        """`outcomes` to be read: kept are marks in the place of names and quotations, so that those can be erased."""
        return in_words([self.outcomes])[0]

    @property
    def blocked(self) -> list[dict[str, Any]]:
        """Those that did not pass, with marks: `answers` has the words."""
        return [outcome for outcome in self.outcomes if not outcome["passed"]]


class DeploymentQuerySet(AppendOnlyQuerySet):
    def visible_to(self, actor: Actor) -> "DeploymentQuerySet":
        return self.filter(placement__prompt__in=Prompt.objects.visible_to(actor))

    def with_state(self) -> "DeploymentQuerySet":
        """Each deployment's `state`: live, superseded, failed or publishing. Derived here and nowhere else."""
        newer = Deployment.objects.filter(placement=OuterRef("placement"), sequence__gt=OuterRef("sequence"))
        failed = PublishJob.objects.filter(deployment=OuterRef("pk"), state=PublishJob.State.FAILED)
        return self.annotate(
            state=Case(
                When(placement__live=F("pk"), then=Value("live")),
                When(Exists(newer), then=Value("superseded")),
                When(Exists(failed), then=Value("failed")),
                default=Value("publishing"),
            )
        )


class Deployment(AppendOnly):
    """The fact that a version was sent to an environment. A rollback is a deployment of an earlier version."""

    ERASABLE = "reason"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="deployments")
    sequence = models.PositiveIntegerField()
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="deployments")
    evaluation = models.OneToOneField(Evaluation, on_delete=models.PROTECT, related_name="deployment")
    way = models.CharField(max_length=10, choices=[("promotion", "Promotion"), ("rollback", "Rollback"), ("emergency", "Emergency")])
    reason = models.TextField(blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    via = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = DeploymentQuerySet.as_manager()
    state: str  # by `with_state`

    class Meta:
        base_manager_name = "objects"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["placement", "sequence"], name="deployments_of_a_placement_are_in_order")]

    def __str__(self) -> str:
        return f"{self.version} to {self.placement.environment}"


class Seal(AppendOnly):
    """The proof that a deployment came through the door: see `seal`. Beside it, so that what was written before could be sealed as well."""

    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, related_name="seal")
    value = models.CharField(max_length=120)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"Seal of {self.deployment}"


class WentLiveQuerySet(AppendOnlyQuerySet):
    def serving(self) -> "WentLiveQuerySet":
        """Of each placement the one that lasts: live now, and not taken out of service."""
        return self.filter(placement__live=F("deployment"), placement__out_of_service_at=None)


class WentLive(AppendOnly):
    """The moment at which a deployment became what its environment serves. The next one of the placement ends it."""

    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, related_name="went_live")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="live_history")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="live_history")
    at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = WentLiveQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.version} live in {self.placement.environment}"


class Recall(AppendOnly):
    """A version that must not be used again until a new review lets it."""

    ERASABLE = "reason"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="recalls")
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"Recall of {self.version}"


class RemoteResource(models.Model):
    """What one prompt is called at one target, and who may write to it at the moment."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="resources")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="resources")
    remote_id = models.CharField(max_length=200, blank=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["target", "placement"], name="one_resource_per_target_and_prompt")]

    def __str__(self) -> str:
        return f"{self.placement} at {self.target}"


class PublishJob(models.Model):
    """A debt to one target, fixed when the deployment is made. Its state changes; what it owes does not."""

    class State(models.TextChoices):
        OWED = "owed", "On its way"
        CONFIRMED = "confirmed", "Confirmed"
        FAILED = "failed", "Failed"
        SUPERSEDED = "superseded", "Overtaken by a newer one"
        EXCLUDED = "excluded", "Left out"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="jobs")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="jobs")
    resource = models.ForeignKey(RemoteResource, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=12, choices=State, default=State.OWED)
    attempts_made = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    error_code = models.CharField(max_length=80, blank=True)
    error = models.TextField(blank=True)
    excluded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    excluded_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "target"], name="a_target_is_owed_once")]
        indexes = [
            # the worker's question: what is due?
            models.Index(fields=["next_attempt_at"], condition=Q(state="owed"), name="jobs_that_are_due"),
            # failed publications on the home page and the board
            models.Index(fields=["deployment"], condition=Q(state="failed"), name="failed_jobs"),
        ]

    def __str__(self) -> str:
        return f"{self.deployment} at {self.target}"


class Attempt(AppendOnly):
    """One try to pay a job, written before the first call leaves."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.ForeignKey(PublishJob, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="attempts_are_numbered")]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.job}"


class AttemptEnd(AppendOnly):
    """How an attempt ended. An attempt without one was cut off: its worker died."""

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="end")
    outcome = models.CharField(
        max_length=12,
        choices=[("confirmed", "Confirmed"), ("transient", "Will be tried again"), ("permanent", "Failed"), ("superseded", "Overtaken")],
    )
    code = models.CharField(max_length=80, blank=True)
    sentence = models.TextField(blank=True)
    ended_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.attempt}: {self.outcome}"


class Receipt(AppendOnly):
    """What a target answered and what was read back from it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.OneToOneField(PublishJob, on_delete=models.PROTECT, related_name="receipt")
    resource = models.ForeignKey(RemoteResource, on_delete=models.PROTECT, related_name="receipts")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="receipts")
    remote_id = models.CharField(max_length=200)
    remote_version = models.CharField(max_length=40)
    address = models.CharField(max_length=2048)
    digest = models.CharField(max_length=80)
    rendition_expected = models.CharField(max_length=80)
    rendition_seen = models.CharField(max_length=80)
    adopted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.address


class PlaceCheck(models.Model):
    """A question to a place outside: does it still hold what it confirmed?"""

    class Outcome(models.TextChoices):
        OWED = "owed", "Being asked"
        AGREES = "agrees", "Agrees"
        DIFFERS = "differs", "Differs"
        UNASKED = "unasked", "Could not be asked"

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="checks")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OWED)
    sentence = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # the worker's question: which places are still to be asked?
            models.Index(fields=["id"], condition=Q(outcome="owed"), name="places_to_be_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt}: {self.get_outcome_display()}"


class RateBudget(models.Model):
    """A target's allowed rate, shared by every worker: the moment at which the next call may leave."""

    name = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Snapshot(models.Model):
    """The exact answer of the live endpoint, written by the transaction that moves `live`."""

    placement = models.OneToOneField(Placement, on_delete=models.PROTECT, primary_key=True, related_name="snapshot")
    project_id = models.BigIntegerField()
    environment_slug = models.CharField(max_length=40)
    prompt_name = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    etag = models.CharField(max_length=80)

    class Meta:
        indexes = [
            # the hot read: one prompt by name in one environment
            models.Index(fields=["project_id", "environment_slug", "prompt_name"], name="live_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_name} in {self.environment_slug}"


class Generation(models.Model):
    """Rises whenever a snapshot changes, so that a reader knows when what it remembers is old."""

    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
