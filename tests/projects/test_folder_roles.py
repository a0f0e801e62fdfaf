"""A folder can have its own owners and reviewers, on top of the project's."""

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import gates, waiting
from promptstudio.deployments import services as deployments
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Folder, Project
from promptstudio.projects.permissions import can, roles_at
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_person, a_version, approved, asked, promote


@pytest.fixture
def water(cast: Cast) -> Folder:
    return folder_at(project=cast.claims, path="Property/Water")


@pytest.fixture
def property_(cast: Cast) -> Folder:
    return folder_at(project=cast.claims, path="Property")


@pytest.fixture
def letter(cast: Cast, water: Folder) -> Prompt:
    return prompts.create_prompt(project=cast.claims, title="Letter", folder="Property/Water", actor=cast.alice)


@pytest.fixture
def motor(cast: Cast) -> Prompt:
    return prompts.create_prompt(project=cast.claims, title="Motor", folder="Motor", actor=cast.alice)


def given(cast: Cast, who: Actor, role: str, folder: Folder) -> Actor:
    grant_role(project=cast.claims, user=who.user, role=role, folder=folder, actor=cast.dora)
    return who


def test_a_role_in_a_folder_holds_below_it_and_nowhere_else(cast: Cast, letter: Prompt, motor: Prompt, property_: Folder) -> None:
    given(cast, cast.charlie, "domain_expert", property_)
    assert can(cast.charlie, "write", letter.folder)
    assert not can(cast.charlie, "write", motor.folder)
    assert not can(cast.charlie, "write", cast.claims)
    assert roles_at(cast.charlie.user, letter.folder) == {"domain_expert"}
    assert roles_at(cast.charlie.user, cast.claims) == set()


def test_only_what_lies_in_the_folder_is_seen(cast: Cast, letter: Prompt, motor: Prompt, property_: Folder) -> None:
    versions = [a_version(each, by=cast.alice) for each in (letter, motor)]
    given(cast, cast.charlie, "viewer", property_)
    assert set(Prompt.objects.visible_to(cast.charlie)) == {letter}
    assert set(Version.objects.visible_to(cast.charlie)) == {versions[0]}
    assert set(Project.objects.visible_to(cast.charlie)) == {cast.claims, cast.elsewhere}
    assert not Draft.objects.visible_to(cast.charlie).exclude(prompt=letter).exists()


def test_a_folder_that_is_made_later_inherits(cast: Cast, property_: Folder) -> None:
    given(cast, cast.charlie, "domain_expert", property_)
    made = prompts.create_prompt(project=cast.claims, title="Hail", folder="Property/Storm/Hail", actor=cast.charlie)
    assert set(Prompt.objects.visible_to(cast.charlie)) == {made}


@pytest.mark.parametrize("path", ["Propertyx", "property", "Prop", "Other/Property"])
def test_a_folder_that_is_only_alike_is_another_one(cast: Cast, property_: Folder, path: str) -> None:
    given(cast, cast.charlie, "domain_expert", property_)
    folder = folder_at(project=cast.claims, path=path)
    prompts.create_prompt(project=cast.claims, title="Alike", folder=path, actor=cast.alice)
    assert not can(cast.charlie, "read", folder)
    assert not Prompt.objects.visible_to(cast.charlie).exists()


def test_whoever_writes_in_a_folder_moves_nothing_out_of_it(cast: Cast, letter: Prompt, property_: Folder) -> None:
    given(cast, cast.charlie, "domain_expert", property_)
    prompts.change_prompt(prompt=letter, folder="Property", actor=cast.charlie)
    with pytest.raises(NotAllowed):
        prompts.change_prompt(prompt=letter, folder="Motor", actor=cast.charlie)
    with pytest.raises(NotAllowed):
        prompts.create_prompt(project=cast.claims, title="Mine", folder="", actor=cast.charlie)
    assert Prompt.objects.get(pk=letter.pk).folder.path == "Property"


