"""guardian's tables, with foreign keys of their own: what each role may do in a project or a folder."""

from typing import Any

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from promptstudio.accounts.models import User


def granted(table: "type[ProjectGroupPermission] | type[FolderGroupPermission]", user: User, deed: str) -> models.QuerySet[Any, Any]:
    """The ids of the projects or folders in which a group of `user` has `deed`, for a subquery. Nobody who left has any."""
    kind = table._meta.get_field("content_object").related_model._meta.model_name
    found = table.objects.filter(group__user=user, group__user__is_active=True, permission__codename=f"{deed}_{kind}")
    return found.values("content_object")


class ProjectGroupPermission(GroupObjectPermissionBase):
    """guardian's rows: what a role may do in a project. Written by `mirror` alone; memberships are the truth."""

    content_object = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="group_permissions")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class ProjectUserPermission(UserObjectPermissionBase):
    """Nobody has any: people get what they may do through roles. It keeps guardian from asking its generic table."""

    content_object = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class FolderGroupPermission(GroupObjectPermissionBase):
    """What a role in a folder, or in one above it, may do there."""

    content_object = models.ForeignKey("projects.Folder", on_delete=models.CASCADE, related_name="group_permissions")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class FolderUserPermission(UserObjectPermissionBase):
    """As ProjectUserPermission."""

    content_object = models.ForeignKey("projects.Folder", on_delete=models.CASCADE, related_name="user_permissions")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
