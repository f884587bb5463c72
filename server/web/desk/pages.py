"""The advocates' desk: translates between its pages and the desk. Works as links and forms; a script makes it live."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from server.core.handover import Closing, Status, StepRefused
from server.storage import Author, Handover, KeyReused, NotClaimed, Role, StaleView, StepLost
from server.web.desk.reading import Shift, Showing, conversation_screen, find_handover, find_passages, queue_screen
from server.web.desk.screens import DESK, DeskScreen
from server.web.desk.stream import pulses, read_pulse
from server.web.desk.talk import QuoteView, Unsent
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Staff, signed_in
from server.web.parts import PartsDep
from server.web.words.notices import Notice
from server.web.words.wording import counted

MAX_CHARS = 4000

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
Advocate = Annotated[Staff, Depends(signed_in(Role.ADVOCATE))]


async def _shift(parts: PartsDep, staff: Advocate) -> Shift:
    return Shift.of(parts, staff)


ShiftDep = Annotated[Shift, Depends(_shift)]


async def _handover(shift: ShiftDep, handover_id: str) -> Handover:
    return await find_handover(shift, handover_id)


HandoverDep = Annotated[Handover, Depends(_handover)]
Version = Annotated[int, Form()]
After = Annotated[int, Form(ge=0)]
Text = Annotated[str, Form()]


@router.get("")
async def get_queue(shift: ShiftDep) -> HTMLResponse:
    return _page(shift, await queue_screen(shift))


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


@router.get("/{handover_id}")
async def get_conversation(
    shift: ShiftDep,
    handover: HandoverDep,
    pane: Annotated[str, Query(pattern="^(queue|conversation|context)$")] = "conversation",
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    return _page(shift, await conversation_screen(shift, handover, Showing(pane=pane, after=after)))


@router.post("/{handover_id}/claim")
async def post_claim(shift: ShiftDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    claim = shift.parts.desk.claim(handover.handover_id, version=version, user=shift.staff.user)
    return await _stepped(shift, handover, claim, after)


@router.post("/{handover_id}/release")
async def post_release(shift: ShiftDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    release = shift.parts.desk.release(handover.handover_id, version=version, user=shift.staff.user)
    return await _stepped(shift, handover, release, after)


@router.post("/{handover_id}/give-back")
async def post_give_back(shift: ShiftDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    give_back = shift.parts.desk.give_back(handover.handover_id, version=version, user=shift.staff.user)
    return await _stepped(shift, handover, give_back, after)


@router.post("/{handover_id}/call-back")
async def post_call_back(shift: ShiftDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    call_back = shift.parts.desk.call_back(handover.handover_id, version=version, user=shift.staff.user)
    return await _stepped(shift, handover, call_back, after)


@router.post("/{handover_id}/close")
async def post_close(
    shift: ShiftDep,
    handover: HandoverDep,
    version: Version,
    closing: Annotated[Closing | None, Form()] = None,
    after: After = 0,
) -> Response:
    if closing is None:
        notice = Notice("Choose what it was before you close the conversation.")
        return await _again(shift, handover, Showing(pane="context", after=after, notice=notice), status=422)
    close = shift.parts.desk.close(handover.handover_id, version=version, user=shift.staff.user, closing=closing)
    return await _stepped(shift, handover, close, after)


@router.post("/{handover_id}/messages")
async def post_message(
    shift: ShiftDep,
    handover: HandoverDep,
    seen_seq: Annotated[int, Form(ge=0)],
    key: Annotated[str, Form(pattern="^[0-9a-f]{32}$")],
    text: Text = "",
    after: After = 0,
) -> Response:
    text = text.replace("\r\n", "\n")
    if not text.strip() or len(text) > MAX_CHARS:
        notice = f"Not sent. A message has 1 to {MAX_CHARS:,} characters; this one has {len(text):,}."
        unsent = Unsent(text, notice=notice)
        return await _again(shift, handover, Showing(unsent=unsent, after=after), status=422)
    try:
        await shift.parts.desk.write(handover.conversation_id, shift.staff.user, text, seen_seq=seen_seq, key=key)
    except StaleView as error:
        missed = frozenset(event.seq for event in error.missed)
        return await _again(
            shift, handover, Showing(unsent=Unsent(text, missed, _missed_words(len(missed))), after=after)
        )
    except KeyReused:
        notice = "Not sent again: this form was used already. Look at the log, then press Send."
        return await _again(shift, handover, Showing(unsent=Unsent(text, notice=notice), after=after))
    except NotClaimed:
        showing = Showing(
            unsent=Unsent(text), after=after, notice=Notice("Not sent: this conversation is no longer yours.")
        )
        return await _again(shift, handover, showing)
    return _see(handover, after)


@router.post("/{handover_id}/insert")
async def post_insert(
    shift: ShiftDep, handover: HandoverDep, passage: Annotated[str, Form(max_length=200)], text: Text = ""
) -> Response:
    """Put a quote into the reply being written, for a browser without scripts; desk.js does the same by itself."""
    reply = await shift.parts.assistants.choose(handover.site, passage)
    quotes = "".join(QuoteView.of(one, note=reply.note or "").in_reply for one in reply.quotes)
    unsent = Unsent(f"{text.rstrip()}\n{quotes}" if text.strip() else quotes)
    return await _again(shift, handover, Showing(unsent=unsent), status=200)


@router.post("/{handover_id}/find")
async def post_find(
    shift: ShiftDep,
    handover: HandoverDep,
    find: Annotated[str, Form(max_length=MAX_CHARS)] = "",
    after: After = 0,
) -> Response:
    """Search the page in one's own words, for a passage to quote. Posted, so that no words stand in an address."""
    found = await find_passages(shift.parts, handover.site, find) if find.strip() else None
    showing = Showing(pane="context", found=found, find=find, after=after)
    return await _again(shift, handover, showing, status=200)


