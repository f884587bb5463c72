"""The editor's pages around publishing: rebuild, look through and publish, what was live when, and go back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from index.manifest import BuildRefused
from server.web.editor.reading import Visit, VisitDep, read_text
from server.web.editor.release import build_screen, history_screen, publish_screen, refusal_of, revisions_screen

router = APIRouter()
BuildId = Annotated[str, Form(pattern="^[0-9a-f]{64}$")]
MOVED_ON = "The text was changed after you opened this page. Look through it again, then publish."
BUSY = "Someone else put another version live just now. Look at the list, then choose again."


@router.get("/{site}/build")
async def get_build(visit: VisitDep) -> HTMLResponse:
    return visit.parts.templates.page("editor/build.html", await build_screen(visit))


@router.post("/{site}/build")
async def post_build(visit: VisitDep) -> Response:
    """Rebuild in the background. While one runs, this only shows it."""
    staff, name = visit.staff.user, visit.name

    async def then(build: str) -> None:
        await visit.parts.store.audit(name, staff.user_id, "built", build)

    visit.jobs.start(name, lambda tell: visit.publisher.build_in_child(name, tell), by=staff.name, then=then)
    return _see(f"{visit.url}/build")


@router.get("/{site}/build/progress")
async def get_progress(visit: VisitDep) -> JSONResponse:
    """How far the rebuild is: for the page that shows it."""
    job = visit.jobs.of(visit.name)
    body: dict[str, Any] = {"state": "none", "words": "", "percent": None}
    if job is not None:
        body = {"state": job.state, "words": job.words, "percent": job.percent}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.get("/{site}/publish")
async def get_publish(visit: VisitDep) -> HTMLResponse:
    return visit.parts.templates.page("editor/publish.html", await publish_screen(visit))


@router.post("/{site}/publish")
async def post_publish(visit: VisitDep, build: BuildId, reason: Annotated[str, Form(max_length=300)] = "") -> Response:
    """Make the draft that was looked through what visitors get. Refused when the text is not that draft's any more."""
    text = await read_text(visit)
    if refusal_of(text):
        return await _publish_again(visit, refusal=refusal_of(text))
    if text.draft is None or text.draft.build != build:
        return await _publish_again(visit, refusal=MOVED_ON)
    screen = await publish_screen(visit)
    if screen.needs_reason and not reason.strip():
        return await _publish_again(visit, reason_problem="Say why you publish although a test question goes wrong.")
    try:
        visit.publisher.publish(visit.name, build, visit.staff.user.name)
    except BuildRefused as error:
        return await _publish_again(visit, refusal=f"This draft cannot be published. Rebuild it. ({error})")
    detail = {"waived": reason.strip()} if screen.needs_reason else {}
    await visit.parts.store.audit(visit.name, visit.staff.user.user_id, "published", build, detail)
    return _see(f"{visit.url}/history?done=published")


@router.get("/{site}/history")
async def get_history(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return visit.parts.templates.page("editor/history.html", await history_screen(visit, done=done))


@router.post("/{site}/history")
async def post_back(
    visit: VisitDep, build: BuildId, seen: Annotated[str, Form(pattern="^[0-9a-f]{64}$|^$")]
) -> Response:
    """Go back to an earlier version. `seen` is what was live when this editor looked."""
    if visit.publisher.current(visit.name) != (seen or None):
        return await _history_again(visit, BUSY)
    if build not in {one.build for one in visit.publisher.builds(visit.name).publications()}:
        return await _history_again(visit, "This version was never live, so there is no going back to it.")
    try:
        visit.publisher.publish(visit.name, build, visit.staff.user.name)
    except BuildRefused as error:
        return await _history_again(visit, f"This version is not whole any more, so nothing was changed. ({error})")
    await visit.parts.store.audit(visit.name, visit.staff.user.user_id, "rolled back", build, {"from": seen})
    return _see(f"{visit.url}/history?done=back")


@router.get("/{site}/pages/{page_id}/revisions")
async def get_revisions(
    visit: VisitDep, page_id: str, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> HTMLResponse:
    screen = await revisions_screen(visit, page_id, before=before)
    return visit.parts.templates.page("editor/revisions.html", screen)


async def _publish_again(visit: Visit, *, refusal: str = "", reason_problem: str = "") -> HTMLResponse:
    screen = await publish_screen(visit, refusal=refusal, reason_problem=reason_problem)
    return visit.parts.templates.page("editor/publish.html", screen, status=422 if reason_problem else 409)


async def _history_again(visit: Visit, problem: str) -> HTMLResponse:
    screen = await history_screen(visit, problem=problem)
    return visit.parts.templates.page("editor/history.html", screen, status=409)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
