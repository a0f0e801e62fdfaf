"""Whom somebody may find by name: colleagues, and nobody else of a large company."""

from django.db.models import Q, QuerySet

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Invalid

from .models import Membership, Project


def known_to(actor: Actor) -> QuerySet[User]:
    """People who may sign in and share a project with the actor, themselves included; a site admin knows everybody."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    if actor.user.is_site_admin:
        return people
    shared = Membership.objects.filter(project__in=Project.objects.visible_to(actor)).values("user")
    return people.filter(Q(pk__in=shared) | Q(pk=actor.user.pk))


def person_called(typed: str, *, actor: Actor) -> User:
    """The one person with this name or user name among those the actor knows, or with exactly this e-mail address anywhere.

    Raises Invalid, with the same words whether nobody is called that or only somebody whom the actor does not know.
    """
    typed = typed.strip()
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    by_address = list(people.filter(email__iexact=typed)[:2]) if "@" in typed else []
    by_name = known_to(actor).filter(Q(name__iexact=typed) | Q(username__iexact=typed))
    found = {person.pk: person for person in [*by_address, *by_name[:2]]}
    if not found:
        raise Invalid(
            {
                "person": "Nobody in your projects is called that. Give the exact e-mail address of someone else; they must have "
                "signed in once, or be added in the administration."
            }
        )
    if len(found) > 1:
        raise Invalid({"person": "More than one person is called that. Give the e-mail address."})
    return next(iter(found.values()))
