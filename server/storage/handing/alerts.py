"""The outbox: alerts written in the transaction of the handover they tell of, and sent by a worker afterwards.

At least once: an alert is leased for a try, and comes back when nobody says how the try went. Each keeps its id, so that
a receiver can tell a repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select, tuple_, update

from kb.labels import Label
from server.core.handing.alerts import (
    GIVEN_UP_AFTER,
    LADDERS,
    About,
    Channel,
    Ladder,
    Reach,
    Target,
    next_try_at,
    rung_at,
)
from server.core.handing.handover import Status
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.ids import new_id
from server.storage.talks.events import Locked, NotFound, lock

TOPIC = "alerts"  # woken when the outbox has something new
LEASE = timedelta(seconds=60)  # longer than any channel tries
CALLING = (Status.WAITING, Status.CALL_BACK)  # nobody has taken it
BATCH = 20


class State(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"  # somebody took the handover first
    FAILED = "failed"  # given up


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert to one target. `nth` counts the calls of its ladder, from 1."""

    alert_id: str
    site: str
    conversation_id: str
    handover_id: str
    target: Target
    reason: Label
    about: About
    nth: int
    state: State
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """A target that the latest alert did not reach: since when, and why, in words without secrets."""

    target: Target
    since: datetime
    error: str


class Alerts:
    """The outbox, for the worker that empties it and for whoever asks how it fares."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def climb_due(self, reach_of: Callable[[str], Reach]) -> int:
        """Write the alerts of every rung that is due. Returns how many handovers called."""
        table = schema.handover
        due = select(table.c.site, table.c.handover_id, table.c.conversation_id).where(table.c.status.in_(CALLING))
        rows = await self._database.read(lambda tx: tx.all(due.where(table.c.ladder_due_at <= tx.now)))
        climbed = 0
        for row in rows:
            climbed += await self._climb_one(row, reach_of(row.site))
        return climbed

    async def take(self, limit: int = BATCH) -> list[Alert]:
        """Alerts to try now, oldest first, leased: another worker does not get them, and a lost try comes back."""
        return await self._database.write(lambda transaction: _take(transaction, limit))

    async def settle(self, alert: Alert, error: str | None) -> State:
        """Keep how a try went: sent, or to be tried again later, or given up."""
        return await self._database.write(lambda transaction: _settle(transaction, alert, error))

    async def failing(self) -> list[Failing]:
        """The targets whose latest try failed."""
        return await self._database.read(failing)

    async def mend(self, target: Target) -> None:
        """A target was tried by hand and works: what failed there before counts no longer."""
        table = schema.alert
        there = table.c.channel == target.channel, table.c.contact == target.contact
        await self._database.write(lambda tx: tx.run(update(table).where(*there).values(failed_at=None)))

    async def of_handover(self, handover_id: str) -> list[Alert]:
        """A handover's alerts, oldest first."""
        table = schema.alert
        found = select(table).where(table.c.handover_id == handover_id)
        ordered = found.order_by(table.c.created_at, table.c.nth, table.c.alert_id)
        return [_alert_of(row) for row in await self._database.read(lambda tx: tx.all(ordered))]

    async def _climb_one(self, due: Row[Any], reach: Reach) -> bool:
        def work(transaction: Transaction) -> bool:
            try:
                locked = lock(transaction, due.conversation_id, even_erased=True)
            except NotFound:
                return False  # purged meanwhile
            return _climb(transaction, locked, due.handover_id, reach)

        return await self._database.write(work)


def begin(transaction: Transaction, locked: Locked, handover_id: str, ladder: Ladder, reach: Reach) -> None:
    """Begin a ladder, and tell whom its first rung tells, in the transaction that calls."""
    _begin(transaction, locked.site, handover_id, ladder)
    _climb(transaction, locked, handover_id, reach)


def begin_later(transaction: Transaction, site: str, handover_id: str, ladder: Ladder) -> None:
    """Begin a ladder whose first rung the worker climbs, within a second."""
    _begin(transaction, site, handover_id, ladder)
    transaction.wake(TOPIC)


def acknowledge(transaction: Transaction, site: str, handover_id: str) -> None:
    """Somebody took it: no more rungs, and what has not left yet stays."""
    _set_ladder(transaction, site, handover_id, ladder_due_at=None)
    table = schema.alert
    waiting = table.c.site == site, table.c.handover_id == handover_id, table.c.state == State.PENDING
    transaction.run(update(table).where(*waiting).values(state=State.DROPPED))


def tell_everyone(transaction: Transaction, handover: Row[Any], reach: Reach, about: About) -> None:
    """One more alert to everyone, when no ladder is climbed any more."""
    _write(transaction, handover, reach.everyone(), nth=1, about=about)


def failing(transaction: Transaction) -> list[Failing]:
    """The targets whose latest try failed, in this transaction."""
    return [one for target in _targets(transaction) if (one := _failing_now(transaction, target)) is not None]


def reaches(transaction: Transaction, reach: Reach, ladder: Ladder) -> bool:
    """Whether the first alerts of a ladder go where the latest try did not fail."""
    first = reach.targets(LADDERS[ladder][0].whom)
    return bool(set(first) - {one.target for one in failing(transaction)})


def has_left(transaction: Transaction, site: str, handover_id: str) -> bool:
    """Whether an alert of this handover reached where it was sent."""
    table = schema.alert
    sent = table.c.site == site, table.c.handover_id == handover_id, table.c.state == State.SENT
    return transaction.first(select(table.c.alert_id).where(*sent).limit(1)) is not None


