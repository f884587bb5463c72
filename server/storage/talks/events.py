"""A conversation's log: events, numbered without a gap under the lock of the conversation's row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, select, update

from kb.errors import AdvocateError
from server.core.reply import Decision, Reply
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.written import digest

REPLY = "reply"  # where the stored body holds it
MOST_READ = 500  # events in one reading
MAX_SEQ = 2**31 - 1  # of the column; a reader may ask for any number


class NotFound(AdvocateError):
    """What was asked for is not there, or no longer."""


class Erased(NotFound):
    """A conversation whose text was erased: it takes no more messages."""


class Kind(StrEnum):
    """What an event tells, as the event stream names it."""

    MESSAGE = "message"
    QUOTE = "quote"
    HANDOVER = "handover"
    CLAIMED = "claimed"
    RELEASED = "released"
    CLOSED = "closed"
    CORRECTION = "correction"
    EMERGENCY = "emergency"
    RESET = "reset"


class Author(StrEnum):
    """Who an event comes from."""

    VISITOR = "visitor"
    ASSISTANT = "assistant"
    ADVOCATE = "advocate"
    SYSTEM = "system"


class ConversationStatus(StrEnum):
    """Who answers in a conversation."""

    ASSISTANT = "assistant"
    WAITING = "waiting"  # handed over, nobody has taken it: the assistant still answers
    CLAIMED = "claimed"  # a person answers; the assistant is silent
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a conversation's log. `body` is what its readers get, JSON-ready, beside the `reply` it may hold."""

    seq: int
    kind: Kind
    author: Author
    body: Mapping[str, Any]
    at: datetime
    reply: Reply | None = None


def is_settled_by(event: Event) -> bool:
    """Whether a person has dealt with all that was said before this event: they gave it back to the assistant, or closed."""
    to_assistant = event.kind is Kind.RELEASED and event.body.get("to") == ConversationStatus.ASSISTANT
    return to_assistant or event.kind is Kind.CLOSED


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a number. `decision` says what was made of a visitor's message."""

    kind: Kind
    author: Author
    body: Mapping[str, Any]
    reply: Reply | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """A conversation's row, locked until the transaction ends."""

    site: str
    conversation_id: str
    status: ConversationStatus
    handover_id: str | None
    page_url: str | None
    last_seq: int
    is_erased: bool

    @property
    def topics(self) -> tuple[str, str]:
        return f"conversation:{self.conversation_id}", f"inbox:{self.site}"


def lock(transaction: Transaction, conversation_id: str, *, even_erased: bool = False) -> Locked:
    """Lock a conversation: until the transaction ends nobody else changes it. Raises NotFound, Erased."""
    table = schema.conversation
    row = transaction.first(select(table).where(table.c.conversation_id == conversation_id).with_for_update())
    if row is None:
        raise NotFound("This conversation does not exist. Start a new one.")
    if row.erased_at is not None and not even_erased:
        raise Erased("This conversation was erased. Start a new one.")
    return Locked(
        site=row.site,
        conversation_id=row.conversation_id,
        status=ConversationStatus(row.status),
        handover_id=row.handover_id,
        page_url=row.page_url,
        last_seq=row.last_seq,
        is_erased=row.erased_at is not None,
    )


def append(
    transaction: Transaction,
    locked: Locked,
    new: Sequence[NewEvent],
    *,
    status: ConversationStatus | None = None,
    handover_id: str | None = None,
) -> list[Event]:
    """Append events to a locked conversation, and keep its new status and handover if given.

    Numbers follow commits: whoever reads number n has, or can read, every number below it.
    """
    table = schema.conversation
    changed = {"status": status, "handover_id": handover_id}
    last_seq: int = transaction.value(
        update(table)
        .where(table.c.site == locked.site, table.c.conversation_id == locked.conversation_id)
        .values(last_seq=table.c.last_seq + len(new), changed_at=transaction.now)
        .values({name: value for name, value in changed.items() if value is not None})
        .returning(table.c.last_seq)
    )
    events = [
        Event(seq, one.kind, one.author, one.body, transaction.now, one.reply)
        for seq, one in enumerate(new, start=last_seq - len(new) + 1)
    ]
    if new:
        rows = [_row(locked, event, one) for event, one in zip(events, new, strict=True)]
        transaction.run(schema.event.insert(), rows)
    transaction.tell(locked.topics[0], events)
    return events


def read(transaction: Transaction, conversation_id: str, *, after: int = 0, limit: int = MOST_READ) -> list[Event]:
    """Events with a number above `after`, in order."""
    table = schema.event
    later = of_conversation(conversation_id).where(table.c.seq > max(0, min(after, MAX_SEQ)))
    return [event_of(row) for row in transaction.all(later.order_by(table.c.seq).limit(limit))]


def read_all(transaction: Transaction, conversation_id: str) -> list[Event]:
    """A conversation's whole log."""
    found = of_conversation(conversation_id).order_by(schema.event.c.seq)
    return [event_of(row) for row in transaction.all(found)]


def read_numbers(transaction: Transaction, conversation_id: str, seqs: Sequence[int]) -> dict[int, Event]:
    """Events of these numbers, by number."""
    known = [seq for seq in seqs if 0 < seq <= MAX_SEQ]
    rows = transaction.all(of_conversation(conversation_id).where(schema.event.c.seq.in_(known)))
    return {row.seq: event_of(row) for row in rows}


def of_conversation(conversation_id: str) -> Select[Any]:
    """A query for a conversation's events: it finds the site first, as every key starts with it."""
    event, conversation = schema.event, schema.conversation
    same = and_(event.c.site == conversation.c.site, event.c.conversation_id == conversation.c.conversation_id)
    return (
        select(event)
        .select_from(conversation.join(event, same))
        .where(conversation.c.conversation_id == conversation_id)
    )


def event_of(row: Row[Any]) -> Event:
    body = {name: value for name, value in row.body.items() if name != REPLY}
    reply = Reply.from_json(row.body[REPLY]) if REPLY in row.body else None
    return Event(row.seq, Kind(row.kind), Author(row.author), body, row.at, reply)


def _row(locked: Locked, event: Event, new: NewEvent) -> dict[str, Any]:
    row = {
        "site": locked.site,
        "conversation_id": locked.conversation_id,
        "seq": event.seq,
        "kind": event.kind,
        "author": event.author,
        "body": {**event.body, REPLY: event.reply.as_json()} if event.reply else event.body,
        "label": new.decision and new.decision.label,
        "trace": new.decision and new.decision.as_json(),
        "at": event.at,
    }
    return row | {"sha256": digest(row)}
