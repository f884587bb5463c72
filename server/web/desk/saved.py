"""Saved replies: the page where advocates keep them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from server.core.handing.saved import LONGEST, MAX_TEXT, MAX_TITLE, SavedRefused, SavedReply, with_reply, without_reply
from server.editing import Actor, SavingBusy
from server.storage import User
from server.storage.ids import new_id
from server.web.desk.queue import DESK
from server.web.desk.saved_views import SavedView, owners_of, read_saved
from server.web.desk.shift import Shift, ShiftDep, sites_of
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Door, doors_of

REPLIES = f"{DESK}/replies"
NO_CLINIC = "There is no such clinic, or it is not one of yours. Go back to the saved replies."
NO_OWNER = "Choose an owner who answers for this clinic now."

router = APIRouter(prefix=REPLIES, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SavedClinic:
    """One clinic's saved replies; who may own one; and one as it was written that could not be kept, and why."""

    site: str
    clinic: str
    replies: tuple[SavedView, ...]
    owners: tuple[User, ...]
    first_day: str  # on which a reply can be read again, and the last: as a date field writes them
    last_day: str
    refused: SavedReply | None = None
    problem: str = ""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(one.reply.reply_id for one in self.replies)

    @property
    def overdue(self) -> int:
        return sum(one.is_overdue for one in self.replies)


@dataclass(frozen=True, slots=True)
class SavedScreen:
    """Every saved reply of the clinics one answers for."""

    me: User
    doors: tuple[Door, ...]
    clinics: tuple[SavedClinic, ...]
    max_title: int = MAX_TITLE
    max_text: int = MAX_TEXT


@dataclass(frozen=True, slots=True)
class Written:
    """A saved reply as its form has it. `seen`: the digest of what the edit began from; empty for a new one."""

    reply_id: str
    title: str
    text: str
    owner_id: str
    review_on: date
    seen: str


def _written(
    title: Annotated[str, Form(max_length=400)] = "",
    text: Annotated[str, Form(max_length=20_000)] = "",
    owner: Annotated[str, Form(pattern="^([0-9a-f]{32})?$")] = "",
    review_on: Annotated[date, Form()] = date.min,
    reply_id: Annotated[str, Form(pattern="^([0-9a-f]{32})?$")] = "",
    seen: Annotated[str, Form(pattern="^([0-9a-f]{16})?$")] = "",
) -> Written:
    return Written(reply_id or new_id(), title, text, owner, review_on, seen)


@router.get("")
async def get_replies(shift: ShiftDep) -> HTMLResponse:
    return await _page(shift)


@router.post("/{site}")
async def post_reply(shift: ShiftDep, site: str, written: Annotated[Written, Depends(_written)]) -> Response:
    """Keep a saved reply: a new one, or as it reads now."""
    await _check(shift, site)
    owners = {user.user_id: user.name for user in await owners_of(shift.parts, site)}
    reply = SavedReply(
        written.reply_id,
        written.title,
        written.text,
        written.owner_id,
        owners.get(written.owner_id, ""),
        written.review_on,
    )
    if not reply.owner:
        return await _page(shift, site, refused=reply, problem=NO_OWNER)

    def edit(replies: list[SavedReply]) -> list[SavedReply]:
        return with_reply(replies, reply, seen=written.seen, today=shift.reader(site).today)

    return await _kept(shift, site, edit, reply=reply, reason="saved reply kept")


@router.post("/{site}/remove")
async def post_remove(
    shift: ShiftDep,
    site: str,
    reply_id: Annotated[str, Form(pattern="^([0-9a-f]{32})?$")] = "",
    seen: Annotated[str, Form(pattern="^([0-9a-f]{16})?$")] = "",
) -> Response:
    await _check(shift, site)

    def edit(replies: list[SavedReply]) -> list[SavedReply]:
        return without_reply(replies, reply_id, seen=seen)

    return await _kept(shift, site, edit, reply=None, reason="saved reply removed")


async def _kept(
    shift: Shift,
    site: str,
    edit: Callable[[list[SavedReply]], list[SavedReply]],
    *,
    reply: SavedReply | None,
    reason: str,
) -> Response:
    by = Actor(shift.user_id, shift.staff.user.name)
    try:
        await shift.parts.editing.saving.saved_replies(site, edit, by=by, reason=reason)
    except (SavedRefused, SavingBusy) as error:
        return await _page(shift, site, refused=reply, problem=str(error))
    return RedirectResponse(f"{REPLIES}#{f'reply-{reply.reply_id}' if reply else site}", status_code=303)


async def _check(shift: Shift, site: str) -> None:
    """Raises Problem 404 for a clinic that is not there or not theirs."""
    if site not in await sites_of(shift):
        raise Problem(404, NO_CLINIC)


async def _page(
    shift: Shift, problem_site: str = "", *, refused: SavedReply | None = None, problem: str = ""
) -> HTMLResponse:
    clinics = [await _clinic(shift, site) for site in await sites_of(shift)]
    screen = SavedScreen(
        me=shift.staff.user,
        doors=doors_of(shift.staff.user.role, here=DESK),
        clinics=tuple(
            replace(one, refused=refused, problem=problem) if one.site == problem_site else one for one in clinics
        ),
    )
    return shift.parts.templates.page("desk/replies.html", screen, status=422 if problem else 200)


async def _clinic(shift: Shift, site: str) -> SavedClinic:
    today = shift.reader(site).today
    return SavedClinic(
        site=site,
        clinic=shift.parts.assistants.site(site).clinic,
        replies=await read_saved(shift.parts, site, today),
        owners=tuple(await owners_of(shift.parts, site)),
        first_day=date.fromordinal(today.toordinal() + 1).isoformat(),
        last_day=(today + LONGEST).isoformat(),
    )
