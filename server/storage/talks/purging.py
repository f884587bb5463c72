"""Forgetting whole conversations when their time is over, a little at a time: visitors write in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, literal, select, tuple_

from server.core.handing.handover import OPEN
from server.storage import audit
from server.storage.database import schema
from server.storage.database.engine import BEGIN, WRITING
from server.storage.database.transactions import Database, Transaction
from server.storage.talks.erasing import SYSTEM

HOLD_S = (
    0.04  # a hold that was longer makes the next one smaller; what it ends with, to write it to the disk, comes on top
)
PAUSE_S = 0.06  # another process that waits looks again within 25 ms
LEAST = 20  # events removed, or pages given back, at a time: begun with, as nobody knows yet how long it takes
CONVERSATIONS = 200  # looked up at once
INCREMENTAL = 2  # SQLite's auto_vacuum where room can be given back bit by bit

TABLES = [table for table in reversed(schema.metadata.sorted_tables) if "conversation_id" in table.c]

Rested = Sequence[Row[Any]]


class Pace:
    """How much is done at a time, so that each takes about HOLD_S, with a pause after it."""

    def __init__(self) -> None:
        self.amount = LEAST

    def timed(self, work: Callable[[Any], int]) -> Callable[[Any], int]:
        def run(on: Any) -> int:
            began = time.monotonic()
            done = work(on)
            took_s = time.monotonic() - began
            self.amount = max(LEAST, int(self.amount * min(2.0, HOLD_S / max(took_s, HOLD_S / 4))))
            return done

        return run


async def purge(database: Database, before: datetime, *, site: str | None) -> int:
    """Remove conversations that rested since `before` and have no open handover. Returns how many.

    Their room is given back where the database can; then `overwrite` leaves no word of them in the files.
    """
    purged, pace = 0, Pace()
    found = await _some(database, before, site)
    while found:
        last = found[-1]
        while found:
            batch, found = _split(found, pace.amount)
            purged += await _remove(database, before, batch, pace)
            await asyncio.sleep(PAUSE_S)
        found = await _some(database, before, site, after=last)
    if purged:
        await _give_back_room(database)
    return purged


async def _some(database: Database, before: datetime, site: str | None, after: Row[Any] | None = None) -> Rested:
    return await database.read(lambda tx: tx.all(_rested(before, site, after)))


async def _remove(database: Database, before: datetime, batch: Rested, pace: Pace) -> int:
    return await database.write(pace.timed(lambda tx: _purge(tx, before, batch)))


def _rested(before: datetime, site: str | None, after: Row[Any] | None) -> Select[Any]:
    """Conversations that may go, from where the last ones ended."""
    table, handover = schema.conversation, schema.handover
    place = table.c.changed_at, table.c.conversation_id
    is_open = (
        select(handover.c.handover_id)
        .where(handover.c.site == table.c.site, handover.c.conversation_id == table.c.conversation_id)
        .where(handover.c.status.in_(sorted(OPEN)))
        .exists()
    )
    rested = select(*place, table.c.site, table.c.last_seq).where(table.c.changed_at < before, ~is_open)
    if site is not None:
        rested = rested.where(table.c.site == site)
    if after is not None:
        rested = rested.where(
            tuple_(*place) > tuple_(literal(after.changed_at, schema.Moment()), after.conversation_id)
        )
    return rested.order_by(*place).limit(CONVERSATIONS)


def _split(found: Rested, most_events: int) -> tuple[Rested, Rested]:
    """The first ones, with so many events in all, but at least one; and the others."""
    events = 0
    for number, row in enumerate(found):
        events += 1 + row.last_seq
        if number and events > most_events:
            return found[:number], found[number:]
    return found, []


def _purge(transaction: Transaction, before: datetime, batch: Rested) -> int:
    """Remove these, but for those in which something was said meanwhile."""
    table = schema.conversation
    ids = [row.conversation_id for row in batch]
    still = select(table.c.site, table.c.conversation_id).where(
        table.c.conversation_id.in_(ids), table.c.changed_at < before
    )
    found = [(row.site, row.conversation_id) for row in transaction.all(still.with_for_update())]
    if not found:
        return 0
    for emptied in TABLES:
        transaction.run(delete(emptied).where(tuple_(emptied.c.site, emptied.c.conversation_id).in_(found)))
    for name in sorted({name for name, _ in found}):
        count = sum(name == other for other, _ in found)
        detail = {"before": before.isoformat(), "conversations": count}
        audit.record(transaction, site=name, actor=SYSTEM, action="purged", about=name, detail=detail)
    return len(found)


async def _give_back_room(database: Database) -> None:
    """Make SQLite's file smaller, some pages at a time. PostgreSQL uses the room again by itself."""
    if database.is_postgresql:
        return
    [kind] = await database.maintain("PRAGMA auto_vacuum")
    pace = Pace()
    while kind and kind[0] == INCREMENTAL and await database.call(pace.timed(lambda on: _vacuum(on, pace.amount))):
        await asyncio.sleep(PAUSE_S)


def _vacuum(connection: Connection, pages: int) -> int:
    """Give back so many pages. Returns how many are left."""
    connection = connection.execution_options(**{BEGIN: WRITING})
    with connection.begin():
        # As the driver runs it, a step for each row: it gives back one page at each.
        connection.connection.driver_connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()  # type: ignore[union-attr]
        return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
