"""The pages on which staff sign in, sign out and change a password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from server.core.handing.alerts import Channel
from server.storage import PasswordRefused, SignInDelayed
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import (
    FORGOTTEN,
    PASSWORD,
    SIGN_IN,
    Staff,
    cookie_name,
    find_staff,
    home_of,
    is_https,
    origin_of,
    own_path,
    signed_in,
)
from server.web.parts import Parts, PartsDep
from server.web.staff.sitting import after_sign_in, begin_sitting, end_sitting, see, wait_words

NO_MATCH = "This email address and password do not belong together. Check both and try again."

DONE = {
    "signed-out": "You are signed out.",
    "password": "Your new password is set. Sign in with it.",
    "too-late": "That took too long. Sign in again.",
}

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SignInScreen:
    next: str
    email: str = ""
    problem: str = ""
    notice: str = ""
    forgotten_url: str = ""  # empty where no mail can be sent


@dataclass(frozen=True, slots=True)
class PasswordScreen:
    """`wrong` names the field at fault: current | new. `is_forced`: signed in with a one-time password."""

    email: str
    home: str
    is_forced: bool
    problem: str = ""
    wrong: str = ""


Anyone = Annotated[Staff, Depends(signed_in())]


@router.get(SIGN_IN)
async def get_sign_in(
    request: Request, parts: PartsDep, go_to: Annotated[str, Query(alias="next")] = "", done: str = ""
) -> Response:
    staff = await find_staff(request)
    if staff is not None:
        return see(after_sign_in(staff.user, go_to))
    screen = SignInScreen(next=own_path(go_to), notice=DONE.get(done, ""), forgotten_url=forgotten_url(parts))
    return parts.templates.page("staff/signin.html", screen)


@router.post(SIGN_IN)
async def post_sign_in(
    request: Request,
    parts: PartsDep,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    go_to: Annotated[str, Form(alias="next")] = "",
) -> Response:
    screen = SignInScreen(next=own_path(go_to), email=email, forgotten_url=forgotten_url(parts))
    try:
        found = await parts.store.staff.sign_in(email, password, origin_of(request, parts))
    except SignInDelayed as error:
        wait = f"Too many tries. Wait {wait_words(error.wait_s)}, then try again."
        return _sign_in_again(parts, screen, wait, status=429, retry_after_s=error.wait_s)
    if found is None:
        return _sign_in_again(parts, screen, NO_MATCH, status=401)
    await end_sitting(request, parts)  # whatever this browser held before is not carried over
    return begin_sitting(request, parts, found, go_to)


@router.post("/sign-out")
async def post_sign_out(request: Request, parts: PartsDep) -> Response:
    await end_sitting(request, parts)
    response = see(f"{SIGN_IN}?done=signed-out")
    response.delete_cookie(
        cookie_name(request, parts), path="/", secure=is_https(request, parts), httponly=True, samesite="lax"
    )
    return response


@router.get(PASSWORD)
async def get_password(staff: Anyone, parts: PartsDep) -> HTMLResponse:
    return parts.templates.page("staff/password.html", _password_screen(staff))


@router.post(PASSWORD)
async def post_password(
    request: Request,
    staff: Anyone,
    parts: PartsDep,
    current: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change one's own password. It ends every session of this account; this browser gets a fresh one."""
    accounts, origin = parts.store.staff, origin_of(request, parts)
    try:
        if await accounts.sign_in(staff.user.email, current, origin) is None:
            return _password_again(parts, staff, "This is not your password.", wrong="current")
        if new == current:
            return _password_again(parts, staff, "This is the password you have now. Choose another.", wrong="new")
        await accounts.set_password(staff.user.email, new, by=staff.user.user_id)
    except SignInDelayed as error:
        return _password_again(parts, staff, f"Too many tries. Wait {wait_words(error.wait_s)}.", wrong="current")
    except PasswordRefused as error:
        return _password_again(parts, staff, str(error), wrong="new")
    fresh = await accounts.sign_in(staff.user.email, new, origin)
    return begin_sitting(request, parts, fresh, "") if fresh else see(SIGN_IN)


def _sign_in_again(
    parts: Parts, screen: SignInScreen, problem: str, *, status: int, retry_after_s: float = 0
) -> HTMLResponse:
    shown = replace(screen, problem=problem)
    page = parts.templates.page("staff/signin.html", shown, status=status)
    if retry_after_s:
        page.headers["Retry-After"] = str(ceil(retry_after_s))
    return page


def _password_screen(staff: Staff, *, problem: str = "", wrong: str = "") -> PasswordScreen:
    return PasswordScreen(staff.user.email, home_of(staff.user.role), staff.user.must_change, problem, wrong)


def _password_again(parts: Parts, staff: Staff, problem: str, *, wrong: str) -> HTMLResponse:
    screen = _password_screen(staff, problem=problem, wrong=wrong)
    return parts.templates.page("staff/password.html", screen, status=422)


def forgotten_url(parts: Parts) -> str:
    """Where whoever forgot a password asks for a link, if one can be sent by mail."""
    return FORGOTTEN if Channel.EMAIL in parts.channels.senders else ""
