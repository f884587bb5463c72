"""What a visitor who waits is told: that nobody has come, and with an emergency that nobody could be alerted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select, update

from server.core.handing.handover import Status
from server.core.handing.presence import TOLD_AFTER, Hearing, is_told
from server.core.reply import Reply
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing import alerts
from server.storage.people.presence import is_anyone_present
from server.storage.talks.events import Author, Kind, NewEvent, NotFound, append, lock

CardAgain = Callable[..., Reply]  # (site, language, is_reached=): what a visitor with an emergency is told again


async def tell_the_waiting(database: Database, card: CardAgain) -> int:
    """Tell visitors whom nobody has taken so, once each, and ask for a way to reach them. Returns how many.

    With an emergency they are asked for nothing: the card tells them again to call 911, and that nobody was reached
    where no alert left. Whoever left a way to be reached, and has no emergency, was told all there is.
    """
    table = schema.handover
    untold = table.c.status.in_(alerts.CALLING), table.c.offered_at.is_(None), table.c.drill_due_at.is_(None)
    early = min(TOLD_AFTER.values())
    found = select(table.c.handover_id, table.c.conversation_id).where(*untold)
    rows = await database.read(lambda tx: tx.all(found.where(_since() <= tx.now - early)))
    return sum([await _tell_one(database, row, card) for row in rows])


async def _tell_one(database: Database, row: Row[Any], card: CardAgain) -> bool:
    with contextlib.suppress(NotFound):  # erased or purged meanwhile
        return await database.write(lambda tx: _tell(tx, row.conversation_id, row.handover_id, card))
    return False


def _tell(transaction: Transaction, conversation_id: str, handover_id: str, card: CardAgain) -> bool:
    locked = lock(transaction, conversation_id)
    table = schema.handover
    it = table.c.site == locked.site, table.c.handover_id == handover_id
    row = transaction.first(select(table, _since().label("since")).where(*it))
    if row is None or row.status not in alerts.CALLING or row.offered_at is not None:
        return False
    if not row.urgent and (row.status != Status.WAITING or row.letter is not None):
        return False
    hearing = _hearing(transaction, locked.site, handover_id)
    if not is_told(row.since, transaction.now, hearing):
        return False
    transaction.run(update(table).where(*it).values(offered_at=transaction.now))
    append(transaction, locked, [_event(transaction, row, hearing, card)])
    transaction.wake(*locked.topics)
    return True


def _event(transaction: Transaction, handover: Row[Any], hearing: Hearing, card: CardAgain) -> NewEvent:
    if not handover.urgent:
        return NewEvent(Kind.RELEASED, Author.SYSTEM, {"to": str(Status.CALL_BACK)})
    talk = schema.conversation
    language = transaction.value(select(talk.c.language).where(talk.c.conversation_id == handover.conversation_id))
    reply = card(handover.site, language, is_reached=hearing is not Hearing.NOBODY)
    return NewEvent(Kind.EMERGENCY, Author.SYSTEM, {}, reply=reply)


def _hearing(transaction: Transaction, site: str, handover_id: str) -> Hearing:
    if is_anyone_present(transaction, site):
        return Hearing.THERE
    return Hearing.SENT_FOR if alerts.has_left(transaction, site, handover_id) else Hearing.NOBODY


def _since() -> ColumnElement[Any]:
    """Since when a visitor waits: with an emergency since it was called, which may be later than the handover."""
    table = schema.handover
    called = func.coalesce(table.c.ladder_since, table.c.waiting_since)
    return case((table.c.urgent, called), else_=table.c.waiting_since)
