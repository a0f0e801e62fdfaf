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

from . import controls
from .models import ApiKey, Environment, Floor, Folder, Membership, PendingChange, Policy, Project, Role, ServiceAccount
from .permissions import can, can_administer_site, can_create_project
from .roles import DEPLOYERS, IN_A_FOLDER, REVIEWERS
from .rules import ROLE_WORDS, Rules
from .staffing import staff_of, what_is_missing

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
    _check_roles(rules)
    _save(environment, actor)
    floor = Floor.objects.first()
    if floor and slug in floor.environments:
        _keeps_the_floor(environment, rules)
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
def change_policy(*, environment: Environment, data: dict[str, Any], actor: Actor) -> Policy | PendingChange:
    """Put new rules in force from now on, or, where they are easier and the site asks for it, ask a second person to.

    Raises Invalid for rules that are none, that nobody could satisfy or that are below the site's floor; Conflict for the present ones.
    """
    can(actor, "administer", environment.project).require()
    rules = parse_rules(data)
    Environment.objects.select_for_update().get(pk=environment.pk)
    present = environment.policy
    if present.rules == rules:
        raise Conflict(f"These are already the rules of {environment}.")
    _keeps_the_floor(environment, rules)
    if missing := what_is_missing(rules, staff_of(environment.project)):
        raise Invalid({"rules": missing})
    easier = rules.easier_than(present.rules)
    if easier and controls.needs_second_person(actor, environment.project):
        return controls.ask(
            kind="policy",
            subject=f"policy:{environment.uid}",
            label=f"New conditions for {environment}",
            reasons=easier,
            project=environment.project,
            actor=actor,
            data={"environment": str(environment.uid), "number": present.number, "rules": rules.model_dump(mode="json")},
        )
    return _put_in_force(environment, rules, actor, by=actor.user)


def _put_in_force(environment: Environment, rules: Rules, actor: Actor, *, by: User) -> Policy:
    present = environment.policy
    policy = Policy.objects.create(
        environment=environment,
        number=present.number + 1,
        data=rules.model_dump(mode="json"),
        created_by=by,
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


def _confirmed_policy(change: PendingChange, actor: Actor) -> None:
    environment = Environment.objects.select_for_update(of=("self",)).select_related("project").get(uid=change.data["environment"])
    if environment.policy.number != change.data["number"]:
        raise Conflict(f"The conditions of {environment} changed since. Decline this, and ask again from those that hold now.")
    rules = parse_rules(change.data["rules"])
    # The floor may have risen since, above a wish that was made before, and below what is in force.
    _keeps_the_floor(environment, rules)
    _put_in_force(environment, rules, actor, by=change.asked_by)


@transaction.atomic
def set_floor(*, data: dict[str, Any], environments: Sequence[str] = (), actor: Actor) -> Floor | PendingChange:
    """What every project's last environment, and those named here, must ask for at least.

    Policies below it are raised at once. An easier floor than the present one waits for a second site admin where the site asks for it.
    """
    can_administer_site(actor).require()
    rules, places = parse_rules(data), sorted(set(environments))
    present = Floor.objects.first()
    if present and (present.rules, present.environments) == (rules, places):
        raise Conflict("This is the floor already.")
    easier = rules.easier_than(present.rules) if present else []
    if present and set(present.environments) - set(places):
        easier.append(f"it no longer holds for {', '.join(sorted(set(present.environments) - set(places)))}")
    content = {"rules": rules.model_dump(mode="json"), "environments": places}
    if easier and controls.needs_second_person(actor, None):
        return controls.ask(
            kind="floor",
            subject="floor",
            label="A new floor for every project",
            reasons=easier,
            project=None,
            actor=actor,
            data={**content, "number": present.number if present else 0},
        )
    return _lay_floor(content, actor, by=actor.user)


def _lay_floor(content: dict[str, Any], actor: Actor, *, by: User) -> Floor:
    before = Floor.objects.first()
    floor = Floor.objects.create(
        number=before.number + 1 if before else 1,
        data=content["rules"],
        environments=content["environments"],
        created_by=by,
        created_at=clock.now(),
    )
    record(
        actor=actor,
        action="floor.changed",
        subject=floor,
        before=before.data if before else None,
        after=floor.data,
        environments=floor.environments,
    )
    for environment in Environment.objects.select_for_update(of=("self",)).select_related("project").order_by("project", "position"):
        present = environment.policy.rules
        if floor.holds_for(environment) and present.easier_than(floor.rules):
            _put_in_force(environment, present.raised_to(floor.rules), actor, by=by)
    return floor


def _confirmed_floor(change: PendingChange, actor: Actor) -> None:
    present = Floor.objects.first()
    if present and present.number != change.data["number"]:
        raise Conflict("The floor changed since. Decline this, and ask again from the one that holds now.")
    _lay_floor(change.data, actor, by=change.asked_by)


def _keeps_the_floor(environment: Environment, rules: Rules) -> None:
    floor = Floor.objects.first()
    below = rules.easier_than(floor.rules) if floor and floor.holds_for(environment) else []
    if below:
        raise Invalid({"rules": f"The site asks for more than this: {'; '.join(below)}. A project may ask for more, never for less."})


def parse_rules(data: dict[str, Any]) -> Rules:
    try:
        rules = Rules.model_validate(data)
    except pydantic.ValidationError as error:
        raise Invalid({"rules": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())}) from None
    _check_roles(rules)
    return rules


