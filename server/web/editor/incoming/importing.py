"""Brings a page, a document or a sheet into the text, and settles what its source changed where it was edited here too."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.editing import EditRefused
from kb.errors import AdvocateError
from kb.merging import Cause, Waiting, Wording
from server.importing import BroughtIn, Undecided
from server.rounds.watching import look_at
from server.storage import EditConflict
from server.web.editor.frame import frame_of
from server.web.editor.incoming.import_screens import BroughtView, ImportScreen, WaitingRow, WaitingScreen, WordingView
from server.web.editor.reading import NOT_HERE, EditDep, Visit, VisitDep, read_text
from server.web.editor.text.changes import heading_of, marked_words
from server.web.guards.problems import Problem
from server.web.words.wording import counted

router = APIRouter()
CAUSES = {
    Cause.BOTH: "Changed here and at the source",
    Cause.VANISHED: "No longer at the source",
    Cause.REMOVED: "Removed here, changed at the source",
    Cause.THERE: "Changed at the source",
    Cause.ADDED: "New at the source",
}
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_NAME = re.compile(r"[^\w.-]+")


@router.get("/{site}/import")
async def get_import(visit: VisitDep) -> HTMLResponse:
    return await _import_page(visit)


@router.post("/{site}/import")
async def post_import(
    visit: EditDep,
    address: Annotated[str, Form(max_length=2000)] = "",
    url: Annotated[str, Form(max_length=2000)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> HTMLResponse:
    """Bring in what stands at an address, or a file. It becomes part of the text here; nothing goes live."""
    wanted = address.strip()
    try:
        if file is not None and file.filename:
            brought = await _bring_file(visit, file, url.strip())
        elif _ADDRESS.fullmatch(wanted):
            brought = await visit.parts.importing.bring_in(wanted, visit.name, url=url.strip(), by=visit.actor)
        else:
            problem = "Give the address of a page, beginning with https://, or choose a file."
            return await _import_page(visit, address=wanted, url=url, problem=problem, status=422)
        await visit.parts.withholding.refresh(visit.name)
    except AdvocateError as error:
        return await _import_page(visit, address=wanted, url=url, problem=_told(error), status=422)
    return await _import_page(visit, brought=brought)


@router.post("/{site}/pages/{page_id}/compare")
async def post_compare(visit: EditDep, page_id: str) -> Response:
    """Compare a page with what stands where it came from, now."""
    parts = visit.parts
    page = (await parts.store.watched.of(visit.name)).get(page_id)
    if page is None:
        raise Problem(404, NOT_HERE)
    await look_at(page, parts.store, parts.importing, parts.withholding)
    return RedirectResponse(
        f"{visit.url}/pages/{page_id}?done=compared", status_code=303, headers={"Cache-Control": "no-store"}
    )


@router.get("/{site}/import/waiting")
async def get_waiting(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return await _waiting_page(visit, done=done)


@router.post("/{site}/import/decide")
async def post_decide(
    visit: EditDep, passage: Annotated[str, Form(max_length=200)], take: Annotated[bool, Form()]
) -> Response:
    """Settle one passage: as its source has it, or as it is here."""
    try:
        await visit.parts.importing.decide(visit.name, passage, take=take, by=visit.actor)
        await visit.parts.withholding.refresh(visit.name, kept=() if take else (passage,))
    except EditRefused:
        problem = "Somebody has decided this one already."
        return await _waiting_page(visit, problem=problem, status=409)
    except EditConflict:
        problem = "Somebody saved this page just now. Look at it again, then decide."
        return await _waiting_page(visit, problem=problem, status=409)
    return RedirectResponse(
        f"{visit.url}/import/waiting?done=decided", status_code=303, headers={"Cache-Control": "no-store"}
    )


async def _bring_file(visit: Visit, file: UploadFile, url: str) -> BroughtIn:
    """What a file holds. It is written to a folder of its own for as long as it is read, under a name of letters."""
    name = _NAME.sub("-", Path(file.filename or "").name)[-80:].lstrip(".-") or "file"
    with tempfile.TemporaryDirectory(prefix="advocate-import-") as folder:
        path = Path(folder) / name
        path.write_bytes(await file.read())
        return await visit.parts.importing.bring_in(str(path), visit.name, url=url, by=visit.actor)


def _told(error: AdvocateError) -> str:
    """An error in words, without the folder a file was kept in."""
    return re.sub(r"\S*advocate-import-\w+/", "", str(error))


async def _import_page(
    visit: Visit,
    *,
    brought: BroughtIn | None = None,
    address: str = "",
    url: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    text = await read_text(visit)
    waiting = len(await visit.parts.importing.undecided(visit.name))
    screen = ImportScreen(
        frame=frame_of(visit, text, here="Text"),
        action=f"{visit.url}/import",
        address=address,
        url=url,
        problem=problem,
        brought=_brought(visit, brought) if brought else None,
        waiting=counted(waiting, "passage waits", "passages wait") if waiting else "",
        waiting_url=f"{visit.url}/import/waiting",
        may_edit=visit.may_edit,
    )
    return visit.parts.templates.page("editor/import.html", screen, status=status)


def _brought(visit: Visit, one: BroughtIn) -> BroughtView:
    page = one.page
    noted = sum(passage.needs_note for passage in page.passages)
    share = one.imported.coverage.share
    return BroughtView(
        title=page.title,
        words=f"{counted(len(page.passages), 'passage', 'passages')} can be quoted from it. "
        f"{counted(noted, 'of them gets', 'of them get')} the safety note.",
        is_new=one.is_new,
        share=f"{share:.0%} of its text is in passages.",
        page_url=f"{visit.url}/pages/{page.page_id}",
        left_out=one.imported.left_out,
        uncovered=one.imported.uncovered,
        warnings=one.imported.warnings,
    )


async def _waiting_page(visit: Visit, *, done: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    text = await read_text(visit)
    found = await visit.parts.importing.undecided(visit.name)
    screen = WaitingScreen(
        frame=frame_of(visit, text, here="Text", done=done),
        action=f"{visit.url}/import/decide",
        rows=tuple(map(_waiting, found)),
        problem=problem,
        back_url=f"{visit.url}/import",
        may_edit=visit.may_edit,
    )
    return visit.parts.templates.page("editor/waiting.html", screen, status=status)


def _waiting(one: Undecided) -> WaitingRow:
    """The three wordings side by side; what differs from the last import is marked in what is here and at the source."""
    waiting = one.waiting
    passage = next((found for found in one.page.passages if found.passage_id == waiting.passage_id), None)
    return WaitingRow(
        passage_id=waiting.passage_id,
        heading=heading_of(one.page, passage) if passage else one.page.title,
        cause=CAUSES[waiting.cause],
        last=_wording(waiting.last, None),
        here=_wording(one.here, waiting.last),
        source=_wording(waiting.new, waiting.last),
        take=_take_words(waiting),
        keep=_keep_words(one),
    )


def _take_words(waiting: Waiting) -> str:
    if waiting.new is None:
        return "Remove it here too"
    return "Add it here too" if waiting.cause is Cause.ADDED else "Take the source’s words"


def _keep_words(one: Undecided) -> str:
    if one.here is not None:
        return "Keep ours"
    return "Leave it out" if one.waiting.cause is Cause.ADDED else "Leave it removed"


def _wording(one: Wording | None, before: Wording | None) -> WordingView | None:
    if one is None:
        return None
    pieces = marked_words(before.text, one.text) if before else marked_words(one.text, one.text)
    return WordingView(one.question or "", pieces)
