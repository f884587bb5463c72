"""Forgetting a conversation's words on a visitor's wish, down to the files."""

from __future__ import annotations

import logging

from sqlalchemy import delete, update

from server.storage import audit
from server.storage.database import schema
from server.storage.database.engine import BUSY_TIMEOUT_MS
from server.storage.database.faults import StorageUnavailable
from server.storage.database.transactions import Database, Transaction
from server.storage.talks import returning
from server.storage.talks.events import Author, Kind, NewEvent, append, lock

# It waits for whoever reads the log; so it is not waited for here, where all writers stand behind it, but tried again.
EMPTY_LOG = ("PRAGMA busy_timeout=100", "PRAGMA wal_checkpoint(TRUNCATE)", f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
SYSTEM = "system"

log = logging.getLogger(__name__)


def erase(transaction: Transaction, conversation_id: str) -> None:
    """Take every word out: events, letter, page, keys, the gate's findings. One `reset` event says so.

    Conversation and handovers stay as facts (when, why, how it ended); an open handover stays in the inbox.
    """
    locked = lock(transaction, conversation_id, even_erased=True)
    if locked.is_erased:
        return
    for table in (schema.event, schema.note, schema.proposal, schema.used_key, schema.feedback):
        transaction.run(delete(table).where(table.c.site == locked.site, table.c.conversation_id == conversation_id))
    returning.forget(transaction, locked)
    transaction.run(
        update(schema.handover)
        .where(schema.handover.c.site == locked.site, schema.handover.c.conversation_id == conversation_id)
        .values(letter=None, letter_seq=None, trace={}, closing_why=None)
    )
    transaction.run(
        update(schema.conversation)
        .where(schema.conversation.c.site == locked.site, schema.conversation.c.conversation_id == conversation_id)
        .values(page_url=None, erased_at=transaction.now)
    )
    append(transaction, locked, [NewEvent(Kind.RESET, Author.SYSTEM, {"reason": "erased"})])
    transaction.wake(*locked.topics)
    audit.record(transaction, site=locked.site, actor=SYSTEM, action="erased", about=conversation_id)


async def overwrite(database: Database) -> bool:
    """Leave no erased word in the files. Whether it could: the erasure itself is committed, and stands.

    It cannot while somebody reads what stood there before, as a backup does. SQLite zeroes what it deletes
    (secure_delete), and its log is emptied here; PostgreSQL frees the dead rows.
    """
    frees_rows = ("VACUUM event, note, proposal, handover, conversation, used_key, visitor_mail",)
    statements = frees_rows if database.is_postgresql else EMPTY_LOG
    try:
        told = await database.maintain(*statements)
    except StorageUnavailable as error:
        log.warning("erased words may stand in the database's files until this can be tried again: %s", error)
        return False
    emptied = None if database.is_postgresql else told[-2]
    return emptied is None or not emptied[0]  # its first column: whether somebody was in the way
