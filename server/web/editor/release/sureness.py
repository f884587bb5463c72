"""How sure an answer must be to be quoted: the curve of right and wrong quotes as a picture, and what moving it would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse

from index.scale import shipped_curve
from server.editing import Measured
from server.web.editor.frame import frame_of
from server.web.editor.reading import Visit, VisitDep, read_text
from server.web.editor.release.release_screens import CurvePoint, CurveRow, CurveView, SurenessScreen
from server.web.words.wording import counted

router = APIRouter()
WIDTH, HEIGHT = 600, 300  # of the drawing
MOST_WRONG = 0.4  # at its right edge
STEPS = (-0.2, -0.1, 0.0, 0.1, 0.2)  # from the point in use: what is told of moving it
ENOUGH = 20  # test questions from which on a picture of them says something


@router.get("/{site}/sureness")
async def get_sureness(visit: VisitDep) -> HTMLResponse:
    return visit.parts.templates.page("editor/sureness.html", await _screen(visit))


@router.get("/{site}/sureness/progress")
async def get_measuring(visit: VisitDep, build: Annotated[str, Query(max_length=64)] = "") -> JSONResponse:
    """How far the asking is: for the page that waits for it."""
    one = await visit.editing.measuring.start(visit.name)
    body: dict[str, Any] = {"state": "done", "words": build, "percent": None}
    if one is not None and not one.is_done:
        body = {"state": "running", "words": _progress(one), "percent": _percent(one)}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def _screen(visit: Visit) -> SurenessScreen:
    text = await read_text(visit)
    one = await visit.editing.measuring.start(visit.name)
    at = text.current.threshold if text.current else None
    is_done = one is not None and one.is_done and not one.problem
    return SurenessScreen(
        frame=frame_of(visit, text, here=""),
        tests_url=f"{visit.url}/tests",
        is_live=at is not None,
        sure=f"{at:.0%}" if at is not None else "",
        progress="" if one is None or one.is_done else _progress(one),
        percent=_percent(one) if one else 0,
        progress_url=f"{visit.url}/sureness/progress",
        problem=one.problem if one else "",
        own=_curve(one.points, at, right="coverage") if one and at is not None and is_done and one.answers else None,
        asked=_asked(one) if one and is_done else "",
        is_little=one is None or one.total < ENOUGH,
        shipped=_curve(shipped_curve(at), at, right="right") if at is not None else None,
    )


def _progress(one: Measured) -> str:
    return f"{one.done:,} of {one.total:,} asked"


def _percent(one: Measured) -> int:
    return round(100 * one.done / one.total) if one.total else 0


def _asked(one: Measured) -> str:
    answers = counted(one.answers, "that your page answers", "that your page answers")
    return f"Your {counted(one.total, 'test question', 'test questions')}: {answers}, {one.outside} that it does not."


def _curve(points: Sequence[Mapping[str, float]], at: float, *, right: str) -> CurveView | None:
    """The curve as it is drawn; the point in use is the nearest one to it that was measured. right: what its share is called."""
    if not points:
        return None
    now = min(points, key=lambda one: abs(one["threshold"] - at))
    drawn = [CurvePoint(*_place(one, right), one is now) for one in points]
    rows: list[CurveRow] = []
    for step in STEPS:
        one = min(points, key=lambda point: abs(point["threshold"] - now["threshold"] - step))
        if all(row.sure != f"{one['threshold']:.0%}" for row in rows):
            rows.append(_row(one, now, right))
    return CurveView(
        line=" ".join(f"{one.x},{one.y}" for one in drawn),
        points=tuple(drawn),
        now=next(one for one in drawn if one.is_now),
        rows=tuple(rows),
    )


def _place(one: Mapping[str, float], right: str) -> tuple[float, float]:
    return round(WIDTH * min(one["wrong"], MOST_WRONG) / MOST_WRONG, 1), round(HEIGHT * (1 - one[right]), 1)


def _row(one: Mapping[str, float], now: Mapping[str, float], right: str) -> CurveRow:
    more, wrong = one[right] - now[right], one["wrong"] - now["wrong"]
    told = [_moved(more, "answered rightly"), _moved(wrong, "of the quotes wrong")]
    does = "As it is now" if one is now else "; ".join(filter(None, told)).capitalize() or "No difference"
    return CurveRow(
        f"{one['threshold']:.0%}", f"{one[right]:.0%}", f"{one['wrong']:.0%}", f"{one['outside']:.0%}", does, one is now
    )


def _moved(by: float, what: str) -> str:
    """A difference of two shares in words; empty where it is less than half a percent."""
    return "" if abs(by) < 0.005 else f"{abs(by):.0%} {'more' if by > 0 else 'fewer'} {what}"
