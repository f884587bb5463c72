"""Drills: a handover that is no visitor's, called like an emergency, to measure how soon somebody takes it.

Its conversation has a token nobody was told, so no visitor ever reads it; figures of real handovers leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, select, update
from sqlalchemy.exc import IntegrityError

from kb.labels import Label
from server.core.handing.alerts import About, Ladder, Reach
from server.core.handing.drills import MISSED_AFTER
from server.core.handing.handover import OPEN, Status
from server.core.reply import Decision
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing import alerts
from server.storage.handing.figures import among_sites
from server.storage.handing.handed_over import DRILL
from server.storage.ids import new_id, new_receipt, new_token
from server.storage.people.staff import SYSTEM
from server.storage.talks.conversations import Started, start_conversation
from server.storage.talks.events import Author, ConversationStatus, Kind, Locked, NewEvent, NotFound, append, lock

KEPT_IN_SIGHT = timedelta(days=2)  # one that is still open is ended long before


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill of a site: when it began, and who took it when. Nobody yet, or never: `is_missed`."""

    site: str
    handover_id: str
    began_at: datetime
    answered_at: datetime | None
    by: str
    is_missed: bool

    @property
    def took(self) -> timedelta | None:
        return self.answered_at - self.began_at if self.answered_at else None


class Drills:
    """Begins drills, ends them, and tells how they went."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, site: str, reach: Reach, *, due_at: datetime | None = None, by: str) -> str | None:
        """Call staff for a drill; its handover's id, or None where the one that was due then has begun already.

        due_at: the time of the schedule; None: now, because somebody wants one.
        """
        due_at = due_at or self._database.clock()
        try:
            return await self._database.write(lambda transaction: _begin(transaction, site, reach, due_at, by))
        except IntegrityError:  # another process was first
            return None

    async def end(self, reach_of: Callable[[str], Reach]) -> int:
        """End drills that somebody took, and those nobody took in time: of these everyone is told. Returns how many."""
        table = schema.handover
        running = table.c.drill_due_at > self._database.clock() - KEPT_IN_SIGHT, table.c.status.in_(sorted(OPEN))
        rows = await self._database.read(lambda tx: tx.all(select(table).where(*running)))
        return sum([await self._end_one(row, reach_of(row.site)) for row in rows])

    async def latest(self, sites: tuple[str, ...], limit: int = 20) -> list[Drill]:
        """The last drills of these sites ("*": of all), newest first."""
        table = schema.handover
        drilled = select(table).where(among_sites(table, sites), table.c.drill_due_at.is_not(None))
        newest = drilled.order_by(table.c.drill_due_at.desc()).limit(limit)
        return [_drill_of(row) for row in await self._database.read(lambda tx: tx.all(newest))]

    async def missed(self, sites: Sequence[str]) -> list[Drill]:
        """The sites' latest drills that are over, where nobody took them: a drill that somebody takes ends it."""
        newest: dict[str, Drill] = {}
        for one in await self._database.read(lambda tx: [_drill_of(row) for row in tx.all(_over(sites))]):
            newest[one.site] = one
        return [one for _, one in sorted(newest.items()) if one.is_missed]

    async def _end_one(self, row: Row[Any], reach: Reach) -> bool:
        try:
            return await self._database.write(lambda tx: _end(tx, row.conversation_id, row.handover_id, reach))
        except NotFound:
            return False  # purged meanwhile


def _begin(transaction: Transaction, site: str, reach: Reach, due_at: datetime, by: str) -> str:
    started, handover_id = Started(new_id(), new_token(), new_receipt()), new_id()
    start_conversation(transaction, started, site, "en", None)
    locked = lock(transaction, started.conversation_id)
    transaction.run(
        schema.handover.insert().values(
            site=site,
            handover_id=handover_id,
            conversation_id=started.conversation_id,
            status=Status.WAITING,
            reason=Label.EMERGENCY,
            urgent=True,
            waiting_since=transaction.now,
            message_seq=1,
            alerts=1,
            alerted_at=transaction.now,
            version=1,
            suspected_spam=False,
            trace=Decision().as_json(),
            drill_due_at=due_at,
        )
    )
    alerts.begin(transaction, locked, handover_id, Ladder.DRILL, reach)
    said = [NewEvent(Kind.MESSAGE, Author.SYSTEM, {"text": DRILL})]
    append(transaction, locked, said, status=ConversationStatus.WAITING, handover_id=handover_id)
    transaction.wake(*locked.topics)
    audit.record(transaction, site=site, actor=by, action="drill begun", about=handover_id)
    return handover_id


def _end(transaction: Transaction, conversation_id: str, handover_id: str, reach: Reach) -> bool:
    locked = lock(transaction, conversation_id, even_erased=True)
    table = schema.handover
    it = table.c.site == locked.site, table.c.handover_id == handover_id
    row = transaction.first(select(table).where(*it))
    if row is None or row.status not in OPEN:
        return False
    is_missed = row.status != Status.CLAIMED
    if is_missed and transaction.now - row.waiting_since < MISSED_AFTER:
        return False
    closed = {"status": Status.CLOSED, "closed_at": transaction.now, "version": row.version + 1}
    transaction.run(update(table).where(*it).values(closed))
    alerts.acknowledge(transaction, locked.site, handover_id)
    if is_missed:
        alerts.tell_everyone(transaction, row, reach, About.MISSED)
    _append_end(transaction, locked)
    action = "drill missed" if is_missed else "drill taken"
    audit.record(transaction, site=locked.site, actor=SYSTEM.user_id, action=action, about=handover_id)
    return True


def _append_end(transaction: Transaction, locked: Locked) -> None:
    append(transaction, locked, [NewEvent(Kind.CLOSED, Author.SYSTEM, {})], status=ConversationStatus.CLOSED)
    transaction.wake(*locked.topics)


def _over(sites: Sequence[str]) -> Select[Any]:
    """The last drill of each site that is over."""
    table = schema.handover
    ended = table.c.drill_due_at.is_not(None), table.c.status == Status.CLOSED
    latest = select(table.c.site, func.max(table.c.waiting_since).label("began_at")).where(
        among_sites(table, sites), *ended
    )
    last = latest.group_by(table.c.site).subquery()
    same = and_(table.c.site == last.c.site, table.c.waiting_since == last.c.began_at)
    return select(table).join(last, same).where(*ended)


def _drill_of(row: Row[Any]) -> Drill:
    return Drill(
        site=row.site,
        handover_id=row.handover_id,
        began_at=row.waiting_since,
        answered_at=row.first_claimed_at,
        by=row.claimed_by_name or "",
        is_missed=row.status == Status.CLOSED and row.first_claimed_at is None,
    )
