"""People are added and changed by site admins; nobody is deleted, and nobody locks everyone out."""

import pytest

from promptstudio.accounts import services
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from tests.cast import Cast, a_key, an_application


def change(person: User, by: Actor, **given: object) -> User:
    same = {"name": person.name, "email": "", "is_active": True, "is_staff": False, "is_site_admin": person.is_superuser}
    return services.change_person(**({"person": person, "actor": by} | same | given))  # type: ignore[arg-type]


@pytest.mark.parametrize("who", ["alice", "dora", "charlie"])
def test_only_site_admins_change_people(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed, match="Only a site admin"):
        services.add_person(username="x", name="X", actor=getattr(cast, who))
    with pytest.raises(NotAllowed, match="Only a site admin"):
        change(cast.vera.user, getattr(cast, who), is_site_admin=True)


def test_a_key_changes_nobody(cast: Cast) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=cast.dora, by=cast.dora), "write", by=cast.dora)
    with pytest.raises(NotAllowed):
        services.add_person(username="x", name="X", actor=Actor(user=cast.root.user, key=key, via="api"))


@pytest.mark.parametrize(
    ("field", "given"),
    [("username", {"username": " "}), ("name", {"name": " "}), ("email", {"email": "nobody"})],
)
def test_bad_input_is_said_at_its_field(cast: Cast, field: str, given: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        services.add_person(**({"username": "x", "name": "X", "actor": cast.root} | given))
    assert list(refused.value.errors) == [field]


def test_a_user_name_is_given_once(cast: Cast) -> None:
    with pytest.raises(Conflict, match="alice is taken"):
        services.add_person(username="alice", name="Another", actor=cast.root)


def test_the_last_site_admin_stays(cast: Cast) -> None:
    with pytest.raises(Conflict, match="last site admin"):
        change(cast.root.user, cast.root, is_site_admin=False)
    with pytest.raises(Conflict, match="last site admin"):
        change(cast.root.user, cast.root, is_active=False)


def test_with_another_one_they_may_leave(cast: Cast) -> None:
    change(cast.dora.user, cast.root, is_site_admin=True)
    assert not change(cast.root.user, cast.dora, is_active=False).is_active


def test_the_trail_keeps_no_name_of_theirs(cast: Cast) -> None:
    change(cast.vera.user, cast.root, name="Verena")
    entry = Entry.objects.get(action="person.changed")
    assert "Vera" not in entry.object_label + entry.data
