"""Forgetting: a conversation's words on a visitor's wish, whole conversations when their time is over."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import delete, select, tuple_, update

from server.core.handing.handover import OPEN
from server.storage import audit
from server.storage.database import schema
from server.storage.database.engine import BUSY_TIMEOUT_MS
from server.storage.database.faults import StorageUnavailable
from server.storage.database.transactions import Database, Transaction
from server.storage.talks import returning
from server.storage.talks.events import Author, Kind, NewEvent, append, lock

BATCH = 200
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


async def purge(database: Database, before: datetime, *, site: str | None) -> int:
    """Remove conversations that rested since `before`, a batch at a time, then overwrite where they stood."""
    purged = 0
    while done := await database.write(lambda transaction: _purge_batch(transaction, before, site)):
        purged += done
    if purged:
        await overwrite(database, rebuild=True)
    return purged


async def overwrite(database: Database, *, rebuild: bool = False) -> bool:
    """Leave no erased word in the files. Whether it could: the erasure itself is committed, and stands.

    It cannot while somebody reads what stood there before, as a backup does. SQLite zeroes what it deletes
    (secure_delete), and its log is emptied here; PostgreSQL frees the dead rows. Rebuilding (VACUUM) takes a while and,
    on SQLite, as much disk again.
    """
    statements = ["VACUUM"] if rebuild else []
    statements = (
        ["VACUUM event, note, proposal, handover, conversation, used_key, visitor_mail"]
        if database.is_postgresql
        else [*statements, *EMPTY_LOG]
    )
    try:
        told = await database.maintain(*statements)
    except StorageUnavailable as error:
        log.warning("erased words may stand in the database's files until this can be tried again: %s", error)
        return False
    emptied = None if database.is_postgresql else told[-2]
    return emptied is None or not emptied[0]  # its first column: whether somebody was in the way


def _purge_batch(transaction: Transaction, before: datetime, site: str | None) -> int:
    conversation, handover = schema.conversation, schema.handover
    has_open_handover = (
        select(handover.c.handover_id)
        .where(
            handover.c.site == conversation.c.site,
            handover.c.conversation_id == conversation.c.conversation_id,
            handover.c.status.in_(sorted(OPEN)),
        )
        .exists()
    )
    rested = select(conversation.c.site, conversation.c.conversation_id).where(
        conversation.c.changed_at < before, ~has_open_handover
    )
    if site is not None:
        rested = rested.where(conversation.c.site == site)
    found = [(row.site, row.conversation_id) for row in transaction.all(rested.limit(BATCH).with_for_update())]
    if not found:
        return 0
    said = (schema.event, schema.note, schema.proposal, schema.feedback)
    for table in (
        *said,
        schema.visitor_mail,
        schema.return_link,
        schema.seen,
        schema.used_key,
        schema.alert,
        schema.handover,
        schema.conversation,
    ):
        transaction.run(delete(table).where(tuple_(table.c.site, table.c.conversation_id).in_(found)))
    for name in sorted({name for name, _ in found}):
        count = sum(name == other for other, _ in found)
        detail = {"before": before.isoformat(), "conversations": count}
        audit.record(transaction, site=name, actor=SYSTEM, action="purged", about=name, detail=detail)
    return len(found)
