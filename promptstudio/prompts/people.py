"""Who has to do with a prompt by a role."""

from django.db.models import Q

from promptstudio.accounts.models import User
from promptstudio.projects.models import Membership

from .models import Prompt


def people_of(prompt: Prompt) -> list[User]:
    """Who may see the prompt by a role: they can be named; by name."""
    members = Membership.objects.at(prompt.folder)
    if prompt.restricted:
        named = prompt.user_permissions.values("user")
        members = members.filter(Q(user__in=named) | Q(role="admin"))
    found = User.objects.filter(pk__in=members.values("user"), is_active=True, kind=User.Kind.PERSON)
    return list(found.order_by("name", "pk"))
