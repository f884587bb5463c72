"""The desk's figures: how soon people are helped, by reason and hour, as charts and as the tables they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from kb.labels import Label
from server.core.handing.measuring import HOURS, Case, Figures, Times, figures_of, of_hour
from server.core.handing.queue import BY_NEED
from server.served import read_backlog, read_cases
from server.web.desk.queue import DESK
from server.web.desk.shift import Shift, ShiftDep, sites_of
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Door, doors_of
from server.web.words.wording import REASONS

SPANS = {1: "The last day", 7: "The last 7 days", 28: "The last 28 days"}
WIDTH, HEIGHT = 640, 180  # of a chart, in its own units
NO_CLINIC = "There is no such clinic, or it is not one of yours."

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row of a table, and the bar drawn of it: figures in words, "–" for what there is none of."""

    name: str
    came: int
    claim: str
    slow_claim: str
    response: str
    slow_response: str
    kept: str
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, from its left end or its top, with its words."""

    x: float
    y: float
    width: float
    height: float
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FiguresScreen:
    """The figures of a span of days. `reasons` and `hours` are tables, without hours nobody came in; the bars their charts."""

    me: str
    doors: tuple[Door, ...]
    spans: tuple[Choice, ...]
    clinics: tuple[Choice, ...]
    whole: FigureRow
    reasons: tuple[FigureRow, ...]
    hours: tuple[FigureRow, ...]
    reason_bars: tuple[Bar, ...]
    hour_bars: tuple[Bar, ...]
    zone: str
    has_promises: bool


@router.get("/figures")
async def get_figures(
    shift: ShiftDep,
    days: Annotated[int, Query(ge=1, le=28)] = 7,
    site: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    own = await sites_of(shift)
    if site and site not in own:
        raise Problem(404, NO_CLINIC)
    sites = (site,) if site else own
    cases = await read_cases(shift.parts.store, sites, shift.now - timedelta(days=days), shift.parts.assistants.site)
    backlog = [reason for _, reason in await read_backlog(shift.parts.store, sites)]
    screen = _screen(shift, own, site, days, cases, backlog)
    return shift.parts.templates.page("desk/figures.html", screen)


def _screen(
    shift: Shift, own: Sequence[str], site: str, days: int, cases: Sequence[Case], backlog: Sequence[Label]
) -> FiguresScreen:
    zone = shift.parts.assistants.site(site or own[0]).zone if own else "UTC"
    by_reason = {one: figures_of([case for case in cases if case.reason is one], shift.now) for one in BY_NEED}
    by_hour = [figures_of(of_hour(cases, hour, zone), shift.now) for hour in HOURS]
    clinics = {"": "All clinics", **{one: shift.parts.assistants.site(one).clinic for one in own}}
    whole = figures_of(cases, shift.now)
    return FiguresScreen(
        me=shift.staff.user.name,
        doors=doors_of(shift.staff.user.role, here=DESK),
        spans=tuple(Choice(name, _url(one, site), one == days) for one, name in SPANS.items()),
        clinics=tuple(Choice(name, _url(days, one), one == site) for one, name in clinics.items())
        if len(own) > 1
        else (),
        whole=_row("All", whole, len(backlog)),
        reasons=tuple(_row(REASONS[one].word, some, backlog.count(one)) for one, some in by_reason.items()),
        hours=tuple(_row(f"{hour}:00", some) for hour, some in zip(HOURS, by_hour, strict=True) if some.came),
        reason_bars=_across([(REASONS[one].word, some.claim) for one, some in by_reason.items()]),
        hour_bars=_upright([some.came for some in by_hour]),
        zone=zone,
        has_promises=bool(whole.promises),
    )


def _url(days: int, site: str) -> str:
    return f"{DESK}/figures?days={days}" + (f"&site={site}" if site else "")


def _row(name: str, some: Figures, waiting: int = 0) -> FigureRow:
    claim, response = some.claim, some.response
    return FigureRow(
        name=name,
        came=some.came,
        claim=time_words(claim.median_s if claim else None),
        slow_claim=time_words(claim.slow_s if claim else None),
        response=time_words(response.median_s if response else None),
        slow_response=time_words(response.slow_s if response else None),
        kept=f"{some.kept} of {some.promises}" if some.promises else "–",
        waiting=waiting,
    )


def time_words(seconds: float | None) -> str:
    """45 s, 12 min, 3 h 5 min, 2 days; "–" for none."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
    return f"{round(minutes / (24 * 60))} days"


def _across(rows: Sequence[tuple[str, Times | None]]) -> tuple[Bar, ...]:
    """Bars from the left, one a row, as long as its median; the longest takes half the width, words stand beside it."""
    longest = max((times.median_s for _, times in rows if times), default=0) or 1
    step = HEIGHT / max(1, len(rows))
    return tuple(
        Bar(
            160,
            place * step + 6,
            round((times.median_s if times else 0) / longest * WIDTH / 2, 1),
            step - 12,
            name,
            time_words(times.median_s if times else None),
        )
        for place, (name, times) in enumerate(rows)
    )


def _upright(counts: Sequence[int]) -> tuple[Bar, ...]:
    """Bars from the ground, one an hour; the highest takes the whole height."""
    highest, step = max(counts, default=0) or 1, WIDTH / len(counts)
    heights = [round(count / highest * HEIGHT, 1) for count in counts]
    return tuple(
        Bar(
            round(hour * step + 3, 1),
            round(HEIGHT - height, 1),
            round(step - 6, 1),
            height,
            str(hour),
            str(count) if count else "",
        )
        for hour, (height, count) in enumerate(zip(heights, counts, strict=True))
    )
