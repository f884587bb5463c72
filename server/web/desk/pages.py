"""The advocates' desk: translates between its pages and the desk. Works as links and forms; a script makes it live."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from server.core.handover import Closing, ClosingRefused, Closure, Status, StepRefused
from server.storage import Author, Handover, KeyReused, NotClaimed, Role, StaleView, StepLost
from server.web.desk.reading import Asked, Visit, conversation_screen, find_handover, find_passages, queue_screen
from server.web.desk.screens import DESK, DeskScreen, Notice
from server.web.desk.stream import pulses, read_pulse
from server.web.desk.talk import Draft
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Staff, signed_in, watching
from server.web.parts import PartsDep
from server.web.words.wording import counted

MAX_CHARS = 4000

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
Advocate = Annotated[Staff, Depends(signed_in(Role.ADVOCATE))]


async def _visit(parts: PartsDep, staff: Advocate) -> Visit:
    return Visit.of(parts, staff)


VisitDep = Annotated[Visit, Depends(_visit)]


async def _handover(visit: VisitDep, handover_id: str) -> Handover:
    return await find_handover(visit, handover_id)


HandoverDep = Annotated[Handover, Depends(_handover)]
Version = Annotated[int, Form()]
After = Annotated[int, Form(ge=0)]
Text = Annotated[str, Form()]


@router.get("")
async def get_queue(visit: VisitDep) -> HTMLResponse:
    return _page(visit, await queue_screen(visit))


@router.get("/events")
async def get_events(
    request: Request, visit: VisitDep, handover: Annotated[str, Query(pattern="^[0-9a-f]{32}$|^$")] = ""
) -> Response:
    """A stream of pulses; one pulse as JSON for a browser without streams."""
    if handover:
        await find_handover(visit, handover)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return JSONResponse(await read_pulse(visit, handover), headers={"Cache-Control": "no-store"})
    stream = pulses(visit.parts, visit.staff, handover)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.post("/here", status_code=204)
async def post_here(staff: Advocate) -> None:
    """The person at the desk is active: that they are signed in was renewed by asking."""
    assert staff


@router.post("/present", status_code=204)
async def post_present(parts: PartsDep, watcher: Annotated[str, Depends(watching)]) -> None:
    """A page of the desk is open and awake, whether or not the person does anything."""
    await parts.store.staff.give_sign(watcher)


@router.get("/{handover_id}")
async def get_conversation(
    visit: VisitDep,
    handover: HandoverDep,
    pane: Annotated[str, Query(pattern="^(queue|conversation|context)$")] = "conversation",
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    return _page(visit, await conversation_screen(visit, handover, Asked(pane=pane, after=after)))


@router.post("/{handover_id}/claim")
async def post_claim(visit: VisitDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    claim = visit.parts.desk.claim(handover.handover_id, version=version, user=visit.staff.user)
    return await _stepped(visit, handover, claim, after)


@router.post("/{handover_id}/release")
async def post_release(visit: VisitDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    release = visit.parts.desk.release(handover.handover_id, version=version, user=visit.staff.user)
    return await _stepped(visit, handover, release, after)


@router.post("/{handover_id}/give-back")
async def post_give_back(visit: VisitDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    give_back = visit.parts.desk.give_back(handover.handover_id, version=version, user=visit.staff.user)
    return await _stepped(visit, handover, give_back, after)


@router.post("/{handover_id}/call-back")
async def post_call_back(visit: VisitDep, handover: HandoverDep, version: Version, after: After = 0) -> Response:
    call_back = visit.parts.desk.call_back(handover.handover_id, version=version, user=visit.staff.user)
    return await _stepped(visit, handover, call_back, after)


@router.post("/{handover_id}/close")
async def post_close(
    visit: VisitDep,
    handover: HandoverDep,
    version: Version,
    closing: Annotated[Closing | None, Form()] = None,
    why: Annotated[str, Form(max_length=MAX_CHARS)] = "",
    sure: Annotated[bool, Form()] = False,
    after: After = 0,
) -> Response:
    if closing is None:
        notice = Notice("Choose what it was before you close the conversation.")
        return await _again(visit, handover, Asked(pane="context", after=after, notice=notice), status=422)
    closure = Closure(closing, why, sure)
    close = visit.parts.desk.close(handover.handover_id, version=version, user=visit.staff.user, closure=closure)
    try:
        return await _stepped(visit, handover, close, after)
    except ClosingRefused as error:
        asked = Asked(pane="context", after=after, notice=Notice(str(error)), closure=closure)
        return await _again(visit, handover, asked, status=422)


@router.post("/{handover_id}/messages")
async def post_message(
    visit: VisitDep,
    handover: HandoverDep,
    seen_seq: Annotated[int, Form(ge=0)],
    key: Annotated[str, Form(pattern="^[0-9a-f]{32}$")],
    text: Text = "",
    after: After = 0,
) -> Response:
    text = text.replace("\r\n", "\n")
    if not text.strip() or len(text) > MAX_CHARS:
        notice = f"Not sent. A message has 1 to {MAX_CHARS:,} characters; this one has {len(text):,}."
        draft = Draft(text, notice=notice)
        return await _again(visit, handover, Asked(draft=draft, after=after), status=422)
    try:
        await visit.parts.desk.write(handover.conversation_id, visit.staff.user, text, seen_seq=seen_seq, key=key)
    except StaleView as error:
        missed = frozenset(event.seq for event in error.missed)
        return await _again(visit, handover, Asked(draft=Draft(text, missed, _missed_words(len(missed))), after=after))
    except KeyReused:
        notice = "Not sent again: this form was used already. Look at the log, then press Send."
        return await _again(visit, handover, Asked(draft=Draft(text, notice=notice), after=after))
    except NotClaimed:
        asked = Asked(draft=Draft(text), after=after, notice=Notice("Not sent: this conversation is no longer yours."))
        return await _again(visit, handover, asked)
    return _see(handover, after)


@router.post("/{handover_id}/insert")
async def post_insert(
    visit: VisitDep, handover: HandoverDep, passage: Annotated[str, Form(max_length=200)], text: Text = ""
) -> Response:
    """Put a quote into the reply being written, for a browser without scripts; desk.js does the same by itself."""
    reply = await visit.parts.assistants.choose(handover.site, passage)
    quotes = [f"“{quote.text}”\n(From our page: {quote.source.heading})" for quote in reply.quotes]
    words = "\n".join(one for one in (text.rstrip(), *quotes, reply.note) if one)
    draft = Draft(f"{words}\n")
    return await _again(visit, handover, Asked(draft=draft), status=200)


@router.post("/{handover_id}/find")
async def post_find(
    visit: VisitDep,
    handover: HandoverDep,
    find: Annotated[str, Form(max_length=MAX_CHARS)] = "",
    after: After = 0,
) -> Response:
    """Search the page in one's own words, for a passage to quote. Posted, so that no words stand in an address."""
    found = await find_passages(visit.parts, handover.site, find) if find.strip() else None
    asked = Asked(pane="context", found=found, find=find, after=after)
    return await _again(visit, handover, asked, status=200)


