"""Answers of the assistant that staff marked wrong: the visitor is told, and each is proposed as a golden question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from kb.labels import Label
from server.core.reply import Reply
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing import handed_over
from server.storage.people.staff import User
from server.storage.talks.events import Author, Event, Kind, Locked, NewEvent, NotFound, append, lock, read_numbers


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a visitor asked and the answer that was wrong, by the numbers under which it stands."""

    site: str
    conversation_id: str
    seq: int
    text: str
    label: Label
    shown: tuple[str, ...]
    author: str
    at: datetime

    @property
    def name(self) -> str:
        """How a form names it."""
        return f"{self.conversation_id}-{self.seq}"


class Corrections:
    """Answers marked wrong, of every site."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark_wrong(self, conversation_id: str, user: User, seq: int, word: Callable[[str], str]) -> None:
        """Tell the visitor that the answer of this number was wrong, and propose it. Marked again, nothing happens.

        word: what the visitor is told, of their question. Raises NotFound where no answer that staff may read stands.
        """
        await self._database.write(lambda tx: _mark_wrong(tx, conversation_id, user, seq, word))

    async def proposed(self, site: str) -> list[Proposal]:
        """What no editor has decided yet, oldest first."""
        table = schema.proposal
        waiting = select(table).where(table.c.site == site, table.c.decided_at.is_(None)).order_by(table.c.at)
        rows = await self._database.read(lambda tx: tx.all(waiting))
        return [
            Proposal(
                row.site,
                row.conversation_id,
                row.seq,
                row.text,
                Label(row.label),
                tuple(row.shown),
                row.author,
                row.at,
            )
            for row in rows
        ]

    async def decide(self, proposal: Proposal) -> None:
        """An editor took it up, or let it be."""
        table = schema.proposal
        decided = update(table).where(
            table.c.site == proposal.site,
            table.c.conversation_id == proposal.conversation_id,
            table.c.seq == proposal.seq,
        )
        await self._database.write(lambda tx: tx.run(decided.values(decided_at=tx.now)))


def _mark_wrong(
    transaction: Transaction, conversation_id: str, user: User, seq: int, word: Callable[[str], str]
) -> None:
    locked = lock(transaction, conversation_id)
    asked, reply = _asked_and_answer(transaction, locked, seq)
    table = schema.proposal
    where = {"site": locked.site, "conversation_id": conversation_id, "seq": seq}
    if transaction.first(select(table).filter_by(**where)) is not None:
        return  # the same answer is proposed, and corrected, once
    about = {
        "text": asked.body["text"],
        "label": reply.label,
        "shown": [quote.text for quote in reply.quotes],
        "author": user.name,
        "at": transaction.now,
    }
    transaction.run(table.insert().values(**where, **about))
    append(transaction, locked, [NewEvent(Kind.CORRECTION, Author.SYSTEM, {"text": word(asked.body["text"])})])
    transaction.wake(*locked.topics)
    audit.record(
        transaction,
        site=locked.site,
        actor=user.user_id,
        action="answer marked wrong",
        about=conversation_id,
        detail={"seq": seq},
    )


def _asked_and_answer(transaction: Transaction, locked: Locked, seq: int) -> tuple[Event, Reply]:
    """A visitor's message and the assistant's reply to it, where staff may read them. Raises NotFound."""
    found = read_numbers(transaction, locked.conversation_id, [seq - 1, seq])
    asked, answer = found.get(seq - 1), found.get(seq)
    is_shared = seq > handed_over.first_shared_seq(transaction, locked.conversation_id)
    is_asked = asked is not None and asked.author is Author.VISITOR and "text" in asked.body
    is_answer = answer is not None and answer.kind is Kind.QUOTE and answer.author is Author.ASSISTANT
    if not (is_shared and is_asked and is_answer):
        raise NotFound("Only an answer of the assistant can be marked wrong. Reload the conversation.")
    assert asked and answer and answer.reply  # for the type checker
    return asked, answer.reply
