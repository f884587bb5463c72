"""When a clinic is open: weekly hours, and days that differ, on the clinic's own clock. Pure; summer time included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kb.sites import Site

LOOKED_AHEAD = 60  # days: a clinic that is closed for longer tells no time


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch in which the clinic is open; both ends in UTC."""

    opens: datetime
    closes: datetime


def openings(site: Site, now: datetime) -> list[Opening]:
    """The openings that are not over yet, in order; none where the clinic enters no hours."""
    zone = ZoneInfo(site.zone)
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, LOOKED_AHEAD))  # one may run past midnight
    found = [one for day in days for one in _of_day(site, day, zone)]
    return sorted((one for one in found if one.closes > now), key=lambda one: (one.opens, one.closes))


def is_open(site: Site, now: datetime) -> bool | None:
    """Whether the clinic is open; None where it enters no hours."""
    if not site.hours:
        return None
    return any(one.opens <= now for one in openings(site, now))


def reply_by(site: Site, now: datetime) -> datetime | None:
    """When an answer can be expected, in the clinic's zone: the end of its present or next opening. None without hours."""
    coming = openings(site, now)
    return coming[0].closes.astimezone(ZoneInfo(site.zone)) if coming else None


def last_shown(clock: str, zone: str, now: datetime) -> datetime | None:
    """When clocks in a zone last showed this time, such as "14:05", in UTC; None for what no clock shows."""
    try:
        shown = time.fromisoformat(clock)
    except ValueError:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    moments = (moment(day, f"{shown:%H:%M}", ZoneInfo(zone)) for day in (today, today - timedelta(days=1)))
    return next((one for one in moments if one <= now), None)


def _of_day(site: Site, day: date, zone: ZoneInfo) -> list[Opening]:
    """A day's openings: those of its weekday, unless the clinic says otherwise for this date."""
    special = [one for one in site.special_days if one.date == day]
    spans = (
        [(one.opens, one.closes) for one in special if one.opens]
        if special
        else [(one.opens, one.closes) for one in site.hours if one.day == day.weekday()]
    )
    return [
        Opening(start, end)
        for opens, closes in spans
        if (start := moment(day, opens, zone)) < (end := moment(day, closes, zone))
    ]


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A clock's time on a day. An hour that is skipped in spring is the one after it; one that comes twice, its first."""
    hour, minute = (int(part) for part in clock.split(":"))
    midnight = datetime.combine(day, time())
    wall = midnight + timedelta(hours=hour, minutes=minute)  # "24:00" is the next day's first moment
    return wall.replace(tzinfo=zone).astimezone(UTC)
