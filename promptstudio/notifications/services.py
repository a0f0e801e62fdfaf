"""Choosing how to be told."""

from collections.abc import Mapping

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib.errors import Invalid, NotAllowed

from .kinds import KINDS, Way
from .models import Preference


@transaction.atomic
def choose_ways(*, ways: Mapping[str, str], actor: Actor) -> None:
    """One's own ways, by kind; kinds that are not named stay as they are. Raises Invalid, and NotAllowed for a key."""
    if actor.key:
        raise NotAllowed("A key is told nothing. A person chooses for themselves.")
    wrong = {kind: "Choose one of the ways." for kind, way in ways.items() if kind not in KINDS or way not in Way.values}
    if wrong:
        raise Invalid(wrong)
    for kind, way in ways.items():
        Preference.objects.update_or_create(person=actor.user, kind=kind, defaults={"way": way})
    record(actor=actor, action="notifications.changed", subject=actor.user, label=str(actor.user.uid), ways=dict(ways))


def ways_for(*, actor: Actor) -> dict[str, str]:
    """How this person is told, by kind."""
    chosen = dict(Preference.objects.filter(person=actor.user).values_list("kind", "way"))
    return {name: chosen.get(name, kind.usual) for name, kind in KINDS.items()}
