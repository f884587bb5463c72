"""The editor's pages around publishing: rebuild, look through and publish, what was live when, and go back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from index.builds.manifest import BuildRefused
from kb.editing import EditRefused
from server.editing import ApprovalRefused, GoldenRefused, PublicationRefused
from server.rounds.travelling import SPREADS_WITHIN_S
from server.storage import Role
from server.web.editor.reading import EditDep, Visit, VisitDep
from server.web.editor.release.comparing import compared_view
from server.web.editor.release.release import build_screen, history_screen, publish_screen, revisions_screen
from server.web.editor.release.second import APPROVERS
from server.web.editor.terms import job_words
from server.web.editor.text.trying import day_of
from server.web.guards.problems import Problem

router = APIRouter()
BuildId = Annotated[str, Form(pattern="^[0-9a-f]{64}$")]


@router.get("/{site}/build")
async def get_build(visit: VisitDep) -> HTMLResponse:
    return visit.parts.templates.page("editor/build.html", await build_screen(visit))


@router.post("/{site}/build")
async def post_build(visit: EditDep) -> Response:
    """Rebuild in the background. While one runs, this only shows it."""
    visit.editing.rebuilding.start(visit.name, visit.actor)
    return _see(f"{visit.url}/build")


@router.post("/{site}/build/stop")
async def post_stop(visit: EditDep) -> Response:
    """End the rebuild that runs."""
    await visit.editing.rebuilding.stop(visit.name, visit.actor)
    return _see(f"{visit.url}/build")


@router.get("/{site}/build/progress")
async def get_progress(visit: VisitDep) -> JSONResponse:
    """How far it is: for the page that shows it."""
    job = visit.editing.rebuilding.of(visit.name)
    body: dict[str, Any] = {"state": "none", "words": "", "percent": None}
    if job is not None:
        body = {"state": job.state, "words": job_words(job), "percent": job.percent}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.get("/{site}/publish")
async def get_publish(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return visit.parts.templates.page("editor/publish.html", await publish_screen(visit, done=done))


@router.post("/{site}/publish")
async def post_publish(
    visit: EditDep,
    build: BuildId,
    reason: Annotated[str, Form(max_length=300)] = "",
    ticked: Annotated[list[str] | None, Form()] = None,
    day: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Make the draft that was looked through what visitors get, now or on a later day. Refused when the text is not that
    draft's any more."""
    editing, read = visit.editing, ticked or ()
    try:
        if later := day_of(day):
            await editing.planning.plan(visit.name, build, later, visit.actor, waiver=reason, ticked=read)
            return _see(f"{visit.url}/publish?done=planned")
        await editing.releasing.publish_draft(visit.name, build, visit.actor, waiver=reason, ticked=read)
        await editing.planning.cancel(visit.name, visit.actor)
    except GoldenRefused:
        return await _publish_again(visit, reason_problem="Say why you publish although a test question goes wrong.")
    except (PublicationRefused, EditRefused) as error:
        return await _publish_again(visit, refusal=str(error))
    except BuildRefused as error:
        return await _publish_again(visit, refusal=f"This text cannot be published. Make it ready again. ({error})")
    return await _see_live(visit, build, done="published")


@router.post("/{site}/publish/asking")
async def post_asking(visit: VisitDep, build: BuildId, stop: Annotated[bool, Form()] = False) -> Response:
    """Ask no further what visitors will read differently, or ask after all."""
    if stop:
        visit.editing.comparing.stop(visit.name, build)
    else:
        visit.editing.comparing.start(visit.name, build, again=True)
    return _see(f"{visit.url}/publish#differently")


@router.post("/{site}/publish/unplan")
async def post_unplan(visit: EditDep) -> Response:
    """Publish nothing by itself."""
    await visit.editing.planning.cancel(visit.name, visit.actor)
    return _see(f"{visit.url}/publish?done=unplanned")


@router.get("/{site}/publish/progress")
async def get_comparing(visit: VisitDep, build: Annotated[str, Query(pattern="^[0-9a-f]{64}$")]) -> JSONResponse:
    """How far the asking is: for the page that waits for it."""
    one = visit.editing.comparing.of(visit.name, build)
    view = compared_view(one, is_first=False)
    body: dict[str, Any] = {"state": "done", "words": "", "percent": None}
    if view is not None and one is not None and not one.is_done and not one.is_stopped:
        body = {"state": "running", "words": view.progress, "percent": view.percent}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.post("/{site}/publish/approve")
async def post_approve(visit: VisitDep, build: BuildId, note: Annotated[str, Form(max_length=300)] = "") -> Response:
    """A second person says that the changes to safety text may go live."""
    if visit.staff.user.role not in APPROVERS:
        raise Problem(403, "Only a reviewer or an administrator approves safety text.")
    try:
        await visit.editing.approving.approve(visit.name, build, visit.actor, note)
    except ApprovalRefused as error:
        return await _publish_again(visit, refusal=str(error))
    return _see(f"{visit.url}/publish")


@router.post("/{site}/publish/second-person")
async def post_second_person(
    visit: EditDep, off: Annotated[bool, Form()] = False, why: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Ask for a second person at this clinic, or no longer: a one-person clinic has none."""
    if visit.staff.user.role is not Role.ADMIN:
        raise Problem(403, "Only an administrator decides whether one person may publish safety text.")
    try:
        await visit.editing.approving.switch(visit.name, off=off, by=visit.actor, reason=why)
    except ApprovalRefused as error:
        return await _publish_again(visit, refusal=str(error))
    return _see(f"{visit.url}/publish")


@router.get("/{site}/history")
async def get_history(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return visit.parts.templates.page("editor/history.html", await history_screen(visit, done=done))


@router.post("/{site}/history")
async def post_back(
    visit: EditDep, build: BuildId, seen: Annotated[str, Form(pattern="^[0-9a-f]{64}$|^$")]
) -> Response:
    """Go back to an earlier version. `seen` is what was live when this editor looked."""
    try:
        await visit.editing.releasing.go_back(visit.name, build, visit.actor, seen=seen or None)
    except PublicationRefused as error:
        return await _history_again(visit, str(error))
    except BuildRefused as error:
        return await _history_again(visit, f"This version is not whole any more, so nothing was changed. ({error})")
    return await _see_live(visit, build, done="back")


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


async def _see_live(visit: Visit, build: str, *, done: str) -> RedirectResponse:
    """Show what was live when, once the build is live on every server, or has had its time to be."""
    live, every = await visit.publisher.travelling.spread(visit.name, build, within_s=SPREADS_WITHIN_S)
    return _see(f"{visit.url}/history?done={done if live == every else 'spreading'}")


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
