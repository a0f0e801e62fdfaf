"""The answer before Django: the same to the byte, and never older than the database."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.test import RequestFactory

from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.deployments import upkeep_services
from promptstudio.lib import clock
from promptstudio.projects.key_services import revoke_key
from promptstudio.projects.models import ApiKey
from promptstudio.serving import database
from promptstudio.serving.memory import Answer
from promptstudio.serving.wsgi import Serving
from tests.api.cast import Cast

ADDRESS = "/api/v1/prompts/claims/triage/live"
HOT = "environment=development"
Said = tuple[str, dict[str, str], bytes]


class Watched:
    """Django, and how often it had to be asked."""

    def __init__(self) -> None:
        self.django = WSGIHandler()
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asked += 1
        return self.django(environ, start_response)


def call(application: Any, secret: str, *, method: str = "GET", address: str = ADDRESS, query: str = HOT, **headers: str) -> Said:
    environ = RequestFactory().get(address, headers={"Authorization": f"Bearer {secret}"}).environ
    # The factory sends an empty cookie along, which no application does.
    del environ["HTTP_COOKIE"]
    environ |= {"REQUEST_METHOD": method, "QUERY_STRING": query, **headers}
    said: list[Any] = []
    body = b"".join(application(environ, lambda line, named, *_: said.extend([line, dict(named)])))
    return said[0], said[1], body


def without_request_id(said: Said) -> Said:
    line, headers, body = said
    assert headers.pop("X-Request-ID")
    # The order of directives means nothing, and django-csp changes it from answer to answer.
    policy = "; ".join(sorted(headers.pop("Content-Security-Policy").split("; ")))
    return line, headers | {"Content-Security-Policy": policy}, body


@pytest.fixture
def django(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    # The end of a request would close the connection in which the test's transaction is.
    from django.core import signals
    from django.db import close_old_connections

    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield Watched()
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def serving(django: Watched) -> Serving:
    return Serving(django)


@pytest.fixture
def secret(cast: Cast) -> str:
    cast.live(cast.prompt(), "Hello {{customer}} — 你好.")
    return cast.key("read", environment=cast.development)[1]


def warm(serving: Serving, secret: str) -> Said:
    """Twice: the first call notes the key's use, the second learns the headers."""
    call(serving, secret)
    return call(serving, secret)


def test_it_says_what_django_says_to_the_byte(serving: Serving, django: Watched, secret: str) -> None:
    warm(serving, secret)
    asked = django.asked
    hot = call(serving, secret)
    assert django.asked == asked
    assert hot[2]
    assert without_request_id(hot) == without_request_id(call(django, secret))


def test_it_says_not_modified_as_django_does(serving: Serving, django: Watched, secret: str) -> None:
    tag = warm(serving, secret)[1]["ETag"]
    call(serving, secret, HTTP_IF_NONE_MATCH=tag)
    asked = django.asked
    hot = call(serving, secret, HTTP_IF_NONE_MATCH=tag)
    assert django.asked == asked
    assert (hot[0], hot[2]) == ("304 Not Modified", b"")
    assert without_request_id(hot) == without_request_id(call(django, secret, HTTP_IF_NONE_MATCH=tag))


def test_what_is_out_of_service_is_gone_as_django_says(serving: Serving, django: Watched, cast: Cast, secret: str) -> None:
    warm(serving, secret)
    deployments.take_out_of_service(prompt=cast.project.prompts.get(), environment=cast.development, reason="Wrong law", actor=cast.bob)
    assert warm(serving, secret)[0] == "410 Gone"
    asked = django.asked
    hot = call(serving, secret)
    assert django.asked == asked
    assert without_request_id(hot) == without_request_id(call(django, secret))


