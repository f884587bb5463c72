"""Where one is signed in, and how that ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from server.storage import Session
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import home_of
from server.web.parts import PartsDep
from server.web.staff.signin import Anyone
from server.web.staff.sitting import see
from server.web.words.moments import waiting_words

SESSIONS = "/account/sessions"

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One place where somebody is signed in. `used` is how long ago they did something there."""

    session_id: str
    browser: str
    began: str
    used: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class SessionsScreen:
    home: str
    lines: tuple[SessionLine, ...]


@router.get(SESSIONS)
async def get_sessions(parts: PartsDep, staff: Anyone) -> HTMLResponse:
    found = await parts.store.staff.sessions(staff.user, this=staff.token)
    screen = SessionsScreen(home_of(staff.user.role), session_lines(found))
    return parts.templates.page("staff/sessions.html", screen)


@router.post(SESSIONS)
async def post_sessions(
    parts: PartsDep, staff: Anyone, session: Annotated[str, Form(pattern="^([0-9a-f]{16})?$")] = ""
) -> Response:
    """End one of one's own sessions, or every other one."""
    by = staff.user.user_id
    await parts.store.staff.end_sessions(staff.user, session_id=session, but=staff.token, by=by)
    return see(SESSIONS)


def session_lines(found: Sequence[Session]) -> tuple[SessionLine, ...]:
    now = datetime.now(UTC)
    return tuple(
        SessionLine(
            one.session_id,
            one.browser,
            waiting_words(now - one.started_at),
            waiting_words(now - one.seen_at),
            one.is_this,
        )
        for one in found
    )
