"""The admin's page: who may sign in, what each site answers from, and what was done lately."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from kb.sites import Look, Site
from server.storage import Drill, EmailTaken, Role, User
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import Door, Staff, doors_of, signed_in
from server.web.parts import Parts, PartsDep
from server.web.words.drills import drill_words
from server.web.words.moments import moment

ADMIN = "/admin"
SHOWN_ENTRIES = 50
SHOWN_DRILLS = 10
SHOWN_DIGITS = 8
IDS = re.compile("[0-9a-f]{32,}")

router = APIRouter(prefix=ADMIN, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
Admin = Annotated[Staff, Depends(signed_in(Role.ADMIN))]
Text = Annotated[str, Form(max_length=254)]


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site, and whether its questions can be quoted to."""

    name: str
    clinic: str
    build: str
    is_ready: bool
    on_call: str
    look: Look


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One thing that was done. People stand with their names, other ids with their first digits."""

    at: str
    who: str
    what: str
    about: str


@dataclass(frozen=True, slots=True)
class DrillLine:
    """A drill, and how it went."""

    clinic: str
    began: str
    went: str
    is_missed: bool


@dataclass(frozen=True, slots=True)
class AdminScreen:
    """`told` holds the one-time password of an account just made; it is shown once and kept nowhere."""

    me: str
    doors: tuple[Door, ...]
    users: tuple[User, ...]
    roles: tuple[str, ...]
    sites: tuple[SiteLine, ...]
    drills: tuple[DrillLine, ...]
    entries: tuple[EntryLine, ...]
    told: str = ""
    problem: str = ""
    taken_by: User | None = None  # whose address was to be added again


@router.get("")
async def get_admin(parts: PartsDep, staff: Admin) -> Response:
    return await admin_page(parts, staff)


@router.post("/accounts")
async def post_account(
    parts: PartsDep, staff: Admin, email: Text = "", name: Text = "", role: Annotated[Role, Form()] = Role.ADVOCATE
) -> Response:
    """Add an account and show its one-time password, once."""
    password = secrets.token_urlsafe(12)
    if "@" not in email or not name.strip():
        problem = "Both an email address and a name are needed."
        return await admin_page(parts, staff, problem=problem, status=422)
    try:
        user = await parts.store.staff.add(email, name.strip(), role, password, must_change=True, by=staff.user.user_id)
    except EmailTaken as error:
        return await admin_page(parts, staff, problem=str(error), taken_by=error.user, status=422)
    told = f"{user.email} can sign in with the one-time password {password}"
    return await admin_page(parts, staff, told=told)


async def admin_page(parts: Parts, staff: Staff, *, status: int = 200, **said: Any) -> HTMLResponse:
    """The admin's page, with what was just done, or could not be."""
    screen = await _screen(parts, staff, **said)
    return parts.templates.page("staff/admin.html", screen, status=status)


async def _screen(parts: Parts, staff: Staff, **said: Any) -> AdminScreen:
    sites = await parts.publisher.sites()
    users = await parts.store.staff.users()
    names = {user.user_id: user.name for user in users}
    entries = [entry for site in ("", *sites) for entry in await parts.store.audits(site, limit=SHOWN_ENTRIES)]
    return AdminScreen(
        me=staff.user.name,
        doors=doors_of(staff.user.role, here=ADMIN),
        users=tuple(users),
        roles=tuple(Role),
        sites=tuple(
            SiteLine(
                name,
                site.clinic,
                (parts.publisher.current(name) or "")[:12],
                parts.assistants.is_ready(name),
                site.on_call,
                site.look,
            )
            for name, site in sites.items()
        ),
        drills=tuple([_drill_line(one, sites) for one in await parts.store.drills.latest(("*",), SHOWN_DRILLS)]),
        entries=tuple(
            EntryLine(f"{one.at:%d %B %Y, %H:%M}", _named(one.actor, names), one.action, _named(one.about, names))
            for one in sorted(entries, key=lambda one: one.at, reverse=True)[:SHOWN_ENTRIES]
        ),
        **said,
    )


def _drill_line(drill: Drill, sites: Mapping[str, Site]) -> DrillLine:
    site = sites.get(drill.site)
    is_running = drill.answered_at is None and not drill.is_missed
    went = "Nobody has taken it yet." if is_running else drill_words(drill.began_at, drill.answered_at, drill.by)
    began = moment(drill.began_at, site.zone if site else "UTC")
    return DrillLine(site.clinic if site else drill.site, began, went, drill.is_missed)


def _named(who: str, names: Mapping[str, str]) -> str:
    """A person's name; of another id its first digits, which find it in a log."""
    return names.get(who, f"{who[:SHOWN_DIGITS]}…" if IDS.fullmatch(who) else who)
