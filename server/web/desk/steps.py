"""Steps of a handover as forms: claim, release, give back, call back, give to a colleague, take over, close."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from server.core.handing.handover import Closing, ClosingRefused, Closure, Status, StepRefused
from server.core.handing.hours import last_shown
from server.storage import Handover, Move, NotClaimed, StepLost
from server.web.desk.answers import again, see
from server.web.desk.queue import DESK
from server.web.desk.reading import Showing
from server.web.desk.shift import After, HandoverDep, Shift, ShiftDep, Version
from server.web.guards.security import refuse_cross_site
from server.web.words.notices import Notice

MAX_WHY = 4000

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


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
    why: Annotated[str, Form(max_length=MAX_WHY)] = "",
    sure: Annotated[bool, Form()] = False,
    advised: Annotated[str, Form(max_length=20)] = "",
    after: After = 0,
) -> Response:
    if closing is None:
        notice = Notice("Choose what it was before you close the conversation.")
        return await again(shift, handover, Showing(pane="context", after=after, notice=notice), status=422)
    zone = shift.parts.assistants.site(handover.site).zone
    closure = Closure(closing, why, sure, last_shown(advised, zone, shift.now))
    close = shift.parts.desk.close(handover.handover_id, version=version, user=shift.staff.user, closure=closure)
    try:
        return await _stepped(shift, handover, close, after)
    except ClosingRefused as error:
        showing = Showing(pane="context", after=after, notice=Notice(str(error)), closure=closure)
        return await again(shift, handover, showing, status=422)


@router.post("/{handover_id}/transfer")
async def post_transfer(
    shift: ShiftDep,
    handover: HandoverDep,
    version: Version,
    to: Annotated[str, Form(pattern="^([0-9a-f]{32})?$")] = "",
    why: Annotated[str, Form(max_length=MAX_WHY)] = "",
    after: After = 0,
) -> Response:
    """Give it to a colleague, with a note."""
    present = await shift.parts.store.handovers.present(handover.site)
    colleague = next((user for user in present if user.user_id == to), None)
    if colleague is None:
        gone = Notice("Not done: choose a colleague who is at the desk now, or release it to the queue.")
        return await again(shift, handover, Showing(after=after, notice=gone), status=422)
    move = Move(colleague, why)
    transfer = shift.parts.desk.transfer(handover.handover_id, version=version, user=shift.staff.user, move=move)
    return await _stepped(shift, handover, transfer, after)


@router.post("/{handover_id}/take-over")
async def post_take_over(
    shift: ShiftDep,
    handover: HandoverDep,
    version: Version,
    why: Annotated[str, Form(max_length=MAX_WHY)] = "",
    after: After = 0,
) -> Response:
    """Take it from a colleague, with a reason."""
    take_over = shift.parts.desk.take_over(handover.handover_id, version=version, user=shift.staff.user, why=why)
    return await _stepped(shift, handover, take_over, after)


async def _stepped(shift: Shift, handover: Handover, step: Awaitable[Handover], after: int) -> Response:
    """Take a step and show what came of it; whoever came second reads who was first."""
    try:
        await step
    except StepLost as error:
        return await again(shift, error.handover, Showing(after=after, notice=Notice(_first_words(error.handover))))
    except ClosingRefused:
        raise  # what was chosen and written is shown again
    except (StepRefused, NotClaimed) as error:
        return await again(shift, handover, Showing(after=after, notice=Notice(str(error))))
    return see(handover, after)


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
