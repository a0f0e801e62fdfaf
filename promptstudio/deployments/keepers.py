"""Who looks at a promotion in an emergency: somebody else than whoever promoted."""

from promptstudio.accounts.models import Identity, User
from promptstudio.projects.models import Membership
from promptstudio.projects.roles import ROLES

from .models import Deployment


def other_admins(deployment: Deployment) -> list[User]:
    """The admins of its project, by name; where whoever promoted is the only one, site admins."""
    project = deployment.placement.prompt.project_id
    held = Membership.objects.filter(project=project, folder=None, role__in=ROLES["administer"]).values("user")
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True).exclude(pk=deployment.by_id).order_by("name", "pk")
    admins = list(people.filter(pk__in=held))
    return admins or list(people.filter(is_superuser=True).exclude(identities__issuer=Identity.BREAK_GLASS))
