"""Conversations: begun, found again, written in, read, erased."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from kb.errors import AdvocateError
from server.core.handing.alerts import NO_ONE, Reach
from server.core.reply import Decision, Reply
from server.core.typed import HEARD
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing import handed_over
from server.storage.handing.handed_over import Letter
from server.storage.handing.stepping import NotClaimed
from server.storage.ids import new_id, new_receipt, new_token, receipt_digest, token_digest
from server.storage.people.staff import User
from server.storage.talks import erasing, events, keys, purging, receiving, returning
from server.storage.talks.erased import ErasedList
from server.storage.talks.events import Author, ConversationStatus, Event, Kind, NewEvent, NotFound
from server.storage.talks.keys import Stored
from server.storage.talks.receiving import Received, VisitorMessage

NOBODY = "0" * 64  # the digest of no token
AT_ONCE = 500  # conversations named in one statement


@dataclass(frozen=True, slots=True)
class Started:
    """A new conversation. Token and receipt are told once, and stored only as digests."""

    conversation_id: str
    token: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A visitor's chat, as it stands. `handover_id` is its latest handover, open or not."""

    conversation_id: str
    site: str
    language: str
    page_url: str | None
    status: ConversationStatus
    handover_id: str | None
    created_at: datetime
    last_seq: int
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation, and the visitor's latest messages in it, oldest first. settled: a person has dealt with them all."""

    conversation: Conversation
    texts: tuple[str, ...]
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Transcript:
    """What staff may read of a conversation: all of it only with the visitor's leave."""

    conversation: Conversation
    events: tuple[Event, ...]
    hides_earlier: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What an advocate sends: their own words, and apart from them what the page says, as a reply that quotes it."""

    text: str
    quoted: Reply | None = None

    @property
    def as_body(self) -> dict[str, Any]:
        """What tells one message from another: its words, and the bytes and the build of what it quotes."""
        if self.quoted is None:
            return {"write": self.text}
        quotes = [[quote.passage_id, quote.sha256] for quote in self.quoted.quotes]
        return {"write": self.text, "quotes": quotes, "build": self.quoted.build}


class StaleView(AdvocateError):
    """The visitor wrote something the advocate had not seen: `missed`."""

    def __init__(self, missed: Sequence[Event]) -> None:
        super().__init__("The visitor wrote again before your reply. Read it, then send.")
        self.missed = tuple(missed)


class Conversations:
    """Every conversation of every site."""

    def __init__(self, database: Database, erased: ErasedList | None = None) -> None:
        self._database = database
        self._erased = erased
        # Whether no file holds an erased word. What a process before this one left in SQLite's log is not known.
        self.is_overwritten = database.is_postgresql

    async def start(self, site: str, *, language: str, page_url: str | None) -> Started:
        started = Started(new_id(), new_token(), new_receipt())
        await self._database.write(lambda tx: start_conversation(tx, started, site, language, page_url))
        return started

    async def find(self, conversation_id: str, token: str) -> Conversation | None:
        """The conversation this token opens, its receipt code, or a mail's link.

        None for a wrong one as for an unknown id, in the same time.
        """
        return await self._database.read(lambda transaction: _find(transaction, conversation_id, token))

    async def hear(self, conversation_id: str, token: str, limit: int = HEARD) -> Heard | None:
        """What `find` gives, with what the visitor said last, of one moment."""
        return await self._database.read(lambda transaction: _hear(transaction, conversation_id, token, limit))

    async def find_by_receipt(self, receipt: str) -> Conversation | None:
        """The conversation of a receipt code, however it is spaced."""
        found = select(schema.conversation).where(schema.conversation.c.receipt_sha256 == receipt_digest(receipt))
        row = await self._database.read(lambda transaction: transaction.first(found))
        return row and conversation_of(row)

    async def get(self, conversation_id: str) -> Conversation:
        """For staff. Raises NotFound. To read what was said, use `transcript`."""
        return await self._database.read(lambda transaction: _get(transaction, conversation_id))

    async def receive(
        self, conversation_id: str, message: VisitorMessage, reply: Reply, reach: Reach = NO_ONE
    ) -> Received:
        """Store a message, its reply, its handover and the alerts at once. Raises KeyReused, NotFound, Erased."""
        return await self._database.write(lambda tx: receiving.receive(tx, conversation_id, message, reply, reach))

    async def ask_for_person(self, conversation_id: str, reply: Reply, key: str, reach: Reach = NO_ONE) -> Received:
        """Hand over without a typed message. Raises KeyReused, NotFound, Erased."""
        return await self._database.write(lambda tx: receiving.ask_for_person(tx, conversation_id, reply, key, reach))

    async def complete_letter(self, conversation_id: str, letter: Letter, reach: Reach = NO_ONE) -> Event:
        """Complete the open handover, or open one with the letter. The same letter twice is one."""
        return await self._database.write(lambda tx: receiving.complete_letter(tx, conversation_id, letter, reach))

    async def append(self, conversation_id: str, kind: Kind, body: Mapping[str, Any], author: Author) -> Event:
        """Add a system line or a correction."""
        new = NewEvent(Kind(kind), Author(author), body)
        return await self._database.write(lambda tx: _append(tx, conversation_id, new))

    async def write(self, conversation_id: str, user: User, words: Words, *, seen_seq: int, key: str) -> Event:
        """An advocate's message. Raises NotClaimed, StaleView, KeyReused."""
        return await self._database.write(lambda tx: _write(tx, conversation_id, user, words, seen_seq, key))

    async def events(self, conversation_id: str, after: int = 0, limit: int = events.MOST_READ) -> list[Event]:
        """Events after a number, in order, for whoever may read all of them."""
        return await self._database.read(
            lambda tx: events.read(tx, conversation_id, after=after, limit=limit),
        )

    async def last_numbers(self, conversation_ids: Collection[str]) -> dict[str, int]:
        """The number of the last event of each conversation that exists."""
        return await self._database.read(lambda transaction: _last_numbers(transaction, conversation_ids))

    async def transcript(self, conversation_id: str, user: User) -> Transcript:
        """What a member of staff reads, and an audit entry that they did. Raises NotFound."""
        return await self._database.write(lambda transaction: _transcript(transaction, conversation_id, user))

    async def decisions(self, conversation_id: str) -> dict[int, Decision]:
        """What was decided on each visitor message, and why, by its number."""
        judged = events.of_conversation(conversation_id).where(schema.event.c.trace.is_not(None))
        rows = await self._database.read(lambda tx: tx.all(judged))
        return {row.seq: Decision.from_json(row.trace) for row in rows}

    async def leave_feedback(self, conversation_id: str, seq: int, passage_id: str, helpful: bool, key: str) -> None:
        """Keep whether a quote helped; the latest word counts. Raises NotFound for a quote that was not sent."""
        await self._database.write(lambda tx: _leave_feedback(tx, conversation_id, seq, passage_id, helpful, key))

    async def erase(self, conversation_id: str) -> None:
        """Remove every word of a conversation; that it took place, and how it ended, stays.

        `is_overwritten` says whether the words are gone from the files too; else `finish_erasing` tries again.
        """
        if self._erased is not None:  # first: a crash in between leaves one too many in the list, never one too few
            await asyncio.to_thread(self._erased.add, conversation_id)
        await self._database.write(lambda transaction: erasing.erase(transaction, conversation_id))
        self.is_overwritten = False
        await self.finish_erasing()

    async def erase_again(self, ids: Collection[str] = ()) -> int:
        """Erase what this list and the kept one name and an older copy of the database brought back. Returns how many."""
        kept = self._erased.ids() if self._erased is not None else []
        wanted = dict.fromkeys((*kept, *ids))
        back = await self._database.read(lambda transaction: _not_erased(transaction, list(wanted)))
        for one in back:
            await self.erase(one)
        return len(back)

    async def finish_erasing(self) -> None:
        """Overwrite what was erased, if that is still to be done: it cannot while a backup reads it."""
        if not self.is_overwritten:
            self.is_overwritten = await erasing.overwrite(self._database)

    async def purge(self, before: datetime, *, site: str | None = None) -> int:
        """Remove conversations that rested since `before` and have no open handover. Returns how many; see `is_overwritten`."""
        purged = await purging.purge(self._database, before, site=site)
        self.is_overwritten = self.is_overwritten and not purged
        await self.finish_erasing()
        return purged


