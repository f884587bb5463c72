"""Events and messages as a visitor gets them: an allow-list, so that nothing for staff slips out."""

from __future__ import annotations

from typing import Any

from server.storage.events import Event
from server.storage.receiving import Received

SHOWN = ("text", "choose", "name", "to", "reason", "letter")
SHOWN_OF_REPLY = ("label", "outcome", "message", "handed_over", "note", "quotes", "suggestions", "build")


def event_json(event: Event) -> dict[str, Any]:
    """One line of the log: seq, kind, author and time, and of its body what a visitor may read."""
    body: dict[str, Any] = {
        "seq": event.seq,
        "kind": str(event.kind),
        "author": str(event.author),
        "at": event.at.isoformat(),
        **{name: event.body[name] for name in SHOWN if name in event.body},
    }
    if "reply" in event.body:
        body["reply"] = reply_json(event)
    return body


def received_json(received: Received) -> dict[str, Any]:
    """What a visitor's message came to: the message as stored, and the reply or null."""
    message = received.message
    return {
        "message": message
        and {
            "seq": message.seq,
            "author": str(message.author),
            "text": message.body["text"],
            "at": message.at.isoformat(),
        },
        "reply": received.reply and reply_json(received.reply),
    }


def reply_json(event: Event) -> dict[str, Any]:
    reply = event.body["reply"]
    return {name: reply[name] for name in SHOWN_OF_REPLY}
