"""What guardian says follows from memberships, always."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from promptstudio.accounts.actor import Actor
from promptstudio.projects.mirror import mirror_everything
from promptstudio.projects.models import FolderGroupPermission, Membership, ProjectGroupPermission, Role
from promptstudio.projects.permissions import can
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.roles import IN_A_FOLDER, ROLES
from promptstudio.projects.services import folder_at
from tests.cast import Cast, a_person


def rows() -> set[tuple[Any, ...]]:
    return {
        *ProjectGroupPermission.objects.values_list("group__name", "permission__codename", "content_object"),
        *FolderGroupPermission.objects.values_list("group__name", "permission__codename", "content_object"),
    }


@pytest.mark.parametrize("role", Role.values)
def test_guardian_and_the_table_of_roles_agree(cast: Cast, role: str) -> None:
    """Whoever asks as Django people do gets the answer that our services give."""
    person = a_person("Zoe", cast.claims, role, by=cast.root)
    for deed, roles in ROLES.items():
        expected = role in roles
        assert bool(can(person, deed, cast.claims)) is expected, deed
        assert person.user.has_perm(f"projects.{deed}_project", cast.claims) is expected, deed
        assert not person.user.has_perm(f"projects.{deed}_project", cast.elsewhere), deed


@pytest.mark.parametrize("role", IN_A_FOLDER)
def test_they_agree_in_a_folder(cast: Cast, role: str) -> None:
    folder, below, beside = (folder_at(project=cast.claims, path=path) for path in ("Property", "Property/Water", "Motor"))
    grant_role(project=cast.claims, user=cast.charlie.user, role=role, folder=folder, actor=cast.dora)
    for deed, roles in ROLES.items():
        for place, expected in ((folder, role in roles), (below, role in roles), (beside, False)):
            assert bool(can(cast.charlie, deed, place)) is expected, (deed, place)
            assert cast.charlie.user.has_perm(f"projects.{deed}_folder", place) is expected, (deed, place)


def test_a_role_taken_away_opens_nothing_any_more(cast: Cast) -> None:
    assert can(cast.alice, "write", cast.claims)
    revoke_role(membership=Membership.objects.get(user=cast.alice.user), actor=cast.dora)
    assert not can(cast.alice, "write", cast.claims)
    assert not cast.alice.user.groups.exists()


def test_two_roles_of_one_person_go_one_by_one(cast: Cast) -> None:
    grant_role(project=cast.claims, user=cast.alice.user, role="admin", actor=cast.root)
    revoke_role(membership=Membership.objects.get(user=cast.alice.user, role="domain_expert"), actor=cast.dora)
    assert can(cast.alice, "administer", cast.claims)
    assert can(cast.alice, "write", cast.claims)


def test_the_same_role_from_two_sources_stays_until_both_are_gone(cast: Cast) -> None:
    provided = Membership.objects.create(project=cast.claims, user=cast.alice.user, role="domain_expert", source="provider")
    revoke_role(membership=Membership.objects.get(user=cast.alice.user, source="local"), actor=cast.dora)
    assert can(cast.alice, "write", cast.claims)
    provided.delete()
    assert not can(cast.alice, "write", cast.claims)


def test_whoever_left_may_do_nothing(cast: Cast) -> None:
    cast.alice.user.is_active = False
    cast.alice.user.save()
    assert not can(Actor(cast.alice.user), "read", cast.claims)


def test_it_is_made_anew_from_memberships_alone(cast: Cast) -> None:
    grant_role(
        project=cast.claims, user=cast.charlie.user, role="product", folder=folder_at(project=cast.claims, path="A/B"), actor=cast.dora
    )
    folder_at(project=cast.claims, path="A/B/C")
    before = rows()
    assert before
    stranger = Group.objects.create(name="A group of somebody else")
    ProjectGroupPermission.objects.filter(permission__codename="write_project").delete()
    taken = ProjectGroupPermission.objects.first()
    assert taken
    ProjectGroupPermission.objects.create(group=stranger, permission=taken.permission, content_object=cast.elsewhere)
    cast.alice.user.groups.clear()
    mirror_everything()
    assert rows() == before
    assert can(cast.alice, "write", cast.claims)
