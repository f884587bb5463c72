"""Days, times and waits in words, as the clinic's own clock shows them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_day_names


def date_in_words(iso: str, language: str) -> str:
    """3 March 2026, or 3 de marzo de 2026: an order of words that no reader takes for another date."""
    form = "d MMMM y" if language == "en" else "long"
    return format_date(date.fromisoformat(iso[:10]), form, locale=language)


def day_name(weekday: int, language: str) -> str:
    """A day of the week, 0 for Monday: "Monday", "lunes"."""
    return str(get_day_names("wide", locale=language)[weekday])


def moment(at: datetime | str, zone: str) -> str:
    """A day and time that no reader takes for another: "3 March 2026, 3:42 pm", as the clinic's clock shows it."""
    aware = datetime.fromisoformat(at) if isinstance(at, str) else at
    here = aware.astimezone(ZoneInfo(zone))
    return f"{date_in_words(here.date().isoformat(), 'en')}, {_time(here)}"


def waiting_words(waited: timedelta) -> str:
    """How long someone has waited. The desk's script has the same words in `waitingWords`."""
    minutes = max(0, int(waited.total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
    days = minutes // (24 * 60)
    return "1 day" if days == 1 else f"{days} days"


def clock(at: datetime, *, now: datetime, zone: str) -> str:
    """A time as the clinic reads it: "3:42 pm", with the day when it is not today."""
    here, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    time = _time(here)
    if here.date() == today:
        return time
    if here.date() == today - timedelta(days=1):
        return f"yesterday, {time}"
    return f"{here:%B} {here.day}, {time}"


def _time(at: datetime) -> str:
    return format_time(at, "h:mm a", locale="en").lower()
