"""One request of an advocate on duty: who asks, for which conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Form, Request

from server.core.handing.finding import EVERYTHING, Search, parse_search
from server.storage import Handover, NotFound, Role
from server.web.desk.talk import Reader
from server.web.guards.problems import Problem
from server.web.guards.staff import Staff, signed_in
from server.web.parts import Parts, PartsDep

SEARCH = "Desk-Search"
EVERY_SITE = "*"
NOT_HERE = "There is no such conversation, or it is not one of your clinic’s. Go back to the queue."


@dataclass(frozen=True, slots=True)
class Shift:
    """One request of an advocate on duty: who asks, of which parts, when."""

    parts: Parts
    staff: Staff
    now: datetime
    search: Search = EVERYTHING  # what of the queue they want to see

    @classmethod
    def of(cls, parts: Parts, staff: Staff, search: Search = EVERYTHING) -> Shift:
        return cls(parts, staff, datetime.now(UTC), search)

    @property
    def user_id(self) -> str:
        return self.staff.user.user_id

    def reader(self, site: str) -> Reader:
        return Reader(user_id=self.user_id, now=self.now, zone=self.parts.assistants.site(site).zone)


async def sites_of(shift: Shift) -> tuple[str, ...]:
    """The sites this person answers for, by name."""
    sites = shift.staff.user.sites
    return tuple(await shift.parts.store.content.sites()) if EVERY_SITE in sites else tuple(sites)


async def find_handover(shift: Shift, handover_id: str) -> Handover:
    """A handover of this person's sites. Raises Problem 404 for one that is not there or not theirs."""
    try:
        handover = await shift.parts.store.handovers.get(handover_id)
    except NotFound:
        raise Problem(404, NOT_HERE) from None
    if not shift.staff.user.may_see(handover.site):
        raise Problem(404, NOT_HERE)
    return handover


Advocate = Annotated[Staff, Depends(signed_in(Role.ADVOCATE))]
Watcher = Annotated[Staff, Depends(signed_in(Role.ADVOCATE, watches=True))]


async def _shift(parts: PartsDep, staff: Advocate, request: Request) -> Shift:
    """A header says what is searched for: it holds a visitor's words, and an address would keep them."""
    return Shift.of(parts, staff, parse_search(dict(parse_qsl(request.headers.get(SEARCH, "")))))


ShiftDep = Annotated[Shift, Depends(_shift)]


async def _handover(shift: ShiftDep, handover_id: str) -> Handover:
    return await find_handover(shift, handover_id)


HandoverDep = Annotated[Handover, Depends(_handover)]
Version = Annotated[int, Form()]
After = Annotated[int, Form(ge=0)]
