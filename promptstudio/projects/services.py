"""Projects and their environments, with the policies of those and the floor under them."""

from collections.abc import Sequence
from typing import Any

import pydantic
from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked

from . import controls
from .answering import what_is_missing_in_folders
from .models import Environment, Floor, Folder, PendingChange, Policy, Project
from .permissions import can, can_administer_site, can_create_project
from .roles import DEPLOYERS, IN_AN_EMERGENCY, REVIEWERS
from .rules import Rules
from .saving import save_by
from .staffing import staff_of, what_is_missing
from .windows import MOST_FREEZES, next_allowed

LONGEST_GRACE_DAYS = 3650


@transaction.atomic
def create_project(*, slug: str, name: str, description: str = "", actor: Actor) -> Project:
    can_create_project(actor).require()
    project = Project(slug=slug, name=name, description=description)
    save_by(project, actor)
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
    save_by(environment, actor)
    floor = Floor.objects.first()
    if floor and slug in floor.environments:
        _keeps_the_floor(environment, rules)
    data = rules.model_dump(mode="json")
    Policy.objects.create(environment=environment, number=1, data=data, created_by=actor.user)
    record(
        actor=actor,
        action="environment.added",
        subject=environment,
        project_uid=project.uid,
        slug=slug,
        rules=_for_the_trail(data),
        words=_reasons_in(data),
    )
    return environment


@transaction.atomic
def change_environment(*, environment: Environment, name: str, grace_days: int, actor: Actor) -> Environment:
    can(actor, "administer", environment.project).require()
    environment.name, environment.grace_days = name, grace_days
    _check_grace(grace_days)
    save_by(environment, actor)
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
    _opens(rules)
    if missing := what_is_missing(rules, staff_of(environment.project)) or what_is_missing_in_folders(environment.project, rules):
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
        before=_for_the_trail(present.data),
        after=_for_the_trail(policy.data),
        words=_reasons_in(policy.data),
    )
    return policy


def _confirmed_policy(change: PendingChange, actor: Actor) -> None:
    environment = locked(Environment.objects.all(), "project", uid=change.data["environment"])
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
    _opens(rules)
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
        before=_for_the_trail(before.data) if before else None,
        after=_for_the_trail(floor.data),
        environments=floor.environments,
        words=_reasons_in(floor.data),
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


def _opens(rules: Rules) -> None:
    if next_allowed(rules, clock.now()) is None:
        raise Invalid({"rules": "These hours are never open together, so that nothing could be promoted any more. Change one of them."})


def _for_the_trail(data: dict[str, Any]) -> dict[str, Any]:
    """Without what somebody wrote freely, which goes into `words`."""
    return {**data, "freezes": [{**freeze, "reason": ""} for freeze in data.get("freezes", [])]}


def _reasons_in(data: dict[str, Any]) -> dict[str, str]:
    reasons = "; ".join(freeze["reason"] for freeze in data.get("freezes", []))
    return {"freezes": reasons} if reasons else {}


def parse_rules(data: dict[str, Any]) -> Rules:
    try:
        rules = Rules.model_validate(data)
    except pydantic.ValidationError as error:
        raise Invalid({"rules": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())}) from None
    _check_roles(rules)
    # Of one list alone: an environment's and the floor's together may be more.
    if len(rules.freezes) > MOST_FREEZES:
        raise Invalid({"rules": f"These are {len(rules.freezes)} freezes. At most {MOST_FREEZES} are kept; take out those that are over."})
    return rules


def _check_roles(rules: Rules) -> None:
    asked_of = (
        (rules.approvals, REVIEWERS, "approve"),
        (rules.accepters, REVIEWERS, "accept what got worse"),
        (rules.deployers, DEPLOYERS, "promote"),
        (rules.emergency, IN_AN_EMERGENCY, "promote in an emergency"),
    )
    for asked, able, verb in asked_of:
        if others := set(asked) - set(able):
            raise Invalid({"rules": f"{', '.join(sorted(others))} is no role that may {verb}. Those are {', '.join(able)}."})


def folder_at(*, project: Project, path: str) -> Folder:
    """The folder at `path`, made when it is new. Raises Invalid for a path with empty levels."""
    path = path.strip().strip("/")
    if "//" in path or len(path) > 200:
        raise Invalid({"folder": "A folder path has names with single / between them, at most 200 characters."})
    return Folder.objects.get_or_create(project=project, path=path)[0]


controls.register("policy", carry_out=_confirmed_policy)
controls.register("floor", carry_out=_confirmed_floor)