def _not_erased(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Those that the database holds with their words, in this order."""
    table = schema.conversation
    words = select(table.c.conversation_id).where(table.c.erased_at.is_(None))
    held = {
        row.conversation_id
        for start in range(0, len(ids), AT_ONCE)
        for row in transaction.all(words.where(table.c.conversation_id.in_(ids[start : start + AT_ONCE])))
    }
    return [one for one in ids if one in held]


def _last_numbers(transaction: Transaction, conversation_ids: Collection[str]) -> dict[str, int]:
    table = schema.conversation
    last = select(table.c.conversation_id, table.c.last_seq)
    ids = sorted(conversation_ids)
    return {
        row.conversation_id: row.last_seq
        for start in range(0, len(ids), AT_ONCE)
        for row in transaction.all(last.where(table.c.conversation_id.in_(ids[start : start + AT_ONCE])))
    }


def conversation_of(row: Row[Any]) -> Conversation:
    return Conversation(
        conversation_id=row.conversation_id,
        site=row.site,
        language=row.language,
        page_url=row.page_url,
        status=ConversationStatus(row.status),
        handover_id=row.handover_id,
        created_at=row.created_at,
        last_seq=row.last_seq,
        is_erased=row.erased_at is not None,
    )


def start_conversation(
    transaction: Transaction, started: Started, site: str, language: str, page_url: str | None
) -> None:
    """A new conversation, with nothing said in it."""
    transaction.run(
        schema.conversation.insert().values(
            site=site,
            conversation_id=started.conversation_id,
            token_sha256=token_digest(started.token),
            receipt_sha256=receipt_digest(started.receipt),
            language=language,
            page_url=page_url,
            status=ConversationStatus.ASSISTANT,
            last_seq=0,
            created_at=transaction.now,
            changed_at=transaction.now,
        )
    )


def _find(transaction: Transaction, conversation_id: str, token: str) -> Conversation | None:
    table = schema.conversation
    row = transaction.first(select(table).where(table.c.conversation_id == conversation_id))
    is_token = hmac.compare_digest(row.token_sha256 if row else NOBODY, token_digest(token))
    is_receipt = hmac.compare_digest(row.receipt_sha256 if row else NOBODY, receipt_digest(token))
    is_link = not (is_token or is_receipt) and returning.opens(transaction, conversation_id, token)
    return conversation_of(row) if row and (is_token or is_receipt or is_link) else None


def _hear(transaction: Transaction, conversation_id: str, token: str, limit: int) -> Heard | None:
    conversation = _find(transaction, conversation_id, token)
    if conversation is None:
        return None
    table = schema.event
    typed = events.of_conversation(conversation_id).where(
        table.c.author == Author.VISITOR, table.c.kind == Kind.MESSAGE
    )
    rows = transaction.all(typed.order_by(table.c.seq.desc()).limit(limit))
    texts = tuple(row.body["text"] for row in reversed(rows))
    return Heard(conversation, texts, settled=bool(rows) and _is_settled(transaction, conversation_id, rows[0].seq))


def _is_settled(transaction: Transaction, conversation_id: str, seq: int) -> bool:
    """Whether a person dealt with the message of this number, and all before it."""
    table = schema.event
    steps = events.of_conversation(conversation_id).where(
        table.c.seq > seq, table.c.kind.in_((Kind.RELEASED, Kind.CLOSED))
    )
    return any(events.is_settled_by(events.event_of(row)) for row in transaction.all(steps))


def _get(transaction: Transaction, conversation_id: str) -> Conversation:
    table = schema.conversation
    row = transaction.first(select(table).where(table.c.conversation_id == conversation_id))
    if row is None:
        raise NotFound("This conversation does not exist, or was purged. Go back to the inbox.")
    return conversation_of(row)


def _append(transaction: Transaction, conversation_id: str, new: NewEvent) -> Event:
    locked = events.lock(transaction, conversation_id)
    [event] = events.append(transaction, locked, [new])
    return event


def _write(transaction: Transaction, conversation_id: str, user: User, words: Words, seen_seq: int, key: str) -> Event:
    locked = events.lock(transaction, conversation_id)
    stored = keys.recall(transaction, locked, key, words.as_body, author=user.user_id)
    if stored is not None and stored.message_seq is not None:
        return (events.read_numbers(transaction, conversation_id, [stored.message_seq]))[stored.message_seq]
    current = None if locked.handover_id is None else handed_over.get(transaction, locked.handover_id)
    if current is None or locked.status is not ConversationStatus.CLAIMED or current.claimed_by != user.user_id:
        raise NotClaimed
    missed = events.read(transaction, conversation_id, after=seen_seq)
    if news := [event for event in missed if event.author is Author.VISITOR]:
        raise StaleView(news)
    new = NewEvent(Kind.MESSAGE, Author.ADVOCATE, {"name": user.name, "text": words.text}, reply=words.quoted)
    [event] = events.append(transaction, locked, [new])
    keys.remember(transaction, locked, key, words.as_body, Stored(message_seq=event.seq), author=user.user_id)
    transaction.wake(*locked.topics)
    audit.record(
        transaction,
        site=locked.site,
        actor=user.user_id,
        action="message",
        about=conversation_id,
        detail={"seq": event.seq},
    )
    return event


def _transcript(transaction: Transaction, conversation_id: str, user: User) -> Transcript:
    conversation = _get(transaction, conversation_id)
    whole = events.read_all(transaction, conversation_id)
    first_seq = handed_over.first_shared_seq(transaction, conversation_id)
    shown = tuple(event for event in whole if event.seq >= first_seq)
    _keep_seen(transaction, conversation, user)
    audit.record(
        transaction,
        site=conversation.site,
        actor=user.user_id,
        action="read",
        about=conversation_id,
        detail={"from_seq": first_seq, "last_seq": conversation.last_seq},
    )
    return Transcript(conversation, shown, hides_earlier=len(shown) < len(whole))


def _keep_seen(transaction: Transaction, conversation: Conversation, user: User) -> None:
    """That this member of staff has read so far."""
    table, seq = schema.seen, {"seq": conversation.last_seq}
    where = {"site": conversation.site, "conversation_id": conversation.conversation_id, "user_id": user.user_id}
    fresh = transaction.insert(table).values(**where, **seq)
    transaction.run(fresh.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=seq))


def _leave_feedback(
    transaction: Transaction, conversation_id: str, seq: int, passage_id: str, helpful: bool, key: str
) -> None:
    locked = events.lock(transaction, conversation_id)
    body = {"feedback": [seq, passage_id, helpful]}
    if keys.recall(transaction, locked, key, body) is not None:
        return
    sent = (events.read_numbers(transaction, conversation_id, [seq])).get(seq)
    quotes = sent.reply.quotes if sent is not None and sent.reply is not None else ()
    if passage_id not in [quote.passage_id for quote in quotes]:
        raise NotFound(f"Event {seq} of this conversation quotes no such passage. Reload the conversation.")
    word = {"helpful": helpful, "at": transaction.now}
    where = {"site": locked.site, "conversation_id": conversation_id, "seq": seq, "passage_id": passage_id}
    table = schema.feedback
    transaction.run(
        transaction.insert(table)
        .values(**where, **word)
        .on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=word)
    )
    keys.remember(transaction, locked, key, body, Stored())
