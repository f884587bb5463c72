"""How a drill went, in words for staff."""

from __future__ import annotations

from datetime import datetime


def drill_words(began_at: datetime, answered_at: datetime | None, by: str) -> str:
    """How soon somebody took it."""
    if answered_at is None:
        return "A drill. Nobody took it in time."
    return f"A drill. {by} took it after {_span((answered_at - began_at).total_seconds())}. Nobody was in danger."


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
