"""A team's space: its places, the people in it, its keys, and what waits for a second person."""

from .changes import PendingChange
from .grants import FolderGroupPermission, FolderUserPermission, ProjectGroupPermission, ProjectUserPermission, granted
from .keys import ApiKey, ServiceAccount
from .people import AccessReview, GroupMapping, Membership, Role
from .places import Environment, Floor, Folder, FolderQuerySet, FolderReviewer, Policy, Project, ProjectQuerySet

__all__ = [
    "AccessReview",
    "ApiKey",
    "Environment",
    "Floor",
    "Folder",
    "FolderGroupPermission",
    "FolderQuerySet",
    "FolderReviewer",
    "FolderUserPermission",
    "GroupMapping",
    "Membership",
    "PendingChange",
    "Policy",
    "Project",
    "ProjectGroupPermission",
    "ProjectQuerySet",
    "ProjectUserPermission",
    "Role",
    "ServiceAccount",
    "granted",
]
