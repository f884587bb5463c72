"""What a handover is, and how its rows are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select

from kb.labels import Label
from server.core.handing.handover import OPEN, Closing, Status
from server.core.handing.queue import place_in_queue, short_name
from server.core.reply import Decision
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.talks.events import Author, Kind, NotFound

FIRST_LINE_CHARS = 200
DRILL = "This is a drill: nobody is in danger. Take it now, as you would an emergency. Taking it ends the drill."


@dataclass(frozen=True, slots=True)
class Letter:
    """What a visitor leaves to be answered later."""

    name: str
    contact: str
    text: str
    share_earlier: bool  # leave to read what was said before the handover
    suspected_spam: bool = False
    mail_me: bool = False  # a mail when a person answers, at `contact`


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
    advised_at: datetime | None  # when emergency care was advised
    is_drill: bool  # no visitor's: see drills.py
    first_claimed_at: datetime | None

    @property
    def visitor(self) -> str:
        """What staff call whoever it is of: the name they left, else a short one."""
        return (self.letter and self.letter.name.strip()) or short_name(self.conversation_id)

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
    visitor: str
    first_line: str  # what brought it: where nobody has it yet, this is what counts
    last_line: str  # what was said last, by the visitor or a person
    is_last_by_staff: bool
    is_unread: bool  # the visitor said something the reader has not opened
    claimed_by: str | None
    claimed_by_name: str | None
    version: int
    has_letter: bool
    suspected_spam: bool
    is_drill: bool
    alerts: int
    alerted_at: datetime
    closing: Closing | None  # of a closed one


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
    typed = DRILL if row.drill_due_at else typed
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
        advised_at=row.advised_at,
        is_drill=row.drill_due_at is not None,
        first_claimed_at=row.first_claimed_at,
    )


def inbox(transaction: Transaction, chosen: ColumnElement[bool], reader: str) -> list[InboxRow]:
    """Handovers as lines of the inbox, as `reader` (a user's id) has read them; by need, then wait."""
    handover, seen = schema.handover, schema.seen
    event = schema.event.alias()  # beside the one that `handovers` joins
    of_it = event.c.site == handover.c.site, event.c.conversation_id == handover.c.conversation_id
    said = select(event.c.seq).where(*of_it, event.c.seq >= handover.c.message_seq)
    by_visitor = said.where(event.c.author == Author.VISITOR).with_only_columns(func.max(event.c.seq))
    by_people = event.c.kind == Kind.MESSAGE, event.c.author.in_((Author.VISITOR, Author.ADVOCATE))
    last = said.where(*by_people).order_by(event.c.seq.desc()).limit(1)
    read = select(seen.c.seq).where(
        seen.c.user_id == reader, seen.c.site == handover.c.site, seen.c.conversation_id == handover.c.conversation_id
    )
    rows = transaction.all(
        handovers()
        .add_columns(
            func.coalesce(by_visitor.scalar_subquery(), 0).label("visitor_seq"),
            func.coalesce(read.scalar_subquery(), 0).label("read_seq"),
            last.with_only_columns(event.c.body).scalar_subquery().label("last_body"),
            last.with_only_columns(event.c.author).scalar_subquery().label("last_author"),
        )
        .where(chosen)
    )
    return sorted(map(_inbox_row, rows), key=_place)


def _inbox_row(row: Row[Any]) -> InboxRow:
    handover = handover_of(row)
    shared = {name: getattr(handover, name) for name in InboxRow.__slots__ if name in Handover.__slots__}
    return InboxRow(
        **shared,
        visitor=handover.visitor,
        first_line=_line(handover.first_text),
        last_line=_line((row.last_body or {}).get("text") or handover.first_text),
        is_last_by_staff=row.last_author == Author.ADVOCATE,
        is_unread=row.visitor_seq > row.read_seq,
        has_letter=handover.letter is not None,
    )


def _line(text: str) -> str:
    """The first line of a text."""
    return (text.strip().splitlines() or [""])[0][:FIRST_LINE_CHARS]


def _place(row: InboxRow) -> tuple[object, ...]:
    *need, since = place_in_queue(
        row.reason, row.status, row.waiting_since, urgent=row.urgent, suspected_spam=row.suspected_spam
    )
    return *need, row.is_drill, since  # a drill stands before no visitor with an emergency
