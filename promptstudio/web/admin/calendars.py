"""When promotion is allowed, as fields that people fill in without knowing how it is kept."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
from django import forms
from django.conf import settings
from django.template.loader import render_to_string

from promptstudio.lib import clock
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import LONGEST_REASON, WEEKDAYS, Freeze, Hours, still_to_come, zone_of, zones

Row = dict[str, str]
PARTS = ("begins", "ends", "reason")
EMPTY_ROWS, MOST_ROWS = 2, 60
AREAS = ("Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian", "Antarctica")


def zone_choices() -> list[Any]:
    """By part of the world, as people look for a city."""
    by_area = {area: [zone for zone in sorted(zones()) if zone.startswith(f"{area}/")] for area in AREAS}
    places = [(area, [(zone, _city(zone)) for zone in found]) for area, found in by_area.items()]
    return [("", "Choose a place"), ("UTC", "UTC"), *places]


def _city(zone: str) -> str:
    return zone.partition("/")[2].replace("_", " ").replace("/", ", ")


class FreezesWidget(forms.Widget):
    """A row for each freeze, and some more to fill in."""

    shape = "rows"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        kept: list[Row] = list(value or [])
        rows = [*kept, *({} for _ in range(EMPTY_ROWS))]
        context = {
            "name": name,
            "rows": rows[:MOST_ROWS],
            "longest_reason": LONGEST_REASON,
            "describedby": (attrs or {}).get("aria-describedby"),
        }
        return render_to_string("admin/_freezes.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        rows = [{part: str(data.get(f"{name}-{number}-{part}", "")).strip() for part in PARTS} for number in range(MOST_ROWS)]
        return [row for row in rows if any(row.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class FreezesField(forms.Field):
    widget = FreezesWidget


class KeptHours(forms.MultipleChoiceField):
    """Further hours that hold at the same time, each as it is kept; unticked, they hold no more."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: str) -> bool:
        # Whatever else somebody sends is read as hours below, or refused.
        return True


class CalendarForm(forms.ModelForm):
    """Fields of `Rules.hours` and `Rules.freezes`; `calendar_data` reads them back."""

    hours_days = forms.MultipleChoiceField(
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
        label="Only on these days",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="With nothing ticked, every day and every hour.",
    )
    hours_open = forms.TimeField(
        label="From", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), help_text="Empty: from midnight."
    )
    hours_close = forms.TimeField(
        label="Until", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), help_text="Empty: until midnight."
    )
    zone = forms.ChoiceField(
        label="Times are those of", required=False, help_text="Clocks that are put on and back are followed.", choices=zone_choices
    )
    other_hours = KeptHours(label="And at the same time within", required=False)
    freezes = FreezesField(
        label="Nothing is promoted",
        required=False,
        help_text="Name the occasion, such as Christmas or half-year accounts, and no people. What is over disappears from here.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].initial = settings.TIME_ZONE
        kept = self.data.getlist("other_hours") if self.is_bound and hasattr(self.data, "getlist") else self.initial.get("other_hours", [])
        told = [(each, hours.in_words) for each in kept if (hours := _hours_of(each))]
        if told:
            self.fields["other_hours"].choices = told  # type: ignore[attr-defined]
        else:
            self.fields["other_hours"].widget = forms.MultipleHiddenInput()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self.calendar: dict[str, Any] = {"hours": [*self._own_hours(given), *self._kept_hours(given)], "freezes": self._freezes(given)}
        return given

    def _own_hours(self, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        days, opens, closes = given.get("hours_days"), given.get("hours_open"), given.get("hours_close")
        if not days:
            if opens or closes:
                self.add_error("hours_days", "Tick the days on which these times hold.")
            return
        if not self._has_zone(given):
            return
        # Until 0:00 is until the end of the day.
        until = f"{closes:%H:%M}" if closes and closes != time() else "24:00"
        hours = {"weekdays": sorted(map(int, days)), "opens": f"{opens or time():%H:%M}", "closes": until, "zone": given["zone"]}
        if hours["opens"] >= until:
            self.add_error("hours_close", "This has to be later than the time above. Hours over midnight take two sets of conditions.")
        else:
            yield hours

    def _kept_hours(self, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for each in given.get("other_hours", []):
            if hours := _hours_of(each):
                yield hours.model_dump(mode="json")
            else:
                self.add_error("other_hours", "These are no hours. Load the page again.")

    def _freezes(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[Row] = given.get("freezes") or []
        if not rows or not self._has_zone(given):
            return []
        found = []
        for number, row in enumerate(rows, start=1):
            try:
                found.append(_freeze(row, given["zone"]).model_dump(mode="json"))
            except ValueError as error:
                self.add_error("freezes", f"Row {number}: {_sentence(error)}")
        return found

    def _has_zone(self, given: dict[str, Any]) -> bool:
        if not given.get("zone") and not self.has_error("zone"):
            self.add_error("zone", "Choose whose clocks these times are read from.")
        return bool(given.get("zone"))


def calendar_initial(rules: Rules) -> dict[str, Any]:
    """What the fields start with, to show these rules. What is over is left out."""
    own, *others = rules.hours or (None,)
    zone = zone_of(rules) if rules.hours or rules.freezes else settings.TIME_ZONE
    shown: dict[str, Any] = {"zone": zone, "other_hours": [json.dumps(hours.model_dump(mode="json")) for hours in others if hours]}
    if own:
        closes = "" if own.closes == "24:00" else own.closes
        shown |= {"hours_days": [str(day) for day in own.weekdays], "hours_open": own.opens, "hours_close": closes}
    rows = [_row(freeze, zone) for freeze in still_to_come(rules.freezes, clock.now())]
    return shown | {"freezes": rows}


def _row(freeze: Freeze, zone: str) -> Row:
    begins, ends = (f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" for moment in (freeze.begins, freeze.ends))
    return {"begins": begins, "ends": ends, "reason": freeze.reason}


def _freeze(row: Row, zone: str) -> Freeze:
    moments = {part: _moment(row[part], zone) for part in ("begins", "ends")}
    return Freeze(**moments, reason=row["reason"], zone=zone)


def _moment(typed: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Give both days with their times.") from None


def _sentence(error: ValueError) -> str:
    if not isinstance(error, pydantic.ValidationError):
        return str(error)
    first = error.errors()[0]
    if "reason" in first["loc"]:
        return f"Say in one line why, in at most {LONGEST_REASON} characters."
    return first["msg"].removeprefix("Value error, ")


def _hours_of(kept: Any) -> Hours | None:
    try:
        return Hours.model_validate_json(str(kept))
    except pydantic.ValidationError:
        return None
