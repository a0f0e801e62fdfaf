"""What commands are told by name."""

from django.core.management.base import CommandError

from promptstudio.projects.models import Project


def project_called(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        known = ", ".join(Project.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no project “{slug}”. There are: {known}.")
    return project
