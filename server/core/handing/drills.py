"""Drills: an emergency that is none, to see how soon somebody comes. When one is due, and when it was missed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.handing.hours import moment

MISSED_AFTER = timedelta(minutes=10)
LATE = timedelta(minutes=30)  # a server that was down begins one this late, and no later
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM = "expected a day and a time, such as “Mon 10:00”; several with commas; found"


@dataclass(frozen=True, slots=True)
class Weekly:
    """A time of the week on a clinic's own clock; days are 0 (Monday) to 6."""

    day: int
    clock: str


def parse_drills(text: str) -> tuple[Weekly, ...]:
    """Times of the week, parted by commas. Raises ValueError."""
    return tuple(_parse_one(one.strip()) for one in text.split(",") if one.strip())


def due_drill(schedule: Sequence[Weekly], zone: str, now: datetime) -> datetime | None:
    """The latest time of the schedule that has just come, in UTC; None when none has within LATE."""
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    days = (today, today - timedelta(days=1))
    moments = (moment(day, one.clock, here) for day in days for one in schedule if one.day == day.weekday())
    return max((at for at in moments if timedelta(0) <= now - at <= LATE), default=None)


def _parse_one(text: str) -> Weekly:
    day, _, clock = text.lower().partition(" ")
    try:
        at = datetime.strptime(clock.strip(), "%H:%M")
        return Weekly(DAYS.index(day[:3]), f"{at:%H:%M}")
    except ValueError:
        raise ValueError(f"{FORM} {text!r}") from None
