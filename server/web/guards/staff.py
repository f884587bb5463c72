"""Who of the staff is signed in, and what their role opens."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request

from server.storage import Origin, Role, User
from server.web.guards.problems import Problem
from server.web.parts import Parts

COOKIE = "advocate_session"
BROWSER_COOKIE = "advocate_browser"  # this browser signed in before; nothing opens with it
SIGN_IN = "/sign-in"
CODE = "/sign-in/code"
FORGOTTEN = "/sign-in/forgotten"
PASSWORD = "/account/password"
FACTOR = "/account/second-factor"
REQUIRED = "required"  # the setting that nobody works without a second factor

# The doors of the product, and who may go through; an admin through all. The first one is where a role begins.
DOORS: Mapping[str, tuple[str, frozenset[Role]]] = {
    "/desk": ("Desk", frozenset({Role.ADVOCATE, Role.ADMIN})),
    "/editor": ("Editor", frozenset({Role.EDITOR, Role.REVIEWER, Role.ADMIN})),
    "/admin": ("Admin", frozenset({Role.ADMIN})),
}
# What a browser's own words hold, the more particular first: each calls itself most of the others.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
OWN_PATH = re.compile(r"/(desk|editor|admin|account)(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?(\?[A-Za-z0-9._~=&%-]*)?")


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


def signed_in(*roles: Role, watches: bool = False) -> Callable[[Request], Awaitable[Staff]]:
    """A dependency: whoever is signed in with one of these roles (none named: any), or an admin.

    Nobody signed in is sent to the sign-in page, a one-time password to the page that changes it, whoever lacks a second
    factor that is required to the page that sets it; for another role the page does not exist.
    watches: it is a page that asks by itself, and counts as no activity; so is one that was fetched again because of
    news (`?news=1`).
    """

    async def staff_of(request: Request) -> Staff:
        is_news = request.method == "GET" and request.query_params.get("news") == "1"
        staff = await find_staff(request, watches=watches or is_news)
        if staff is None:
            raise Problem(303, "Sign in first.", headers={"Location": _sign_in_url(request)})
        if staff.user.must_change and request.url.path != PASSWORD:
            raise Problem(303, "Choose a password of your own first.", headers={"Location": PASSWORD})
        if _wants_factor(request, staff.user) and request.url.path not in (PASSWORD, FACTOR):
            raise Problem(303, "Set up your second factor first.", headers={"Location": FACTOR})
        if roles and staff.user.role not in {*roles, Role.ADMIN}:
            raise Problem(404, "There is no such page.")
        return staff

    return staff_of


def _wants_factor(request: Request, user: User) -> bool:
    parts: Parts = request.app.state.parts
    return parts.settings.second_factor == REQUIRED and not user.has_factor


async def find_staff(request: Request, *, watches: bool = False) -> Staff | None:
    """Whoever this request's cookie belongs to. Counts as activity, unless it only watches."""
    parts: Parts = request.app.state.parts
    token = request.cookies.get(cookie_name(request, parts))
    user = await parts.store.staff.user_of(token, touch=not watches) if token else None
    return Staff(user, token) if user and token else None


async def is_still_signed_in(parts: Parts, staff: Staff) -> bool:
    """The same without counting as activity: a page that only watches does not keep anyone signed in."""
    return await parts.store.staff.user_of(staff.token, touch=False) is not None


def doors_of(role: Role, *, here: str) -> tuple[Door, ...]:
    """What this role's menu offers."""
    return tuple(Door(name, href, href == here) for href, (name, roles) in DOORS.items() if role in roles)


def home_of(role: Role) -> str:
    """Where a role begins."""
    return doors_of(role, here="")[0].href


def own_path(path: str) -> str:
    """The path, if it is one of ours for staff: nobody is sent elsewhere by signing in."""
    return path if OWN_PATH.fullmatch(path) else ""


def is_https(request: Request, parts: Parts) -> bool:
    """Whether visitors and staff reach this server by https."""
    return request.url.scheme == "https" or parts.settings.public_url.startswith("https://")


def cookie_name(request: Request, parts: Parts, name: str = COOKIE) -> str:
    """With https the name itself makes browsers refuse the cookie from any other host or path."""
    return f"__Host-{name}" if is_https(request, parts) else name


def origin_of(request: Request, parts: Parts) -> Origin:
    """Where an attempt to sign in comes from."""
    address = request.client.host if request.client else "unknown"
    seal = request.cookies.get(cookie_name(request, parts, BROWSER_COOKIE), "")
    return Origin(address, seal, browser_words(request.headers.get("user-agent", "")))


def browser_words(user_agent: str) -> str:
    """A browser as a person knows it: "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(part for part in (browser, system) if part)


def _sign_in_url(request: Request) -> str:
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = request.url.path + query if is_page else "/" + request.url.path.split("/")[1]
    return f"{SIGN_IN}?next={quote(wanted, safe='/')}" if own_path(wanted) else SIGN_IN
