"""When promotion is allowed: hours of the week, freezes, and clocks that are put on and back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import FAR, Freeze, Hours, freeze_at, in_words, moment_in_words, next_allowed, zones

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(weekdays=(0, 1, 2, 3, 4), opens="08:00", closes="18:00", zone="Europe/Berlin")
CHRISTMAS = Freeze(begins="2026-12-20T18:00+01:00", ends="2027-01-04T08:00+01:00", reason="Christmas", zone="Europe/Berlin")
# Clocks that go on and back by an hour, by half of one, at midnight, and never.
PLACES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Asuncion", "Asia/Beirut", "Africa/Casablanca", "Asia/Tokyo"]
times = st.builds(lambda hour, quarter: f"{hour:02}:{quarter * 15:02}", st.integers(0, 23), st.integers(0, 3))


@st.composite
def any_hours(draw: st.DrawFn, places: tuple[str, ...] = tuple(PLACES)) -> Hours:
    opens, closes = sorted([draw(times), draw(times | st.just("24:00"))])
    days = draw(st.lists(st.integers(0, 6), min_size=1, unique=True).map(sorted).map(tuple))
    if opens == closes:
        opens, closes = "00:00", "24:00"
    return Hours(weekdays=days, opens=opens, closes=closes, zone=draw(st.sampled_from(places)))


@st.composite
def any_freeze(draw: st.DrawFn) -> Freeze:
    begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * draw(st.integers(0, 4 * 24 * 365)))
    span = timedelta(minutes=15 * draw(st.integers(1, 4 * 24 * 20)))
    return Freeze(begins=begins, ends=begins + span, reason="Stocktaking", zone=draw(st.sampled_from(PLACES)))


# The days around each change of clocks in 2026, where most mistakes would be.
changes = [datetime(2026, month, day, tzinfo=UTC) for month, day in [(3, 8), (3, 22), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1), (2, 15)]]
moments = st.builds(lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from(changes), st.integers(-2 * 24 * 60, 2 * 24 * 60))
calendars = st.builds(Rules, hours=st.lists(any_hours(), max_size=2).map(tuple), freezes=st.lists(any_freeze(), max_size=3).map(tuple))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def is_allowed(rules: Rules, moment: datetime) -> bool:
    """Said once more, in the simplest words."""
    for hours in rules.hours:
        clock = moment.astimezone(ZoneInfo(hours.zone))
        if clock.weekday() not in hours.weekdays or not hours.opens <= clock.strftime("%H:%M") < hours.closes:
            return False
    return not any(freeze.begins <= moment < freeze.ends for freeze in rules.freezes)


def test_an_empty_calendar_is_always() -> None:
    now = datetime(2026, 11, 28, 3, 14, 15, tzinfo=UTC)
    assert next_allowed(Rules(), now) == now


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-11-26T08:00", "2026-11-26T08:00"),
        ("2026-11-26T07:59:59", "2026-11-26T08:00"),
        ("2026-11-26T17:59:59", "2026-11-26T17:59:59"),
        ("2026-11-26T18:00", "2026-11-27T08:00"),
        ("2026-11-27T18:00", "2026-11-30T08:00"),
        ("2026-12-18T19:00", "2027-01-04T08:00"),
        ("2026-12-21T12:00", "2027-01-04T08:00"),
    ],
)
def test_office_hours_and_a_freeze(now: str, allowed: str) -> None:
    assert next_allowed(Rules(hours=(OFFICE,), freezes=(CHRISTMAS,)), local(now)) == local(allowed)


def test_when_clocks_go_on_what_opens_in_the_missing_hour_opens_after_it() -> None:
    """On 29 March 2026 there is no 2:30 in Berlin: at 2:00 it is 3:00."""
    night = Rules(hours=(Hours(weekdays=(6,), opens="02:30", closes="04:00", zone="Europe/Berlin"),))
    assert next_allowed(night, local("2026-03-29T00:00")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_what_lies_in_the_missing_hour_waits_for_the_next_week() -> None:
    night = Rules(hours=(Hours(weekdays=(6,), opens="02:15", closes="02:45", zone="Europe/Berlin"),))
    assert next_allowed(night, local("2026-03-29T00:00")) == local("2026-04-05T02:15")


def test_when_clocks_go_back_the_hour_that_comes_twice_is_open_twice() -> None:
    night = Rules(hours=(Hours(weekdays=(6,), opens="02:00", closes="02:30", zone="Europe/Berlin"),))
    first, second = datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    assert next_allowed(night, local("2026-10-25T00:00")) == first
    assert next_allowed(night, first + timedelta(minutes=30)) == second
    assert next_allowed(night, second + timedelta(minutes=30)) == local("2026-11-01T02:00")


@settings(max_examples=60, deadline=None)
@given(calendars, moments)
def test_it_is_the_first_minute_that_is_allowed(rules: Rules, now: datetime) -> None:
    """Minute by minute, as far as ten days: rules that begin and end at full minutes hide nothing between."""
    found = next_allowed(rules, now)
    assert found is None or (found >= now and is_allowed(rules, found))
    end = min(found or now + FAR, now + timedelta(days=10))
    minute = now
    while minute < end:
        assert not is_allowed(rules, minute), minute
        minute += timedelta(minutes=1)


@given(calendars, moments)
def test_asked_again_at_that_moment_it_is_allowed_at_once(rules: Rules, now: datetime) -> None:
    if (found := next_allowed(rules, now)) is not None:
        assert next_allowed(rules, found) == found
        assert freeze_at(rules, found) is None


def test_hours_that_are_never_open_together_are_never() -> None:
    apart = [Hours(weekdays=(0,), opens="08:00", closes="10:00", zone=zone) for zone in ("Europe/Berlin", "America/New_York")]
    assert next_allowed(Rules(hours=tuple(apart)), local("2026-11-26T08:00")) is None


def test_hours_that_meet_only_while_clocks_differ_are_found() -> None:
    """For three weeks in March New York is an hour nearer to Berlin."""
    berlin = Hours(weekdays=(0,), opens="14:00", closes="15:00", zone="Europe/Berlin")
    york = Hours(weekdays=(0,), opens="09:30", closes="10:00", zone="America/New_York")
    assert next_allowed(Rules(hours=(berlin, york)), local("2026-04-01T00:00")) == local("2026-10-26T14:30")


def test_sentences() -> None:
    days = [(0, 1, 2, 3, 4), (0, 2), (5, 6), (0, 1, 2, 3, 4, 5, 6), (2,)]
    told = [Hours(weekdays=each, opens="08:00", closes="24:00", zone="UTC").in_words for each in days]
    assert told == [
        "Monday to Friday, 8:00 to midnight (UTC)",
        "Monday and Wednesday, 8:00 to midnight (UTC)",
        "Saturday and Sunday, 8:00 to midnight (UTC)",
        "every day, 8:00 to midnight (UTC)",
        "Wednesday, 8:00 to midnight (UTC)",
    ]
    assert in_words(Rules(hours=(OFFICE,), freezes=(CHRISTMAS,))) == [
        "Promotion is allowed Monday to Friday, 8:00 to 18:00 (Europe/Berlin).",
        "Nothing is promoted from 20 December 2026 at 18:00 to 4 January 2027 at 8:00 (Europe/Berlin), “Christmas”.",
    ]
    assert moment_in_words(datetime(2026, 7, 6, 6, 5, tzinfo=UTC), "Europe/Berlin") == "Monday, 6 July 2026 at 8:05 (Europe/Berlin)"


@pytest.mark.parametrize(
    "broken",
    [
        {"opens": "18:00"},
        {"opens": "8:00"},
        {"opens": "24:00"},
        {"closes": "25:00"},
        {"weekdays": [7]},
        {"weekdays": [1, 0]},
        {"weekdays": [0, 0]},
        {"zone": "Europe"},
        {"zone": "../../etc/passwd"},
        {"zone": "Berlin\x00"},
        {"zone": "x" * 5000},
        {"zone": None},
        {"more": 1},
    ],
)
def test_hours_that_are_none_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate({"hours": [OFFICE.model_dump(mode="json") | broken]})


@pytest.mark.parametrize(
    "broken",
    [
        {"ends": "2026-12-20T18:00+01:00"},
        {"ends": "2029-12-20T18:00+01:00"},
        {"begins": "1999-12-31T18:00Z", "ends": "2000-01-02T00:00Z"},
        {"begins": "2026-12-20T18:00"},
        {"begins": "soon"},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"reason": "NUL\x00"},
        {"reason": "x" * 201},
        {"zone": "Mars/Olympus"},
    ],
)
def test_freezes_that_are_none_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate({"freezes": [CHRISTMAS.model_dump(mode="json") | broken]})


def test_a_calendar_survives_being_kept() -> None:
    rules = Rules(hours=(OFFICE,), freezes=(CHRISTMAS,))
    assert Rules.model_validate(rules.model_dump(mode="json")) == rules


def test_every_zone_can_be_told() -> None:
    for zone in zones():
        assert Hours(weekdays=(0,), opens="08:00", closes="18:00", zone=zone).holds(local("2026-11-26T08:00")) is False
