"""Memberships as guardian's permissions: a group for each role in each project or folder, which holds what the role may do there.

Memberships are the truth. What stands here follows from them and can be made anew at any time.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from promptstudio.accounts.models import User

from .models import Folder, FolderGroupPermission, Membership, Project, ProjectGroupPermission
from .roles import ROLES

Place = Project | Folder


@transaction.atomic
def mirror_person(user: User, project: Project) -> None:
    """Put `user` into just those groups of `project` that their memberships there stand for."""
    held = Membership.objects.filter(user=user, project=project).select_related("project", "folder")
    wanted = {_group(row.folder or row.project, row.role) for row in held}
    present = set(user.groups.filter(name__startswith=f"{project.uid}:"))
    user.groups.remove(*present - wanted)
    user.groups.add(*wanted - present)


@transaction.atomic
def mirror_folder(folder: Folder) -> None:
    """A new folder inherits what the roles of the folders above it may do."""
    above = Folder.objects.filter(project=folder.project_id, path__in=folder.lineage[:-1])
    for parent in above:
        for group in Group.objects.filter(name__startswith=_name(parent, "")):
            _allow(group, folder, group.name.rpartition(":")[2])


@transaction.atomic
def mirror_everything() -> None:
    """After each migration: the table of roles may be another one than before. Writes what differs."""
    tables: tuple[tuple[Any, str], ...] = ((ProjectGroupPermission, "project"), (FolderGroupPermission, "folder"))
    for table, kind in tables:
        wanted = set(_wanted(kind))
        present = {(row.group_id, row.permission_id, row.content_object_id): row.pk for row in table.objects.all()}
        table.objects.filter(pk__in=[pk for triple, pk in present.items() if triple not in wanted]).delete()
        table.objects.bulk_create(
            (
                table(group_id=group, permission_id=permission, content_object_id=place)
                for group, permission, place in wanted - set(present)
            ),
            batch_size=500,
        )
    users, projects = User.objects.in_bulk(), Project.objects.in_bulk()
    for user, project in Membership.objects.order_by().values_list("user", "project").distinct():
        mirror_person(users[user], projects[project])


def _wanted(kind: str) -> Iterator[tuple[int, int, int]]:
    """Group, permission and place of every row that should stand in the table of `kind`."""
    permissions = {p.codename: p.pk for p in Permission.objects.filter(content_type__app_label="projects")}
    rows = Membership.objects.filter(folder__isnull=kind == "project").select_related("project", "folder__project")
    for place, role in {(row.folder or row.project, row.role) for row in rows}:
        group = _group(place, role)
        for below in _places_below(place):
            for codename in _codenames(below, role):
                yield group.pk, permissions[codename], below.pk


def _group(place: Place, role: str) -> Group:
    group, is_new = Group.objects.get_or_create(name=_name(place, role))
    if is_new:
        for below in _places_below(place):
            _allow(group, below, role)
    return group


def _places_below(place: Place) -> list[Place]:
    """Where a role in `place` is written down: in the project, or in the folder and all below it."""
    if isinstance(place, Project):
        return [place]
    # Compared here and not by LIKE, which on SQLite takes “property” for “Property”.
    return [folder for folder in Folder.objects.filter(project=place.project_id) if place.holds(folder)]


def _allow(group: Group, place: Place, role: str) -> None:
    table: Any = ProjectGroupPermission if isinstance(place, Project) else FolderGroupPermission
    permissions = Permission.objects.filter(codename__in=_codenames(place, role), content_type__app_label="projects")
    table.objects.bulk_create((table(group=group, permission=p, content_object=place) for p in permissions), ignore_conflicts=True)


def _codenames(place: Place, role: str) -> list[str]:
    return [f"{deed}_{place._meta.model_name}" for deed, roles in ROLES.items() if role in roles]


def _name(place: Place, role: str) -> str:
    """`<project>:<role>`, or `<project>:<folder>:<role>`."""
    inside = f"{place.uid}:" if isinstance(place, Folder) else ""
    project = place if isinstance(place, Project) else place.project
    return f"{project.uid}:{inside}{role}"
