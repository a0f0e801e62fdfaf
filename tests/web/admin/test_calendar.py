"""When promotion is allowed, filled in as a form: days, times, whose clocks, and rows for freezes."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.models import Environment, Floor, Policy
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import change_policy, set_floor
from promptstudio.projects.windows import Freeze, Hours
from tests.cast import Cast

from ..reading import at, text
from .panel import address, client_post
from .test_places import conditions

OFFICE = Hours(weekdays=(0, 1, 2, 3, 4), opens="08:00", closes="18:00", zone="Europe/Berlin")
LONDON = Hours(weekdays=(0, 1, 2), opens="09:00", closes="17:00", zone="Europe/London")
CHRISTMAS = Freeze(begins="2096-12-20T18:00+01:00", ends="2097-01-04T08:00+01:00", reason="Christmas", zone="Europe/Berlin")
DAYS: dict[str, Any] = {"hours_days": ["0", "1", "2", "3", "4"], "hours_open": "08:00", "hours_close": "18:00", "zone": "Europe/Berlin"}
ROW = {"freezes-0-begins": "2096-12-20T18:00", "freezes-0-ends": "2097-01-04T08:00", "freezes-0-reason": "Christmas"}
PREVIEW = "/admin/projects/policy/preview/"


def put(client: Client, by: Actor, place: Environment, **typed: Any) -> Any:
    return client_post(client, by, address(Policy, "add"), conditions(place, **typed))


def form(client: Client, by: Actor, place: Environment) -> str:
    return text(at(client, by).get(address(Policy, "add"), {"environment": place.pk}))


def test_days_times_and_freezes_become_conditions(client: Client, cast: Cast, dora: Actor) -> None:
    assert put(client, dora, cast.staging, **DAYS, **ROW).status_code == 302
    assert (cast.staging.policy.rules.hours, cast.staging.policy.rules.freezes) == ((OFFICE,), (CHRISTMAS,))


def test_days_alone_are_whole_days(client: Client, cast: Cast, dora: Actor) -> None:
    put(client, dora, cast.staging, hours_days=["5", "6"], zone="UTC")
    [weekend] = cast.staging.policy.rules.hours
    assert weekend.in_words == "Saturday and Sunday (UTC)"


def test_until_midnight_is_until_the_end_of_the_day(client: Client, cast: Cast, dora: Actor) -> None:
    put(client, dora, cast.staging, **DAYS | {"hours_close": "00:00"})
    assert cast.staging.policy.rules.hours[0].closes == "24:00"


def test_an_empty_calendar_is_always(client: Client, cast: Cast, dora: Actor) -> None:
    put(client, dora, cast.staging, change_record="on", zone="Europe/Berlin")
    assert (cast.staging.policy.rules.hours, cast.staging.policy.rules.freezes) == ((), ())


def test_the_form_starts_from_what_holds_and_saving_it_changes_nothing(client: Client, cast: Cast, dora: Actor) -> None:
    rules = Rules(hours=(OFFICE, LONDON), freezes=(CHRISTMAS,))
    change_policy(environment=cast.staging, data=rules.model_dump(mode="json"), actor=cast.dora)
    page = form(client, dora, cast.staging)
    assert '<option value="Europe/Berlin" selected>' in page
    assert 'value="2096-12-20T18:00"' in page
    assert "Monday to Wednesday, 9:00 to 17:00 (Europe/London)" in page
    other = json.dumps(LONDON.model_dump(mode="json"))
    answer = put(client, dora, cast.staging, **DAYS, **ROW, other_hours=[other])
    assert (answer.status_code, "These are already the rules of Staging." in text(answer)) == (409, True)


def test_further_hours_are_dropped_by_unticking_them(client: Client, cast: Cast, dora: Actor) -> None:
    rules = Rules(hours=(OFFICE, LONDON))
    change_policy(environment=cast.staging, data=rules.model_dump(mode="json"), actor=cast.dora)
    put(client, dora, cast.staging, **DAYS)
    assert cast.staging.policy.rules.hours == (OFFICE,)


def test_a_freeze_that_is_over_is_shown_no_more(client: Client, cast: Cast, dora: Actor) -> None:
    change_policy(environment=cast.staging, data={"freezes": [CHRISTMAS.model_dump(mode="json")]}, actor=cast.dora)
    assert 'value="Christmas"' in form(client, dora, cast.staging)
    with clock.at(datetime(2097, 2, 1, tzinfo=UTC)):
        assert 'value="Christmas"' not in form(client, dora, cast.staging)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (DAYS | {"zone": ""}, "Choose whose clocks these times are read from."),
        (ROW, "Choose whose clocks these times are read from."),
        (DAYS | {"zone": "Mars/Olympus"}, "Select a valid choice."),
        (DAYS | {"hours_close": "07:00"}, "This has to be later than the time above."),
        (DAYS | {"hours_open": "8 o'clock"}, "Enter a valid time."),
        (DAYS | {"hours_days": ["7"]}, "Select a valid choice."),
        (DAYS | {"hours_days": []}, "Tick the days on which these times hold."),
        (DAYS | {"other_hours": ["{"]}, "These are no hours."),
        (DAYS | ROW | {"freezes-0-ends": ""}, "Row 1: Give both days with their times."),
        (DAYS | ROW | {"freezes-0-ends": "soon"}, "Row 1: Give both days with their times."),
        (DAYS | ROW | {"freezes-0-ends": "0001-01-01T00:00"}, "Row 1: Give both days with their times."),
        (DAYS | ROW | {"freezes-0-ends": "9999-12-31T23:59"}, "Row 1: A freeze lasts two years at most."),
        (DAYS | ROW | {"freezes-0-ends": "2096-12-01T00:00"}, "Row 1: A freeze has to begin before it ends."),
        (DAYS | ROW | {"freezes-0-reason": ""}, "Row 1: Say in one line why, in at most 200 characters."),
        (DAYS | ROW | {"freezes-0-reason": "x" * 201}, "Row 1: Say in one line why, in at most 200 characters."),
        (DAYS | ROW | {"freezes-0-reason": "two\x1blines"}, "Row 1: Write the reason in one line."),
        (DAYS | {"previous_hours": "0"}, "greater than or equal to 1"),
        (DAYS | {"previous_hours": "9999999999"}, "less than or equal to 8760"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(client: Client, cast: Cast, dora: Actor, typed: Any, sentence: str) -> None:
    answer = put(client, dora, cast.staging, **typed)
    assert (answer.status_code, sentence in text(answer)) == (422, True)
    assert cast.staging.policy.number == 1
    for name in ("freezes-0-begins", "freezes-0-reason"):
        if typed.get(name):
            assert f'value="{typed[name]}"' in text(answer)


@pytest.mark.parametrize("reason", ["<script>alert(1)</script>", "עונת החגים", "🎄", "O'Brien & Söhne"])
def test_whatever_somebody_writes_as_a_reason_is_told_as_it_is(client: Client, cast: Cast, dora: Actor, reason: str) -> None:
    answer = put(client, dora, cast.staging, **DAYS, **ROW | {"freezes-0-reason": reason})
    assert answer.status_code == 302
    assert "<script>alert" not in text(client.get(answer.url))
    assert cast.staging.policy.rules.freezes[0].reason == reason


def test_afterwards_the_page_says_what_changed(client: Client, cast: Cast, dora: Actor) -> None:
    answer = put(client, dora, cast.production, **DAYS, previous_hours="24")
    page = text(client.get(answer.url))
    assert "A version now needs to be live in Staging for 24 hours without a break." in page
    assert "It no longer needs to be live in Staging first." in page
    first = cast.production.policies.order_by("number")[0]
    assert "These are the first." in text(client.get(address(Policy, "change", first.pk)))


def test_the_preview_says_it_in_words(client: Client, cast: Cast, dora: Actor) -> None:
    with clock.at(datetime(2026, 11, 28, 12, tzinfo=UTC)):
        page = text(at(client, dora).post(PREVIEW, conditions(cast.production, **DAYS, **ROW)))
    assert "Promotion is allowed Monday to Friday, 8:00 to 18:00 (Europe/Berlin)." in page
    assert "Nothing is promoted from 20 December 2096 at 18:00 to 4 January 2097 at 8:00 (Europe/Berlin), “Christmas”." in page
    assert "At this moment nothing could enter at all, before Monday, 30 November 2026 at 8:00 (Europe/Berlin)." in page


def test_a_floor_has_a_calendar_as_well_and_projects_keep_theirs(client: Client, cast: Cast) -> None:
    change_policy(environment=cast.production, data={"hours": [LONDON.model_dump(mode="json")]}, actor=cast.dora)
    roles = ["domain_expert", "product", "technical", "admin"]
    typed = {"environments": "production", "deployers": roles, "same_baseline": "on", "approver_may_deploy": "on", **DAYS, **ROW}
    assert client_post(client, cast.root, address(Floor, "add"), typed).status_code == 302
    assert set(cast.production.policy.rules.hours) == {OFFICE, LONDON}
    assert cast.production.policy.rules.freezes == (CHRISTMAS,)
    assert "Promotion is allowed Monday to Friday" in text(client.get(address(Floor, "changelist")))


def test_below_the_floor_a_project_cannot_open(client: Client, cast: Cast, dora: Actor) -> None:
    set_floor(data={"hours": [OFFICE.model_dump(mode="json")]}, actor=cast.root)
    answer = put(client, dora, cast.production, **DAYS | {"hours_close": "20:00"})
    assert (answer.status_code, "promotion is allowed outside of Monday to Friday, 8:00 to 18:00" in text(answer)) == (422, True)


def test_each_freeze_is_a_group_with_labels(client: Client, cast: Cast, dora: Actor) -> None:
    page = form(client, dora, cast.staging)
    inputs = re.findall(r'id="(id_freezes-\d+-\w+)"', page)
    assert len(inputs) == 6
    assert all(f'for="{name}"' in page for name in inputs)
