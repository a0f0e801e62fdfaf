"""Who does something, and who answers for it."""

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.models import User
from tests.cast import Cast, a_key, an_application


def test_a_person_answers_for_themselves(cast: Cast) -> None:
    assert cast.alice.answerable == cast.alice.user


def test_for_a_key_its_responsible_person_answers(cast: Cast) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.bob, by=cast.dora), "read", by=cast.dora)
    assert (key.user.kind, key.answerable) == ("service_account", cast.bob.user)


def test_the_clock_acts_in_the_name_of_one_row_that_cannot_sign_in(db: None) -> None:
    assert system().user == system().user
    assert (system().user.kind, system().user.is_active, system().via) == ("system", False, "schedule")


def test_an_actor_does_not_change(cast: Cast) -> None:
    with pytest.raises(AttributeError):
        cast.alice.user = cast.bob.user  # type: ignore[misc]


def test_people_have_no_password(cast: Cast) -> None:
    assert not cast.alice.user.has_usable_password()


def test_an_inactive_administrator_is_none(cast: Cast) -> None:
    assert User(is_superuser=True, is_active=True).is_site_admin
    assert not User(is_superuser=True, is_active=False).is_site_admin


def test_who_only_has_a_user_is_a_person_at_a_page(cast: Cast) -> None:
    assert (Actor(user=cast.alice.user).via, Actor(user=cast.alice.user).key) == ("page", None)
