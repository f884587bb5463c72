"""The editor: opens pages, saves edits and tries questions. Works as links and forms; editor.js saves some reloading."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.editing import EditRefused, get_passage, replace_text, set_dates, set_owner, set_reviewed, set_tags
from kb.pages import Page
from server.editing import SavedMeanwhile, Seen
from server.web.editor.asked import checklist, gaps
from server.web.editor.frame import frame_of
from server.web.editor.incoming import importing
from server.web.editor.reading import EDITOR, EditDep, Editor, Visit, VisitDep, own_sites, read_text
from server.web.editor.release import golden_pages, releasing, sureness
from server.web.editor.screens import ClinicRow, ClinicsScreen, ConflictScreen, EditForm, EmptyScreen
from server.web.editor.terms import TAGS, names_of, tag_choices
from server.web.editor.text import lint, passages
from server.web.editor.text.changes import heading_of, marked_words
from server.web.editor.text.opening import Wanted, page_screen
from server.web.editor.text.trying import TryOut, Unsaved, day_of
from server.web.editor.text.view import Opened, rows_for
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import doors_of
from server.web.parts import Parts, PartsDep
from server.web.words.notices import Notice
from server.web.words.wording import shortened

MAX_REASON = 300

router = APIRouter(prefix=EDITOR, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
Text = Annotated[str, Form()]
Day = Annotated[str, Form(max_length=40)]
Pane = Annotated[str, Query(pattern="^(outline|text|try)$")]
Revision = Annotated[int, Form(ge=0, le=2**31 - 1)]


@router.get("")
async def get_clinics(parts: PartsDep, staff: Editor) -> Response:
    """The one clinic this editor works for, or a choice of several."""
    sites = await own_sites(parts, staff)
    if len(sites) == 1:
        return _see(f"{EDITOR}/{sites[0]}")
    doors = doors_of(staff.user.role, here=EDITOR)
    names = await parts.publisher.sites()
    clinics = tuple(
        ClinicRow(names[site].clinic, f"{EDITOR}/{site}", _live_words(parts, site)) for site in sites if site in names
    )
    return parts.templates.page("editor/clinics.html", ClinicsScreen(staff.user.name, doors, clinics))


def _live_words(parts: Parts, site: str) -> str:
    """How a clinic stands, in a few words."""
    live = parts.publisher.current(site)
    return "Live" if live is not None else "Nothing is live yet: every visitor is passed on to a person"


@router.get("/{site}")
async def get_site(visit: VisitDep) -> Response:
    text = await read_text(visit)
    if not text.pages:
        return visit.parts.templates.page("editor/empty.html", EmptyScreen(frame_of(visit, text, here="Text")))
    return _see(f"{visit.url}/pages/{text.pages[0].page_id}?pane=outline")


@router.get("/{site}/try")
async def get_try(visit: VisitDep) -> Response:
    text = await read_text(visit)
    return _see(f"{visit.url}/pages/{text.pages[0].page_id}?pane=try" if text.pages else visit.url)


@router.get("/{site}/pages/{page_id}")
async def get_page(
    visit: VisitDep,
    page_id: str,
    pane: Pane = "text",
    edit: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[int, Query(ge=0, le=10**6)] = 0,
    done: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    wanted = Wanted(pane=pane, start=start, opened=Opened(edit), done=done)
    return await _page(visit, page_id, wanted)


@router.post("/{site}/pages/{page_id}/passages/{passage_id}")
async def post_passage(
    visit: EditDep,
    page_id: str,
    passage_id: str,
    revision: Revision,
    text: Text = "",
    tag: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    effective: Day = "",
    expires: Day = "",
) -> Response:
    """Save the words and tags of one passage, and the first and the last day on which it may be quoted."""
    chosen = frozenset(tag or ()) & TAGS.keys()
    words = text.replace("\r\n", "\n")
    typed = Opened(passage_id, words, chosen, reason, revision=revision, effective=effective, expires=expires)

    def edit(page: Page) -> Page:
        kept = get_passage(page, passage_id).tags - TAGS.keys()
        edited = set_tags(replace_text(page, passage_id, text), passage_id, kept | chosen)
        return set_dates(edited, passage_id, effective=day_of(effective), expires=day_of(expires))

    try:
        why = reason.strip() or f"Edited “{shortened(text, 60)}”"
        seen = Seen(revision, passage_id)
        saved = await visit.editing.saving.page(visit.name, page_id, edit, by=visit.actor, reason=why, seen=seen)
    except SavedMeanwhile as error:
        return await _conflict(visit, page_id, typed, error)
    except EditRefused as error:
        return await _page(visit, page_id, Wanted(opened=_with_problem(typed, error)), status=422)
    done = "saved" if saved.revision != revision else "same"
    return _see(f"{visit.url}/pages/{page_id}?done={done}#{passage_id}")


@router.post("/{site}/pages/{page_id}/reviewed")
async def post_reviewed(visit: EditDep, page_id: str, day: Text = "") -> Response:
    """Save the day on which the clinic last reviewed the page; none takes it back."""
    try:
        reviewed = day_of(day)
    except EditRefused as error:
        return await _page(visit, page_id, Wanted(notice=Notice(f"Not saved. {error}")), status=422)
    reason = f"Reviewed on {reviewed.isoformat()}" if reviewed else "Marked as not yet reviewed"
    await visit.editing.saving.page(
        visit.name, page_id, lambda page: set_reviewed(page, reviewed), by=visit.actor, reason=reason
    )
    return _see(f"{visit.url}/pages/{page_id}?done=reviewed")


@router.post("/{site}/pages/{page_id}/owner")
async def post_owner(visit: EditDep, page_id: str, owner: Text = "") -> Response:
    """Save who looks after the page; an empty name takes it back."""
    reason = f"Looked after by {shortened(owner, 60)}" if owner.strip() else "Looked after by nobody"
    try:
        await visit.editing.saving.page(
            visit.name, page_id, lambda page: set_owner(page, owner), by=visit.actor, reason=reason
        )
    except EditRefused as error:
        return await _page(visit, page_id, Wanted(notice=Notice(f"Not saved. {error}")), status=422)
    return _see(f"{visit.url}/pages/{page_id}?done=owner")


@router.post("/{site}/pages/{page_id}/try")
async def post_try(
    visit: VisitDep,
    page_id: str,
    question: Text = "",
    against: Text = "",
    passage: Annotated[str, Form(max_length=200)] = "",
    text: Text = "",
    tag: Annotated[list[str] | None, Form()] = None,
    effective: Day = "",
    expires: Day = "",
    day: Day = "",
) -> HTMLResponse:
    """Ask a question as a visitor would. Alerts nobody and stores nothing. `passage` is open, with these words unsaved.

    day: on which it is asked of the text; empty: today.
    """
    unsaved = Unsaved(passage, text, frozenset(tag or ()) & TAGS.keys(), effective, expires) if passage else None
    return await _page(visit, page_id, Wanted(pane="try", try_out=TryOut(question or " ", against, unsaved, day)))


async def _conflict(visit: Visit, page_id: str, typed: Opened, error: SavedMeanwhile) -> HTMLResponse:
    """Both texts, side by side, and a form that starts from this editor's own."""
    page = Page.from_json(error.latest.body)
    found = next((one for one in page.passages if one.passage_id == typed.passage_id), None)
    theirs = page.text_of(found) if found else ""
    mine = typed.text or ""
    names = names_of(await visit.parts.store.staff.users())
    url = f"{visit.url}/pages/{page_id}"
    form = EditForm(
        action=f"{url}/passages/{typed.passage_id}",
        revision=error.latest.revision,
        text=mine,
        tags=tag_choices(typed.tags or frozenset()),
        reason=typed.reason,
        rows=rows_for(mine),
        effective=typed.effective or "",
        expires=typed.expires or "",
    )
    screen = ConflictScreen(
        frame=frame_of(visit, await read_text(visit), here="Text"),
        heading=heading_of(page, found) if found else page.title,
        theirs=theirs,
        by=names.get(error.latest.author, error.latest.author),
        pieces=marked_words(theirs, mine),
        is_gone=found is None,
        form=form,
        back_url=f"{url}#{typed.passage_id}",
    )
    return visit.parts.templates.page("editor/conflict.html", screen, status=409)


def _with_problem(typed: Opened, error: EditRefused) -> Opened:
    return replace(typed, problem=str(error))


async def _page(visit: Visit, page_id: str, wanted: Wanted, *, status: int = 200) -> HTMLResponse:
    screen = await page_screen(visit, page_id, wanted)
    return visit.parts.templates.page("editor/page.html", screen, status=status)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


router.include_router(passages.router)
router.include_router(checklist.router)
router.include_router(releasing.router)
router.include_router(golden_pages.router)
router.include_router(sureness.router)
router.include_router(lint.router)
router.include_router(gaps.router)
router.include_router(importing.router)
