"""Handovers: what waits for a person, who took it, and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from kb.errors import AdvocateError
from kb.labels import DUTIES, RANKING, Label
from server.core.handover import OPEN, Closing, Status, Step, next_status
from server.core.reply import Decision, Reply
from server.storage import audit, schema
from server.storage.events import Author, ConversationStatus, Kind, Locked, NewEvent, append, lock
from server.storage.figures import Today, of_sites, today
from server.storage.handed_over import Handover, InboxRow, get, handover_of, handovers, inbox_row
from server.storage.ids import new_id
from server.storage.staff import SYSTEM, Role, User, is_signed_in
from server.storage.transactions import Database, Transaction

CONVERSATION_STATUS: Mapping[Status, ConversationStatus] = {
    Status.WAITING: ConversationStatus.WAITING,
    Status.CALL_BACK: ConversationStatus.WAITING,
    Status.CLAIMED: ConversationStatus.CLAIMED,
    Status.ASSISTANT: ConversationStatus.ASSISTANT,
    Status.CLOSED: ConversationStatus.CLOSED,
}


class StepLost(AdvocateError):
    """Someone was first. `handover` is how it stands now."""

    def __init__(self, handover: Handover) -> None:
        who = f" by {handover.claimed_by_name}" if handover.claimed_by_name else ""
        super().__init__(f"Someone was first: this handover is now {handover.status}{who}. Reload to see it.")
        self.handover = handover


class NotClaimed(AdvocateError):
    """Only the advocate who claimed a conversation writes in it, gives it back or closes it."""

    def __init__(self) -> None:
        super().__init__("You have not claimed this conversation. Claim it first, or ask who has it to release it.")


class Handovers:
    """The inbox and the steps of its handovers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbox(self, sites: Sequence[str]) -> list[InboxRow]:
        """Open handovers of these sites ("*" for all): urgent first, then waiting longest."""
        found = handovers().where(of_sites(schema.handover, sites), schema.handover.c.status.in_(sorted(OPEN)))
        by_need = found.order_by(schema.handover.c.urgent.desc(), schema.handover.c.waiting_since)
        return [inbox_row(handover_of(row)) for row in await self._database.read(lambda tx: tx.all(by_need))]

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
        self, handover_id: str, step: Step, *, version: int, user: User, closing: Closing | None = None
    ) -> Handover:
        """Take one step, if the handover is still at this version.

        Raises StepLost when someone was first, StepRefused when its state has no such step, NotClaimed when it is
        another advocate's (an admin may take it over). Claiming again what one has claimed changes nothing.
        """
        if (closing is None) == (step is Step.CLOSE):
            raise ValueError(f"{step}: to close needs a closing, and nothing else has one; found {closing}")
        return await self._database.write(lambda tx: _step(tx, handover_id, step, version, user, closing))

    async def release_abandoned(self) -> list[Handover]:
        """Put back in the queue what was claimed by someone who is no longer signed in, at its old place."""
        table = schema.handover
        claimed = select(table.c.handover_id, table.c.version).where(table.c.status == Status.CLAIMED)
        left = await self._database.read(
            lambda tx: tx.all(claimed.where(~is_signed_in(table.c.claimed_by, tx.now))),
        )
        released = []
        for row in left:
            with contextlib.suppress(StepLost):  # its advocate came back, or ended it
                released.append(await self.step(row.handover_id, Step.RELEASE, version=row.version, user=SYSTEM))
        return released

    async def today(self, sites: Sequence[str], since: datetime) -> Today:
        """Figures since a moment, for the empty inbox."""
        return await self._database.read(lambda transaction: today(transaction, sites, since))


def open_or_renew(transaction: Transaction, locked: Locked, reply: Reply, *, message_seq: int) -> str:
    """Open a conversation's handover, or call again for the one that is open. Returns its id.

    Renewed, it keeps its place in the queue; its reason and urgency rise, and never fall.
    """
    urgent = DUTIES[reply.label].urgent
    transaction.wake(*locked.topics)
    current = None if locked.handover_id is None else get(transaction, locked.handover_id)
    if current is None or not current.is_open:
        return open_new(transaction, locked, reply.label, message_seq=message_seq, decision=Decision.of(reply))
    table = schema.handover
    transaction.run(
        update(table)
        .where(table.c.site == locked.site, table.c.handover_id == current.handover_id)
        .values(
            urgent=current.urgent or urgent,
            urgent_seq=message_seq if urgent and not current.urgent else table.c.urgent_seq,
            reason=min(current.reason, reply.label, key=RANKING.index),
            alerts=current.alerts + 1,
            alerted_at=transaction.now,
        )
    )
    return current.handover_id


def open_new(transaction: Transaction, locked: Locked, reason: Label, *, message_seq: int, decision: Decision) -> str:
    """Open a handover. Its conversation's row must come to name it."""
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
    return handover_id


def _step(
    transaction: Transaction, handover_id: str, step: Step, version: int, user: User, closing: Closing | None
) -> Handover:
    locked = lock(transaction, (get(transaction, handover_id)).conversation_id, even_erased=True)
    current = get(transaction, handover_id)  # again: it may have changed before the lock was ours
    if step is Step.CLAIM and current.status is Status.CLAIMED and current.claimed_by == user.user_id:
        return current
    if current.version != version:
        raise StepLost(current)
    status = next_status(current.status, step)
    if current.status is Status.CLAIMED and current.claimed_by != user.user_id and user.role is not Role.ADMIN:
        raise NotClaimed
    table = schema.handover
    touched = transaction.run(
        update(table)
        .where(table.c.site == locked.site, table.c.handover_id == handover_id, table.c.version == version)
        .values(status=status, version=version + 1, closing=closing)
        .values(_stamps(status, user, transaction.now))
    )
    if touched != 1:
        raise StepLost(get(transaction, handover_id))
    new = _events(step, status, user)
    append(transaction, locked, new, status=CONVERSATION_STATUS[status])
    transaction.wake(*locked.topics)
    audit.record(
        transaction,
        site=locked.site,
        actor=user.user_id,
        action=f"handover {step}",
        about=handover_id,
        detail={"version": version + 1, "closing": closing},
    )
    return get(transaction, handover_id)


def _stamps(status: Status, user: User, now: datetime) -> dict[str, Any]:
    """What a step writes beside the status: who has it, and when that began or ended."""
    if status is Status.CLAIMED:
        first_claimed_at = func.coalesce(schema.handover.c.first_claimed_at, now)
        return {"claimed_by": user.user_id, "claimed_by_name": user.name, "first_claimed_at": first_claimed_at}
    if status in (Status.WAITING, Status.ASSISTANT):
        return {"claimed_by": None, "claimed_by_name": None}
    return {"closed_at": now} if status is Status.CLOSED else {}


def _events(step: Step, status: Status, user: User) -> list[NewEvent]:
    """What the visitor is told of a step."""
    match step:
        case Step.CLAIM:
            return [NewEvent(Kind.CLAIMED, Author.SYSTEM, {"name": user.name})]
        case Step.RELEASE | Step.RETURN:
            return [NewEvent(Kind.RELEASED, Author.SYSTEM, {"to": str(status)})]
        case Step.CLOSE:
            return [NewEvent(Kind.CLOSED, Author.SYSTEM, {})]
    return []
