"""The same person in two windows at the same moment, with real threads and real connections."""

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.models import Identity, User
from promptstudio.accounts.signing_in import Provided, arrive, make_break_glass, use_break_glass
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.lib.errors import NotAllowed
from promptstudio.projects.group_mappings import add_mapping, apply_groups
from promptstudio.projects.models import Membership
from tests.at_once import at_once, one_and_one
from tests.cast import Cast, hire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return hire()


@pytest.fixture
def door(cast: Cast) -> Actor:
    return system("page")


def test_who_arrives_twice_for_the_first_time_is_one_person(door: Actor) -> None:
    eddie = Provided("https://id.example", "eddie", "Eddie Expert", "eddie@claims.example")
    first, second, third = at_once(*[lambda: arrive(provided=eddie, actor=door)] * 3)
    assert first == second == third
    assert Identity.objects.count() == 1
    assert Entry.objects.filter(action="person.added").count() == 1
    assert User.objects.get(pk=first.pk).email == "eddie@claims.example"
    assert list(faults()) == []


def test_groups_applied_twice_give_one_role(cast: Cast, door: Actor) -> None:
    add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)
    applied = at_once(*[lambda: apply_groups(person=cast.charlie.user, groups=["claims-readers"], actor=door)] * 3)
    assert applied == [None, None, None]
    assert Membership.objects.filter(user=cast.charlie.user, source="provider").count() == 1


def test_one_password_lets_one_in(door: Actor) -> None:
    _, password = make_break_glass(name="ops", actor=door)
    answers = at_once(*[lambda: use_break_glass(name="ops", password=password, actor=door)] * 2)
    one_and_one(answers, User, NotAllowed)
    assert Entry.objects.filter(action="break_glass.used").count() == 1
