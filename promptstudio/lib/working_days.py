"""Days as an office counts them: Monday to Friday in the server's time zone."""

from datetime import datetime, timedelta

from django.utils import timezone


def working_days_later(moment: datetime, days: int) -> datetime:
    """The same time of day so many working days later."""
    later = timezone.localtime(moment)
    while days:
        later += timedelta(days=1)
        days -= later.weekday() < 5
    return later