def _check_roles(rules: Rules) -> None:
    for asked, able, verb in ((rules.approvals, REVIEWERS, "approve"), (rules.deployers, DEPLOYERS, "promote")):
        if others := set(asked) - set(able):
            raise Invalid({"rules": f"{', '.join(sorted(others))} is no role that may {verb}. Those are {', '.join(able)}."})


@transaction.atomic
def grant_role(*, project: Project, user: User, role: str, folder: Folder | None = None, actor: Actor) -> Membership | PendingChange:
    """Give a role in the whole project, or in `folder` and what lies below it. Raises Invalid, Conflict when the person has it already."""
    folder = folder if folder and folder.path else None
    can(actor, "administer", folder or project).require()
    if folder and folder.project_id != project.pk:
        raise Invalid({"folder": "That folder belongs to another project."})
    if folder and role not in IN_A_FOLDER:
        raise Invalid({"role": "The trail belongs to the whole project, so an auditor does too."})
    if Membership.objects.filter(project=project, folder=folder, user=user, role=role, source=Membership.Source.LOCAL).exists():
        raise Conflict(f"{user} already has this role here.")
    if role in Role.values and controls.counts(role, project) and controls.needs_second_person(actor, project):
        where = f" in {folder}" if folder else ""
        return controls.ask(
            kind="role",
            subject=f"role:{project.uid}:{folder.uid if folder else ''}:{user.uid}:{role}",
            label=f"The role {Role(role).label.lower()}{where}",
            reasons=[f"one more person counts as {ROLE_WORDS[role]}"],
            project=project,
            actor=actor,
            data={"user": str(user.uid), "role": role, "folder": str(folder.uid) if folder else None},
        )
    return _granted(Membership(project=project, folder=folder, user=user, role=role, granted_by=actor.user), actor)


def _granted(membership: Membership, actor: Actor) -> Membership:
    _save(membership, actor)
    record(
        actor=actor,
        action="role.granted",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=membership.project.uid,
        person=membership.user.uid,
        role=membership.role,
        folder=membership.folder.path if membership.folder else None,
    )
    return membership


def _confirmed_role(change: PendingChange, actor: Actor) -> None:
    assert change.project
    folder = Folder.objects.get(uid=change.data["folder"]) if change.data["folder"] else None
    user = User.objects.get(uid=change.data["user"])
    _granted(Membership(project=change.project, folder=folder, user=user, role=change.data["role"], granted_by=change.asked_by), actor)


@transaction.atomic
def revoke_role(*, membership: Membership, actor: Actor) -> PendingChange | None:
    """Take a role away at once; an admin's, where the site asks for it, when a second person agrees: they are who confirms the rest."""
    project = membership.project
    can(actor, "administer", membership.folder or project).require()
    is_admin = membership.role == Role.ADMIN and not membership.folder
    if is_admin and not _other_admins(membership):
        raise Conflict(f"{membership.user} is the last project admin of {project}. Make someone else one first.")
    if is_admin and membership.user_id != actor.user.pk and controls.needs_second_person(actor, project):
        return controls.ask(
            kind="admin_taken",
            subject=f"admin_taken:{membership.uid}",
            label="Taking away the role project admin",
            reasons=["one person less confirms changes like this"],
            project=project,
            actor=actor,
            data={"membership": str(membership.uid), "user": str(membership.user.uid)},
        )
    _take(membership, actor)
    return None


def _take(membership: Membership, actor: Actor) -> None:
    record(
        actor=actor,
        action="role.revoked",
        subject=membership,
        label=membership.get_role_display(),
        project_uid=membership.project.uid,
        person=membership.user.uid,
        role=membership.role,
        source=membership.source,
        folder=membership.folder.path if membership.folder else None,
    )
    membership._history_user = actor.user  # type: ignore[attr-defined]
    membership.delete()


def _confirmed_taking(change: PendingChange, actor: Actor) -> None:
    membership = Membership.objects.select_related("user", "project").filter(uid=change.data["membership"]).first()
    if membership is None:
        raise Conflict("The role is gone already.")
    if not _other_admins(membership):
        raise Conflict(f"{membership.user} is the last project admin of {membership.project} now. Make someone else one first.")
    _take(membership, actor)


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


controls.register("policy", carry_out=_confirmed_policy)
controls.register("floor", carry_out=_confirmed_floor)
controls.register("role", carry_out=_confirmed_role)
controls.register("admin_taken", carry_out=_confirmed_taking)
controls.register("key", carry_out=_confirmed_key, refused=_refused_key)
