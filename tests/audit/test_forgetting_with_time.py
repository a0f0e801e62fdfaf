"""`AUDIT_WHO_DAYS`: who acted is forgotten with time, and every chain stays whole."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.tasks import forget_old
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry, Snapshot
from promptstudio.audit.services import forget_old_who
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_version
from tests.web.reading import at, text

DAY = timedelta(days=1)


@pytest.fixture
def long_ago(prompt: Prompt, cast: Cast) -> None:
    """Alice, from an address, a hundred days ago; and again half as long ago."""
    alice = Actor(user=cast.alice.user, address="192.0.2.7")
    with clock.at(clock.now() - 100 * DAY):
        a_version(prompt, by=alice)
    with clock.at(clock.now() - 50 * DAY):
        a_version(prompt, by=alice, text="Newer {{claim}}")


def with_address() -> int:
    return Snapshot.objects.filter(content__contains="192.0.2.7").count()


def test_old_addresses_go_and_the_rest_stays(long_ago: None, cast: Cast, settings: Any) -> None:
    before, settings.AUDIT_WHO_DAYS = with_address(), 90
    forget_old()
    assert 0 < with_address() < before
    assert list(faults()) == []
    said = Entry.objects.get(action="names.erased")
    assert said.project_uid is None
    assert "192.0.2.7" not in said.data
    forget_old()
    assert Entry.objects.filter(action="names.erased").count() == 1


def test_pages_still_say_who_it_was(long_ago: None, cast: Cast, settings: Any, client: Client) -> None:
    settings.AUDIT_WHO_DAYS = 90
    forget_old()
    assert text(at(client, cast.axel).get("/p/claims/audit/")).count("Alice saved") == 2
    page = text(at(client, cast.root).get("/audit/?kind=accounts"))
    assert "erased names and addresses from" in page


def test_by_default_everything_is_kept(long_ago: None) -> None:
    before = with_address()
    forget_old()
    assert with_address() == before


def test_many_are_done_in_parts(long_ago: None) -> None:
    before = clock.now() - 90 * DAY
    old = Entry.objects.filter(created_at__lt=before).count()
    assert old > 1
    assert forget_old_who(before=before, actor=system(), at_once=1) == old
    assert f'"entries":{old}' in Entry.objects.get(action="names.erased").data
