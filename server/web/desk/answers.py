"""What a request of the desk is answered with: a page, the conversation as it now stands, or the way back to it."""

from __future__ import annotations

from fastapi.responses import HTMLResponse, RedirectResponse

from server.storage import Handover
from server.web.desk.queue import DESK
from server.web.desk.reading import Showing, conversation_screen
from server.web.desk.screens import DeskScreen
from server.web.desk.shift import Shift, find_handover


async def again(shift: Shift, handover: Handover, showing: Showing, *, status: int = 409) -> HTMLResponse:
    """The same conversation as it now stands, with what the advocate was writing."""
    current = await find_handover(shift, handover.handover_id)
    return page(shift, await conversation_screen(shift, current, showing), status=status)


def page(shift: Shift, screen: DeskScreen, *, status: int = 200) -> HTMLResponse:
    return shift.parts.templates.page("desk/desk.html", screen, status=status)


def see(handover: Handover, after: int) -> RedirectResponse:
    """Back to the conversation; `after` keeps entries the browser has from being read and audited again."""
    query = f"?after={after}" if after else ""
    return RedirectResponse(f"{DESK}/{handover.handover_id}{query}", status_code=303)
