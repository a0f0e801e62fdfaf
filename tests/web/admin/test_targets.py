"""Places outside, and the test of their connection."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import target_services
from promptstudio.deployments.models import Target
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.projects.models import PendingChange
from tests.cast import Cast
from tests.deployments.fake_target import FakeTarget, a_target, use_fake_publisher

from ..reading import at, text, typed_back
from .panel import address, client_post, entries, staff


def target_typed(**more: Any) -> dict[str, Any]:
    return {"name": "Bedrock, Frankfurt", "kind": "bedrock", "settings": '{"region": "eu-central-1"}', "is_active": "on"} | more


def test_a_target_is_added_and_changed_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    assert client_post(client, dora, address(Target, "add"), target_typed(environment=cast.production.pk)).status_code == 302
    target = Target.objects.get()
    assert (target.environment, target.settings, target.is_active) == (cast.production, {"region": "eu-central-1"}, True)
    changed = target_typed(name="Bedrock, Dublin", settings='{"region": "eu-west-1"}')
    del changed["is_active"]
    assert client.post(address(Target, "change", target.pk), changed).status_code == 302
    target.refresh_from_db()
    assert (target.name, target.settings, target.is_active) == ("Bedrock, Dublin", {"region": "eu-west-1"}, False)
    assert (entries("target.added"), entries("target.changed")) == (1, 1)
    assert target.history.first().history_user == dora.user


def test_a_target_that_is_added_switched_off_stays_off(client: Client, cast: Cast, dora: Actor) -> None:
    typed = target_typed(environment=cast.production.pk)
    del typed["is_active"]
    assert client_post(client, dora, address(Target, "add"), typed).status_code == 302
    assert not Target.objects.get().is_active
    assert (entries("target.added"), entries("target.changed")) == (1, 0)


def test_one_that_is_added_switched_off_asks_nobody(client: Client, cast: Cast, dora: Actor, settings: Any) -> None:
    settings.SECOND_PERSON = True
    typed = target_typed(environment=cast.production.pk)
    del typed["is_active"]
    assert client_post(client, dora, address(Target, "add"), typed).status_code == 302
    assert not Target.objects.get().is_active
    assert not PendingChange.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"kind": "pigeon"},
        {"settings": "{not json"},
        {"settings": '["a", "list"]'},
        {"settings": '"words"'},
        {"name": "Taken"},
    ],
)
def test_a_target_that_cannot_be_saved_keeps_what_was_typed(client: Client, cast: Cast, dora: Actor, change: Any) -> None:
    target_services.add_target(environment=cast.production, name="Taken", actor=dora)
    typed = target_typed(environment=cast.production.pk, **{"name": "Kept as typed", **change})
    response = client_post(client, dora, address(Target, "add"), typed)
    assert response.status_code == 422
    assert 'id="form-errors"' in text(response)
    assert typed_back(response, typed["settings"])
    assert f'value="{typed["name"]}"' in text(response) or not typed["name"]
    assert Target.objects.count() == 1


def test_a_target_is_not_renamed_to_one_that_is_there(client: Client, cast: Cast, dora: Actor) -> None:
    for name in ("Taken", "Free"):
        target = target_services.add_target(environment=cast.production, name=name, actor=dora)
    response = client_post(client, dora, address(Target, "change", target.pk), target_typed(name="Taken"))
    assert response.status_code == 422
    assert "already publishes to a place named Taken" in text(response)
    target.refresh_from_db()
    assert target.name == "Free"


def test_what_a_target_is_does_not_change(client: Client, cast: Cast, dora: Actor, settings: Any) -> None:
    settings.PUBLISHERS = {**settings.PUBLISHERS, "pigeon": "no.such.Publisher"}
    target = target_services.add_target(environment=cast.production, name="Bedrock", actor=dora)
    assert 'name="kind"' not in text(at(client, dora).get(address(Target, "change", target.pk)))
    client.post(address(Target, "change", target.pk), target_typed(kind="pigeon"))
    target.refresh_from_db()
    assert target.kind == "bedrock"


@pytest.fixture
def fake(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


def test_the_connection_is_tested_by_a_button(client: Client, cast: Cast, dora: Actor, fake: FakeTarget) -> None:
    target = a_target(cast.production, by=dora)
    page = at(client, dora).post(f"/admin/deployments/target/{target.pk}/check/", follow=True)
    assert "The fake target answered." in text(page)
    assert "Last tested" in text(page)
    assert (fake.checked, entries("target.checked")) == ([{}], 1)


def test_what_the_place_refused_is_told_in_words(client: Client, cast: Cast, dora: Actor, fake: FakeTarget) -> None:
    fake.refusal = PublishFailed("AWS refused <b>it</b>.", code="x", permanent=True)
    target = a_target(cast.production, by=dora)
    page = at(client, dora).post(f"/admin/deployments/target/{target.pk}/check/", follow=True)
    assert 'class="notice error"' in text(page)
    assert typed_back(page, "AWS refused <b>it</b>.")


def test_whoever_may_not_change_a_target_does_not_test_it(client: Client, cast: Cast, dora: Actor, fake: FakeTarget) -> None:
    target = a_target(cast.production, by=dora)
    at(client, staff(cast.bob))
    assert "Your role does not allow you to change the settings" in text(client.get(address(Target, "change", target.pk)))
    assert client.post(f"/admin/deployments/target/{target.pk}/check/").status_code == 403
    assert at(client, staff(cast.charlie)).post(f"/admin/deployments/target/{target.pk}/check/").status_code == 404
    assert fake.checked == []


def test_looking_at_a_target_tests_nothing(client: Client, cast: Cast, dora: Actor, fake: FakeTarget) -> None:
    target = a_target(cast.production, by=dora)
    assert at(client, dora).get(f"/admin/deployments/target/{target.pk}/check/").status_code == 405
    client.get(address(Target, "change", target.pk))
    assert fake.checked == []
