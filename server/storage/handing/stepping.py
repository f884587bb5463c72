"""A step of a handover, in one transaction: compare and swap on its version, and everything that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, update

from kb.errors import AdvocateError
from server.core.handing.alerts import ladder_of
from server.core.handing.handover import MOVES, Closure, Status, Step, check_closure, check_move, next_status
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.handing import alerts
from server.storage.handing.handed_over import Handover, get
from server.storage.people.presence import who_is_present
from server.storage.people.staff import SYSTEM, Role, User
from server.storage.talks.events import Author, ConversationStatus, Kind, NewEvent, append, lock
from server.storage.talks.notes import NoteKind, leave

CONVERSATION_STATUS: Mapping[Status, ConversationStatus] = {
    Status.WAITING: ConversationStatus.WAITING,
    Status.CALL_BACK: ConversationStatus.WAITING,
    Status.CLAIMED: ConversationStatus.CLAIMED,
    Status.ASSISTANT: ConversationStatus.ASSISTANT,
    Status.CLOSED: ConversationStatus.CLOSED,
}


AWAY = "away"  # why a handover went back by itself


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


@dataclass(frozen=True, slots=True)
class Move:
    """A claim that passes to someone else, and why: words that only staff read."""

    to: User
    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A step someone takes, against the version they saw. Closing has a closure; passing to someone else, a move."""

    step: Step
    version: int
    user: User
    closure: Closure | None = None
    move: Move | None = None

    def __post_init__(self) -> None:
        if (self.closure is None) == (self.step is Step.CLOSE):
            raise ValueError(f"{self.step}: to close needs a closure, and nothing else has one; found {self.closure}")
        if (self.move is None) == (self.step in MOVES):
            raise ValueError(f"{self.step}: to pass it on needs a move, and nothing else has one; found {self.move}")

    @property
    def next_holder(self) -> User:
        return self.move.to if self.move else self.user

    @property
    def detail(self) -> dict[str, Any]:
        """What the audit log keeps of it."""
        moved = {"to": self.move.to.user_id} if self.move else {}
        return {"version": self.version + 1, "closing": self.closure and self.closure.closing, **moved}


def take_step(transaction: Transaction, handover_id: str, taken: Taken) -> Handover:
    """Take a step in a transaction: see `Handovers.step`."""
    step, version, user, closure = taken.step, taken.version, taken.user, taken.closure
    locked = lock(transaction, (get(transaction, handover_id)).conversation_id, even_erased=True)
    current = get(transaction, handover_id)  # again: it may have changed before the lock was ours
    if step is Step.CLAIM and current.status is Status.CLAIMED and current.claimed_by == user.user_id:
        return current
    if current.version != version:
        raise StepLost(current)
    status = next_status(current.status, step)
    _check_holder(current, step, user)
    if taken.move is not None:
        _check_move(transaction, current, step, taken.move)
    if closure is not None:
        check_closure(closure, is_urgent=current.urgent, since=current.waiting_since)
    table = schema.handover
    touched = transaction.run(
        update(table)
        .where(table.c.site == locked.site, table.c.handover_id == handover_id, table.c.version == version)
        .values(status=status, version=version + 1)
        .values(_stamps(status, taken.next_holder, transaction.now))
        .values(closing=closure and closure.closing, closing_why=(closure and closure.why.strip()) or None)
        .values(advised_at=closure and closure.advised_at)
    )
    if touched != 1:
        raise StepLost(get(transaction, handover_id))
    _call_or_not(transaction, current, step)
    new = _events(taken, status, current)
    append(transaction, locked, new, status=CONVERSATION_STATUS[status])
    if taken.move is not None:
        leave(transaction, locked, NoteKind(step), user, taken.move.why, to=taken.move.to)
    transaction.wake(*locked.topics)
    audit.record(
        transaction,
        site=locked.site,
        actor=user.user_id,
        action=f"handover {step}",
        about=handover_id,
        detail=taken.detail,
    )
    return get(transaction, handover_id)


def _check_holder(current: Handover, step: Step, user: User) -> None:
    """Only whoever has a conversation takes it further, or an admin; a colleague may take it over."""
    is_anothers = current.status is Status.CLAIMED and current.claimed_by != user.user_id
    if is_anothers and step is not Step.TAKE_OVER and user.role is not Role.ADMIN:
        raise NotClaimed


def _check_move(transaction: Transaction, current: Handover, step: Step, move: Move) -> None:
    there = {user.user_id for user in who_is_present(transaction, current.site)}
    is_to_holder = move.to.user_id == current.claimed_by
    check_move(step, move.why, is_to_holder=is_to_holder, is_there=move.to.user_id in there)


def _call_or_not(transaction: Transaction, handover: Handover, step: Step) -> None:
    """What is back in the queue calls anew; what was taken, or is over, calls no more. A call back goes on calling."""
    if step is Step.RELEASE:
        alerts.begin_later(transaction, handover.site, handover.handover_id, ladder_of(handover.urgent))
    elif step is not Step.CALL_BACK:
        alerts.acknowledge(transaction, handover.site, handover.handover_id)


def _stamps(status: Status, user: User, now: datetime) -> dict[str, Any]:
    """What a step writes beside the status: who has it, and when that began or ended."""
    if status is Status.CLAIMED:
        first_claimed_at = func.coalesce(schema.handover.c.first_claimed_at, now)
        return {"claimed_by": user.user_id, "claimed_by_name": user.name, "first_claimed_at": first_claimed_at}
    if status in (Status.WAITING, Status.ASSISTANT):
        return {"claimed_by": None, "claimed_by_name": None}
    return {"closed_at": now} if status is Status.CLOSED else {}


def _events(taken: Taken, status: Status, before: Handover) -> list[NewEvent]:
    """What the visitor is told of a step. `from` is for staff: whom the conversation was with."""
    match taken.step:
        case Step.TRANSFER | Step.TAKE_OVER:
            moved = {"name": taken.next_holder.name, "from": before.claimed_by_name, "by": str(taken.step)}
            return [NewEvent(Kind.CLAIMED, Author.SYSTEM, moved)]
        case Step.CLAIM:
            return [NewEvent(Kind.CLAIMED, Author.SYSTEM, {"name": taken.user.name})]
        case Step.RELEASE if taken.user == SYSTEM:
            return [NewEvent(Kind.RELEASED, Author.SYSTEM, {"to": str(status), "reason": AWAY})]
        case Step.RELEASE | Step.RETURN:
            return [NewEvent(Kind.RELEASED, Author.SYSTEM, {"to": str(status)})]
        case Step.CLOSE:
            return [NewEvent(Kind.CLOSED, Author.SYSTEM, {})]
    return []
