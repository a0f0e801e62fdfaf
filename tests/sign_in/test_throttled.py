"""Guessing at the sign-in gets slower and is told once; whoever has the right answer still comes in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.throttling import FAILED_BY_ADDRESS, FAILED_BY_NAME, STARTS
from promptstudio.audit.models import Entry
from promptstudio.lib import clock
from promptstudio.web.sentences import sentences
from tests.lib.test_throttle import NOBODY_LISTENS, NOON
from tests.web.reading import text

from .test_break_glass import URL, enter, made
from .test_pages import company

pytestmark = pytest.mark.django_db
CALLBACK = "/oidc/callback/?state=nobody-began-this&code=x"


@pytest.fixture(autouse=True)
def one_window() -> Iterator[None]:
    """However slow the machine is: what is counted here falls into one window, and a pause of thirty seconds is one."""
    with clock.at(NOON):
        yield


@pytest.fixture
def password(settings: Any) -> str:
    settings.BREAK_GLASS = True
    return made("ops")


def guess(times: int, *, name: str = "ops", address: str = "192.0.2.66") -> list[int]:
    return [enter(Client(REMOTE_ADDR=address), "wrong", name=name).status_code for _ in range(times)]


def slowed() -> list[Entry]:
    return list(Entry.objects.filter(action="sign_in.throttled"))


def test_guessing_a_password_gets_a_pause_with_a_sentence(password: str) -> None:
    assert set(guess(FAILED_BY_ADDRESS.most)) == {403}
    answer = enter(Client(REMOTE_ADDR="192.0.2.66"), password)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= FAILED_BY_ADDRESS.first
    assert "There were too many attempts from here. Wait 30 seconds, then try again." in text(answer)
    assert password not in text(answer)


def test_the_holder_comes_in_from_another_address_at_once(password: str) -> None:
    guess(FAILED_BY_ADDRESS.most + 5)
    assert enter(Client(REMOTE_ADDR="198.51.100.7"), password).status_code == 302


def test_a_name_is_slowed_down_when_many_addresses_guess_at_it(password: str) -> None:
    for number in range(FAILED_BY_NAME.most):
        guess(1, address=f"192.0.2.{number}")
    assert guess(1, address="192.0.2.1") == [429]
    assert guess(1, address="192.0.2.1", name="night-shift") == [403]
    # Whoever failed nowhere yet has a try, so that nobody keeps a name's holder out.
    assert enter(Client(REMOTE_ADDR="198.51.100.7"), password).status_code == 302


def test_the_trail_cannot_be_flooded_with_guesses(password: str) -> None:
    guess(60)
    assert Entry.objects.filter(action="sign_in.refused").count() == FAILED_BY_ADDRESS.most
    entries = slowed()
    assert [(entry.object_label, entry.data) for entry in entries] == [
        ("break-glass", '{"by":"address"}'),
        ("break-glass", '{"by":"name"}'),
    ][::-1]
    said = {line.html for line in sentences(entries)}
    assert "Prompt Studio slowed sign-ins from one address down: there were too many by break-glass" in said


def test_answers_that_nobody_asked_for_are_slowed_down_and_told_once(settings: Any) -> None:
    company(settings)
    stranger = Client(REMOTE_ADDR="192.0.2.66")
    codes = [stranger.get(CALLBACK).status_code for _ in range(FAILED_BY_ADDRESS.most + 20)]
    assert codes == [400] * FAILED_BY_ADDRESS.most + [429] * 20
    assert Entry.objects.filter(action="sign_in.refused").count() == FAILED_BY_ADDRESS.most
    assert len(slowed()) == 1
    assert Client(REMOTE_ADDR="198.51.100.7").get(CALLBACK).status_code == 400


def test_a_sign_in_that_began_here_goes_on_while_its_address_has_to_wait(settings: Any) -> None:
    """A colleague's broken program behind the same address keeps nobody out, and refusals meanwhile do not fill the trail."""
    company(settings)
    browser = Client(REMOTE_ADDR="192.0.2.66")
    for _ in range(FAILED_BY_ADDRESS.most):
        browser.get(CALLBACK)
    session = browser.session
    session["oidc_states"] = {"mine": {"nonce": "n", "code_verifier": "v", "next": "/"}}
    session.save()
    refused = Entry.objects.filter(action="sign_in.refused").count()
    answer = browser.get("/oidc/callback/?state=mine&error=access_denied")
    assert answer.status_code == 403
    assert "The sign-in was cancelled" in text(answer)
    assert Entry.objects.filter(action="sign_in.refused").count() == refused


def test_nobody_fills_the_sessions_by_starting_to_sign_in(settings: Any) -> None:
    company(settings)
    settings.OIDC_DISCOVERY_URL = "http://127.0.0.1:9/nothing"
    codes = [Client(REMOTE_ADDR="192.0.2.66").get("/oidc/authenticate/").status_code for _ in range(STARTS.most + 5)]
    assert codes == [503] * STARTS.most + [429] * 5
    assert len(slowed()) == 1


def test_behind_a_proxy_the_callers_are_told_apart(settings: Any, password: str) -> None:
    settings.PROXIES = 1
    for number in range(FAILED_BY_ADDRESS.most):
        # What the caller writes in front does not count.
        enter(Client(), "wrong", name=f"name-{number}", headers={"X-Forwarded-For": f"10.9.8.{number}, 192.0.2.66"})
    assert Client().post(URL, {"name": "a", "password": "b"}, headers={"X-Forwarded-For": "192.0.2.66"}).status_code == 429
    assert Client().post(URL, {"name": "a", "password": "b"}, headers={"X-Forwarded-For": "192.0.2.67"}).status_code == 403


def test_signing_in_goes_on_while_the_cache_is_away(settings: Any, password: str) -> None:
    settings.CACHES = NOBODY_LISTENS
    assert guess(1) == [403]
    assert enter(Client(), password).status_code == 302
