"""The way back for a visitor who left: the link of a mail, and how far they have read. Without JavaScript too.

Looking at a link uses nothing up and opens nothing: mail programs look at links as well. The button does.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from server.desk import Pass
from server.rounds.returning import RETURN
from server.storage.talks.conversations import Conversation
from server.web.guards.bodies import json_only
from server.web.guards.problems import PROBLEMS
from server.web.guards.security import refuse_cross_site
from server.web.parts import Parts, PartsDep
from server.web.visitor.ask import back_to
from server.web.visitor.ask_screen import Ticket
from server.web.visitor.callers import ConversationDep, admit
from server.web.visitor.shapes import Seen
from server.web.words.site import site_texts
from server.web.words.texts import Texts, texts_in

router = APIRouter()
PAGE = {"include_in_schema": False, "response_class": HTMLResponse, "dependencies": [Depends(refuse_cross_site)]}


@dataclass(frozen=True, slots=True)
class ReturnScreen:
    """What a link opens; without an `action` it is over. `is_stopped`: no more mails."""

    texts: Texts
    clinic: str = ""
    action: str = ""
    is_stopped: bool = False


@router.post(
    "/api/v1/conversations/{conversation_id}/seen",
    status_code=204,
    response_model=None,
    tags=["visitors"],
    dependencies=[Depends(json_only)],
    responses=PROBLEMS,
)
async def post_seen(conversation: ConversationDep, seen: Seen, parts: PartsDep) -> None:
    """Tell how far the visitor has read: what is on their screen needs no mail."""
    await parts.store.returning.saw(conversation.conversation_id, seen.seq)


@router.get(RETURN + "/{token}", **PAGE)  # type: ignore[arg-type]
async def show(token: str, parts: PartsDep, request: Request) -> HTMLResponse:
    """What the link leads to, with a button that goes there."""
    admit(parts, request)
    return _page(parts, token, await _find(parts, token))


@router.post(RETURN + "/{token}", **PAGE)  # type: ignore[arg-type]
async def go_on(token: str, parts: PartsDep, request: Request) -> Response:
    """Go on with the conversation."""
    admit(parts, request)
    found = await _find(parts, token)
    if found is None:
        return _page(parts, token, None)
    return back_to(request, found.site, Ticket(Pass(found.conversation_id, token), receipt=""))


@router.post(RETURN + "/{token}/stop", **PAGE)  # type: ignore[arg-type]
async def stop(token: str, parts: PartsDep, request: Request) -> HTMLResponse:
    """No more mails for this conversation; the link stays good."""
    admit(parts, request)
    found = await _find(parts, token)
    if found is not None:
        await parts.store.returning.stop(found.conversation_id)
    return _page(parts, token, found, is_stopped=True)


async def _find(parts: Parts, token: str) -> Conversation | None:
    conversation_id = await parts.store.returning.of_link(token[:100])
    return None if conversation_id is None else await parts.store.conversations.get(conversation_id)


def _page(parts: Parts, token: str, found: Conversation | None, *, is_stopped: bool = False) -> HTMLResponse:
    if found is None:
        page = parts.templates.page("visitor/returning.html", ReturnScreen(texts_in("en")), status=410)
    else:
        site = parts.assistants.site(found.site)
        texts = site_texts(site, found.language)
        screen = ReturnScreen(texts, site.clinic, f"{RETURN}/{token}", is_stopped)
        page = parts.templates.page("visitor/returning.html", screen)
    page.headers["Cache-Control"] = "no-store"  # the address of such a page opens a chat
    return page
