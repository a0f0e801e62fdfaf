"""What the identity provider's groups give: the mapping itself, and its effect on one person."""

from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.accounts.signing_in import follow_site_admin
from promptstudio.audit.services import record
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked

from . import controls
from .founding import TEMPLATES
from .models import Floor, GroupMapping, Membership, PendingChange, Project, Role
from .permissions import can_map_groups
from .provider_roles import Given, Meaning, faults_of, given_by
from .role_services import put_role, take_role
from .rules import ROLE_WORDS
from .services import add_environment, create_project

LONGEST_SLUG = 60


@transaction.atomic
def add_mapping(
    *, pattern: str, project: Project | None = None, role: str = "", site_admin: bool = False, actor: Actor
) -> GroupMapping | PendingChange:
    """Raises Invalid for a pattern that does not say one project and one role, Conflict when it is there already.

    One that gives a role that counts waits for a second site admin, where the site asks for it.
    """
    can_map_groups(actor).require()
    mapping = GroupMapping(pattern=pattern, project=project, role=role, site_admin=site_admin)
    _check(mapping)
    return _wish(mapping, actor) or _put(mapping, actor, by=actor.user)


@transaction.atomic
def change_mapping(
    *, mapping: GroupMapping, pattern: str, project: Project | None, role: str, site_admin: bool, actor: Actor
) -> GroupMapping | PendingChange:
    can_map_groups(actor).require()
    mapping = locked(GroupMapping.objects.all(), "project", pk=mapping.pk)
    mapping.pattern, mapping.project, mapping.role, mapping.site_admin = pattern, project, role, site_admin
    _check(mapping)
    return _wish(mapping, actor) or _put(mapping, actor, by=actor.user)


def _put(mapping: GroupMapping, actor: Actor, *, by: User) -> GroupMapping:
    present = GroupMapping.objects.select_related("project").filter(pk=mapping.pk).first()
    before = _facts(present) if present else None
    mapping._history_user = by  # type: ignore[attr-defined]
    mapping.save()
    record(
        actor=actor,
        action="group_mapping.changed" if present else "group_mapping.added",
        subject=mapping,
        label=mapping.pattern,
        before=before,
        after=_facts(mapping),
    )
    return mapping


def _wish(mapping: GroupMapping, actor: Actor) -> PendingChange | None:
    """What a second site admin has to confirm: a group that gives a role that counts, in a project or in all."""
    harmless = mapping.role in (Role.VIEWER, Role.AUDITOR) or (
        mapping.project and mapping.role and not controls.counts(mapping.role, mapping.project)
    )
    if (harmless and not mapping.site_admin) or not controls.needs_second_person(actor, None):
        return None
    gives = "site admin" if mapping.site_admin else ROLE_WORDS.get(mapping.role, "the role that it names")
    return controls.ask(
        kind="group_mapping",
        subject=f"group_mapping:{mapping.uid if mapping.pk else mapping.pattern}"[:200],
        label=f"The group {mapping.pattern} gives {gives}",
        reasons=["everyone in this group gets it at their next sign-in"],
        project=None,
        actor=actor,
        data={"mapping": str(mapping.uid) if mapping.pk else None, **_facts(mapping), "pattern": mapping.pattern},
    )


def _confirmed_mapping(change: PendingChange, actor: Actor) -> None:
    wanted = change.data
    mapping = GroupMapping() if wanted["mapping"] is None else GroupMapping.objects.filter(uid=wanted["mapping"]).first()
    if mapping is None:
        raise Conflict("This mapping was removed meanwhile.")
    mapping.project = Project.objects.get(slug=wanted["project"]) if wanted["project"] else None
    mapping.pattern, mapping.role, mapping.site_admin = wanted["pattern"], wanted["role"], wanted["site_admin"]
    _check(mapping)
    _put(mapping, actor, by=change.asked_by)


@transaction.atomic
def remove_mapping(*, mapping: GroupMapping, actor: Actor) -> None:
    """What it gave is taken away at each person's next sign-in or renewal."""
    can_map_groups(actor).require()
    record(actor=actor, action="group_mapping.removed", subject=mapping, label=mapping.pattern, before=_facts(mapping))
    mapping._history_user = actor.user  # type: ignore[attr-defined]
    mapping.delete()


@transaction.atomic
def apply_groups(*, person: User, groups: Collection[str], create_projects: bool = False, actor: Actor) -> None:
    """Give and take what `groups` say. Roles that were given here are not touched.

    `create_projects` makes a project that a group names and that is not there yet. `actor` stands for the installation.
    """
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    given = given_by(groups, _meanings())
    wanted = _wanted(given, create_projects, actor)
    present = Membership.objects.filter(user=person, source=Membership.Source.PROVIDER).select_related("project")
    held = {(membership.project_id, membership.role): membership for membership in present}
    for place, membership in held.items():
        if place not in wanted:
            take_role(membership, actor)
    for place, project in wanted.items():
        if place not in held:
            put_role(Membership(user=person, project=project, role=place[1], source=Membership.Source.PROVIDER), actor)
    follow_site_admin(person=person, given=given.site_admin, actor=actor)


def _wanted(given: Given, create_projects: bool, actor: Actor) -> dict[tuple[int, str], Project]:
    slugs = {slug for slug, _ in given.roles}
    projects = {project.slug: project for project in Project.objects.filter(slug__in=slugs)}
    new = {slug for slug in slugs - projects.keys() if len(slug) <= LONGEST_SLUG}
    for slug in sorted(new) if create_projects else ():
        projects[slug] = _project_in_time(slug, actor)
    return {(projects[slug].pk, role): projects[slug] for slug, role in sorted(given.roles) if slug in projects}


def _project_in_time(slug: str, actor: Actor) -> Project:
    """It begins with four eyes; its admins tighten it."""
    try:
        with transaction.atomic():
            project = create_project(slug=slug, name=slug.replace("-", " ").replace("_", " ").capitalize(), actor=actor)
    except (Invalid, IntegrityError):
        # A colleague of the same group may have arrived at the same moment.
        if made := Project.objects.filter(slug=slug).first():
            return made
        raise
    for lane, rules in TEMPLATES["four_eyes"].under(Floor.objects.first()):
        add_environment(project=project, slug=lane.slug, name=lane.name, rules=rules, grace_days=lane.grace_days, actor=actor)
    return project


def _meanings() -> list[Meaning]:
    return [_meaning(mapping) for mapping in GroupMapping.objects.select_related("project")]


def _meaning(mapping: GroupMapping) -> Meaning:
    slug = mapping.project.slug if mapping.project else ""
    return Meaning(pattern=mapping.pattern, project=slug, role=mapping.role, site_admin=mapping.site_admin)


def _check(mapping: GroupMapping) -> None:
    faults = faults_of(_meaning(mapping))
    if mapping.role and mapping.role not in Role.values:
        faults["role"] = f"Roles are {', '.join(Role.values)}."
    if len(mapping.pattern) > 200:
        faults["pattern"] = "At most 200 characters."
    if faults:
        raise Invalid(faults)
    same = GroupMapping.objects.filter(pattern=mapping.pattern, project=mapping.project, role=mapping.role, site_admin=mapping.site_admin)
    if same.exclude(pk=mapping.pk).exists():
        raise Conflict(f"{mapping.pattern} means this already.")


def _facts(mapping: GroupMapping) -> dict[str, Any]:
    slug = mapping.project.slug if mapping.project else None
    return {"pattern": mapping.pattern, "project": slug, "role": mapping.role, "site_admin": mapping.site_admin}


controls.register("group_mapping", carry_out=_confirmed_mapping)
