"""Who can sign in to the demo, as lines for the terminal."""

from django.db import connection

from promptstudio.accounts.models import User
from promptstudio.projects.models import Membership


def demo_people() -> list[str]:
    """One line a person: the name, and as what in which project."""
    try:
        people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
        return [f"  {person.name:<18} {'; '.join(_roles(person)) or 'no role yet'}" for person in people.order_by("name")]
    finally:
        # The supervisor lives as long as the studio and has no further use for the database.
        connection.close()


def _roles(person: User) -> list[str]:
    words: dict[str, list[str]] = {}
    for membership in Membership.objects.filter(user=person).select_related("project"):
        words.setdefault(membership.project.name, []).append(membership.get_role_display().lower())
    everywhere = ["administers the installation"] if person.is_superuser else []
    return everywhere + [f"{' and '.join(roles)} in {project}" for project, roles in words.items()]
