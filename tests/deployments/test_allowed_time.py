"""Outside of its hours and during a freeze nothing enters, and everybody reads when it may again."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of
from promptstudio.deployments import board, gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import Pair, answers_for
from promptstudio.deployments.services import Blocked
from promptstudio.deployments.status import next_step
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import PendingChange, Policy
from promptstudio.projects.services import change_policy, set_floor
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, asked, promote

OFFICE = {"weekdays": [0, 1, 2, 3, 4], "opens": "08:00", "closes": "18:00", "zone": "Europe/Berlin"}
YORK = {"weekdays": [0], "opens": "08:00", "closes": "10:00", "zone": "America/New_York"}
CHRISTMAS = {"begins": "2026-12-18T18:00+01:00", "ends": "2027-01-04T08:00+01:00", "reason": "Christmas", "zone": "Europe/Berlin"}
CALENDAR: dict[str, Any] = {"hours": [OFFICE], "freezes": [CHRISTMAS]}
TUESDAY, SATURDAY, CHRISTMAS_DAY = "2026-11-24T12:00", "2026-11-28T12:00", "2026-12-25T12:00"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    change_policy(environment=cast.development, data=CALENDAR, actor=cast.dora)
    return a_version(prompt, by=cast.alice)


def at(text: str) -> Any:
    return clock.at(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")))


def outcome(cast: Cast, version: Version) -> gates.Outcome:
    [alone] = gates.evaluate(gates.candidate_for(version, cast.development), (gates.AllowedTime(),))
    assert alone in answers_for([Pair(version, cast.development)])[version.pk, cast.development.pk]
    return alone


@pytest.mark.parametrize(
    ("moment", "passed", "reason"),
    [
        (TUESDAY, True, "Promotion is allowed now: Monday to Friday, 8:00 to 18:00 (Europe/Berlin)."),
        (
            SATURDAY,
            False,
            "Promotion is allowed Monday to Friday, 8:00 to 18:00 (Europe/Berlin). "
            "Allowed again on Monday, 30 November 2026 at 8:00 (Europe/Berlin).",
        ),
        (
            CHRISTMAS_DAY,
            False,
            "Nothing is promoted from 18 December 2026 at 18:00 to 4 January 2027 at 8:00 (Europe/Berlin): “Christmas”. "
            "Allowed again on Monday, 4 January 2027 at 8:00 (Europe/Berlin).",
        ),
    ],
)
def test_it_says_when(cast: Cast, version: Version, moment: str, passed: bool, reason: str) -> None:
    with at(moment):
        found = outcome(cast, version)
    assert (found.passed, found.reason) == (passed, reason)


def test_while_its_clock_goes_on_an_open_hour_is_open(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    start = datetime.fromisoformat(TUESDAY).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(microseconds=next(ticks)))
    assert outcome(cast, version).passed


def test_the_door_opens_at_the_moment_that_was_told(cast: Cast, version: Version) -> None:
    with at(SATURDAY), pytest.raises(Blocked, match="Allowed again on Monday, 30 November 2026 at 8:00"):
        promote(version, cast.development, by=cast.alice)
    with at("2026-11-30T08:00"):
        assert promote(version, cast.development, by=cast.alice)


def test_the_way_back_is_open_on_christmas_day(cast: Cast, version: Version, prompt: Prompt) -> None:
    with at(TUESDAY):
        promote(version, cast.development, by=cast.alice)
        promote(a_version(prompt, by=cast.alice, text="Newer {{claim}}"), cast.development, by=cast.alice)
    with at(CHRISTMAS_DAY):
        back = deployments.roll_back(prompt=prompt, environment=cast.development, reason="It was better.", actor=cast.bob)
    assert back.version == version


def test_with_freezes_alone_every_other_moment_is_open(cast: Cast, version: Version) -> None:
    change_policy(environment=cast.development, data={"freezes": [CHRISTMAS]}, actor=cast.dora)
    with at(SATURDAY):
        assert outcome(cast, version).reason == "No freeze holds now."
    with at(CHRISTMAS_DAY):
        assert not outcome(cast, version).passed


def test_hours_that_never_meet_are_refused(cast: Cast, version: Version) -> None:
    early = OFFICE | {"weekdays": [0], "closes": "09:00"}
    for put in (lambda: change_policy(environment=cast.staging, data={"hours": [early, YORK]}, actor=cast.dora),
                lambda: set_floor(data={"hours": [early, YORK]}, actor=cast.root)):  # fmt: skip
        with pytest.raises(Invalid, match="never open together"):
            put()


def test_a_floor_can_close_an_environment_and_it_says_so(cast: Cast, version: Version) -> None:
    change_policy(environment=cast.development, data={"hours": [OFFICE | {"closes": "09:00"}]}, actor=cast.dora)
    set_floor(data={"hours": [YORK]}, environments=["development"], actor=cast.root)
    with at(TUESDAY):
        assert "Its hours are never open together" in outcome(cast, version).reason
        with pytest.raises(Blocked, match="never open together"):
            promote(version, cast.development, by=cast.alice)


def test_what_misses_nothing_but_the_hour_is_to_be_promoted_next(cast: Cast, version: Version, prompt: Prompt) -> None:
    asked(version, cast.development, by=cast.alice)
    with at(SATURDAY):
        step = next_step(board.row(prompt))

    assert (step.kind, step.environment) == ("promote", cast.development)


def test_easier_hours_wait_for_a_second_person(cast: Cast, version: Version, settings: Any) -> None:
    settings.SECOND_PERSON = True
    asked = change_policy(environment=cast.development, data={}, actor=cast.dora)
    assert isinstance(asked, PendingChange)
    assert asked.reasons == [
        "promotion is allowed outside of Monday to Friday, 8:00 to 18:00 (Europe/Berlin)",
        "promotion is allowed from 18 December 2026 at 18:00 to 4 January 2027 at 8:00 (Europe/Berlin), where it is frozen now",
    ]


def test_a_freeze_that_is_over_may_go(cast: Cast, version: Version, settings: Any) -> None:
    settings.SECOND_PERSON = True
    with at("2027-01-05T12:00"):
        assert isinstance(change_policy(environment=cast.development, data={"hours": [OFFICE]}, actor=cast.dora), Policy)


def test_what_somebody_wrote_as_the_reason_stands_in_the_trail_as_words(cast: Cast, version: Version) -> None:
    entry = Entry.objects.filter(action="policy.changed").latest("id")
    assert "Christmas" not in entry.data
    assert words_of([entry]) == {entry.uid: {"freezes": "Christmas"}}
