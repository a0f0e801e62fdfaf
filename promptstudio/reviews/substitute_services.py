"""Somebody decides in the place of a colleague who is away. It gives no right: a substitute has the role already."""

from datetime import date

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid, NotAllowed
from promptstudio.projects.models import Membership
from promptstudio.projects.roles import ROLES

from .models import Substitute
from .models.substitutes import today


def colleagues(*, person: User) -> list[User]:
    """Who has, in some project, a role of this person in which one reviews; by name."""
    own = set(Membership.objects.filter(user=person, role__in=ROLES["review"]).values_list("project_id", "role"))
    rows = Membership.objects.filter(project__in={project for project, _ in own}, user__is_active=True, user__kind=User.Kind.PERSON)
    found = {row.user for row in rows.exclude(user=person).select_related("user") if (row.project_id, row.role) in own}
    return sorted(found, key=lambda user: (user.name, user.pk))


@transaction.atomic
def name_substitute(*, substitute: User | None, first_day: date, last_day: date, actor: Actor) -> Substitute:
    """From the first to the last day, what waits for this person waits for `substitute` too. Raises NotAllowed, Invalid."""
    if actor.key or actor.user.kind != User.Kind.PERSON:
        raise NotAllowed("A key decides about nothing, so nobody stands in for it.")
    if substitute not in colleagues(person=actor.user):
        raise Invalid({"substitute": "Choose somebody who has the same role as you in a project."})
    if last_day < first_day:
        raise Invalid({"until": "The last day is before the first. Swap them."})
    if last_day < today():
        raise Invalid({"until": "This lies in the past. Give a day from today on."})
    standing = Substitute.objects.standing().filter(person=actor.user, first_day__lte=last_day, last_day__gte=first_day)
    if other := standing.select_related("substitute").first():
        raise Invalid(
            {"since": f"{other.substitute} stands in for you from {other.first_day:%-d %B} to {other.last_day:%-d %B}. End that first."}
        )
    row = Substitute.objects.create(person=actor.user, substitute=substitute, first_day=first_day, last_day=last_day, named_at=clock.now())
    _record("substitute.named", row, actor)
    return row


@transaction.atomic
def end_substitute(*, row: Substitute, actor: Actor) -> None:
    """It holds no more. Whoever named them ends it, or whoever was named."""
    row = Substitute.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if actor.key or actor.user.pk not in (row.person_id, row.substitute_id):
        raise NotAllowed("Only the two of them end this.")
    if row.ended_at is None:
        row.ended_at = clock.now()
        row.save(update_fields=["ended_at"])
        _record("substitute.ended", row, actor)


def _record(action: str, row: Substitute, actor: Actor) -> None:
    record(
        actor=actor,
        action=action,
        subject=row,
        label="A substitute",
        project_uid=None,
        person=row.substitute.uid,
        first_day=row.first_day.isoformat(),
        last_day=row.last_day.isoformat(),
    )
