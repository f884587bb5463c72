"""What a handover is, and how its rows are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from kb.labels import Label
from server.core.handover import OPEN, Closing, Status
from server.core.reply import Decision
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.events import Author, NotFound

FIRST_LINE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """What a visitor leaves to be answered later."""

    name: str
    contact: str
    text: str
    share_earlier: bool  # leave to read what was said before the handover
    suspected_spam: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """A conversation that needs a person. `version` counts the steps staff took, not what the visitor adds."""

    handover_id: str
    site: str
    conversation_id: str
    status: Status
    reason: Label
    urgent: bool
    waiting_since: datetime
    claimed_by: str | None
    claimed_by_name: str | None
    version: int
    closing: Closing | None
    letter: Letter | None
    letter_seq: int | None
    suspected_spam: bool
    decision: Decision  # on the message that opened it; empty for a button, and once erased
    page_url: str | None
    language: str
    first_text: str  # the message that opened it, as typed, else the letter's; empty for a button
    message_seq: int  # where in the conversation it was opened
    alerts: int  # how often it called for staff: more than before means ring again
    alerted_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One open handover, as a line of the inbox."""

    handover_id: str
    site: str
    conversation_id: str
    status: Status
    reason: Label
    urgent: bool
    waiting_since: datetime
    first_line: str
    claimed_by: str | None
    claimed_by_name: str | None
    version: int
    has_letter: bool
    suspected_spam: bool
    alerts: int
    alerted_at: datetime


def get(transaction: Transaction, handover_id: str) -> Handover:
    """Raises NotFound."""
    row = transaction.first(handovers().where(schema.handover.c.handover_id == handover_id))
    if row is None:
        raise NotFound("This handover does not exist, or was purged. Go back to the inbox.")
    return handover_of(row)


def first_shared_seq(transaction: Transaction, conversation_id: str) -> int:
    """The number of the first event staff may read: the one that was handed over, or the very first by leave."""
    of_it = handovers().where(schema.conversation.c.conversation_id == conversation_id)
    found = [handover_of(row) for row in transaction.all(of_it)]
    if not found:
        raise NotFound("Nothing of this conversation was handed over, so nobody reads it. Go back to the inbox.")
    if any(one.letter is not None and one.letter.share_earlier for one in found):
        return 1
    return min(one.message_seq for one in found)


def handovers() -> Select[Any]:
    """Handovers with their conversation's page and the message that matters: what made them urgent, or opened them."""
    handover, conversation, event = schema.handover, schema.conversation, schema.event
    talk = and_(handover.c.site == conversation.c.site, handover.c.conversation_id == conversation.c.conversation_id)
    opened_by = and_(
        event.c.site == handover.c.site,
        event.c.conversation_id == handover.c.conversation_id,
        event.c.seq == func.coalesce(handover.c.urgent_seq, handover.c.message_seq),
        event.c.author == Author.VISITOR,
    )
    return select(
        handover, conversation.c.page_url, conversation.c.language, event.c.body.label("message_body")
    ).select_from(handover.join(conversation, talk).outerjoin(event, opened_by))


def handover_of(row: Row[Any]) -> Handover:
    letter = row.letter and Letter(**row.letter)
    typed = (row.message_body or {}).get("text") or (letter.text if letter else "")
    return Handover(
        handover_id=row.handover_id,
        site=row.site,
        conversation_id=row.conversation_id,
        status=Status(row.status),
        reason=Label(row.reason),
        urgent=row.urgent,
        waiting_since=row.waiting_since,
        claimed_by=row.claimed_by,
        claimed_by_name=row.claimed_by_name,
        version=row.version,
        closing=row.closing and Closing(row.closing),
        letter=letter,
        letter_seq=row.letter_seq,
        suspected_spam=row.suspected_spam,
        decision=Decision.from_json(row.trace),
        page_url=row.page_url,
        language=row.language,
        first_text=typed,
        message_seq=row.message_seq,
        alerts=row.alerts,
        alerted_at=row.alerted_at,
        closed_at=row.closed_at,
    )


def inbox_row(handover: Handover) -> InboxRow:
    lines = handover.first_text.strip().splitlines() or [""]
    shared = {name: getattr(handover, name) for name in InboxRow.__slots__ if name in Handover.__slots__}
    return InboxRow(**shared, first_line=lines[0][:FIRST_LINE_CHARS], has_letter=handover.letter is not None)
