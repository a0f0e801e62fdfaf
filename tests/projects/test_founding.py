"""A project starts from its governance: who defines, who implements, who validates."""

from typing import Any

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.founding import TEMPLATES
from promptstudio.projects.founding_services import Founders, found_project, slug_of
from promptstudio.projects.models import Membership, PendingChange, Project
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import set_floor
from promptstudio.prompts.models import Version
from tests.cast import Cast, a_prompt, a_version, approved, promote


def team(cast: Cast) -> Founders:
    return Founders(defines=[cast.alice.user], implements=[cast.bella.user], validates=[cast.bob.user], keeps=[cast.dora.user])


def founded(cast: Cast, **more: Any) -> Project:
    return found_project(**{"name": "Motor claims", "template": "four_eyes", "founders": team(cast), "actor": cast.root, **more})


def test_its_people_and_environments_are_there(cast: Cast) -> None:
    project = founded(cast, description="Everything about cars.")
    assert (project.slug, project.description) == ("motor-claims", "Everything about cars.")
    assert set(project.memberships.values_list("user__name", "role")) == {
        ("Alice", "domain_expert"),
        ("Bella", "technical"),
        ("Bob", "product"),
        ("Dora", "admin"),
    }
    assert [place.slug for place in project.environments.all()] == ["development", "staging", "production"]
    assert project.environments.last().policy.rules.approvals == {"product": 1, "technical": 1}


@pytest.mark.parametrize("template", TEMPLATES)
def test_its_people_get_a_version_into_production(cast: Cast, template: str) -> None:
    project = founded(cast, template=template)
    places = {place.slug: place for place in project.environments.all()}
    version: Version = a_version(a_prompt(project, by=cast.alice), by=cast.alice)
    promote(version, places["development"], places["staging"], by=cast.alice)
    approved(version, places["production"], asked_by=cast.alice, by=[cast.bob] if template == "light" else [cast.bob, cast.bella])
    assert promote(version, places["production"], by=cast.dora)


@pytest.mark.parametrize(
    ("lists", "field", "sentence"),
    [
        ({"validates": ()}, "template", "Nobody could satisfy this today"),
        ({"keeps": ()}, "keeps", "at least one person who keeps the settings"),
    ],
)
def test_what_nobody_could_satisfy_is_refused_and_leaves_nothing(cast: Cast, lists: dict[str, Any], field: str, sentence: str) -> None:
    people = {"defines": [cast.alice.user], "implements": [cast.bella.user], "validates": [cast.bob.user], "keeps": [cast.dora.user]}
    with pytest.raises(Invalid) as refused:
        founded(cast, founders=Founders(**people | lists))
    assert sentence in refused.value.errors[field]
    assert not Project.objects.filter(slug="motor-claims").exists()


def test_one_person_in_both_lists_is_one_person(cast: Cast) -> None:
    alone = Founders(defines=[cast.alice.user], implements=[cast.bob.user], validates=[cast.bob.user], keeps=[cast.dora.user])
    with pytest.raises(Invalid, match="the roles in this project allow 1"):
        founded(cast, founders=alone)


def test_whoever_makes_it_does_not_count_in_it(cast: Cast) -> None:
    """A role that one gives oneself counts for nothing, here as anywhere."""
    people = Founders(defines=[cast.alice.user], implements=[cast.bella.user], validates=[cast.root.user], keeps=[cast.dora.user])
    with pytest.raises(Invalid, match="Nobody could satisfy this"):
        founded(cast, founders=people)


def test_the_floor_of_the_site_holds_from_the_first_day(cast: Cast) -> None:
    set_floor(data=Rules(approvals={"technical": 1}, change_record=True).model_dump(mode="json"), actor=cast.root)
    rules = founded(cast, template="light").environments.last().policy.rules
    assert (rules.approvals, rules.change_record) == ({"product": 1, "technical": 1}, True)


def test_nothing_waits_for_a_second_person_while_there_is_nothing_to_open(cast: Cast, settings: Any) -> None:
    settings.SECOND_PERSON = True
    second = User.objects.create_superuser("rhea", name="Rhea")
    assert founded(cast).memberships.count() == 4
    assert not PendingChange.objects.exists()
    assert second.is_site_admin


def test_only_a_site_admin_founds(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        founded(cast, actor=cast.dora)


def test_an_address_is_taken_once(cast: Cast) -> None:
    founded(cast)
    with pytest.raises(Conflict, match="motor-claims"):
        founded(cast)
    assert Membership.objects.filter(project__slug="motor-claims").count() == 4


@pytest.mark.parametrize(("name", "slug"), [("Home claims", "home-claims"), ("Ärger & Co.", "arger-co"), ("x" * 90, "x" * 60)])
def test_an_address_is_made_from_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_name_without_letters_asks_for_an_address() -> None:
    with pytest.raises(Invalid, match="no Latin letters"):
        slug_of("保険")


def test_a_template_that_is_none_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Choose how changes are looked at"):
        founded(cast, template="none", actor=Actor(cast.root.user))
