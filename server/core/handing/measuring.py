"""How soon people are helped: time to claim, first response, promises kept and backlog, by reason and hour. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from zoneinfo import ZoneInfo

from kb.labels import Label

HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation that needed a person. What has not happened is None; `promised_by` where the clinic enters no hours too."""

    site: str
    reason: Label
    came_at: datetime
    claimed_at: datetime | None
    answered_at: datetime | None  # a person's first message, or the close of one that was answered elsewhere
    promised_by: datetime | None  # when the visitor was told that an answer can be expected


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: half of the cases took at most `median_s`, nine of ten at most `slow_s`."""

    median_s: float
    slow_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some cases. `promises` are those that were kept or broken by now; of these `kept`."""

    came: int
    claim: Times | None
    response: Times | None
    promises: int
    kept: int


def figures_of(cases: Sequence[Case], now: datetime) -> Figures:
    due = [one for one in cases if one.promised_by and (one.answered_at or one.promised_by <= now)]
    return Figures(
        came=len(cases),
        claim=_times((one.claimed_at - one.came_at).total_seconds() for one in cases if one.claimed_at),
        response=_times((one.answered_at - one.came_at).total_seconds() for one in cases if one.answered_at),
        promises=len(due),
        kept=sum(one.answered_at is not None and one.answered_at <= one.promised_by for one in due if one.promised_by),
    )


def of_hour(cases: Iterable[Case], hour: int, zone: str) -> list[Case]:
    """Those that came in an hour of the day, on the clinic's clock."""
    return [one for one in cases if one.came_at.astimezone(ZoneInfo(zone)).hour == hour]


def _times(seconds: Iterable[float]) -> Times | None:
    """By nearest rank: each is a time that somebody really waited."""
    ranked = sorted(max(0.0, one) for one in seconds)
    if not ranked:
        return None
    return Times(ranked[ceil(0.5 * len(ranked)) - 1], ranked[ceil(0.9 * len(ranked)) - 1])
