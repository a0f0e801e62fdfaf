"""Who came in, who went, who was refused. People are known by issuer and subject; name and e-mail only follow."""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid, NotAllowed

from .actor import Actor
from .models import Identity, User
from .services import other_site_admins

NOBODY = "Name and password do not fit. A password works once; the command manage.py break_glass prints a new one."
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Provided:
    """What the provider says of a person, after its token was checked. `email` only when the provider verified it."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""


def arrive(*, provided: Provided, actor: Actor) -> User:
    """The person, made when the provider names them for the first time; name and e-mail as the provider has them now.

    `actor` stands for the installation and for where the request came from. Raises NotAllowed for whoever was archived here.
    """
    with transaction.atomic():
        identity = _identity(provided, actor)
        person = identity.user
        if person.is_active:
            _follow(person, provided, actor)
            identity.last_seen_at = clock.now()
            identity.save(update_fields=["last_seen_at"])
            return person
        refuse_sign_in(reason="archived", person=person, actor=actor)
    # After the commit, so that the refusal stays in the trail.
    raise NotAllowed("Your account here is closed. Ask an administrator of Prompt Studio to open it again.", kept=True)


@transaction.atomic
def note_sign_in(*, person: User, way: str, actor: Actor) -> None:
    """`way`: single_sign_on or demo."""
    record(actor=replace(actor, user=person), action="person.signed_in", subject=person, label=str(person.uid), way=way)


@transaction.atomic
def sign_out(*, actor: Actor, reason: str = "asked") -> None:
    """`reason`: asked, or why the installation ended it."""
    record(actor=actor, action="person.signed_out", subject=actor.user, label=str(actor.user.uid), because=reason)


@transaction.atomic
def refuse_sign_in(*, reason: str, actor: Actor, person: User | None = None, door: str = "single sign-on") -> None:
    """`reason` is a word of ours, such as wrong_audience: nothing that a stranger sent gets into the trail."""
    known: dict[str, Any] = {"person": person.uid} if person else {}
    record(actor=actor, action="sign_in.refused", subject=person, label=door, because=reason, **known)


@transaction.atomic
def follow_site_admin(*, person: User, given: bool, actor: Actor) -> None:
    """Make `person` site admin while a group gives it. What was given here stays, and so does the last site admin."""
    identity = Identity.objects.select_for_update().filter(user=person).exclude(issuer=Identity.BREAK_GLASS).first()
    if identity is None or given == identity.gives_site_admin or (given and person.is_superuser):
        return
    if not given and not other_site_admins(person):
        log.warning("site_admin.kept", person=str(person.uid), why="the provider took it away, and nobody else is one")
        return
    identity.gives_site_admin = given
    identity.save(update_fields=["gives_site_admin"])
    before = {"is_staff": person.is_staff, "is_site_admin": person.is_superuser}
    person.is_superuser = person.is_staff = given
    person.save(update_fields=["is_superuser", "is_staff"])
    after = {"is_staff": given, "is_site_admin": given}
    record(
        actor=actor,
        action="person.changed",
        subject=person,
        label=str(person.uid),
        person=person.uid,
        source="provider",
        before=before,
        after=after,
    )


@transaction.atomic
def make_break_glass(*, name: str, actor: Actor) -> tuple[User, str]:
    """A local administrator called `name`, and the password for one sign-in. Again for the same name: a new password."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 60:
        raise Invalid({"name": "Give a short name of small letters, digits and hyphens, such as night-shift."})
    password = "-".join(secrets.token_hex(4) for _ in range(4))
    identity = Identity.objects.filter(issuer=Identity.BREAK_GLASS, subject=name).select_related("user").first()
    if identity is None:
        user = User.objects.create_user(f"break-glass-{name}", name=f"Break-glass {name}", is_staff=True, is_superuser=True)
        identity = Identity.objects.create(user=user, issuer=Identity.BREAK_GLASS, subject=name)
    person = identity.user
    person.password, person.is_active, person.is_staff, person.is_superuser = make_password(password), True, True, True
    person.save()
    record(actor=actor, action="break_glass.made", subject=person, label=name, person=person.uid)
    return person, password


def use_break_glass(*, name: str, password: str, actor: Actor) -> User:
    """The local administrator, whose password works no more. Raises NotAllowed with one sentence for every failure."""
    found = User.objects.filter(identities__issuer=Identity.BREAK_GLASS, identities__subject=name, is_active=True).first()
    # An unknown name takes as long as a wrong password. Outside the transaction: hashing is slow on purpose.
    # `check_password` hashes once for an unusable one as well.
    kept = found.password if found else make_password(None)
    fits = check_password(password, kept)
    with transaction.atomic():
        person = User.objects.select_for_update().filter(pk=found.pk, password=kept).first() if found and fits else None
        if person is not None:
            person.set_unusable_password()
            person.save(update_fields=["password"])
            Identity.objects.filter(user=person).update(last_seen_at=clock.now())
            record(actor=replace(actor, user=person), action="break_glass.used", subject=person, label=name, person=person.uid)
            return person
        refuse_sign_in(reason="wrong_password", person=found, door="break-glass", actor=actor)
    raise NotAllowed(NOBODY, kept=True)


def _identity(provided: Provided, actor: Actor) -> Identity:
    known = Identity.objects.select_for_update(of=("self",)).select_related("user")
    found = known.filter(issuer=provided.issuer, subject=provided.subject).first()
    if found:
        return found
    try:
        with transaction.atomic():
            person = User.objects.create_user(_username(provided), name=_name(provided) or "Somebody new")
            identity = Identity.objects.create(user=person, issuer=provided.issuer, subject=provided.subject)
    except IntegrityError:
        # The same person in a second window was faster.
        return known.get(issuer=provided.issuer, subject=provided.subject)
    record(actor=actor, action="person.added", subject=person, label=str(person.uid), person=person.uid, source="provider")
    return identity


def _follow(person: User, provided: Provided, actor: Actor) -> None:
    wanted = {"name": _name(provided) or person.name, "email": _email(provided)}
    changed = [field for field, value in wanted.items() if getattr(person, field) != value]
    if not changed:
        return
    for field in changed:
        setattr(person, field, wanted[field])
    person.save(update_fields=changed)
    label = str(person.uid)
    record(actor=actor, action="person.changed", subject=person, label=label, person=person.uid, source="provider", fields=changed)


def _username(provided: Provided) -> str:
    """Readable and not chosen by its owner: user names are typed where roles are given, so nobody may take another's."""
    plain = unicodedata.normalize("NFKD", _name(provided)).encode("ascii", "ignore").decode().lower()
    mark = hashlib.sha256(f"{provided.issuer}\n{provided.subject}".encode()).hexdigest()[:10]
    return "-".join([*re.findall(r"[a-z0-9]+", plain), mark])[-150:]


def _name(provided: Provided) -> str:
    visible = "".join(letter if letter.isprintable() else " " for letter in provided.name)
    return " ".join(visible.split())[:200]


def _email(provided: Provided) -> str:
    try:
        validate_email(provided.email)
    except ValidationError:
        return ""
    return provided.email if len(provided.email) <= 254 else ""
