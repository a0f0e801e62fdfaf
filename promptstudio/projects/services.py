"""Projects, people in them, environments with their policies, and keys."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pydantic
from django.core.exceptions import ValidationError
from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid

from .models import ApiKey, Environment, Folder, Membership, Policy, Project, Role, ServiceAccount
from .permissions import can, can_create_project
from .roles import IN_A_FOLDER
from .rules import Rules

KEY_PREFIX = "ps_"
LONGEST_GRACE_DAYS = 3650


@transaction.atomic
def create_project(*, slug: str, name: str, description: str = "", actor: Actor) -> Project:
    can_create_project(actor).require()
    project = Project(slug=slug, name=name, description=description)
    _save(project, actor)
    Folder.objects.create(project=project, path="")
    record(actor=actor, action="project.created", subject=project, project_uid=project.uid, slug=slug)
    return project


@transaction.atomic
def add_environment(*, project: Project, slug: str, name: str, rules: Rules, grace_days: int = 0, actor: Actor) -> Environment:
    """Append an environment after the last one, with its first policy."""
    can(actor, "administer", project).require()
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    position = project.environments.count() + 1
    environment = Environment(project=project, slug=slug, name=name, position=position, grace_days=grace_days)
    _check_grace(grace_days)
    _save(environment, actor)
    Policy.objects.create(environment=environment, number=1, data=rules.model_dump(mode="json"), created_by=actor.user)
    record(
        actor=actor,
        action="environment.added",
        subject=environment,
        project_uid=project.uid,
        slug=slug,
        rules=rules.model_dump(mode="json"),
    )
    return environment


@transaction.atomic
def change_environment(*, environment: Environment, name: str, grace_days: int, actor: Actor) -> Environment:
    can(actor, "administer", environment.project).require()
    environment.name, environment.grace_days = name, grace_days
    _check_grace(grace_days)
    _save(environment, actor)
    record(
        actor=actor,
        action="environment.changed",
        subject=environment,
        project_uid=environment.project.uid,
        name=name,
        grace_days=grace_days,
    )
    return environment


def _check_grace(days: int) -> None:
    if not 0 <= days <= LONGEST_GRACE_DAYS:
        raise Invalid({"grace_days": f"Give a number of days from 0 to {LONGEST_GRACE_DAYS:,}, which is ten years."})


@transaction.atomic
def change_policy(*, environment: Environment, data: dict[str, Any], actor: Actor) -> Policy:
    """Put new rules in force from now on. Raises Invalid for rules that are none, Conflict when they are the present ones."""
    can(actor, "administer", environment.project).require()
    rules = parse_rules(data)
    Environment.objects.select_for_update().get(pk=environment.pk)
    present = environment.policy
    if present.rules == rules:
        raise Conflict(f"These are already the rules of {environment}.")
    policy = Policy.objects.create(
        environment=environment,
        number=present.number + 1,
        data=rules.model_dump(mode="json"),
        created_by=actor.user,
        created_at=clock.now(),
    )
    record(
        actor=actor,
        action="policy.changed",
        subject=policy,
        project_uid=environment.project.uid,
        environment=environment.slug,
        before=present.data,
        after=policy.data,
    )
    return policy


def parse_rules(data: dict[str, Any]) -> Rules:
    try:
        rules = Rules.model_validate(data)
    except pydantic.ValidationError as error:
        raise Invalid({"rules": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())}) from None
    unknown = {*rules.approvals, *rules.deployers} - set(Role.values)
    if unknown:
        raise Invalid({"rules": f"{', '.join(sorted(unknown))} is not a role. Roles are {', '.join(Role.values)}."})
    return rules


@transaction.atomic
def grant_role(*, project: Project, user: User, role: str, folder: Folder | None = None, actor: Actor) -> Membership:
    """Give a role in the whole project, or in `folder` and what lies below it. Raises Invalid, Conflict when the person has it already."""
    folder = folder if folder and folder.path else None
    can(actor, "administer", folder or project).require()
    if folder and folder.project_id != project.pk:
        raise Invalid({"folder": "That folder belongs to another project."})
    if folder and role not in IN_A_FOLDER:
        raise Invalid({"role": "The trail belongs to the whole project, so an auditor does too."})
    if Membership.objects.filter(project=project, folder=folder, user=user, role=role, source=Membership.Source.LOCAL).exists():
        raise Conflict(f"{user} already has this role here.")
    membership = Membership(project=project, folder=folder, user=user, role=role, granted_by=actor.user)
    _save(membership, actor)
    record(
        actor=actor,
        action="role.granted",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=project.uid,
        person=user.uid,
        role=role,
        folder=folder.path if folder else None,
    )
    return membership


@transaction.atomic
def revoke_role(*, membership: Membership, actor: Actor) -> None:
    project = membership.project
    can(actor, "administer", membership.folder or project).require()
    if membership.role == Role.ADMIN and not membership.folder and not _other_admins(membership):
        raise Conflict(f"{membership.user} is the last project admin of {project}. Make someone else one first.")
    record(
        actor=actor,
        action="role.revoked",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=project.uid,
        person=membership.user.uid,
        role=membership.role,
        source=membership.source,
        folder=membership.folder.path if membership.folder else None,
    )
    membership._history_user = actor.user  # type: ignore[attr-defined]
    membership.delete()


def _other_admins(membership: Membership) -> bool:
    admins = Membership.objects.filter(project=membership.project, folder=None, role=Role.ADMIN, user__is_active=True)
    return admins.exclude(pk=membership.pk).exists()


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
    _save(account, actor)
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
    """A new key and its secret. The secret is not kept and cannot be shown again."""
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
    key, secret = _made_key(
        account=account,
        name=name,
        scopes=sorted(set(scopes)),
        environment=environment,
        folder=folder if folder and folder.path else None,
        expires_at=expires_at,
        created_by=actor.user,
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
    return key, secret


@transaction.atomic
def rotate_key(*, key: ApiKey, overlap: timedelta, actor: Actor) -> tuple[ApiKey, str]:
    """A new key that may do just what `key` may, which goes on working for `overlap`. Raises Conflict for a key that is not in use."""
    can(actor, "administer", key.account.project).require()
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("account__project", "environment", "folder").get(pk=key.pk)
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
    return ApiKey.objects.create(prefix=secret[:10], secret_hash=hash_secret(secret), **fields), secret


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


def folder_at(*, project: Project, path: str) -> Folder:
    """The folder at `path`, made when it is new. Raises Invalid for a path with empty levels."""
    path = path.strip().strip("/")
    if "//" in path or len(path) > 200:
        raise Invalid({"folder": "A folder path has names with single / between them, at most 200 characters."})
    return Folder.objects.get_or_create(project=project, path=path)[0]


def _save(thing: Any, actor: Actor) -> None:
    # simple-history keeps this attribute on the instance, so it is set right before each save.
    try:
        thing.full_clean()
    except ValidationError as error:
        raise Invalid({field: " ".join(sentences) for field, sentences in error.message_dict.items()}) from None
    thing._history_user = actor.user
    thing.save()
