"""What an admin does for one person: opens and shuts their account, and helps when a password or a telephone is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from kb.errors import AdvocateError
from server.storage import NotFound, Role, User
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Door, Staff, doors_of
from server.web.parts import Parts, PartsDep
from server.web.staff.admin import ADMIN, Admin
from server.web.staff.forgotten import reset_address
from server.web.staff.sessions import SessionLine, session_lines
from server.web.staff.sitting import see

router = APIRouter(prefix=f"{ADMIN}/people", dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PersonScreen:
    """`link` sets a password anew; it is shown once and kept nowhere."""

    me: str
    doors: tuple[Door, ...]
    person: User
    is_me: bool
    roles: tuple[str, ...]
    sessions: tuple[SessionLine, ...]
    url: str
    link: str = ""
    problem: str = ""


async def _person(parts: PartsDep, user_id: str) -> User:
    found = (one for one in await parts.store.staff.users() if one.user_id == user_id)
    person = next(found, None)
    if person is None:
        raise Problem(404, "There is no such person.")
    return person


PersonDep = Annotated[User, Depends(_person)]
Act = Callable[[Parts, User, str], Awaitable[None]]
ACTS: dict[str, Act] = {
    "shut": lambda parts, person, by: parts.store.staff.disable(person.email, by=by),
    "open": lambda parts, person, by: parts.store.staff.enable(person.email, by=by),
    "sign-out": lambda parts, person, by: parts.store.staff.end_sessions(person, by=by),
    "drop-factor": lambda parts, person, by: parts.store.staff.drop_factor(person.email, by=by),
}


@router.get("/{user_id}")
async def get_person(parts: PartsDep, staff: Admin, person: PersonDep) -> HTMLResponse:
    return await _page(parts, staff, person)


@router.post("/{user_id}/role")
async def post_role(parts: PartsDep, staff: Admin, person: PersonDep, role: Annotated[Role, Form()]) -> Response:
    """Give somebody another role; they sign in again."""
    if role is person.role:
        return see(_url(person))
    return await _done(parts, staff, person, parts.store.staff.set_role(person.email, role, by=staff.user.user_id))


@router.post("/{user_id}/reset")
async def post_reset_link(parts: PartsDep, staff: Admin, person: PersonDep) -> HTMLResponse:
    """Show a link by which somebody sets their password anew, once."""
    try:
        token = await parts.store.staff.reset_link(person.email, by=staff.user.user_id)
    except AdvocateError as error:
        return await _page(parts, staff, person, problem=str(error), status=409)
    return await _page(parts, staff, person, link=reset_address(parts, token))


@router.post("/{user_id}/{act}")
async def post_act(parts: PartsDep, staff: Admin, person: PersonDep, act: str) -> Response:
    """Shut, open, sign out everywhere, or remove the second factor."""
    if act not in ACTS:
        raise Problem(404, "There is no such page.")
    return await _done(parts, staff, person, ACTS[act](parts, person, staff.user.user_id))


async def _done(parts: Parts, staff: Staff, person: User, act: Awaitable[None]) -> Response:
    try:
        await act
    except NotFound:
        return see(ADMIN)
    except AdvocateError as error:
        return await _page(parts, staff, person, problem=str(error), status=409)
    return see(_url(person))


def _url(person: User) -> str:
    return f"{ADMIN}/people/{person.user_id}"


async def _page(
    parts: Parts, staff: Staff, person: User, *, link: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    screen = PersonScreen(
        me=staff.user.name,
        doors=doors_of(staff.user.role, here=ADMIN),
        person=person,
        is_me=person.user_id == staff.user.user_id,
        roles=tuple(Role),
        sessions=session_lines(await parts.store.staff.sessions(person, this=staff.token)),
        url=_url(person),
        link=link,
        problem=problem,
    )
    page = parts.templates.page("staff/person.html", screen, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page
