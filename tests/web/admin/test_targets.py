"""Places outside, and the test of their connection."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Target
from tests.cast import Cast

from ..reading import at, text, typed_back
from .panel import address, client_post, entries


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
    deployments.add_target(environment=cast.production, name="Taken", actor=dora)
    typed = target_typed(environment=cast.production.pk, **{"name": "Kept as typed", **change})
    response = client_post(client, dora, address(Target, "add"), typed)
    assert response.status_code == 422
    assert 'id="form-errors"' in text(response)
    assert typed_back(response, typed["settings"])
    assert f'value="{typed["name"]}"' in text(response) or not typed["name"]
    assert Target.objects.count() == 1


def test_a_target_is_not_renamed_to_one_that_is_there(client: Client, cast: Cast, dora: Actor) -> None:
    for name in ("Taken", "Free"):
        target = deployments.add_target(environment=cast.production, name=name, actor=dora)
    response = client_post(client, dora, address(Target, "change", target.pk), target_typed(name="Taken"))
    assert response.status_code == 409
    assert "already publishes to a place named Taken" in text(response)
    target.refresh_from_db()
    assert target.name == "Free"


def test_what_a_target_is_does_not_change(client: Client, cast: Cast, dora: Actor, settings: Any) -> None:
    settings.PUBLISHERS = {**settings.PUBLISHERS, "pigeon": "no.such.Publisher"}
    target = deployments.add_target(environment=cast.production, name="Bedrock", actor=dora)
    assert 'name="kind"' not in text(at(client, dora).get(address(Target, "change", target.pk)))
    client.post(address(Target, "change", target.pk), target_typed(kind="pigeon"))
    target.refresh_from_db()
    assert target.kind == "bedrock"
