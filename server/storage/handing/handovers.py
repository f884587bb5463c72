"""Handovers: what waits for a person, who took it, and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, update

from kb.labels import DUTIES, RANKING, Label
from server.core.handing.alerts import NO_ONE, Reach, ladder_of, ladder_to_begin
from server.core.handing.handover import OPEN, Closure, Status, Step
from server.core.handing.presence import goes_back
from server.core.reply import Decision, Reply
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing import alerts, searching
from server.storage.handing.figures import Served, Today, among_sites, served, today
from server.storage.handing.handed_over import Handover, InboxRow, get, handover_of, handovers, inbox
from server.storage.handing.stepping import Move, StepLost, Taken, take_step
from server.storage.handing.telling import CardAgain, tell_the_waiting
from server.storage.ids import new_id
from server.storage.people.presence import held_claims, who_is_present
from server.storage.people.staff import SYSTEM, User
from server.storage.talks.events import Locked


class Handovers:
    """The inbox and the steps of its handovers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbox(self, sites: Sequence[str], reader: str = "") -> list[InboxRow]:
        """Open handovers of these sites ("*" for all), by need, then wait (core/handing/queue.py), as `reader` has read them."""
        chosen = and_(among_sites(schema.handover, sites), schema.handover.c.status.in_(sorted(OPEN)))
        return await self._database.read(lambda tx: inbox(tx, chosen, reader))

    async def closed(self, sites: Sequence[str], reader: str = "") -> list[InboxRow]:
        """The newest closed handovers of these sites, newest first."""
        return await self._database.read(lambda tx: searching.closed(tx, sites, reader))

    async def saying(self, rows: Sequence[InboxRow], words: str) -> frozenset[str]:
        """Which of these hold all of these words, by id: in what staff may read of visitor and staff, or in the name."""
        return await self._database.read(lambda tx: searching.saying(tx, rows, words))

    async def get(self, handover_id: str) -> Handover:
        """Raises NotFound."""
        return await self._database.read(lambda transaction: get(transaction, handover_id))

    async def of_conversation(self, conversation_id: str) -> Handover | None:
        """The latest handover of a conversation."""
        latest = (
            handovers()
            .where(schema.conversation.c.conversation_id == conversation_id)
            .where(schema.conversation.c.handover_id == schema.handover.c.handover_id)
        )
        row = await self._database.read(lambda transaction: transaction.first(latest))
        return None if row is None else handover_of(row)

    async def step(
        self,
        handover_id: str,
        step: Step,
        *,
        version: int,
        user: User,
        closure: Closure | None = None,
        move: Move | None = None,
    ) -> Handover:
        """Take one step, if the handover is still at this version.

        Raises StepLost when someone was first; StepRefused when its state has no such step, an emergency would be
        closed without a word (ClosingRefused), or it would pass to someone else without a reason or to someone who is
        not there; NotClaimed when it is another advocate's. Claiming again what one has claimed changes nothing.
        """
        taken = Taken(step, version, user, closure, move)
        return await self._database.write(lambda tx: take_step(tx, handover_id, taken))

    async def present(self, site: str) -> list[User]:
        """Who is at the desk for a site now, by name."""
        return await self._database.read(lambda tx: who_is_present(tx, site))

    async def release_abandoned(self) -> list[Handover]:
        """Put back in the queue, at its old place, what was claimed by someone who has left (core/handing/presence.py)."""
        held = await self._database.read(held_claims)
        now = self._database.clock()
        released = []
        for one in held:
            if goes_back(one.claim, now):
                with contextlib.suppress(StepLost):  # its advocate came back, or ended it
                    released.append(await self.step(one.handover_id, Step.RELEASE, version=one.version, user=SYSTEM))
        return released

    async def tell_the_waiting(self, card: CardAgain) -> int:
        """Tell visitors whom nobody has taken so, once each (telling.py). Returns how many."""
        return await tell_the_waiting(self._database, card)

    async def today(self, sites: Sequence[str], since: datetime) -> Today:
        """Figures since a moment, for the empty inbox."""
        return await self._database.read(lambda transaction: today(transaction, sites, since))

    async def served(self, sites: Sequence[str], since: datetime) -> list[Served]:
        """Handovers that came since a moment, by their times; no drills, no spam."""
        return await self._database.read(lambda transaction: served(transaction, sites, since))


def open_or_renew(
    transaction: Transaction, locked: Locked, reply: Reply, reach: Reach = NO_ONE, *, message_seq: int
) -> str:
    """Open a conversation's handover, or call again for the one that is open. Returns its id.

    Renewed, it keeps its place in the queue; its reason and urgency rise, and never fall. `reach`: whom alerts go to.
    """
    urgent = DUTIES[reply.label].urgent
    transaction.wake(*locked.topics)
    current = None if locked.handover_id is None else get(transaction, locked.handover_id)
    if current is None or not current.is_open:
        return open_new(transaction, locked, reply.label, reach, message_seq=message_seq, decision=Decision.of(reply))
    table = schema.handover
    transaction.run(
        update(table)
        .where(table.c.site == locked.site, table.c.handover_id == current.handover_id)
        .values(
            urgent=current.urgent or urgent,
            urgent_seq=message_seq if urgent and not current.urgent else table.c.urgent_seq,
            offered_at=None if urgent and not current.urgent else table.c.offered_at,
            reason=min(current.reason, reply.label, key=RANKING.index),
            alerts=current.alerts + 1,
            alerted_at=transaction.now,
        )
    )
    is_claimed = current.status is Status.CLAIMED
    ladder = ladder_to_begin(is_open=True, is_claimed=is_claimed, was_urgent=current.urgent, is_urgent=urgent)
    if ladder is not None:
        alerts.begin(transaction, locked, current.handover_id, ladder, reach)
    return current.handover_id


def open_new(
    transaction: Transaction,
    locked: Locked,
    reason: Label,
    reach: Reach = NO_ONE,
    *,
    message_seq: int,
    decision: Decision,
) -> str:
    """Open a handover, and write its first alerts. Its conversation's row must come to name it."""
    handover_id = new_id()
    transaction.run(
        schema.handover.insert().values(
            site=locked.site,
            handover_id=handover_id,
            conversation_id=locked.conversation_id,
            status=Status.WAITING,
            reason=reason,
            urgent=DUTIES[reason].urgent,
            waiting_since=transaction.now,
            message_seq=message_seq,
            alerts=1,
            alerted_at=transaction.now,
            version=1,
            suspected_spam=False,
            trace=decision.as_json(),
        )
    )
    alerts.begin(transaction, locked, handover_id, ladder_of(DUTIES[reason].urgent), reach)
    return handover_id
