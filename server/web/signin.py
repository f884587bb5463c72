"""Staff: who is signed in, what their role opens, and the pages to sign in, sign out and change a password."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from server.storage import PasswordRefused, Role, SignInDelayed, User
from server.web.parts import Parts, PartsDep
from server.web.problems import Problem
from server.web.security import refuse_cross_site

COOKIE = "advocate_session"
SIGN_IN = "/sign-in"
PASSWORD = "/account/password"
MAX_AGE_S = 12 * 60 * 60  # the store ends it then, and after 30 idle minutes
NO_MATCH = "This email address and password do not belong together. Check both and try again."

# The doors of the product, and who may go through; an admin through all. The first one is where a role begins.
DOORS: Mapping[str, tuple[str, frozenset[Role]]] = {
    "/desk": ("Desk", frozenset({Role.ADVOCATE, Role.ADMIN})),
    "/editor": ("Editor", frozenset({Role.EDITOR, Role.REVIEWER, Role.ADMIN})),
    "/admin": ("Admin", frozenset({Role.ADMIN})),
}
OWN_PATH = re.compile(r"/(desk|editor|admin|account)(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?(\?[A-Za-z0-9._~=&%-]*)?")

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone signed in, and the token of this sitting."""

    user: User
    token: str


@dataclass(frozen=True, slots=True)
class Door:
    """A part of the product that a person's role opens."""

    name: str
    href: str
    is_here: bool


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


def signed_in(*roles: Role) -> Callable[[Request], Awaitable[Staff]]:
    """A dependency: whoever is signed in with one of these roles (none named: any), or an admin.

    Nobody signed in is sent to the sign-in page, a one-time password to the page that changes it; for another role
    the page does not exist.
    """

    async def staff_of(request: Request) -> Staff:
        staff = await find_staff(request)
        if staff is None:
            raise Problem(303, "Sign in first.", headers={"Location": _sign_in_url(request)})
        if staff.user.must_change and request.url.path != PASSWORD:
            raise Problem(303, "Choose a password of your own first.", headers={"Location": PASSWORD})
        if roles and staff.user.role not in {*roles, Role.ADMIN}:
            raise Problem(404, "There is no such page.")
        return staff

    return staff_of


Anyone = Annotated[Staff, Depends(signed_in())]


async def find_staff(request: Request) -> Staff | None:
    """Whoever this request's cookie belongs to. Counts as activity."""
    parts: Parts = request.app.state.parts
    token = request.cookies.get(_cookie_name(request, parts))
    user = await parts.store.staff.user_of(token) if token else None
    return Staff(user, token) if user and token else None


async def is_still_signed_in(parts: Parts, staff: Staff) -> bool:
    """The same without counting as activity: a page that only watches does not keep anyone signed in."""
    return await parts.store.staff.user_of(staff.token, touch=False) is not None


def doors_of(role: Role, *, here: str) -> tuple[Door, ...]:
    """What this role's menu offers."""
    return tuple(Door(name, href, href == here) for href, (name, roles) in DOORS.items() if role in roles)


def home_of(role: Role) -> str:
    return doors_of(role, here="")[0].href


@router.get(SIGN_IN)
async def get_sign_in(
    request: Request, parts: PartsDep, go_to: Annotated[str, Query(alias="next")] = "", done: str = ""
) -> Response:
    staff = await find_staff(request)
    if staff is not None:
        return _see(_after_sign_in(staff.user, go_to))
    notice = "You are signed out." if done == "signed-out" else ""
    return parts.templates.page("signin.html", SignInScreen(next=_own_path(go_to), notice=notice))


@router.post(SIGN_IN)
async def post_sign_in(
    request: Request,
    parts: PartsDep,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    go_to: Annotated[str, Form(alias="next")] = "",
) -> Response:
    screen = SignInScreen(next=_own_path(go_to), email=email)
    try:
        found = await parts.store.staff.sign_in(email, password)
    except SignInDelayed as error:
        wait = f"Too many tries. Wait {_wait_words(error.wait_s)}, then try again."
        return _sign_in_again(parts, screen, wait, status=429, retry_after_s=error.wait_s)
    if found is None:
        return _sign_in_again(parts, screen, NO_MATCH, status=401)
    await _end_session(request, parts)  # whatever this browser held before is not carried over
    response = _see(_after_sign_in(found.user, go_to))
    _set_cookie(response, request, parts, found.token)
    return response


