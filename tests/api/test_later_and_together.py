"""Scheduling and releases over the API, and what it says of emergencies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promptstudio.accounts.actor import system
from promptstudio.deployments.emergency_services import promote_in_an_emergency
from promptstudio.deployments.models import Release, Schedule
from promptstudio.deployments.schedule_services import promote_due
from promptstudio.lib import clock
from promptstudio.prompts.models import Version

from .cast import Application, Cast

LATER = "/prompts/claims/triage/deployments/scheduled"


@pytest.fixture
def version(cast: Cast) -> Version:
    return cast.version(cast.prompt(), "Hello {{customer}}.")


def moment(**other: Any) -> dict[str, Any]:
    at = (clock.now() + timedelta(days=2)).isoformat()
    return {"environment": "development", "version": "1.0.0", "at": at, "zone": "Europe/Berlin", **other}


def strikes() -> None:
    with clock.at(Schedule.objects.get().at):
        promote_due(actor=system())


def test_a_version_is_scheduled_and_goes_with_what_the_key_may_then(cast: Cast, app: Application, version: Version) -> None:
    made = app.post(LATER, moment(reason="After the storm."))
    assert (made.status_code, made.json()["state"], made.json()["by"]) == (201, "waiting", "Claims desk")
    assert made.headers["Location"] == f"/api/v1/scheduled/{made.json()['id']}"
    strikes()
    read = app.get(f"/scheduled/{made.json()['id']}").json()
    assert read["state"] == "promoted"
    assert app.get(f"/deployments/{read['deployment']}").json()["via"] == "schedule"


def test_a_refusal_says_which_gates(cast: Cast, app: Application, version: Version) -> None:
    made = app.post(LATER, moment(environment="production")).json()
    strikes()
    read = app.get(f"/scheduled/{made['id']}").json()
    assert (read["state"], read["because"]) == ("refused", "blocked")
    assert [gate["gate"] for gate in read["gates"] if not gate["passed"]] == ["previous_environment", "change_record", "approvals"]


def test_it_is_cancelled_once(cast: Cast, app: Application, version: Version) -> None:
    made = app.post(LATER, moment()).json()
    assert app.post(f"/scheduled/{made['id']}/cancel", {}).json()["state"] == "cancelled"
    assert app.post(f"/scheduled/{made['id']}/cancel", {}).status_code == 409


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"at": "2099-12-03T07:00:00"}, "at"),
        ({"at": "2020-12-03T07:00:00Z"}, "at"),
        ({"at": "soon"}, "at"),
        ({"at": datetime.max.replace(tzinfo=UTC).isoformat()}, "at"),
        ({"zone": "Middle-earth"}, "zone"),
        ({"environment": "moon"}, "environment"),
        ({"version": "9.9.9"}, "version"),
    ],
)
def test_what_makes_no_sense_is_answered_at_its_field(
    cast: Cast, app: Application, version: Version, other: dict[str, Any], field: str
) -> None:
    refused = app.post(LATER, moment(**other))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])


def test_another_one_that_waits_is_a_conflict(cast: Cast, app: Application, version: Version) -> None:
    app.post(LATER, moment())
    assert app.post(LATER, moment()).status_code == 409


def test_a_key_of_the_environment_does_not_learn_what_will_come(cast: Cast, app: Application, version: Version) -> None:
    reads = cast.application("read", environment=cast.development)
    made = app.post(LATER, moment()).json()
    assert reads.get(f"/scheduled/{made['id']}").status_code == 404
    strikes()
    assert reads.get(f"/scheduled/{made['id']}").json()["state"] == "promoted"


def test_prompts_go_together_and_come_back_together(cast: Cast, app: Application, version: Version) -> None:
    other = cast.version(cast.prompt("claims/letter"), "Dear {{customer}}.")
    versions = [{"prompt": each.prompt.name, "version": each.semver} for each in (version, other)]
    made = app.post("/releases", {"name": "Storm season", "environment": "development", "versions": versions})
    assert (made.status_code, made.json()["state"], len(made.json()["items"])) == (201, "open", 2)
    promoted = app.post(f"/releases/{made.json()['id']}/promote", {"reason": "The storm."}).json()
    assert promoted["state"] == "promoted"
    assert all(item["deployment"] for item in promoted["items"])
    back = app.post(f"/releases/{made.json()['id']}/rollback", {"reason": "No."}).json()
    assert (back["state"], [item["way_back"] for item in back["items"]]) == ("rolled_back", [None, None])
    assert app.get("/prompts/claims/letter/live?environment=development").status_code == 410
    assert [release["name"] for release in app.get("/releases").json()["items"]] == ["Storm season"]


def test_one_that_is_held_back_holds_all_and_says_why(cast: Cast, app: Application, version: Version) -> None:
    versions = [{"prompt": "claims/triage", "version": "1.0.0"}]
    made = app.post("/releases", {"name": "Storm", "environment": "production", "versions": versions}).json()
    refused = app.post(f"/releases/{made['id']}/promote", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "blocked")
    [held] = refused.json()["held_back"]
    assert (held["name"], held["semver"]) == ("claims/triage", "1.0.0")
    assert "has not been live in Development yet" in held["detail"]


def test_a_row_that_names_nothing_is_pointed_at(cast: Cast, app: Application, version: Version) -> None:
    good, bad = {"prompt": "claims/triage", "version": "1.0.0"}, {"prompt": "claims/nothing", "version": "1.0.0"}
    refused = app.post("/releases", {"name": "Storm", "environment": "development", "versions": [good, bad]})
    assert list(refused.json()["errors"]) == ["versions.1.prompt"]
    twice = app.post("/releases", {"name": "Storm", "environment": "development", "versions": [good, good]})
    assert list(twice.json()["errors"]) == ["versions"]
    assert not Release.objects.exists()


def test_a_key_of_the_environment_does_not_learn_what_is_put_together(cast: Cast, app: Application, version: Version) -> None:
    reads = cast.application("read", environment=cast.development)
    versions = [{"prompt": "claims/triage", "version": "1.0.0"}]
    made = app.post("/releases", {"name": "Storm", "environment": "development", "versions": versions}).json()
    assert reads.get(f"/releases/{made['id']}").status_code == 404
    assert reads.get("/releases").json()["items"] == []
    app.post(f"/releases/{made['id']}/promote", {})
    assert reads.get(f"/releases/{made['id']}").json()["state"] == "promoted"


def test_no_address_breaks_the_glass(cast: Cast, app: Application, version: Version) -> None:
    for address in ("/prompts/claims/triage/emergency", "/prompts/claims/triage/deployments/emergency"):
        assert app.post(address, {"environment": "production", "version": "1.0.0", "reason": "Fire."}).status_code in (404, 405)


def test_an_emergency_is_marked(cast: Cast, app: Application, version: Version) -> None:
    made = promote_in_an_emergency(version=version, environment=cast.production, reason="Fire.", actor=cast.admin)
    read = app.get(f"/deployments/{made.uid}").json()
    assert (read["way"], read["overridden"]) == ("emergency", ["previous_environment", "change_record", "approvals"])
    assert read["after_review"]["verdict"] is None
    assert app.get("/prompts/claims/triage").json()["environments"]["production"]["emergency"] is True