@router.post("/{handover_id}/typing", status_code=204)
async def post_typing(shift: ShiftDep, handover: HandoverDep) -> None:
    """Show the visitor that the person who answers is writing."""
    if handover.claimed_by == shift.user_id and handover.status is Status.CLAIMED:
        shift.parts.desk.typing(handover.conversation_id, Author.ADVOCATE)


async def _stepped(shift: Shift, handover: Handover, step: Awaitable[Handover], after: int) -> Response:
    """Take a step and show what came of it; whoever came second reads who was first."""
    try:
        await step
    except StepLost as error:
        return await _again(shift, error.handover, Showing(after=after, notice=Notice(_first_words(error.handover))))
    except (StepRefused, NotClaimed) as error:
        return await _again(shift, handover, Showing(after=after, notice=Notice(str(error))))
    return _see(handover, after)


def _first_words(handover: Handover) -> str:
    """Who was first, for the one who was not."""
    if handover.status is Status.CLAIMED:
        return f"{handover.claimed_by_name} took this conversation just before you."
    where = {
        Status.WAITING: "is waiting in the queue again",
        Status.CALL_BACK: "waits for a call back now",
        Status.ASSISTANT: "was given back to the assistant",
        Status.CLOSED: "was closed",
    }[handover.status]
    return f"Nothing was done: meanwhile this conversation {where}."


def _missed_words(missed: int) -> str:
    what = counted(missed, "new message came", "new messages came")
    return f"Not sent yet: {what} in while you wrote. Read on, then send or change your reply."


async def _again(shift: Shift, handover: Handover, showing: Showing, *, status: int = 409) -> HTMLResponse:
    """The same conversation as it now stands, with what the advocate was writing."""
    current = await find_handover(shift, handover.handover_id)
    return _page(shift, await conversation_screen(shift, current, showing), status=status)


def _page(shift: Shift, screen: DeskScreen, *, status: int = 200) -> HTMLResponse:
    return shift.parts.templates.page("desk/desk.html", screen, status=status)


def _see(handover: Handover, after: int) -> RedirectResponse:
    """Back to the conversation; `after` keeps entries the browser has from being read and audited again."""
    query = f"?after={after}" if after else ""
    return RedirectResponse(f"{DESK}/{handover.handover_id}{query}", status_code=303)
