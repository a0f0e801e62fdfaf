"""Keys of applications: bound to a folder, and changed without an outage."""

from datetime import timedelta

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.key_services import create_key, key_for, revoke_key, rotate_key
from promptstudio.projects.models import ApiKey, ServiceAccount
from promptstudio.projects.services import folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_version, an_application

DAY = timedelta(days=1)


@pytest.fixture
def account(cast: Cast) -> ServiceAccount:
    return an_application(cast.claims, responsible=cast.alice, by=cast.dora)


def in_folder(cast: Cast, account: ServiceAccount, path: str, *scopes: str) -> Actor:
    key, _ = create_key(account=account, name="Bound", scopes=scopes, folder=folder_at(project=cast.claims, path=path), actor=cast.dora)
    return Actor(user=account.user, key=key, via="api")


def test_a_key_of_a_folder_reads_and_writes_there_and_below(cast: Cast, account: ServiceAccount) -> None:
    inside, below, beside = (
        prompts.create_prompt(project=cast.claims, title=path, folder=path, actor=cast.alice)
        for path in ("Property", "Property/Water", "property")
    )
    machine = in_folder(cast, account, "Property", "read", "write")
    assert set(Prompt.objects.visible_to(machine)) == {inside, below}
    assert a_version(below, by=machine)
    with pytest.raises(NotAllowed, match="bound to the folder Property"):
        a_version(beside, by=machine)
    with pytest.raises(NotAllowed, match="bound to the folder Property"):
        prompts.create_prompt(project=cast.claims, title="Mine", folder="Motor", actor=machine)


def test_a_new_key_works_beside_the_old_one_for_as_long_as_wanted(cast: Cast, account: ServiceAccount) -> None:
    folder = folder_at(project=cast.claims, path="Property")
    old, secret = create_key(
        account=account, name="Nightly", scopes=["read"], environment=cast.staging, folder=folder, expires_at=None, actor=cast.dora
    )
    new, new_secret = rotate_key(key=old, overlap=DAY, actor=cast.dora)
    assert (new.scopes, new.environment, new.folder, new.name, new.replaces) == (["read"], cast.staging, folder, "Nightly", old)
    assert (key_for(secret), key_for(new_secret)) == (old, new)
    with clock.at(clock.now() + DAY + timedelta(minutes=1)):
        assert (key_for(secret), key_for(new_secret)) == (None, new)


def test_without_overlap_the_old_one_ends_at_once(cast: Cast, account: ServiceAccount) -> None:
    old, secret = create_key(account=account, name="Leaked", scopes=["read"], actor=cast.dora)
    rotate_key(key=old, overlap=timedelta(0), actor=cast.dora)
    assert key_for(secret) is None


def test_an_old_key_never_lives_longer_by_being_changed(cast: Cast, account: ServiceAccount) -> None:
    ends_at = clock.now() + timedelta(hours=1)
    old, _ = create_key(account=account, name="Short", scopes=["read"], expires_at=ends_at, actor=cast.dora)
    rotate_key(key=old, overlap=30 * DAY, actor=cast.dora)
    assert ApiKey.objects.get(pk=old.pk).expires_at == ends_at


def test_a_key_is_changed_once(cast: Cast, account: ServiceAccount) -> None:
    old, _ = create_key(account=account, name="Nightly", scopes=["read"], actor=cast.dora)
    rotate_key(key=old, overlap=DAY, actor=cast.dora)
    with pytest.raises(Conflict, match="newer key in place"):
        rotate_key(key=old, overlap=DAY, actor=cast.dora)


def test_what_is_revoked_is_not_changed(cast: Cast, account: ServiceAccount) -> None:
    old, _ = create_key(account=account, name="Nightly", scopes=["read"], actor=cast.dora)
    revoke_key(key=old, actor=cast.dora)
    with pytest.raises(Conflict, match="This key is revoked"):
        rotate_key(key=ApiKey.objects.get(pk=old.pk), overlap=DAY, actor=cast.dora)


def test_only_an_admin_changes_keys(cast: Cast, account: ServiceAccount) -> None:
    old, secret = create_key(account=account, name="Nightly", scopes=["read"], actor=cast.dora)
    with pytest.raises(NotAllowed):
        rotate_key(key=old, overlap=DAY, actor=cast.bob)
    assert key_for(secret) == old


def test_a_folder_of_another_project_is_refused(cast: Cast, account: ServiceAccount) -> None:
    theirs = folder_at(project=cast.elsewhere, path="Property")
    with pytest.raises(Invalid, match="belongs to another project"):
        create_key(account=account, name="Bound", scopes=["read"], folder=theirs, actor=cast.dora)
