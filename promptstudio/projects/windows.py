"""When promotion is allowed: hours of the week and named freezes, each in a time zone. Pure; no calendar at all is always."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from .rules import Rules

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_FREEZES, LONGEST_REASON, LONGEST_FREEZE = 200, 200, timedelta(days=731)
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Every difference between two time zones comes up within a year; a week that never opens in this time never does.
FAR = timedelta(days=400)


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known(zone: str) -> str:
    if zone not in zones():
        raise ValueError("This is no time zone. Choose one such as Europe/Berlin.")
    return zone


Zone = Annotated[str, AfterValidator(_known)]
Opens = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Closes = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Hours(BaseModel):
    """`weekdays` from 0, which is Monday; from `opens` until before `closes` (HH:MM, 24:00 for midnight), as clocks in `zone` show it.

    Without a weekday it never opens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...]
    opens: Opens
    closes: Closes
    zone: Zone

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("It has to open before it closes.")
        if list(self.weekdays) != sorted(set(self.weekdays)):
            raise ValueError("Name each weekday once, Monday first.")
        return self

    def holds(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        return local.weekday() in self.weekdays and self.opens <= f"{local:%H:%M}" < self.closes

    def lies_in(self, other: "Hours") -> bool:
        """Whether it is open only while `other`, of the same zone, is."""
        inside = other.opens <= self.opens and self.closes <= other.closes
        return not self.weekdays or (inside and set(self.weekdays) <= set(other.weekdays))

    def within(self, other: "Hours") -> "Hours":
        """What it has in common with `other`, of the same zone."""
        days = tuple(day for day in self.weekdays if day in other.weekdays)
        opens, closes = max(self.opens, other.opens), min(self.closes, other.closes)
        if not days or opens >= closes:
            return Hours(weekdays=(), opens="00:00", closes="24:00", zone=self.zone)
        return Hours(weekdays=days, opens=opens, closes=closes, zone=self.zone)

    @property
    def in_words(self) -> str:
        """“Monday to Friday, 8:00 to 18:00 (Europe/Berlin)”."""
        if not self.weekdays:
            return "never"
        all_day = (self.opens, self.closes) == ("00:00", "24:00")
        clock = "" if all_day else f", {_clock(self.opens)} to {_clock(self.closes)}"
        return f"{_days(self.weekdays)}{clock} ({self.zone})"


class Freeze(BaseModel):
    """From `begins` until before `ends` nothing is promoted. `zone` is where its times are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: AwareDatetime
    ends: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    zone: Zone

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.begins >= self.ends:
            raise ValueError("A freeze has to begin before it ends.")
        if self.ends - self.begins > LONGEST_FREEZE:
            raise ValueError("A freeze lasts two years at most.")
        if self.begins.year < FIRST_YEAR or self.ends.year > LAST_YEAR:
            raise ValueError(f"A freeze lies between {FIRST_YEAR} and {LAST_YEAR}.")
        if any(not sign.isprintable() for sign in self.reason):
            raise ValueError("Write the reason in one line.")
        return self

    def holds(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends

    @property
    def in_words(self) -> str:
        """“from 20 December 2026 at 18:00 to 6 January 2027 at 8:00 (Europe/Berlin)”."""
        begins, ends = (moment.astimezone(ZoneInfo(self.zone)) for moment in (self.begins, self.ends))
        return f"from {_moment(begins)} to {_moment(ends)} ({self.zone})"


def next_allowed(rules: "Rules", now: datetime) -> datetime | None:
    """The first moment from `now` on at which these rules let promotions through; None where their hours never open together."""
    moment = _next_open(rules.hours, now)
    while moment and (freeze := freeze_at(rules, moment)):
        moment = _next_open(rules.hours, freeze.ends)
    return moment


def freeze_at(rules: "Rules", moment: datetime) -> Freeze | None:
    """Of several, the one that ends last."""
    return max((freeze for freeze in rules.freezes if freeze.holds(moment)), key=lambda freeze: freeze.ends, default=None)


def zone_of(rules: "Rules") -> str:
    """Where moments are told."""
    zones_told = [hours.zone for hours in rules.hours] + [freeze.zone for freeze in rules.freezes]
    return zones_told[0] if zones_told else "UTC"


def moment_in_words(moment: datetime, zone: str) -> str:
    """“Monday, 30 November 2026 at 8:00 (Europe/Berlin)”."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A}, {_moment(local)} ({zone})"


def in_words(rules: "Rules") -> list[str]:
    """A sentence for the hours and one for the freezes, as far as there are any."""
    found = []
    if rules.hours:
        found.append(f"Promotion is allowed {' and, at the same time, '.join(hours.in_words for hours in rules.hours)}.")
    if rules.freezes:
        found.append(f"Nothing is promoted {_listed([f'{freeze.in_words}, “{freeze.reason}”' for freeze in rules.freezes])}.")
    return found


def of_one_zone_each(hours: Sequence[Hours]) -> tuple[Hours, ...]:
    """What is asked for in one zone twice is asked for once: the time that both have in common."""
    found: dict[str, Hours] = {}
    for asked in hours:
        found[asked.zone] = found[asked.zone].within(asked) if asked.zone in found else asked
    return tuple(found[zone] for zone in sorted(found))


def each_once(freezes: Sequence[Freeze]) -> tuple[Freeze, ...]:
    return tuple(sorted(set(freezes), key=lambda freeze: (freeze.begins, freeze.ends, freeze.zone, freeze.reason)))


def still_to_come(freezes: Sequence[Freeze], now: datetime) -> tuple[Freeze, ...]:
    return tuple(freeze for freeze in freezes if freeze.ends > now)


def eased(new: "Rules", old: "Rules", now: datetime) -> list[str]:
    """In which ways the new calendar lets in what the old one held back. Nobody is held back any more by what is over."""
    found = []
    if wider := [asked for asked in old.hours if not any(mine.zone == asked.zone and mine.lies_in(asked) for mine in new.hours)]:
        found.append(f"promotion is allowed outside of {' and '.join(hours.in_words for hours in wider)}")
    for freeze in old.freezes:
        if freeze.ends > now and not _is_covered(freeze, new.freezes, now):
            # Without its reason, which somebody wrote freely.
            found.append(f"promotion is allowed {freeze.in_words}, where it is frozen now")
    return found


def _is_covered(freeze: Freeze, others: Sequence[Freeze], now: datetime) -> bool:
    reached = max(freeze.begins, now)
    for other in sorted(others, key=lambda other: other.begins):
        if other.begins <= reached:
            reached = max(reached, other.ends)
    return reached >= freeze.ends


def _next_open(hours: Sequence[Hours], now: datetime) -> datetime | None:
    """The first moment from `now` on at which all of them are open."""
    moment = now
    while shut := next((each for each in hours if not each.holds(moment)), None):
        opening = _opening(shut, moment)
        if opening is None or opening > now + FAR:
            return None
        moment = opening
    return moment


def _opening(hours: Hours, after: datetime) -> datetime | None:
    """When hours that are shut at `after` open next."""
    zone = ZoneInfo(hours.zone)
    today = after.astimezone(zone).date()
    # Two weeks: the only hours of one week may fall into the hour that clocks leave out.
    for day in (today + timedelta(days=number) for number in range(15)):
        for moment in sorted(_turns(day, hours.opens, zone)):
            if moment > after and hours.holds(moment):
                return moment
    return None


def _turns(day: date, opens: str, zone: ZoneInfo) -> Iterator[datetime]:
    """Whenever hours may begin on that day: as clocks show `opens`, which can be twice, and as clocks are put on or back."""
    hour, minute = (int(part) for part in opens.split(":"))
    for fold in (0, 1):
        yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)
    before, after = noon - timedelta(hours=18), noon + timedelta(hours=18)
    if _offset(before, zone) != _offset(after, zone):
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            before, after = (before, middle) if _offset(middle, zone) != _offset(before, zone) else (middle, after)
        yield after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _days(days: Sequence[int]) -> str:
    names = [WEEKDAYS[day] for day in days]
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return _listed(names)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _clock(time: str) -> str:
    return "midnight" if time == "24:00" else time.removeprefix("0")


def _moment(local: datetime) -> str:
    return f"{local.day} {local:%B %Y} at {local.hour}:{local:%M}"
