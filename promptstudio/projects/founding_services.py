"""Starting a project from its governance: who defines, who implements, who validates, and under which conditions."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Conflict, Invalid

from .founding import TEMPLATES
from .models import Floor, Project
from .permissions import can_create_project
from .role_services import grant_role
from .services import add_environment, create_project
from .staffing import Staff, what_is_missing


@dataclass(frozen=True)
class Founders:
    """Who does what. One person may stand in several lists; what people give themselves does not count for approvals."""

    defines: Sequence[User] = field(default_factory=tuple)
    implements: Sequence[User] = field(default_factory=tuple)
    validates: Sequence[User] = field(default_factory=tuple)
    keeps: Sequence[User] = field(default_factory=tuple)

    def by_role(self) -> dict[str, Sequence[User]]:
        return {"domain_expert": self.defines, "technical": self.implements, "product": self.validates, "admin": self.keeps}

    def staff(self, giver: User) -> list[Staff]:
        """With the roles that would count, given by `giver`."""
        held: dict[User, set[str]] = {}
        for role, people in self.by_role().items():
            for person in people:
                held.setdefault(person, set())
                if person.pk != giver.pk:
                    held[person].add(role)
        return [Staff(person.name, frozenset(roles)) for person, roles in held.items()]


@transaction.atomic
def found_project(*, name: str, slug: str = "", description: str = "", template: str, founders: Founders, actor: Actor) -> Project:
    """A project with its people and three environments. Raises Invalid where nobody could ever get a version into production."""
    can_create_project(actor).require()
    if template not in TEMPLATES:
        raise Invalid({"template": "Choose how changes are looked at."})
    if not name.strip():
        raise Invalid({"name": "Give the project a name, such as the team's."})
    chosen, floor = TEMPLATES[template], Floor.objects.first()
    if not founders.keeps:
        raise Invalid({"keeps": "Name at least one person who keeps the settings."})
    lanes = chosen.under(floor)
    if missing := what_is_missing(lanes[-1][1], founders.staff(actor.user)):
        raise Invalid({"template": missing})
    slug = slug or slug_of(name)
    if Project.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a project with the address “{slug}” already.")
    project = create_project(slug=slug, name=name.strip(), description=description.strip(), actor=actor)
    # People before environments: nobody counts for anything yet, so nothing waits for a second person.
    for role, people in founders.by_role().items():
        for person in people:
            grant_role(project=project, user=person, role=role, actor=actor)
    for lane, rules in lanes:
        add_environment(project=project, slug=lane.slug, name=lane.name, rules=rules, grace_days=lane.grace_days, actor=actor)
    return project


def slug_of(name: str) -> str:
    """An address for a project: small ASCII words. Raises Invalid for a name without any."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if not slug:
        raise Invalid({"slug": "The name has no Latin letters, so give the address yourself: small letters, digits and -."})
    return slug