def test_a_remembered_answer_costs_one_query(serving: Serving, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warm(serving, secret)
    asked: list[str] = []
    rows = database._rows
    monkeypatch.setattr(database, "_rows", lambda at, sql, parameters: asked.append(sql) or rows(at, sql, parameters))
    assert call(serving, secret)[0] == "200 OK"
    assert asked == [database.ASKING]


def test_what_goes_live_is_served_at_once(serving: Serving, cast: Cast, secret: str) -> None:
    before = warm(serving, secret)
    cast.live(cast.project.prompts.get(), "Bye {{customer}}.")
    after = call(serving, secret)
    assert "Bye" in after[2].decode()
    assert after[1]["ETag"] != before[1]["ETag"]


def test_a_rollback_is_served_at_once(serving: Serving, cast: Cast, secret: str) -> None:
    before = warm(serving, secret)
    cast.live(cast.project.prompts.get(), "Bye {{customer}}.")
    call(serving, secret)
    deployments.roll_back(prompt=cast.project.prompts.get(), environment=cast.development, reason="Rude", actor=cast.bob)
    assert '"semver":"1.0.0"' in call(serving, secret)[2].decode()
    assert '"semver":"1.0.0"' in before[2].decode()


def test_a_revoked_key_is_refused_at_once(serving: Serving, cast: Cast, secret: str) -> None:
    assert warm(serving, secret)[0] == "200 OK"
    revoke_key(key=ApiKey.objects.get(), actor=cast.admin)
    assert call(serving, secret)[0] == "401 Unauthorized"


def test_an_archived_account_is_refused_at_once(serving: Serving, secret: str) -> None:
    assert warm(serving, secret)[0] == "200 OK"
    User.objects.filter(kind="service_account").update(is_active=False)
    assert call(serving, secret)[0] == "401 Unauthorized"


def test_an_expired_key_is_refused_at_once(serving: Serving, secret: str) -> None:
    assert warm(serving, secret)[0] == "200 OK"
    ApiKey.objects.update(expires_at=clock.now() + timedelta(seconds=30))
    assert call(serving, secret)[0] == "200 OK"
    with clock.at(clock.now() + timedelta(seconds=31)):
        assert call(serving, secret)[0] == "401 Unauthorized"


def test_a_key_that_may_not_read_is_refused(serving: Serving, cast: Cast, secret: str) -> None:
    warm(serving, secret)
    blind = cast.key("write")[1]
    assert [call(serving, blind)[0] for _ in range(3)] == ["403 Forbidden"] * 3


def test_a_key_of_another_environment_finds_nothing(serving: Serving, cast: Cast, secret: str) -> None:
    warm(serving, secret)
    other = cast.key("read", environment=cast.production)[1]
    assert [call(serving, other)[0] for _ in range(3)] == ["404 Not Found"] * 3


def test_the_use_of_a_key_is_noted_once_a_minute(serving: Serving, django: Watched, secret: str) -> None:
    start = clock.now()
    for seconds, noted in ((0, 0), (30, 0), (61, 61), (100, 61)):
        moment = start + timedelta(seconds=seconds)
        with clock.at(moment):
            assert call(serving, secret)[0] == "200 OK"
        assert ApiKey.objects.get().last_used_at == start + timedelta(seconds=noted)


@pytest.mark.parametrize(
    ("odd", "line"),
    [
        ({"query": "environment=development&version=^1"}, "200 OK"),
        ({"query": "environment=nowhere"}, "404 Not Found"),
        ({"query": ""}, "422 Unprocessable Entity"),
        ({"address": "/api/v1/prompts/claims/other/live"}, "404 Not Found"),
        ({"method": "POST"}, "405 Method Not Allowed"),
        ({"HTTP_COOKIE": "studio_session=x"}, "200 OK"),
        ({"HTTP_IF_NONE_MATCH": 'W/"x", "y"'}, "200 OK"),
        ({"HTTP_HOST": "elsewhere.example"}, "400 Bad Request"),
        ({"HTTP_AUTHORIZATION": "Basic x"}, "401 Unauthorized"),
    ],
    ids=str,
)
def test_whatever_is_unusual_is_left_to_django(serving: Serving, django: Watched, secret: str, odd: dict[str, str], line: str) -> None:
    warm(serving, secret)
    asked = django.asked
    assert call(serving, secret, **odd)[0] == line
    assert django.asked == asked + 1


def test_a_broken_connection_heals(serving: Serving, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = warm(serving, secret)[2]
    dropped = []
    monkeypatch.setattr(database, "forget_connection", lambda: dropped.append(True))

    def broken(*_: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(database, "asking", broken)
        assert call(serving, secret)[2] == expected
    assert dropped == [True]
    assert call(serving, secret)[2] == expected


def test_a_slow_thread_does_not_bring_back_what_is_old(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    place = (1, "development", "claims/triage")
    old, new = Answer(200, b"old", '"1"'), Answer(200, b"new", '"2"')

    def overtaken(*_: Any) -> Answer:
        # While this thread reads for generation 1, another one moves on to generation 2.
        monkeypatch.setattr(database, "served", lambda *_: new)
        assert serving._remembered(2, place) == new
        return old

    monkeypatch.setattr(database, "served", overtaken)
    assert serving._remembered(1, place) == old
    assert serving._remembered(2, place) == new


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's database for tests lives in memory, where threads lock whole tables")
@pytest.mark.django_db(transaction=True)
def test_many_threads_never_see_an_older_answer_after_a_newer_one(serving: Serving, cast: Cast, secret: str) -> None:
    """Each thread reads while versions go live; what one thread sees only ever moves forward."""
    warm(serving, secret)
    prompt = cast.project.prompts.get()
    ended = threading.Event()
    wrong: list[Any] = []

    def read() -> None:
        seen = (0, 0, 0)
        try:
            while not ended.is_set():
                body = call(serving, secret)[2].decode()
                semver = tuple(map(int, body.split('"semver":"')[1].split('"')[0].split(".")))
                if semver < seen:
                    wrong.append((seen, semver))
                seen = semver
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(8):
        version = cast.live(prompt, f"Pay {number} euros, {{{{customer}}}}.")
        assert f'"semver":"{version.semver}"' in call(serving, secret)[2].decode()
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(("folder", "status"), [("Property", "200 OK"), ("Property/Water", "200 OK"), ("Motor", "404 Not Found")])
def test_a_key_of_a_folder_is_answered_by_django(serving: Serving, cast: Cast, folder: str, status: str) -> None:
    """Whatever another key made it remember: only prompts of its folder."""
    cast.live(cast.prompt(folder="Property/Water"), "Hello {{customer}}")
    warm(serving, cast.key("read", environment=cast.development)[1])
    bound = cast.key("read", environment=cast.development, folder=folder)[1]
    for _ in range(3):
        assert call(serving, bound)[0] == status


def test_a_name_that_it_had_before_is_answered_as_django_does(serving: Serving, django: Watched, cast: Cast, secret: str) -> None:
    warm(serving, secret)
    prompt = cast.project.prompts.get()
    renamed = upkeep_services.rename_prompt(prompt=prompt, name="claims/sorting", actor=cast.alice)
    warm(serving, secret)
    asked = django.asked
    hot, new = call(serving, secret), call(serving, secret, address=ADDRESS.replace("triage", "sorting"))
    assert django.asked == asked
    assert without_request_id(hot) == without_request_id(call(django, secret))
    assert hot[1]["Link"] == '</api/v1/prompts/claims/sorting/live>; rel="successor-version"'
    assert {"Link", "Deprecation"}.isdisjoint(new[1])
    assert b'"name":"claims/sorting"' in new[2]
    upkeep_services.give_up_name(prompt=renamed, name=prompt.name, actor=cast.alice)
    assert warm(serving, secret)[0] == "404 Not Found"