def _targets(transaction: Transaction) -> Iterator[Target]:
    """Every target an alert was ever for: a step along the index for each, however many alerts it had."""
    place = schema.alert.c.channel, schema.alert.c.contact
    last = ("", "")
    while row := transaction.first(select(*place).where(tuple_(*place) > tuple_(*last)).order_by(*place).limit(1)):
        last = row.channel, row.contact
        yield Target(Channel(row.channel), row.contact)


def _failing_now(transaction: Transaction, target: Target) -> Failing | None:
    table = schema.alert
    there = table.c.channel == target.channel, table.c.contact == target.contact
    sent_at = transaction.value(select(func.max(table.c.sent_at)).where(*there))
    failed = select(table.c.failed_at, table.c.error).where(*there, table.c.failed_at.is_not(None))
    if sent_at is not None:
        failed = failed.where(table.c.failed_at > sent_at)
    first = transaction.first(failed.order_by(table.c.failed_at).limit(1))
    last = transaction.first(failed.order_by(table.c.failed_at.desc()).limit(1))
    return Failing(target, first.failed_at, last.error or "") if first and last else None


def _begin(transaction: Transaction, site: str, handover_id: str, ladder: Ladder) -> None:
    now = transaction.now
    _set_ladder(transaction, site, handover_id, ladder=ladder, ladder_since=now, ladder_rung=0, ladder_due_at=now)


def _climb(transaction: Transaction, locked: Locked, handover_id: str, reach: Reach) -> bool:
    """Write the alerts of the rung that is due, if one is; the next comes due in its time."""
    table = schema.handover
    row = transaction.first(select(table).where(table.c.site == locked.site, table.c.handover_id == handover_id))
    if row is None or row.ladder_due_at is None or row.ladder_due_at > transaction.now:
        return False
    ladder = Ladder(row.ladder)
    targets = reach.targets(LADDERS[ladder][row.ladder_rung].whom)
    about = About.DRILL if ladder is Ladder.DRILL else About.VISITOR
    _write(transaction, row, targets, nth=row.ladder_rung + 1, about=about)
    following = row.ladder_rung + 1
    due_at = rung_at(ladder, following, row.ladder_since)
    _set_ladder(transaction, locked.site, handover_id, ladder_rung=following, ladder_due_at=due_at)
    return True


def _write(transaction: Transaction, handover: Row[Any], targets: Sequence[Target], *, nth: int, about: About) -> None:
    if targets:
        rows = [_row(transaction, handover, target, nth=nth, about=about) for target in targets]
        transaction.run(schema.alert.insert(), rows)
        transaction.wake(TOPIC)


def _set_ladder(transaction: Transaction, site: str, handover_id: str, **values: Any) -> None:
    table = schema.handover
    transaction.run(update(table).where(table.c.site == site, table.c.handover_id == handover_id).values(values))


def _take(transaction: Transaction, limit: int) -> list[Alert]:
    table = schema.alert
    due = (
        select(table.c.alert_id)
        .where(table.c.state == State.PENDING, table.c.next_try_at <= transaction.now)
        .order_by(table.c.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [row.alert_id for row in transaction.all(due)]
    if not ids:
        return []
    leased = update(table).where(table.c.alert_id.in_(ids))
    transaction.run(leased.values(tries=table.c.tries + 1, next_try_at=transaction.now + LEASE))
    rows = transaction.all(select(table).where(table.c.alert_id.in_(ids)).order_by(table.c.created_at))
    return [_alert_of(row) for row in rows]


def _settle(transaction: Transaction, alert: Alert, error: str | None) -> State:
    """An alert that was dropped during its try stays so, but where it went is known to work, or not to."""
    if error is None:
        _change(transaction, alert, state=State.SENT, sent_at=transaction.now, error=None)
        return State.SENT
    is_over = transaction.now - alert.created_at >= GIVEN_UP_AFTER
    state = State.FAILED if is_over else State.PENDING
    again_at = next_try_at(alert.tries, transaction.now)
    _change(transaction, alert, failed_at=transaction.now, error=error, next_try_at=again_at)
    _change(transaction, alert, schema.alert.c.state == State.PENDING, state=state)
    return state


def _change(transaction: Transaction, alert: Alert, *where: Any, **values: Any) -> None:
    table = schema.alert
    it = table.c.site == alert.site, table.c.alert_id == alert.alert_id
    transaction.run(update(table).where(*it, *where).values(values))


def _row(transaction: Transaction, handover: Row[Any], target: Target, *, nth: int, about: About) -> dict[str, Any]:
    return {
        "site": handover.site,
        "alert_id": new_id(),
        "conversation_id": handover.conversation_id,
        "handover_id": handover.handover_id,
        "channel": target.channel,
        "contact": target.contact,
        "reason": handover.reason,
        "about": about,
        "nth": nth,
        "state": State.PENDING,
        "tries": 0,
        "created_at": transaction.now,
        "next_try_at": transaction.now,
    }


def _alert_of(row: Row[Any]) -> Alert:
    return Alert(
        alert_id=row.alert_id,
        site=row.site,
        conversation_id=row.conversation_id,
        handover_id=row.handover_id,
        target=Target(Channel(row.channel), row.contact),
        reason=Label(row.reason),
        about=About(row.about or About.VISITOR),
        nth=row.nth,
        state=State(row.state),
        tries=row.tries,
        created_at=row.created_at,
    )