@router.post("/sign-out")
async def post_sign_out(request: Request, parts: PartsDep) -> Response:
    await _end_session(request, parts)
    response = _see(f"{SIGN_IN}?done=signed-out")
    response.delete_cookie(
        _cookie_name(request, parts), path="/", secure=_is_https(request, parts), httponly=True, samesite="lax"
    )
    return response


@router.get(PASSWORD)
async def get_password(staff: Anyone, parts: PartsDep) -> HTMLResponse:
    return parts.templates.page("desk/password.html", _password_screen(staff))


@router.post(PASSWORD)
async def post_password(
    request: Request,
    staff: Anyone,
    parts: PartsDep,
    current: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change one's own password. It ends every session of this account; this browser gets a fresh one."""
    accounts = parts.store.staff
    try:
        if await accounts.sign_in(staff.user.email, current) is None:
            return _password_again(parts, staff, "This is not your password.", wrong="current")
        if new == current:
            return _password_again(parts, staff, "This is the password you have now. Choose another.", wrong="new")
        await accounts.set_password(staff.user.email, new, by=staff.user.user_id)
    except SignInDelayed as error:
        return _password_again(parts, staff, f"Too many tries. Wait {_wait_words(error.wait_s)}.", wrong="current")
    except PasswordRefused as error:
        return _password_again(parts, staff, str(error), wrong="new")
    fresh = await accounts.sign_in(staff.user.email, new)
    response = _see(home_of(staff.user.role))
    if fresh is not None:
        _set_cookie(response, request, parts, fresh.token)
    return response


def _own_path(path: str) -> str:
    """The path, if it is one of ours for staff: nobody is sent elsewhere by signing in."""
    return path if OWN_PATH.fullmatch(path) else ""


def _after_sign_in(user: User, go_to: str) -> str:
    """Where they wanted to go, if their role opens it; else where their role begins."""
    path = _own_path(go_to)
    mine = ("/account", *(door.href for door in doors_of(user.role, here="")))
    return path if path and f"/{path.split('/')[1].partition('?')[0]}" in mine else home_of(user.role)


def _sign_in_url(request: Request) -> str:
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = request.url.path + query if is_page else "/" + request.url.path.split("/")[1]
    return f"{SIGN_IN}?next={quote(wanted, safe='/')}" if _own_path(wanted) else SIGN_IN


def _sign_in_again(
    parts: Parts, screen: SignInScreen, problem: str, *, status: int, retry_after_s: float = 0
) -> HTMLResponse:
    shown = SignInScreen(next=screen.next, email=screen.email, problem=problem)
    page = parts.templates.page("signin.html", shown, status=status)
    if retry_after_s:
        page.headers["Retry-After"] = str(ceil(retry_after_s))
    return page


def _password_screen(staff: Staff, *, problem: str = "", wrong: str = "") -> PasswordScreen:
    return PasswordScreen(staff.user.email, home_of(staff.user.role), staff.user.must_change, problem, wrong)


def _password_again(parts: Parts, staff: Staff, problem: str, *, wrong: str) -> HTMLResponse:
    screen = _password_screen(staff, problem=problem, wrong=wrong)
    return parts.templates.page("desk/password.html", screen, status=422)


async def _end_session(request: Request, parts: Parts) -> None:
    if token := request.cookies.get(_cookie_name(request, parts)):
        await parts.store.staff.sign_out(token)


def _is_https(request: Request, parts: Parts) -> bool:
    return request.url.scheme == "https" or parts.settings.public_url.startswith("https://")


def _cookie_name(request: Request, parts: Parts) -> str:
    """With https the name itself makes browsers refuse the cookie from any other host or path."""
    return f"__Host-{COOKIE}" if _is_https(request, parts) else COOKIE


def _set_cookie(response: Response, request: Request, parts: Parts, token: str) -> None:
    response.set_cookie(
        _cookie_name(request, parts),
        token,
        max_age=MAX_AGE_S,
        path="/",
        secure=_is_https(request, parts),
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
