"""The editor's second look: what the text should be looked at for, each to put right or to accept with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.editing import EditRefused
from kb.lint import Finding, Kind
from server.editing import Linted
from server.web.editor.frame import frame_of
from server.web.editor.reading import EditDep, SiteText, Visit, VisitDep, read_text
from server.web.editor.release.release_screens import FindingRow, LintScreen, PlaceRow
from server.web.editor.terms import names_of
from server.web.editor.text.changes import heading_of
from server.web.words.wording import counted, shortened

router = APIRouter()
Key = Annotated[str, Form(pattern="^[0-9a-f]{24}$")]
KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.CONTRADICTION: ("Two answers to one question", "warning square"),
    Kind.OVERCLAIM: ("Promises too much", "warning square"),
    Kind.OMISSION: ("When to call is missing", "warning square"),
    Kind.RESIDUE: ("Left over", "accent diamond"),
    Kind.DUPLICATE: ("Said twice", "accent diamond"),
    Kind.BRAND: ("The clinic’s name", "accent diamond"),
    Kind.LONG: ("Long", "ring"),
    Kind.STALE: ("Review is due", "ring"),
}


@router.get("/{site}/check")
async def get_lint(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return await _page(visit, done=done)


@router.post("/{site}/check/accept")
async def post_accept(visit: EditDep, key: Key, why: Annotated[str, Form(max_length=300)] = "") -> Response:
    """Let a finding stand as it is, with a reason."""
    try:
        await visit.editing.linting.accept(visit.name, key, why, visit.actor)
    except EditRefused as error:
        return await _page(visit, wrong=key, problem=str(error), status=422)
    return _see(f"{visit.url}/check?done=accepted")


@router.post("/{site}/check/reopen")
async def post_reopen(visit: EditDep, key: Key) -> Response:
    await visit.editing.linting.reopen(visit.name, key, visit.actor)
    return _see(f"{visit.url}/check")


async def linted(visit: Visit, text: SiteText) -> Linted:
    """What lint finds in the text as it stands today."""
    today: date = datetime.now(ZoneInfo(visit.site.zone)).date()
    return await visit.editing.linting.of(visit.name, text.pages, clinic=visit.site.clinic, today=today)


async def _page(visit: Visit, *, done: str = "", wrong: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    text = await read_text(visit)
    found = await linted(visit, text)
    names = names_of(await visit.parts.store.staff.users())
    screen = LintScreen(
        frame=frame_of(visit, text, here="Check", done=done),
        action=f"{visit.url}/check",
        lead=_lead(found),
        rows=tuple(_row(visit, text, one) for one in found.open),
        accepted=tuple(
            _row(visit, text, one, accepted=f"{names.get(how.by, how.by)}: “{how.why}”") for one, how in found.accepted
        ),
        wrong=wrong,
        problem=problem,
        may_edit=visit.may_edit,
    )
    return visit.parts.templates.page("editor/check.html", screen, status=status)


def _lead(found: Linted) -> str:
    if not found.open:
        return "Nothing to look at. What was accepted stays listed below." if found.accepted else "Nothing to look at."
    return f"{counted(len(found.open), 'thing', 'things')} to put right, or to accept with a reason."


def _row(visit: Visit, text: SiteText, finding: Finding, *, accepted: str = "") -> FindingRow:
    word, look = KINDS[finding.kind]
    places = []
    for one in finding.places:
        place = text.place(one.passage_id) if one.passage_id else None
        page_url = f"{visit.url}/pages/{one.page_id}"
        if place is None:
            places.append(PlaceRow("", "", page_url, "Open the page"))
            continue
        href = f"{page_url}?edit={one.passage_id}#{one.passage_id}"
        places.append(PlaceRow(heading_of(*place), shortened(one.words, 260), href, "Edit it"))
    return FindingRow(finding.key, word, look, finding.what, tuple(places), accepted)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
