"""Who says what groups give, and what that does to a person."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.models import Identity, User
from promptstudio.audit.models import Entry
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.group_mappings import add_mapping, apply_groups, change_mapping, remove_mapping
from promptstudio.projects.models import GroupMapping, Membership, Project
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import set_floor
from tests.cast import Cast, a_key, an_application


def held(user: User) -> set[tuple[str, str, str]]:
    return {(row.project.slug, row.role, row.source) for row in Membership.objects.filter(user=user).select_related("project")}


@pytest.fixture
def readers(cast: Cast) -> GroupMapping:
    return add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)


def apply(person: Actor, *groups: str, **more: Any) -> None:
    apply_groups(person=person.user, groups=groups, actor=system("page"), **more)


def test_a_group_gives_and_its_going_takes(cast: Cast, readers: GroupMapping) -> None:
    apply(cast.charlie, "claims-readers")
    assert ("claims", "viewer", "provider") in held(cast.charlie.user)
    apply(cast.charlie)
    assert held(cast.charlie.user) == {("elsewhere", "product", "local")}
    actions = list(Entry.objects.filter(project_uid=cast.claims.uid, data__contains='"provider"').values_list("action", flat=True))
    assert actions == ["role.revoked", "role.granted"]


def test_the_same_again_changes_nothing_and_says_nothing(cast: Cast, readers: GroupMapping) -> None:
    apply(cast.charlie, "claims-readers")
    before = Entry.objects.count()
    apply(cast.charlie, "claims-readers")
    assert Entry.objects.count() == before


def test_the_same_role_given_here_stays(cast: Cast, readers: GroupMapping) -> None:
    grant_role(project=cast.claims, user=cast.charlie.user, role="viewer", actor=cast.dora)
    apply(cast.charlie, "claims-readers")
    assert {source for slug, _, source in held(cast.charlie.user) if slug == "claims"} == {"local", "provider"}
    apply(cast.charlie)
    assert ("claims", "viewer", "local") in held(cast.charlie.user)


def test_a_mapping_that_went_takes_its_roles_at_the_next_turn(cast: Cast, readers: GroupMapping) -> None:
    apply(cast.charlie, "claims-readers")
    remove_mapping(mapping=readers, actor=cast.root)
    apply(cast.charlie, "claims-readers")
    assert held(cast.charlie.user) == {("elsewhere", "product", "local")}


def test_a_provider_role_is_no_role_given_to_oneself(cast: Cast, readers: GroupMapping) -> None:
    apply(cast.charlie, "claims-readers")
    assert Membership.objects.get(user=cast.charlie.user, source="provider").granted_by is None


def test_who_changed_it_is_in_its_history(cast: Cast, readers: GroupMapping) -> None:
    change_mapping(mapping=readers, pattern="claims-others", project=cast.claims, role="auditor", site_admin=False, actor=cast.root)
    newest, oldest = GroupMapping.history.all()
    assert (newest.role, oldest.role) == ("auditor", "viewer")
    assert newest.history_user == cast.root.user


@pytest.mark.parametrize("who", ["dora", "alice", "charlie"])
def test_only_a_site_admin_says_what_groups_give(cast: Cast, readers: GroupMapping, who: str) -> None:
    actor = getattr(cast, who)
    with pytest.raises(NotAllowed):
        add_mapping(pattern="x", project=cast.claims, role="admin", actor=actor)
    with pytest.raises(NotAllowed):
        change_mapping(mapping=readers, pattern="x", project=cast.claims, role="admin", site_admin=False, actor=actor)
    with pytest.raises(NotAllowed):
        remove_mapping(mapping=readers, actor=actor)


def test_nor_does_a_key(cast: Cast) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.root, by=cast.dora), "read", "write", "deploy", by=cast.dora)
    with pytest.raises(NotAllowed):
        add_mapping(pattern="x", project=cast.claims, role="admin", actor=key)


def test_the_same_twice_is_a_conflict(cast: Cast, readers: GroupMapping) -> None:
    with pytest.raises(Conflict, match="means this already"):
        add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)
    add_mapping(pattern="claims-readers", project=cast.claims, role="auditor", actor=cast.root)
    add_mapping(pattern="bosses", site_admin=True, actor=cast.root)
    with pytest.raises(Conflict):
        add_mapping(pattern="bosses", site_admin=True, actor=cast.root)


@pytest.mark.parametrize(
    ("field", "given"), [("role", {"role": "king"}), ("pattern", {"pattern": "x" * 201}), ("project", {"project": None})]
)
def test_what_is_no_mapping_is_said_at_its_field(cast: Cast, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        add_mapping(**{"pattern": "x", "project": cast.claims, "role": "viewer", "actor": cast.root} | given)
    assert list(refused.value.errors) == [field]


def test_projects_are_made_in_time_only_when_that_is_wanted(cast: Cast) -> None:
    add_mapping(pattern="studio-<project>-<role>", actor=cast.root)
    apply(cast.charlie, "studio-motor-admin")
    assert not Project.objects.filter(slug="motor").exists()
    apply(cast.charlie, "studio-motor-admin", create_projects=True)
    motor = Project.objects.get(slug="motor")
    assert ("motor", "admin", "provider") in held(cast.charlie.user)
    assert [place.slug for place in motor.environments.all()] == ["development", "staging", "production"]
    assert motor.environments.get(slug="production").policy.rules.approvals == {"product": 1, "technical": 1}


def test_a_project_made_in_time_begins_at_the_floor(cast: Cast) -> None:
    add_mapping(pattern="studio-<project>-<role>", actor=cast.root)
    rules = Rules(approvals={"product": 2}, approver_may_deploy=False)
    set_floor(data=rules.model_dump(mode="json"), environments=["production"], actor=cast.root)
    apply(cast.charlie, "studio-motor-admin", create_projects=True)
    motor = Project.objects.get(slug="motor").environments.get(slug="production").policy.rules
    assert (motor.approvals, motor.approver_may_deploy) == ({"product": 2, "technical": 1}, False)


def test_a_group_too_long_for_a_project_makes_none(cast: Cast) -> None:
    add_mapping(pattern="studio-<project>-<role>", actor=cast.root)
    apply(cast.charlie, f"studio-{'x' * 61}-admin", create_projects=True)
    assert not Project.objects.filter(slug__startswith="xx").exists()


@pytest.fixture
def bosses(cast: Cast) -> Actor:
    """Charlie comes from the provider, whose “bosses” are site admins."""
    add_mapping(pattern="bosses", site_admin=True, actor=cast.root)
    Identity.objects.create(user=cast.charlie.user, issuer="https://id.example", subject="charlie")
    return cast.charlie


def site_admin(actor: Actor) -> bool:
    return User.objects.get(pk=actor.user.pk).is_site_admin


def test_a_group_makes_and_unmakes_a_site_admin(bosses: Actor) -> None:
    apply(bosses, "bosses")
    assert site_admin(bosses)
    apply(bosses)
    assert not site_admin(bosses)
    assert not User.objects.get(pk=bosses.user.pk).is_staff


def test_a_site_admin_made_here_stays_one(bosses: Actor) -> None:
    User.objects.filter(pk=bosses.user.pk).update(is_superuser=True)
    bosses.user.refresh_from_db()
    apply(bosses, "bosses")
    apply(bosses)
    assert site_admin(bosses)


def test_the_last_site_admin_stays_one(cast: Cast, bosses: Actor) -> None:
    apply(bosses, "bosses")
    User.objects.filter(pk=cast.root.user.pk).update(is_superuser=False)
    apply(bosses)
    assert site_admin(bosses)
    User.objects.filter(pk=cast.root.user.pk).update(is_superuser=True)
    apply(bosses)
    assert not site_admin(bosses), "as soon as somebody else is one"


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("map_groups", *arguments, stdout=out)
    return out.getvalue()


def test_the_first_mapping_comes_from_the_command_line(cast: Cast) -> None:
    command = ("studio-<project>-<role>", "--site-admins", "bosses")
    assert "studio-<project>-<role> is mapped." in said(*command)
    assert "means this already" in said(*command), "twice is once"
    said("claims-experts", "--project", "claims", "--role", "domain_expert")
    assert {(m.pattern, m.role, m.site_admin) for m in GroupMapping.objects.all()} == {
        ("studio-<project>-<role>", "", False),
        ("bosses", "", True),
        ("claims-experts", "domain_expert", False),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a group"),
        (["x", "--project", "nowhere", "--role", "viewer"], "There are: claims, elsewhere"),
        (["x", "--project", "claims", "--role", "king"], "Roles are"),
        (["x"], "Choose one"),
    ],
)
def test_a_mistake_on_the_command_line_is_said(cast: Cast, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        said(*arguments)
