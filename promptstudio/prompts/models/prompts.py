"""A prompt, and who may see it."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from guardian.models import UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.projects.models import Folder, FolderGroupPermission, Project, ProjectGroupPermission, granted

if TYPE_CHECKING:
    from .versions import Version


class PromptQuerySet(models.QuerySet["Prompt"]):
    def visible_to(self, actor: Actor) -> "PromptQuerySet":
        if actor.key:
            found, folders = self.filter(project=actor.key.project_id), actor.key.folder_ids
            return found if folders is None else found.filter(folder__in=folders)
        if actor.user.is_site_admin:
            return self
        named = Q(pk__in=PromptUserPermission.objects.filter(user=actor.user).values("content_object"))
        return self.filter(granted_at(actor, "read")).filter(Q(restricted=False) | named | granted_at(actor, "administer"))

    def to_write_by(self, actor: Actor) -> "PromptQuerySet":
        """Those that this person sees and has a role to write in."""
        seen = self.visible_to(actor).active()
        return seen if actor.user.is_site_admin else seen.filter(granted_at(actor, "write"))

    def active(self) -> "PromptQuerySet":
        return self.filter(archived_at=None)

    def search(self, words: str) -> "PromptQuerySet":
        """Prompts whose title and name, together with one version, past ones included, hold every word."""
        from .search import SearchText

        found = SearchText.objects.prompts_holding(words)
        return self if found is None else self.filter(pk__in=found)


def granted_at(actor: Actor, deed: str) -> Q:
    """What lies in a project or folder where a role of this person allows `deed`."""
    by_project = granted(ProjectGroupPermission, actor.user, deed)
    return Q(project__in=by_project) | Q(folder__in=granted(FolderGroupPermission, actor.user, deed))


class Prompt(models.Model):
    """A named template. Its words live in drafts and versions."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="prompts")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="prompts")
    name = models.CharField(max_length=200)
    title = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_prompts")
    # Then only named people and those who administer the place see it, whatever the roles of others.
    restricted = models.BooleanField(default=False, editable=False)
    origin = models.CharField(max_length=10, default="studio", choices=[("studio", "Written here"), ("import", "Imported")])
    import_key = models.CharField(max_length=64, null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords(excluded_fields=["import_key"])

    objects: ClassVar[Any] = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        permissions = [("read_prompt", "Can read a restricted prompt")]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_prompt_per_name"),
            models.UniqueConstraint(fields=["project", "import_key"], name="one_prompt_per_imported_row"),
        ]
        indexes = [
            # the library, newest first
            models.Index(fields=["project", "archived_at", "-created_at"], name="prompts_of_a_project"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def newest(self) -> "Version | None":
        return self.versions.order_by("-major", "-minor", "-patch").first()


class PromptUserPermission(UserObjectPermissionBase):
    """guardian's rows: who is named on a restricted prompt. A prompt that is not restricted has none."""

    content_object = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
