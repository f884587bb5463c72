"""What staff tell each other of a conversation. A table of its own: what a visitor is sent is never read from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.ids import new_id
from server.storage.people.staff import User
from server.storage.talks.events import Locked, lock


class NoteKind(StrEnum):
    """What occasioned a note."""

    NOTE = "note"
    TRANSFER = "transfer"
    TAKE_OVER = "take over"


@dataclass(frozen=True, slots=True)
class Note:
    """Words of staff for staff. `to_name`: whom the conversation went to with it."""

    note_id: str
    kind: NoteKind
    author: str
    to_name: str | None
    text: str
    at: datetime


class Notes:
    """The notes on every conversation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, conversation_id: str, user: User, text: str) -> None:
        """Leave a note. The audit log keeps that it was left, and no word of it. Raises NotFound, Erased."""
        await self._database.write(lambda tx: _add(tx, conversation_id, user, text))

    async def of_conversation(self, conversation_id: str) -> list[Note]:
        """Its notes, oldest first."""
        return await self._database.read(lambda tx: read(tx, conversation_id))


def leave(
    transaction: Transaction, locked: Locked, kind: NoteKind, author: User, text: str, *, to: User | None = None
) -> None:
    """Leave a note in the transaction of what occasioned it."""
    transaction.run(
        schema.note.insert().values(
            site=locked.site,
            note_id=new_id(),
            conversation_id=locked.conversation_id,
            kind=kind,
            author=author.name,
            to_name=to and to.name,
            text=text.strip(),
            at=transaction.now,
        )
    )


def read(transaction: Transaction, conversation_id: str) -> list[Note]:
    table = schema.note
    found = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.at, table.c.note_id)
    return [
        Note(row.note_id, NoteKind(row.kind), row.author, row.to_name, row.text, row.at)
        for row in transaction.all(found)
    ]


def _add(transaction: Transaction, conversation_id: str, user: User, text: str) -> None:
    locked = lock(transaction, conversation_id)
    leave(transaction, locked, NoteKind.NOTE, user, text)
    transaction.wake(*locked.topics)
    audit.record(transaction, site=locked.site, actor=user.user_id, action="note", about=conversation_id)
