"""The advocates' desk: translates between its pages and the desk. Works as links and forms; a script makes it live."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from server.core.handing.finding import MAX_WORDS, parse_search
from server.web.desk.answers import page
from server.web.desk.queue import DESK
from server.web.desk.reading import Showing, conversation_screen, queue_screen
from server.web.desk.shift import Advocate, HandoverDep, ShiftDep, Watcher, find_handover
from server.web.desk.stream import pulses, read_pulse
from server.web.guards.security import refuse_cross_site
from server.web.parts import PartsDep
from server.web.words.lines import as_file, lines_of
from server.web.words.site import site_texts

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@router.get("")
async def get_queue(shift: ShiftDep) -> HTMLResponse:
    return page(shift, await queue_screen(shift))


@router.post("/search")
async def post_search(
    shift: ShiftDep,
    reason: Annotated[str, Form(max_length=32)] = "",
    owner: Annotated[str, Form(max_length=32)] = "",
    age: Annotated[str, Form(max_length=32)] = "",
    words: Annotated[str, Form(max_length=MAX_WORDS)] = "",
    among: Annotated[str, Form(max_length=32)] = "",
) -> HTMLResponse:
    """The queue as far as it is looked for. Posted, so that no words stand in an address."""
    fields = {"reason": reason, "owner": owner, "age": age, "words": words, "among": among}
    searching = replace(shift, search=parse_search(fields))
    return page(searching, await queue_screen(searching))


@router.get("/events")
async def get_events(
    request: Request, shift: ShiftDep, handover: Annotated[str, Query(pattern="^[0-9a-f]{32}$|^$")] = ""
) -> Response:
    """A stream of pulses; one pulse as JSON for a browser without streams."""
    if handover:
        await find_handover(shift, handover)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return JSONResponse(await read_pulse(shift, handover), headers={"Cache-Control": "no-store"})
    stream = pulses(shift.parts, shift.staff, handover)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.post("/here", status_code=204)
async def post_here(staff: Advocate) -> None:
    """The person at the desk is active: that they are signed in was renewed by asking."""
    assert staff


@router.post("/present", status_code=204)
async def post_present(parts: PartsDep, watcher: Watcher) -> None:
    """A page of the desk is open and awake, whether or not the person does anything."""
    await parts.store.staff.give_sign(watcher.token)


@router.get("/{handover_id}/transcript.txt")
async def get_transcript(shift: ShiftDep, handover: HandoverDep) -> Response:
    """What this person may read of the conversation, as a text file; an audit entry says that they did."""
    transcript = await shift.parts.desk.transcript(handover.conversation_id, shift.staff.user)
    site = shift.parts.assistants.site(handover.site)
    return as_file(lines_of(transcript.events, site_texts(site, "en"), site.advocate))


@router.get("/{handover_id}")
async def get_conversation(
    shift: ShiftDep,
    handover: HandoverDep,
    pane: Annotated[str, Query(pattern="^(queue|conversation|context)$")] = "conversation",
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    return page(shift, await conversation_screen(shift, handover, Showing(pane=pane, after=after)))
