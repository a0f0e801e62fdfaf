"""People: who may sign in, and who may open the admin panel."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from promptstudio.audit.services import forget_who, record
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed

from .actor import Actor
from .models import Identity, User
from .sessions import close_sessions

ANONYMOUS = "anonymous-"


@transaction.atomic
def add_person(*, username: str, name: str, email: str = "", actor: Actor) -> User:
    """Raises NotAllowed, Invalid, Conflict for a user name that is taken."""
    _only_site_admins(actor)
    _check(name, email)
    if not username.strip():
        raise Invalid({"username": "Give a user name."})
    if User.objects.filter(username=username).exists():
        raise Conflict(f"The user name {username} is taken.")
    person = User.objects.create_user(username, name=name, email=email)
    record(actor=actor, action="person.added", subject=person, label=str(person.uid), person=person.uid)
    return person


@transaction.atomic
def change_person(*, person: User, name: str, email: str, is_active: bool, is_staff: bool, is_site_admin: bool, actor: Actor) -> User:
    """People are never deleted: whoever leaves may no longer sign in. The last site admin stays."""
    _only_site_admins(actor)
    _check(name, email)
    if person.is_site_admin and not (is_active and is_site_admin) and not other_site_admins(person):
        raise Conflict("This is the last site admin. Make someone else one first, or nobody could change anything any more.")
    before = {"is_active": person.is_active, "is_staff": person.is_staff, "is_site_admin": person.is_superuser}
    person.name, person.email, person.is_active, person.is_staff, person.is_superuser = name, email, is_active, is_staff, is_site_admin
    person.save()
    if not is_active:
        close_sessions(person=person)
    after = {"is_active": is_active, "is_staff": is_staff, "is_site_admin": is_site_admin}
    record(actor=actor, action="person.changed", subject=person, label=str(person.uid), person=person.uid, before=before, after=after)
    return person


@transaction.atomic
def anonymise_person(*, person: User, actor: Actor) -> User:
    """Forget who somebody was: a pseudonym takes the place of name, user name and e-mail, everywhere, and they sign in no more.

    What they did stays theirs, under the pseudonym. There is no way back. Raises NotAllowed, Conflict.
    """
    _only_site_admins(actor)
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.kind != User.Kind.PERSON:
        raise Conflict(f"{person} is no person.")
    if person == actor.user:
        raise Conflict("You cannot make yourself anonymous. Ask another site admin.")
    if person.username.startswith(ANONYMOUS):
        raise Conflict(f"{person} is anonymous already.")
    if person.is_site_admin and not other_site_admins(person):
        raise Conflict("This is the last site admin. Make someone else one first, or nobody could change anything any more.")
    person.name, person.username, person.email = f"Former colleague {person.uid.hex[:6]}", f"{ANONYMOUS}{person.uid.hex[:12]}", ""
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    close_sessions(person=person)
    entries = forget_who(person_uid=person.uid)
    record(actor=actor, action="person.anonymised", subject=person, label=str(person.uid), entries=entries)
    return person


def _only_site_admins(actor: Actor) -> None:
    if actor.key or not actor.user.is_site_admin:
        raise NotAllowed("Only a site admin changes people.")


def _check(name: str, email: str) -> None:
    errors = {} if name.strip() else {"name": "Give a name that colleagues recognise."}
    try:
        if email:
            validate_email(email)
    except ValidationError:
        errors["email"] = "This is no e-mail address."
    if errors:
        raise Invalid(errors)


def other_site_admins(person: User) -> bool:
    """Whether somebody else could still change everything. Break-glass accounts do not count: they are usually switched off."""
    others = User.objects.filter(is_superuser=True, is_active=True, kind=User.Kind.PERSON).exclude(pk=person.pk)
    return others.exclude(identities__issuer=Identity.BREAK_GLASS).exists()