@router.post("/{handover_id}/typing", status_code=204)
async def post_typing(visit: VisitDep, handover: HandoverDep) -> None:
    """Show the visitor that the person who answers is writing."""
    if handover.claimed_by == visit.user_id and handover.status is Status.CLAIMED:
        visit.parts.desk.typing(handover.conversation_id, Author.ADVOCATE)


async def _stepped(visit: Visit, handover: Handover, step: Awaitable[Handover], after: int) -> Response:
    """Take a step and show what came of it; whoever came second reads who was first."""
    try:
        await step
    except StepLost as error:
        return await _again(visit, error.handover, Asked(after=after, notice=Notice(_first_words(error.handover))))
    except ClosingRefused:
        raise  # what was chosen and written is shown again
    except (StepRefused, NotClaimed) as error:
        return await _again(visit, handover, Asked(after=after, notice=Notice(str(error))))
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


async def _again(visit: Visit, handover: Handover, asked: Asked, *, status: int = 409) -> HTMLResponse:
    """The same conversation as it now stands, with what the advocate was writing."""
    current = await find_handover(visit, handover.handover_id)
    return _page(visit, await conversation_screen(visit, current, asked), status=status)


def _page(visit: Visit, screen: DeskScreen, *, status: int = 200) -> HTMLResponse:
    return visit.parts.templates.page("desk/desk.html", screen, status=status)


def _see(handover: Handover, after: int) -> RedirectResponse:
    """Back to the conversation; `after` keeps entries the browser has from being read and audited again."""
    query = f"?after={after}" if after else ""
    return RedirectResponse(f"{DESK}/{handover.handover_id}{query}", status_code=303)
