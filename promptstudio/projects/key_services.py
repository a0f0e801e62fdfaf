"""Applications, and the keys with which they come."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked

from . import controls
from .models import ApiKey, Environment, Folder, PendingChange, Project, ServiceAccount
from .permissions import can
from .saving import save_by

KEY_PREFIX = "ps_"
# Characters that are kept and shown, so that people tell keys apart.
KEY_SHOWN = 10


@transaction.atomic
def create_service_account(*, project: Project, name: str, responsible: User, actor: Actor) -> ServiceAccount:
    can(actor, "administer", project).require()
    if not name.strip():
        raise Invalid({"account_name": "Give the application a name."})
    if ServiceAccount.objects.filter(project=project, name=name).exists():
        raise Conflict(f"There is already a service account “{name}” in this project.")
    username = f"service:{project.slug}:{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    user = User.objects.create_user(username, name=name, kind=User.Kind.SERVICE_ACCOUNT)
    account = ServiceAccount(project=project, name=name, user=user, responsible=responsible)
    save_by(account, actor)
    record(actor=actor, action="service_account.created", subject=account, project_uid=project.uid, responsible=responsible.uid)
    return account


@transaction.atomic
def create_key(
    *,
    account: ServiceAccount,
    name: str,
    scopes: Sequence[str],
    environment: Environment | None = None,
    folder: Folder | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not kept and cannot be shown again.

    Where the site asks for a second person, a key that may promote to an environment with conditions `waits` and opens nothing until then.
    """
    can(actor, "administer", account.project).require()
    errors = {}
    if not name.strip():
        errors["name"] = "Say what this key is for."
    elif len(name) > 120:
        errors["name"] = "At most 120 characters."
    if not scopes or set(scopes) - set(ApiKey.Scope.values):
        errors["scopes"] = f"Choose at least one of {', '.join(ApiKey.Scope.values)}."
    if environment and environment.project_id != account.project_id:
        errors["environment"] = "That environment belongs to another project."
    if folder and folder.project_id != account.project_id:
        errors["folder"] = "That folder belongs to another project."
    if expires_at and expires_at <= clock.now():
        errors["expires_at"] = "Choose a day in the future."
    if errors:
        raise Invalid(errors)
    places = [environment] if environment else list(account.project.environments.all())
    reaches = "deploy" in scopes and any(controls.is_guarded(place) for place in places)
    waits = reaches and controls.needs_second_person(actor, account.project)
    key, secret = _made_key(
        account=account,
        name=name,
        scopes=sorted(set(scopes)),
        environment=environment,
        folder=folder if folder and folder.path else None,
        expires_at=expires_at,
        created_by=actor.user,
        waits=waits,
    )
    record(
        actor=actor,
        action="key.created",
        subject=key,
        label=name,
        project_uid=account.project.uid,
        scopes=key.scopes,
        environment=environment.slug if environment else None,
        folder=folder.path if folder else None,
    )
    if waits:
        controls.ask(
            kind="key",
            subject=f"key:{key.uid}",
            label=f"The key {name} of {account}",
            reasons=["an application may promote to an environment with conditions"],
            project=account.project,
            actor=actor,
            data={"key": str(key.uid)},
        )
    return key, secret


def _confirmed_key(change: PendingChange, actor: Actor) -> None:
    key = ApiKey.objects.select_for_update().get(uid=change.data["key"])
    if key.revoked_at:
        raise Conflict("This key was revoked meanwhile.")
    key.waits = False
    key.save(update_fields=["waits"])


def _refused_key(change: PendingChange, actor: Actor) -> None:
    ApiKey.objects.filter(uid=change.data["key"], revoked_at=None).update(revoked_at=clock.now())


@transaction.atomic
def rotate_key(*, key: ApiKey, overlap: timedelta, actor: Actor) -> tuple[ApiKey, str]:
    """A new key that may do just what `key` may, which goes on working for `overlap`. Raises Conflict for a key that is not in use."""
    can(actor, "administer", key.account.project).require()
    key = locked(ApiKey.objects.all(), "account__project", "environment", "folder", pk=key.pk)
    if key.state != "in use":
        raise Conflict(f"This key is {key.state}. Make a new one.")
    if overlap < timedelta(0):
        raise Invalid({"overlap": "Choose how long the old key goes on working."})
    if ApiKey.objects.filter(replaces=key).exists():
        raise Conflict("There is a newer key in place of this one already. Change that one, or revoke this one.")
    ends_at = clock.now() + overlap
    new, secret = _made_key(
        account=key.account,
        name=key.name,
        scopes=key.scopes,
        environment=key.environment,
        folder=key.folder,
        expires_at=key.expires_at,
        created_by=actor.user,
        replaces=key,
    )
    key.expires_at = min(key.expires_at or ends_at, ends_at)
    key.save(update_fields=["expires_at"])
    record(
        actor=actor,
        action="key.rotated",
        subject=new,
        label=new.name,
        project_uid=key.account.project.uid,
        replaces=key.uid,
        old_ends_at=key.expires_at.isoformat(),
    )
    return new, secret


def _made_key(**fields: Any) -> tuple[ApiKey, str]:
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    return ApiKey.objects.create(prefix=secret[:KEY_SHOWN], secret_hash=hash_secret(secret), **fields), secret


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: Actor) -> None:
    can(actor, "administer", key.account.project).require()
    if key.revoked_at:
        raise Conflict("This key was revoked already.")
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    record(actor=actor, action="key.revoked", subject=key, label=key.name, project_uid=key.account.project.uid)


def key_for(secret: str) -> ApiKey | None:
    """The usable key with this secret, with its account, or None."""
    return (
        ApiKey.objects.usable()
        .filter(secret_hash=hash_secret(secret))
        .select_related("account__user", "account__responsible", "account__project", "environment", "folder")
        .first()
    )


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


controls.register("key", carry_out=_confirmed_key, refused=_refused_key)
