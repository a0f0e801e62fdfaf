"""What was live at …, for whoever has to explain an answer of last week; and what a key did for the first time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from promptstudio.api import keys
from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher

from .cast import Application, Cast

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "/prompts/claims/triage/live?environment=development"


@pytest.fixture
def prompt(cast: Cast) -> Prompt:
    """1.0.0 live since 1 March, 1.0.1 or so since 3 March, out of service on the 5th, the third since the 7th."""
    prompt = cast.prompt()
    for day, text in ((0, "Hello {{customer}}."), (2, "Hello {{customer}}. Pay 5 euros."), (6, "Hello {{customer}}. Pay 6 euros.")):
        with clock.at(START + timedelta(days=day)):
            cast.live(prompt, text)
        if day == 2:
            with clock.at(START + timedelta(days=4)):
                deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="It invents sums.", actor=cast.bob)
    return prompt


@pytest.fixture
def reader(cast: Cast, prompt: Prompt) -> Application:
    return cast.application("read", environment=cast.development)


def at(days: float) -> str:
    return f"{ADDRESS}&at={(START + timedelta(days=days)).strftime('%Y-%m-%dT%H:%M:%SZ')}"


def test_it_answers_what_was_live_since_when_and_until_when(cast: Cast, reader: Application) -> None:
    answer = reader.get(at(1))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["semver"], body["bundle"]["messages"][0]["text"]) == ("1.0.0", "Hello {{customer}}.")
    assert (body["live_from"], body["live_until"]) == (START.isoformat(), (START + timedelta(days=2)).isoformat())


def test_the_moment_of_a_change_belongs_to_what_came(reader: Application) -> None:
    assert reader.get(at(2)).json()["bundle"]["messages"][0]["text"] == "Hello {{customer}}. Pay 5 euros."


def test_what_is_live_to_this_day_has_no_end(reader: Application) -> None:
    now = reader.get(ADDRESS).json()
    body = reader.get(at(7)).json()
    assert body["live_until"] is None
    assert {name: body[name] for name in now} == now


def test_before_the_first_it_is_not_there(reader: Application) -> None:
    answer = reader.get(at(-1))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_released_here")


def test_while_it_was_out_of_service_it_says_why(reader: Application) -> None:
    answer = reader.get(at(5))
    assert answer.status_code == 410
    assert "It invents sums." in answer.json()["detail"]
    assert reader.get(at(3)).json()["live_until"] == (START + timedelta(days=4)).isoformat()


def test_what_was_on_its_way_when_it_was_taken_out_does_not_bring_it_back(cast: Cast, settings: Any) -> None:
    use_fake_publisher(settings)
    prompt = cast.prompt("claims/late")
    with clock.at(START):
        cast.live(prompt, "Hello {{customer}}.")
        a_target(cast.development, by=cast.admin)
    with clock.at(START + timedelta(days=1)):
        cast.live(prompt, "Hello {{customer}}. Pay 5 euros.")
    with clock.at(START + timedelta(days=2)):
        deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="It invents sums.", actor=cast.bob)
    with clock.at(START + timedelta(days=3)):
        publish_everything()
    reader = cast.application("read", environment=cast.development)
    for days in (2.5, 4):
        answer = reader.get(at(days).replace("triage", "late"))
        assert (days, answer.status_code) == (days, 410)


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("soon", "Give a moment such as 2026-10-01T12:00:00Z."),
        ("2026-02-30T00:00:00Z", "Give a moment such as"),
        ("0001-01-01T00:00:00%2B14:00", "Give a moment such as"),
        ("2026-03-02T12:00:00", "Say in which time zone"),
        ("2999-01-01T00:00:00Z", "in the future"),
        ("%00", "Give a moment such as"),
    ],
)
def test_a_bad_moment_gets_a_sentence(reader: Application, moment: str, sentence: str) -> None:
    answer = reader.get(f"{ADDRESS}&at={moment}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert sentence in answer.json()["errors"]["at"]


def test_a_moment_and_a_range_are_two_questions(reader: Application) -> None:
    assert "not for both" in reader.get(f"{at(1)}&version=^1").json()["errors"]["at"]


def test_a_moment_may_name_another_time_zone(reader: Application) -> None:
    assert reader.get(f"{ADDRESS}&at=2026-03-02T14:00:00%2B02:00").json()["semver"] == "1.0.0"
    assert reader.get(f"{ADDRESS}&at=2026-03-02T14:00:00+02:00").json()["semver"] == "1.0.0"


def test_a_key_of_another_environment_learns_nothing(cast: Cast, prompt: Prompt) -> None:
    outside = cast.application("read", environment=cast.production)
    assert outside.get(at(1)).status_code == 404
    assert outside.get(at(1).replace("development", "production")).json()["code"] == "not_released_here"


def test_what_was_recalled_since_is_not_read_through_a_key_of_an_environment(cast: Cast, prompt: Prompt, reader: Application) -> None:
    deployments.recall(version=prompt.versions.get(semver="1.0.0"), reason="Wrong.", actor=cast.bob)
    assert reader.get(at(1)).json()["code"] == "not_released_here"
    assert cast.application("read").get(at(1)).json()["semver"] == "1.0.0"


def first_uses() -> list[str]:
    return [entry.data for entry in Entry.objects.filter(action="key.first_use").order_by("id")]


def test_the_first_use_of_each_kind_is_in_the_trail_once(cast: Cast, prompt: Prompt) -> None:
    application = cast.application("read", "deploy")
    body = {"environment": "development", "version": "1.0.0", "reason": ""}
    for _ in range(2):
        application.get(ADDRESS)
        application.post("/prompts/claims/triage/deployments", body)
    assert first_uses() == ['{"kind":"read"}', '{"kind":"promote"}']


def test_a_key_that_may_not_is_refused_and_not_told_as_a_use(cast: Cast, prompt: Prompt) -> None:
    application = cast.application("read")
    assert application.post("/prompts", {"title": "Storm"}).status_code == 403
    assert application.post("/prompts/claims/triage/rollback", {"environment": "development", "reason": "x"}).status_code == 403
    assert first_uses() == []


def test_another_process_tells_it_no_second_time(cast: Cast, prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    application = cast.application("read")
    application.get(ADDRESS)
    monkeypatch.setattr(keys, "_TOLD", set())
    with clock.at(timezone.now() + timedelta(minutes=2)):
        application.get(ADDRESS)
    assert len(first_uses()) == 1


def test_a_use_that_is_told_costs_no_query(cast: Cast, prompt: Prompt, django_assert_max_num_queries: Any) -> None:
    application = cast.application("read")
    application.get(ADDRESS)
    with django_assert_max_num_queries(4):
        application.get(ADDRESS)
