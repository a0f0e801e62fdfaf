"""Moments as people and programs write them."""

from datetime import UTC, datetime, tzinfo

from django.utils.dateparse import parse_datetime

from . import clock
from .errors import Invalid

EARLIEST = 1970


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
