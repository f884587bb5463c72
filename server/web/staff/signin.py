"""The pages on which staff sign in, sign out and change a password."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from server.storage import PasswordRefused, SignedIn, SignInDelayed, User
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import (
    BROWSER_COOKIE,
    COOKIE,
    PASSWORD,
    SIGN_IN,
    Staff,
    cookie_name,
    doors_of,
    find_staff,
    home_of,
    is_https,
    origin_of,
    own_path,
    signed_in,
)
from server.web.parts import Parts, PartsDep

MAX_AGE_S = 12 * 60 * 60  # the store ends it then, and after 30 idle minutes
BROWSER_AGE_S = 365 * 24 * 60 * 60
NO_MATCH = "This email address and password do not belong together. Check both and try again."

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SignInScreen:
    next: str
    email: str = ""
    problem: str = ""
    notice: str = ""


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
        return _see(_after_sign_in(staff.user, go_to))
    notice = "You are signed out." if done == "signed-out" else ""
    return parts.templates.page("staff/signin.html", SignInScreen(next=own_path(go_to), notice=notice))


@router.post(SIGN_IN)
async def post_sign_in(
    request: Request,
    parts: PartsDep,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    go_to: Annotated[str, Form(alias="next")] = "",
) -> Response:
    screen = SignInScreen(next=own_path(go_to), email=email)
    try:
        found = await parts.store.staff.sign_in(email, password, origin_of(request, parts))
    except SignInDelayed as error:
        wait = f"Too many tries. Wait {_wait_words(error.wait_s)}, then try again."
        return _sign_in_again(parts, screen, wait, status=429, retry_after_s=error.wait_s)
    if found is None:
        return _sign_in_again(parts, screen, NO_MATCH, status=401)
    await _end_session(request, parts)  # whatever this browser held before is not carried over
    response = _see(_after_sign_in(found.user, go_to))
    _set_cookies(response, request, parts, found)
    return response


@router.post("/sign-out")
async def post_sign_out(request: Request, parts: PartsDep) -> Response:
    await _end_session(request, parts)
    response = _see(f"{SIGN_IN}?done=signed-out")
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
        return _password_again(parts, staff, f"Too many tries. Wait {_wait_words(error.wait_s)}.", wrong="current")
    except PasswordRefused as error:
        return _password_again(parts, staff, str(error), wrong="new")
    fresh = await accounts.sign_in(staff.user.email, new, origin)
    response = _see(home_of(staff.user.role))
    if fresh is not None:
        _set_cookies(response, request, parts, fresh)
    return response


def _after_sign_in(user: User, go_to: str) -> str:
    """Where they wanted to go, if their role opens it; else where their role begins."""
    path = own_path(go_to)
    mine = ("/account", *(door.href for door in doors_of(user.role, here="")))
    return path if path and f"/{path.split('/')[1].partition('?')[0]}" in mine else home_of(user.role)


def _sign_in_again(
    parts: Parts, screen: SignInScreen, problem: str, *, status: int, retry_after_s: float = 0
) -> HTMLResponse:
    shown = SignInScreen(next=screen.next, email=screen.email, problem=problem)
    page = parts.templates.page("staff/signin.html", shown, status=status)
    if retry_after_s:
        page.headers["Retry-After"] = str(ceil(retry_after_s))
    return page


def _password_screen(staff: Staff, *, problem: str = "", wrong: str = "") -> PasswordScreen:
    return PasswordScreen(staff.user.email, home_of(staff.user.role), staff.user.must_change, problem, wrong)


def _password_again(parts: Parts, staff: Staff, problem: str, *, wrong: str) -> HTMLResponse:
    screen = _password_screen(staff, problem=problem, wrong=wrong)
    return parts.templates.page("staff/password.html", screen, status=422)


async def _end_session(request: Request, parts: Parts) -> None:
    if token := request.cookies.get(cookie_name(request, parts)):
        await parts.store.staff.sign_out(token)


def _set_cookies(response: Response, request: Request, parts: Parts, found: SignedIn) -> None:
    """The session, and what makes this browser known to the account when others guess at it."""
    for name, value, max_age_s in (
        (COOKIE, found.token, MAX_AGE_S),
        (BROWSER_COOKIE, found.browser, BROWSER_AGE_S),
    ):
        response.set_cookie(
            cookie_name(request, parts, name),
            value,
            max_age=max_age_s,
            path="/",
            secure=is_https(request, parts),
            httponly=True,
            samesite="lax",
        )


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def _wait_words(seconds: float) -> str:
    whole = max(1, ceil(seconds))
    if whole < 90:
        return f"{whole} second{'s' if whole > 1 else ''}"
    return f"{ceil(whole / 60)} minutes"
