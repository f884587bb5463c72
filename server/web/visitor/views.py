"""Events and messages as a visitor gets them: an allow-list, so that nothing for staff slips out."""

from __future__ import annotations

from typing import Any

from server.storage.talks.events import Event
from server.storage.talks.receiving import Received
from server.web.visitor.shapes import MessageBody, ReceivedBody

SHOWN = ("text", "choose", "name", "to", "reason", "letter")


def event_json(event: Event) -> dict[str, Any]:
    """One line of the log: seq, kind, author and time, and of its body what a visitor may read."""
    body: dict[str, Any] = {
        "seq": event.seq,
        "kind": str(event.kind),
        "author": str(event.author),
        "at": event.at.isoformat(),
        **{name: event.body[name] for name in SHOWN if name in event.body},
    }
    return {**body, "reply": event.reply.as_json()} if event.reply else body


def received_body(received: Received) -> ReceivedBody:
    """What a visitor's message came to: the message as stored, and the reply or null."""
    message = received.message and MessageBody(
        seq=received.message.seq,
        author=str(received.message.author),
        text=received.message.body["text"],
        at=received.message.at.isoformat(),
    )
    return ReceivedBody(message=message, reply=received.reply and received.reply.reply)
