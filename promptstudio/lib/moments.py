"""Moments as people and programs write them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.dateparse import parse_date, parse_datetime, parse_time

from . import clock
from .errors import Invalid

EARLIEST = 1970
# As a time field sends it; what names an offset besides its zone is refused.
HOUR = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def parse_moment(text: str, *, field: str = "at", zone: tzinfo | None = None) -> datetime:
    """An aware moment that is not in the future. `zone` is what a time without one is meant in; without it, one has to be given.

    Raises Invalid under `field`.
    """
    example = "2026-10-01T12:00:00Z" if zone is None else "2026-10-01T12:00"
    try:
        # A plus sign in an address arrives as a space.
        moment = parse_datetime(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        moment = None
    if moment is None or not EARLIEST <= moment.year < 9999:
        raise Invalid({field: f"Give a moment such as {example}."})
    if moment.tzinfo is None:
        if zone is None:
            raise Invalid({field: f"Say in which time zone: {example} is UTC, and 2026-10-01T14:00:00%2B02:00 is two hours ahead of it."})
        moment = moment.replace(tzinfo=zone)
    moment = moment.astimezone(UTC)
    if moment > clock.now():
        raise Invalid({field: "That moment is in the future. What will be live then, nobody knows yet."})
    return moment


@cache
def zones() -> list[str]:
    """Time zones by the names that people know, such as Europe/Berlin."""
    return sorted(name for name in available_timezones() if name == "UTC" or ("/" in name and not name.startswith("Etc/")))


def parse_local(day: str, hour: str, zone: str) -> datetime:
    """The moment at which it is `hour` (7:00) on `day` (2026-12-03) in `zone` (Europe/Berlin).

    Raises Invalid under `day`, `hour` and `zone`; also where the clocks are put forward over it, or it comes twice.
    """
    found_day = _parsed(parse_date, day)
    found_hour = _parsed(parse_time, hour) if HOUR.fullmatch(hour.strip()) else None
    errors = {}
    if not isinstance(found_day, date) or not EARLIEST <= found_day.year < 9999:
        errors["day"] = "Give a day such as 2026-12-03."
    if not isinstance(found_hour, time):
        errors["hour"] = "Give a time such as 07:00."
    if zone not in zones():
        errors["zone"] = "Choose a time zone from the list, such as Europe/Berlin."
    if errors:
        raise Invalid(errors)
    assert isinstance(found_day, date)
    assert isinstance(found_hour, time)
    return _once(datetime.combine(found_day, found_hour), zone).astimezone(UTC)


def _once(wall: datetime, zone: str) -> datetime:
    """What the clock on the wall shows, as the one moment at which it shows that."""
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    shift = abs((second.utcoffset() or timedelta()) - (first.utcoffset() or timedelta()))
    other = f"{wall + shift:%H:%M}"
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise Invalid(
            {"hour": f"There is no {wall:%H:%M} in {zone} on that day: the clocks are put forward. Choose another, such as {other}."}
        )
    raise Invalid({"hour": f"{wall:%H:%M} comes twice in {zone} on that day: the clocks are put back. Choose another, such as {other}."})


def _parsed(parse: Callable[[str], date | time | None], text: str) -> date | time | None:
    try:
        return parse(text.strip())
    except ValueError:
        return None