def test_a_reviewer_of_the_folder_approves_there_and_not_elsewhere(cast: Cast, letter: Prompt, motor: Prompt, property_: Folder) -> None:
    given(cast, cast.charlie, "technical", property_)
    here, there = a_version(letter, by=cast.alice), a_version(motor, by=cast.alice)
    for version in (here, there):
        promote(version, cast.development, cast.staging, by=cast.alice)
    approved(here, cast.production, asked_by=cast.alice, by=[cast.bob, cast.charlie])
    assert promote(here, cast.production, by=cast.alice)
    review = asked(there, cast.production, by=cast.alice)
    with pytest.raises(NotAllowed, match="Your roles do not decide here"):
        deployments.decide(review=review, verdict="approve", seen=None, actor=cast.charlie)
    assert [item.review for item in waiting.reviews_for(cast.charlie)] == []


def test_what_waits_for_a_reviewer_of_a_folder_is_of_that_folder(cast: Cast, letter: Prompt, motor: Prompt, property_: Folder) -> None:
    given(cast, cast.charlie, "product", property_)
    reviews: list[Review] = [asked(a_version(each, by=cast.alice), cast.production, by=cast.alice) for each in (letter, motor)]
    assert [item.review for item in waiting.reviews_for(cast.charlie)] == reviews[:1]


def test_the_gate_names_the_reviewers_of_the_folder(cast: Cast, letter: Prompt, property_: Folder) -> None:
    given(cast, cast.charlie, "technical", property_)
    candidate = gates.candidate_for(a_version(letter, by=cast.alice), cast.production)
    assert "Charlie" in gates.Approvals().check(candidate).reason


def test_an_approval_lapses_when_the_role_in_the_folder_goes(cast: Cast, letter: Prompt, property_: Folder) -> None:
    membership = grant_role(project=cast.claims, user=cast.charlie.user, role="technical", folder=property_, actor=cast.dora)
    version = a_version(letter, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.charlie])
    assert gates.Approvals().check(gates.candidate_for(version, cast.production)).passed
    revoke_role(membership=membership, actor=cast.dora)
    assert not gates.Approvals().check(gates.candidate_for(version, cast.production)).passed


def test_deploying_asks_for_a_deployer_of_that_folder(cast: Cast, letter: Prompt, motor: Prompt, property_: Folder) -> None:
    narrow = Rules(deployers=("technical",))
    place = add_environment(project=cast.claims, slug="pilot", name="Pilot", rules=narrow, actor=cast.root)
    given(cast, cast.charlie, "technical", property_)
    assert promote(a_version(letter, by=cast.alice), place, by=cast.charlie)
    with pytest.raises(NotAllowed):
        promote(a_version(motor, by=cast.alice), place, by=cast.charlie)


def test_the_owner_of_a_folder_gives_roles_in_it_and_not_beyond(cast: Cast, property_: Folder, water: Folder) -> None:
    owner = given(cast, cast.charlie, "admin", property_)
    someone = User.objects.create_user("zoe", name="Zoe")
    membership = grant_role(project=cast.claims, user=someone, role="viewer", folder=water, actor=owner)
    revoke_role(membership=membership, actor=owner)
    with pytest.raises(NotAllowed):
        grant_role(project=cast.claims, user=someone, role="viewer", actor=owner)
    with pytest.raises(NotAllowed):
        grant_role(project=cast.claims, user=someone, role="viewer", folder=folder_at(project=cast.claims, path="Motor"), actor=owner)


def test_a_role_is_given_once_for_each_place(cast: Cast, property_: Folder) -> None:
    given(cast, cast.alice, "domain_expert", property_)
    with pytest.raises(Conflict, match="already has this role here"):
        given(cast, cast.alice, "domain_expert", property_)


def test_the_trail_has_no_auditor_of_a_folder(cast: Cast, property_: Folder) -> None:
    with pytest.raises(Invalid, match="belongs to the whole project"):
        given(cast, cast.charlie, "auditor", property_)


def test_a_folder_of_another_project_is_refused(cast: Cast) -> None:
    theirs = folder_at(project=cast.elsewhere, path="Property")
    with pytest.raises(Invalid, match="belongs to another project"):
        grant_role(project=cast.claims, user=cast.charlie.user, role="viewer", folder=theirs, actor=cast.root)


def test_the_last_admin_of_a_project_is_not_one_of_a_folder(cast: Cast, property_: Folder) -> None:
    given(cast, cast.alice, "admin", property_)
    own = cast.claims.memberships.get(user=cast.dora.user)
    with pytest.raises(Conflict, match="last project admin"):
        revoke_role(membership=own, actor=cast.root)
    a_person("Zoe", cast.claims, "admin", by=cast.root)
    revoke_role(membership=own, actor=cast.root)
