"""A conversation's events as a stream, read by fetch: resumes where it broke, in order, each event once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from server.rounds.following import Typing
from server.storage.database.faults import StorageUnavailable
from server.storage.talks.conversations import Conversation
from server.storage.talks.events import Author
from server.web.guards.problems import PROBLEMS, Problem
from server.web.parts import PartsDep
from server.web.visitor.callers import ConversationDep
from server.web.visitor.views import event_json

RETRY_MS = 2_000

router = APIRouter(prefix="/api/v1", tags=["visitors"], responses=PROBLEMS)


async def place_for_stream(conversation: ConversationDep, parts: PartsDep) -> AsyncIterator[Conversation]:
    """The conversation, with one of its places taken until the stream ends."""
    streams = parts.limits.streams
    if not streams.enter(conversation.conversation_id):
        detail = "This conversation is open in too many places. Close one of them."
        raise Problem(429, detail, headers={"Retry-After": "10"})
    try:
        yield conversation
    finally:
        streams.leave(conversation.conversation_id)


PlaceDep = Annotated[Conversation, Depends(place_for_stream)]


@router.get("/conversations/{conversation_id}/events", response_class=EventSourceResponse)
async def events(
    conversation: PlaceDep, parts: PartsDep, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `event` is the kind, `id` the number, `data` JSON with seq, kind, author, at and the body.

    With `Last-Event-ID` only later events come. One that this conversation never gave is answered by an event
    `reset` and everything from the beginning. `typing` has no id. A comment comes each 15 s of silence.
    """
    after = resume_after(last_event_id, conversation)
    with parts.measures.open_stream():
        if after is None:
            after = 0
            yield ServerSentEvent(event="reset", id="0", data={"reason": "unknown Last-Event-ID"}, retry=RETRY_MS)
        else:
            yield ServerSentEvent(comment="connected", retry=RETRY_MS)
        try:
            async for event in parts.desk.follow(conversation.conversation_id, after=after, reader=Author.VISITOR):
                if isinstance(event, Typing):
                    yield ServerSentEvent(event="typing", data={"author": str(event.author)})
                else:
                    yield ServerSentEvent(
                        event=str(event.kind), id=str(event.seq), raw_data=json.dumps(event_json(event))
                    )
        except StorageUnavailable:
            return  # the reader comes back with the last id it saw


def resume_after(last_event_id: str | None, conversation: Conversation) -> int | None:
    """The number to go on from: 0 for the beginning, None when the id is none this conversation gave."""
    if last_event_id is None:
        return 0
    is_number = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) <= 9
    return int(last_event_id) if is_number and int(last_event_id) <= conversation.last_seq else None
