"""Looking after a database: is it whole, and a copy of it while it is in use."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import case, func, select, text

from kb.errors import AdvocateError
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction


class BackupRefused(AdvocateError):
    """A backup that cannot be made here, or not to this file."""


async def check(database: Database) -> list[str]:
    """What is wrong with the database, a sentence each; nothing when it is whole. Reads all of it."""
    faults = [str(one) for one in await audit.verify(database)]
    faults += await database.read(_gaps)
    return faults if database.is_postgresql else faults + await database.read(_damage)


async def backup(database: Database, to: Path) -> None:
    """Write a copy of an SQLite database to a new file, while it is in use. Raises BackupRefused."""
    if database.is_postgresql:
        raise BackupRefused(
            "This database is PostgreSQL: back it up with pg_dump, and restore it with pg_restore. That holds the builds too: "
            "a server with an empty data folder fetches them at its start."
        )
    if to.exists():
        raise BackupRefused(f"{to}: exists already. Name a file that does not.")
    quoted = str(to.resolve()).replace("'", "''").replace(":", r"\:")
    await database.maintain(f"VACUUM INTO '{quoted}'")


def _damage(transaction: Transaction) -> list[str]:
    found = [str(row[0]) for row in transaction.all(text("PRAGMA quick_check"))]
    return [f"SQLite: {one}. Restore a backup." for one in found if one != "ok"]


def _gaps(transaction: Transaction) -> list[str]:
    """Conversations that hold fewer events than were stored, or others."""
    conversation, event = schema.conversation, schema.event
    of_it = event.c.site == conversation.c.site, event.c.conversation_id == conversation.c.conversation_id
    last_seq = select(func.coalesce(func.max(event.c.seq), 0)).where(*of_it).scalar_subquery()
    count = select(func.count()).select_from(event).where(*of_it).scalar_subquery()
    expected = case((conversation.c.erased_at.is_(None), count), else_=conversation.c.last_seq)
    wrong = (conversation.c.last_seq != last_seq) | (conversation.c.last_seq != expected)
    found = transaction.all(select(conversation.c.conversation_id).where(wrong))
    return [f"conversation {row.conversation_id}: events are missing" for row in found]
