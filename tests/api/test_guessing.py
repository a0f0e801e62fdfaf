"""Keys that nobody has are slowed down; a key in use goes on, wherever it comes from."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from promptstudio.accounts.throttling import UNKNOWN_KEYS_BY_ADDRESS, UNKNOWN_KEYS_BY_BEGINNING
from promptstudio.audit.models import Entry
from promptstudio.lib import clock
from promptstudio.projects.models import ApiKey
from promptstudio.web.sentences import sentences
from tests.lib.test_throttle import NOBODY_LISTENS, NOON

from .cast import Application, Cast
from .test_refusals import problem

MOST = UNKNOWN_KEYS_BY_ADDRESS.most


@pytest.fixture(autouse=True)
def one_window() -> Iterator[None]:
    """However slow the machine is: what is counted here falls into one window, and a pause of thirty seconds is one."""
    with clock.at(NOON):
        yield


def guess(times: int, *, address: str = "192.0.2.66", beginning: str = "") -> list[int]:
    client = Client(REMOTE_ADDR=address)
    keys = [f"{beginning or f'ps_{address[-3:]}{number:05}'}guess{number}" for number in range(times)]
    return [Application(key, client).get("/prompts").status_code for key in keys]


def noticed() -> list[Entry]:
    return list(Entry.objects.filter(action="key.guessing_noticed"))


def test_guessing_gets_a_pause_as_a_problem_with_a_sentence(cast: Cast) -> None:
    assert set(guess(MOST)) == {401}
    answer = Application("ps_another", Client(REMOTE_ADDR="192.0.2.66")).get("/prompts")
    body = problem(answer, 429, "too_many")
    assert body["detail"] == "There were too many attempts from here. Wait 30 seconds, then try again."
    assert 0 < int(answer.headers["Retry-After"]) <= UNKNOWN_KEYS_BY_ADDRESS.first


def test_a_key_in_use_goes_on_from_there_and_from_elsewhere(cast: Cast) -> None:
    _, secret = cast.key("read")
    assert guess(MOST + 1)[-1] == 429
    for address in ("192.0.2.66", "198.51.100.7"):
        assert Application(secret, Client(REMOTE_ADDR=address)).get("/prompts").status_code == 200


def test_the_trail_is_told_once_for_each_pause(cast: Cast) -> None:
    guess(MOST * 4)
    (entry,) = noticed()
    assert entry.project_uid is None
    assert entry.data == '{"by":"address"}'
    (line,) = sentences([entry])
    assert line.html.startswith("Prompt Studio slowed requests from one address down: too many came with keys that are not in use")


def test_many_addresses_that_guess_at_one_key_are_slowed_down_and_its_project_reads_of_it(cast: Cast) -> None:
    key, secret = cast.key("read")
    for number in range(UNKNOWN_KEYS_BY_BEGINNING.most):
        guess(1, address=f"192.0.2.{number}", beginning=secret[:10])
    assert guess(1, address="203.0.113.9", beginning=secret[:10]) == [429]
    assert guess(1, address="203.0.113.9") == [401]
    assert Application(secret, Client(REMOTE_ADDR="203.0.113.9")).get("/prompts").status_code == 200
    (entry,) = noticed()
    assert (entry.project_uid, entry.object_uid) == (cast.project.uid, key.uid)
    assert "begin like the key <b>Test</b> and are not it" in sentences([entry])[0].html


def test_a_key_in_use_is_answered_while_the_cache_is_away(cast: Cast, settings: Any) -> None:
    settings.CACHES = NOBODY_LISTENS
    assert cast.application("read").get("/prompts").status_code == 200
    assert guess(MOST + 1) == [401] * MOST + [429]


@pytest.fixture
def read_only(transactional_db: None) -> Callable[[], AbstractContextManager[None]]:
    """While it lasts, the database itself refuses to be written to."""
    on, off = ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
    if connection.vendor == "postgresql":
        on, off = "SET default_transaction_read_only = on", "SET default_transaction_read_only = off"

    @contextmanager
    def refusing() -> Iterator[None]:
        connection.cursor().execute(on)
        try:
            yield
        finally:
            connection.cursor().execute(off)

    return refusing


def test_guessing_is_answered_while_the_database_takes_no_writes(read_only: Any, cast: Cast) -> None:
    with read_only():
        assert guess(MOST + 1) == [401] * MOST + [429]
    assert noticed() == []


def test_reading_goes_on_while_the_database_takes_no_writes(read_only: Any, cast: Cast) -> None:
    """Neither the first use of a key nor the minute in which it was used can be noted."""
    application = cast.application("read")
    with read_only():
        assert application.get("/prompts").status_code == 200
    assert not Entry.objects.filter(action="key.first_use").exists()
    assert ApiKey.objects.get().last_used_at is None
    assert application.get("/prompts").status_code == 200
    assert ApiKey.objects.get().last_used_at


def test_writing_says_that_it_cannot_be_done_now(read_only: Any, cast: Cast) -> None:
    application = cast.application("read", "write")
    with read_only():
        problem(application.post("/prompts", {"title": "Storm"}), 503, "unavailable")
