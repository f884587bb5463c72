"""Who a request of a visitor comes from, and whether it may come now."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.answers.admission import turns_of
from server.core.typed import HEARD
from server.desk import Pass
from server.storage.talks.conversations import Conversation
from server.web.guards.origins import note_site
from server.web.guards.problems import Problem
from server.web.parts import Parts, PartsDep

SiteName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The site's name, such as kneecare")]
IdempotencyKey = Annotated[
    str,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Made by the client, once for each message: a retry with the same key is the same message",
    ),
]
ReceiptCode = Annotated[str, Header(min_length=1, max_length=100, description="The code told at the start")]

_bearer = HTTPBearer(auto_error=False, description="The conversation's token")


async def visitor_pass(
    conversation_id: Annotated[str, Path(max_length=64)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Pass:
    """The id and token of the conversation a request is about. Nothing is looked up yet."""
    if bearer is None:
        raise Problem(
            401, "Send the conversation's token as Authorization: Bearer.", headers={"WWW-Authenticate": "Bearer"}
        )
    return Pass(conversation_id, bearer.credentials)


PassDep = Annotated[Pass, Depends(visitor_pass)]


async def visitors_conversation(visitor: PassDep, parts: PartsDep, request: Request) -> Conversation:
    """The conversation, if the token is its own."""
    conversation = await parts.desk.find(visitor)
    note_site(request, conversation.site)
    return conversation


ConversationDep = Annotated[Conversation, Depends(visitors_conversation)]


def admit(
    parts: Parts,
    request: Request,
    *,
    visitor: Pass | None = None,
    is_new: bool = False,
    text: str = "",
    history: Sequence[str] = (),
) -> None:
    """Raise a problem when too much came from here. The emergency rules run first.

    An emergency over the limits is let through while it has room of its own; over that too, the problem carries
    the emergency reply.
    """
    address = request.client.host if request.client else "unknown"
    turns = turns_of(text, history[-HEARD:])
    token = visitor.token if visitor else None
    wait_s = parts.limits.wait_s(address=address, token=token, is_new=is_new, turns=turns)
    if not wait_s:
        return
    emergency = parts.desk.emergency(text) if text else None
    if emergency and parts.limits.has_room_for_emergency(address):
        return
    parts.measures.refused()
    wait_s = ceil(wait_s)
    raise Problem(
        429,
        f"Too many requests came from here. Wait {wait_s} seconds and send it again.",
        reply=emergency,
        headers={"Retry-After": str(wait_s)},
    )
