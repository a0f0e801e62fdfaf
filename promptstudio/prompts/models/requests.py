"""A wish that comes before the writing: what is wanted and for whom, what was said about it, and what came of it."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import Folder, Project

from .drafts import Draft, NamedExample
from .prompts import Prompt, granted_at
from .versions import Version


class RequestQuerySet(models.QuerySet["Request"]):
    def visible_to(self, actor: Actor) -> "RequestQuerySet":
        """As its prompt is; before there is one, whoever reads where it belongs."""
        about_a_prompt = Q(prompt__in=Prompt.objects.visible_to(actor))
        if actor.key:
            place = Q(project=actor.key.project_id)
            if actor.key.folder_ids is not None:
                place &= Q(folder__in=actor.key.folder_ids)
            return self.filter(about_a_prompt | Q(prompt=None) & place)
        if actor.user.is_site_admin:
            return self
        return self.filter(about_a_prompt | Q(prompt=None) & granted_at(actor, "read"))

    def open(self) -> "RequestQuerySet":
        """Not declined, and not confirmed by who asked."""
        return self.filter(declined_at=None, confirmed_at=None)

    def with_everything(self) -> "RequestQuerySet":
        related = ("project", "folder", "asked_by", "owner", "prompt__project", "prompt__folder", "draft__became", "version")
        return self.select_related(*related)


class Request(models.Model):
    """`version` is what is said to answer it now; asking the asker sets `sent_back_at`, and their yes `confirmed_at`.

    How far it is follows from these and from what became of the version: see `deployments.requests`.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="requests")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="requests")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, null=True, related_name="requests")
    title = models.TextField()
    wanted = models.TextField()
    audience = models.TextField(blank=True)
    given = models.TextField(blank=True)
    due_on = models.DateField(null=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="requests")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="requests")
    sent_back_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=Q(sent_back_at=None) | Q(version__isnull=False), name="only_a_version_is_sent_back"),
            models.CheckConstraint(condition=Q(confirmed_at=None) | Q(sent_back_at__isnull=False), name="what_was_sent_back_is_confirmed"),
            models.CheckConstraint(condition=Q(declined_at=None) | Q(confirmed_at=None), name="what_was_declined_is_not_confirmed"),
        ]
        indexes = [
            # the list of a project, newest first
            models.Index(fields=["project", "-asked_at"], name="requests_of_a_project"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def place(self) -> Folder:
        """Where roles count: where its prompt lies, or where one is wanted."""
        return self.prompt.folder if self.prompt else self.folder

    @property
    def is_open(self) -> bool:
        return self.declined_at is None and self.confirmed_at is None


class RequestAnswer(models.Model):
    """An answer that the asker would be glad of, or one that must not come, to what is `given`. A good one becomes `example`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="answers")
    good = models.BooleanField()
    name = models.CharField(max_length=120)
    given = models.TextField(blank=True)
    values = models.JSONField(default=dict)
    text = models.TextField()
    why = models.TextField(blank=True)
    example = models.ForeignKey(NamedExample, on_delete=models.PROTECT, null=True, related_name="answers")

    class Meta:
        ordering = ["request", "-good", "id"]

    def __str__(self) -> str:
        return self.name


class RequestEvent(AppendOnly):
    """A step of a request or something said about it. `version` is what a step spoke of, `person` whom it was handed to."""

    class Kind(models.TextChoices):
        ASKED = "asked", "asked"
        TAKEN = "taken", "took it"
        HANDED_OVER = "handed_over", "handed it over"
        STARTED = "started", "started writing"
        ANSWERED = "answered", "saved a version that answers it"
        SENT_BACK = "sent_back", "sent it back to the asker"
        CONFIRMED = "confirmed", "confirmed: this is what was wanted"
        REOPENED = "reopened", "wants something else"
        DECLINED = "declined", "declined it"
        SAID = "said", "said"

    ERASABLE = "words"
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    # What the asker does, done by somebody in their place because they are gone.
    instead = models.BooleanField(default=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="request_events")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    words = models.TextField(blank=True)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.by} {self.get_kind_display()}"
