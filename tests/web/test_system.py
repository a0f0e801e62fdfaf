from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from promptstudio.deployments.models import PublishJob
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt
from promptstudio.web.views import system
from tests.cast import Cast, a_version, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, refuse, use_fake_publisher
from tests.triggers import triggers_down

OK = {"database": "ok", "migrations": "ok", "triggers": "ok", "broker": "ok", "publications": "ok"}


@pytest.fixture
def owed(cast: Cast, prompt: Prompt, settings: Any) -> FakeTarget:
    """A publication that has been owed for a minute."""
    target = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    with clock.at(timezone.now() - timedelta(minutes=1)):
        promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    return target


def checks(client: Client, status: int) -> dict[str, str]:
    response = client.get("/readyz")
    body = response.json()
    assert (response.status_code, body["ready"]) == (status, status == 200)
    return dict(body["checks"])


def test_it_is_alive_and_ready_for_whoever_asks(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert checks(client, 200) == OK


def test_a_trigger_that_is_missing_is_named(client: Client, db: None) -> None:
    with triggers_down(connection):
        answer = checks(client, 503)
    assert answer.pop("triggers").startswith("missing: never_")
    assert answer == {name: "ok" for name in OK if name != "triggers"}
    assert checks(client, 200) == OK


def test_one_missing_trigger_is_enough(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        table = '" ON "audit_entry' if connection.vendor == "postgresql" else ""
        name = "never_row_audit_entry_stays" if table else "never_update_audit_entry_stays"
        cursor.execute(f'DROP TRIGGER "{name}{table}"')
    assert checks(client, 503)["triggers"] == f"missing: {name}"


def test_a_publication_that_is_overdue_is_told(client: Client, owed: FakeTarget) -> None:
    assert checks(client, 503) == OK | {"publications": "1 overdue by more than 30 s"}
    publish_everything()
    assert checks(client, 200) == OK


def test_a_publication_that_was_just_made_is_not_overdue(client: Client, owed: FakeTarget) -> None:
    PublishJob.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=20))
    assert checks(client, 200) == OK


def test_a_failed_publication_waits_for_a_person_and_does_not_stop_the_service(client: Client, owed: FakeTarget) -> None:
    owed.twists = [refuse]
    publish_everything()
    assert PublishJob.objects.get().state == "failed"
    assert checks(client, 200) == OK


def test_a_migration_that_is_to_come_is_told(client: Client, db: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    assert checks(client, 503) == OK | {"migrations": "migrations are still to be applied"}
    response = client.get("/healthz")
    assert (response.status_code, response.json()["reason"]) == (503, "Migrations are still to be applied.")


def test_a_broker_that_is_away_is_told(client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"

    def away() -> Any:
        raise ConnectionError("password@broker")

    monkeypatch.setattr(system.current_app, "connection_for_write", away)
    assert checks(client, 503) == OK | {"broker": "cannot be checked: ConnectionError"}


def test_a_database_that_is_away_is_told(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise ConnectionError("password@database")

    with monkeypatch.context() as patch:
        patch.setattr(system.connection, "ensure_connection", away)
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"alive": False, "reason": "The database does not answer."})
