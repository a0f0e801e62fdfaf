"""Promoting later, as people see it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import system
from promptstudio.deployments.models import Deployment, Schedule
from promptstudio.deployments.schedule_services import promote_due, schedule_promotion
from promptstudio.lib import clock
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, a_version, approved, promote

from .reading import HOSTILE, at, queries, text, typed_back

PAGE = "/p/claims/prompts/water-damage-triage/-/"
LATER = PAGE + "promote/production/1.0.0/schedule/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def schedule(cast: Cast, version: Version) -> Schedule:
    """1.0.0 goes to production in two days; its conditions are open."""
    at = clock.now() + timedelta(days=2)
    return schedule_promotion(
        version=version, environment=cast.production, at=at, zone="Europe/Berlin", reason="After the storm.", actor=cast.alice
    )


def moment(**other: str) -> dict[str, str]:
    return {"day": f"{clock.now() + timedelta(days=3):%Y-%m-%d}", "hour": "07:00", "zone": "Europe/Berlin", **other}


def seen(response: Any) -> dict[str, str]:
    return {"replaces": response.context["cell"].replaces}


def url(schedule: Schedule, more: str = "") -> str:
    return f"{PAGE}scheduled/{schedule.uid}/{more}"


def strikes(schedule: Schedule) -> None:
    with clock.at(schedule.at):
        promote_due(actor=system())


def test_it_is_scheduled_from_the_page_of_the_promotion(client: Client, cast: Cast, version: Version) -> None:
    assert LATER in text(at(client, cast.alice).get(PAGE + "promote/production/1.0.0/"))
    page = client.get(LATER)
    assert "conditions are open today" in text(page)
    response = client.post(LATER, {**moment(), "reason": "After the storm.", **seen(page)}, follow=True)
    made = Schedule.objects.get()
    assert f"1.0.0 goes to Production on {made.when}" in text(response)
    assert (made.local.hour, made.zone, made.reason) == (7, "Europe/Berlin", "After the storm.")


def test_the_forecast_stands_on_its_page(client: Client, cast: Cast, schedule: Schedule) -> None:
    page = text(at(client, cast.vera).get(url(schedule)))
    assert "As things stand, 2 conditions will hold it back" in page
    assert "They are asked again when it has come." in page


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"day": "2020-01-01"}, "day", "That moment has passed."),
        ({"day": "soon"}, "day", "Give a day such as"),
        ({"hour": ""}, "hour", "Give a time such as"),
        ({"zone": "Middle-earth"}, "zone", "Choose a time zone"),
        ({"zone": HOSTILE}, "zone", "Choose a time zone"),
    ],
)
def test_a_moment_that_makes_no_sense_is_answered_at_its_field(
    client: Client, cast: Cast, version: Version, typed: dict[str, str], field: str, says: str
) -> None:
    page = at(client, cast.alice).get(LATER)
    response = client.post(LATER, {**moment(**typed), "reason": "Typed & kept", **seen(page)})
    assert response.status_code == 422
    assert f'id="{field}-error" role="alert"' in text(response)
    assert says in text(response)
    assert typed_back(response, "Typed & kept")
    assert not Schedule.objects.exists()


def test_whoever_may_not_promote_reads_why(client: Client, cast: Cast, version: Version) -> None:
    assert "Your role does not allow you to promote" in text(at(client, cast.vera).get(LATER))
    assert client.post(LATER, moment()).status_code == 403


def test_another_one_that_waits_is_named(client: Client, cast: Cast, schedule: Schedule) -> None:
    page = at(client, cast.bob).get(LATER)
    response = client.post(LATER, {**moment(), "reason": "Mine", **seen(page)})
    assert (response.status_code, "Alice scheduled 1.0.0 for Production already" in text(response)) == (409, True)


def test_whoever_was_slower_is_told(client: Client, cast: Cast, version: Version) -> None:
    second = a_version(version.prompt, by=cast.alice, text="Sort this claim, please: {{claim}}")
    later = f"{PAGE}promote/development/{second.semver}/schedule/"
    page = at(client, cast.alice).get(later)
    promote(version, cast.development, by=cast.bob)
    response = client.post(later, {**moment(), **seen(page)})
    assert (response.status_code, "Someone was faster: Bob sent 1.0.0" in text(response)) == (409, True)


@pytest.mark.parametrize("address", [PAGE, "/p/claims/environments/", "/"])
def test_it_shows_where_people_look(client: Client, cast: Cast, schedule: Schedule, address: str) -> None:
    page = text(at(client, cast.alice).get(address))
    assert url(schedule) in page
    assert schedule.when in page


def test_home_lists_ones_own_alone(client: Client, cast: Cast, schedule: Schedule) -> None:
    assert url(schedule) not in text(at(client, cast.bob).get("/"))


def test_it_is_moved_and_cancelled(client: Client, cast: Cast, schedule: Schedule) -> None:
    at(client, cast.alice).post(url(schedule), moment())
    assert Schedule.objects.get().local.hour == 7
    response = client.post(url(schedule, "cancel/"), follow=True)
    assert "1.0.0 does not go to Production by itself any more." in text(response)
    assert client.post(url(schedule, "cancel/")).status_code == 409
    assert "was cancelled" in text(client.get(url(schedule)))


def test_nobody_else_moves_it(client: Client, cast: Cast, schedule: Schedule) -> None:
    assert "Alice scheduled it, and nobody else changes the time." in text(at(client, cast.bob).get(url(schedule)))
    assert client.post(url(schedule), moment()).status_code == 403


def test_a_refusal_says_which_conditions_were_open(client: Client, cast: Cast, schedule: Schedule) -> None:
    strikes(schedule)
    page = text(at(client, cast.alice).get(url(schedule)))
    assert "1.0.0 did not go to Production" in page
    assert "has not been live in Staging yet" in page


def test_it_says_at_once_that_somebody_was_faster(client: Client, cast: Cast, version: Version) -> None:
    at_noon = clock.now() + timedelta(days=2)
    schedule = schedule_promotion(version=version, environment=cast.development, at=at_noon, zone="UTC", actor=cast.alice)
    other = a_version(version.prompt, by=cast.bob, text="Other {{claim}}")
    promote(other, cast.development, by=cast.bob)
    assert f"Bob sent {other.semver}" in text(at(client, cast.alice).get(url(schedule)))


def test_it_says_that_somebody_promoted_the_same_by_hand(client: Client, cast: Cast, version: Version) -> None:
    at_noon = clock.now() + timedelta(days=2)
    schedule = schedule_promotion(version=version, environment=cast.development, at=at_noon, zone="UTC", actor=cast.alice)
    promote(version, cast.development, by=cast.bob)
    page = text(at(client, cast.alice).get(url(schedule)))
    assert "1.0.0 went to Development before its moment came" in page
    assert ("Bob promoted it" in page, "Promote it now" in page, "Refused" in page) == (True, False, False)


def test_what_went_leads_on_to_its_deployment(client: Client, cast: Cast, version: Version) -> None:
    schedule = schedule_promotion(
        version=version, environment=cast.development, at=clock.now() + timedelta(days=2), zone="UTC", actor=cast.alice
    )
    strikes(schedule)
    assert str(Deployment.objects.get().uid) in text(at(client, cast.vera).get(url(schedule)))


def test_a_restricted_prompt_hides_it(client: Client, cast: Cast, schedule: Schedule) -> None:
    Prompt.objects.update(restricted=True)
    assert at(client, cast.bob).get(url(schedule)).status_code == 404


def test_the_board_asks_as_much_for_many_as_for_one(client: Client, cast: Cast, schedule: Schedule) -> None:
    at(client, cast.alice)
    before = {address: queries(client, address) for address in ("/", "/p/claims/environments/")}
    for number in range(4):
        version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}"), by=cast.bob)
        schedule_promotion(version=version, environment=cast.production, at=schedule.at, zone="UTC", actor=cast.alice)
    assert {address: queries(client, address) for address in before} == before


def test_the_forecast_is_of_that_moment_and_not_of_today(client: Client, cast: Cast, version: Version) -> None:
    rules = cast.production.policy.rules.model_copy(update={"approval_days": 1}).model_dump(mode="json")
    change_policy(environment=cast.production, data=rules, actor=cast.dora)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert "Every condition is met today" in text(at(client, cast.alice).get(LATER))
    late = schedule_promotion(
        version=version, environment=cast.production, at=clock.now() + timedelta(days=2), zone="UTC", actor=cast.alice
    )
    page = text(client.get(url(late)))
    assert "As things stand, 1 condition will hold it back" in page
    assert "lapsed after 1 days" in page
