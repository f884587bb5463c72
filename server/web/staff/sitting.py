"""How a sitting begins and ends in the browser: cookies, and where one goes next."""

from __future__ import annotations

from math import ceil

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from server.storage import SignedIn, User
from server.web.guards.staff import (
    BROWSER_COOKIE,
    CODE,
    COOKIE,
    cookie_name,
    doors_of,
    home_of,
    is_https,
    own_path,
)
from server.web.parts import Parts

MAX_AGE_S = 12 * 60 * 60  # the store ends it then, and after 30 idle minutes
BROWSER_AGE_S = 365 * 24 * 60 * 60


def begin_sitting(request: Request, parts: Parts, found: SignedIn, go_to: str) -> Response:
    """To where they wanted to go, with the session's cookie; first to the code, where one is asked for."""
    path = after_sign_in(found.user, go_to)
    response = see(f"{CODE}?next={path}" if found.needs_code else path)
    set_cookies(response, request, parts, found)
    return response


def after_sign_in(user: User, go_to: str) -> str:
    """Where they wanted to go, if their role opens it; else where their role begins."""
    path = own_path(go_to)
    mine = ("/account", *(door.href for door in doors_of(user.role, here="")))
    return path if path and f"/{path.split('/')[1].partition('?')[0]}" in mine else home_of(user.role)


async def end_sitting(request: Request, parts: Parts) -> None:
    if token := request.cookies.get(cookie_name(request, parts)):
        await parts.store.staff.sign_out(token)


def set_cookies(response: Response, request: Request, parts: Parts, found: SignedIn) -> None:
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


def see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def wait_words(seconds: float) -> str:
    whole = max(1, ceil(seconds))
    if whole < 90:
        return f"{whole} second{'s' if whole > 1 else ''}"
    return f"{ceil(whole / 60)} minutes"
