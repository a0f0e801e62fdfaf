"""The first and the last day that a list covers."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

# Beyond these, the midnight before or after may lie outside what a datetime holds.
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 31)


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {"invalid": "Give a day, such as 2026-11-22."}

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class PeriodFields(forms.Form):
    since = Day(label="From", required=False)
    until = Day(label="To", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first. Swap them.")
        return cleaned

    @property
    def beginning(self) -> datetime | None:
        """The midnight that the first day starts with."""
        return _midnight(self.cleaned_data.get("since"))

    @property
    def end(self) -> datetime | None:
        """The midnight after the last day: itself not in the period."""
        until = self.cleaned_data.get("until")
        return _midnight(until and until + timedelta(days=1))


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
