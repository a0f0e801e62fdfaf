"""Words that many prompts share, and which version of a prompt holds which of them."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly, AppendOnlyQuerySet
from promptstudio.projects.models import Project

from .prompts import Prompt
from .versions import Version


class SnippetQuerySet(models.QuerySet["Snippet"]):
    def visible_to(self, actor: Actor) -> "SnippetQuerySet":
        """Those of projects that this person or key sees, and the shelf, which everyone sees."""
        return self.filter(Q(project=None) | Q(project__in=Project.objects.visible_to(actor)))

    def active(self) -> "SnippetQuerySet":
        """What can be included anew."""
        return self.filter(archived_at=None)

    def within(self, project: Project) -> "SnippetQuerySet":
        """What the prompts of `project` can include."""
        return self.filter(Q(project=None) | Q(project=project))

    def search(self, words: str) -> "SnippetQuerySet":
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(purpose__icontains=word) | Q(owner__name__icontains=word))
        return found


class Snippet(models.Model):
    """A reusable text under a name. Without a project it stands on the organisation's shelf."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="snippets")
    name = models.CharField(max_length=80)
    purpose = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_snippets")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    archived_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    archive_reason = models.TextField(blank=True, editable=False)

    objects: ClassVar[Any] = SnippetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_snippet_per_name"),
            models.UniqueConstraint(fields=["name"], condition=Q(project=None), name="one_snippet_per_name_on_the_shelf"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def on_shelf(self) -> bool:
        return self.project_id is None

    @property
    def newest(self) -> "SnippetVersion":
        # It was made with its first one.
        return self.versions.newest_first().select_related("created_by", "snippet")[0]


class SnippetVersionQuerySet(AppendOnlyQuerySet):
    def newest_first(self) -> "SnippetVersionQuerySet":
        return self.order_by("-major", "-minor", "-patch")


class SnippetVersion(AppendOnly):
    """A text that never changes, with a number that says how much it differs from the one before."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    snippet = models.ForeignKey(Snippet, on_delete=models.PROTECT, related_name="versions")
    major = models.PositiveIntegerField()
    minor = models.PositiveIntegerField()
    patch = models.PositiveIntegerField()
    semver = models.CharField(max_length=40)
    text = models.TextField()
    summary = models.TextField(blank=True)
    reasons = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = SnippetVersionQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["snippet", "-major", "-minor", "-patch"]
        constraints = [models.UniqueConstraint(fields=["snippet", "major", "minor", "patch"], name="a_snippet_number_is_used_once")]

    def __str__(self) -> str:
        return f"{self.snippet} {self.semver}"

    @property
    def number(self) -> tuple[int, int, int]:
        return self.major, self.minor, self.patch


class VersionSource(AppendOnly):
    """What the author of a version wrote, with its snippets still named: where the next draft goes on."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="source")
    content = models.JSONField()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"What was written for {self.version}"


class InclusionQuerySet(AppendOnlyQuerySet):
    def in_newest(self) -> "InclusionQuerySet":
        """Of each prompt's newest version alone; `newest_snippet` is the newest version of the snippet that it holds."""
        prompts_newest = Version.objects.filter(prompt=OuterRef("version__prompt")).order_by("-major", "-minor", "-patch")
        snippets_newest = SnippetVersion.objects.filter(snippet=OuterRef("snippet_version__snippet")).newest_first()
        return (
            self.alias(prompts_newest=Subquery(prompts_newest.values("pk")[:1]))
            .filter(version=F("prompts_newest"))
            .annotate(newest_snippet=Subquery(snippets_newest.values("pk")[:1]))
        )

    def of_version(self, version: Version) -> "InclusionQuerySet":
        """By name; `newest_semver` is that of the snippet today."""
        newest = SnippetVersion.objects.filter(snippet=OuterRef("snippet_version__snippet")).newest_first().values("semver")[:1]
        found = self.filter(version=version).select_related("snippet_version__snippet")
        return found.annotate(newest_semver=Subquery(newest)).order_by("snippet_version__snippet__name", "pk")

    def of_prompts_seen_by(self, actor: Actor) -> "InclusionQuerySet":
        return self.filter(version__prompt__in=Prompt.objects.visible_to(actor).active())

    def lagging(self) -> "InclusionQuerySet":
        return self.exclude(snippet_version=F("newest_snippet"))

    def counted(self) -> dict[int, tuple[int, int]]:
        """Snippet to how many prompts use it, and how many of them hold an old version of it."""
        old = ~Q(snippet_version=F("newest_snippet"))
        rows = (
            self.in_newest()
            .order_by()
            .values("snippet_version__snippet")
            .annotate(used=Count("version__prompt", distinct=True), old=Count("version__prompt", distinct=True, filter=old))
        )
        return {row["snippet_version__snippet"]: (row["used"], row["old"]) for row in rows}


class Inclusion(AppendOnly):
    """That a version holds this version of a snippet, directly or through another snippet."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="inclusions")
    snippet_version = models.ForeignKey(SnippetVersion, on_delete=models.PROTECT, related_name="inclusions")

    objects: ClassVar[Any] = InclusionQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["version", "snippet_version"], name="a_version_holds_a_snippet_version_once")]

    def __str__(self) -> str:
        return f"{self.snippet_version} in {self.version}"
