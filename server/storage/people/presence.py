"""Who of the staff is at the desk now, and whose claims nobody looks after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from server.core.handing.handover import Status
from server.core.handing.presence import PRESENT_FOR, Claim
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.people.staff import ABSOLUTE, IDLE, Role, User, user_of
from server.storage.talks.events import Author, Kind

AT_THE_DESK = (Role.ADVOCATE, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """A claimed handover at one version, with what decides whether it goes back."""

    handover_id: str
    version: int
    claim: Claim


def is_anyone_present(transaction: Transaction, site: str) -> bool:
    """Whether someone who answers this site's visitors is signed in and has just given a sign of life."""
    return bool(who_is_present(transaction, site))


def who_is_present(transaction: Transaction, site: str) -> list[User]:
    """Who answers this site's visitors, is signed in and has just given a sign of life; by name."""
    staff, session = schema.staff, schema.staff_session
    since = transaction.now - PRESENT_FOR
    signed_in = (
        select(session.c.user_id)
        .where(or_(session.c.seen_at > since, session.c.at_desk_at > since))
        .where(session.c.seen_at > transaction.now - IDLE, session.c.created_at > transaction.now - ABSOLUTE)
        .where(~session.c.needs_code)
    )
    seen = (
        select(staff)
        .where(staff.c.user_id.in_(signed_in), staff.c.role.in_(AT_THE_DESK), ~staff.c.is_disabled)
        .order_by(staff.c.name, staff.c.email)
    )
    return [user for user in map(user_of, transaction.all(seen)) if user.may_see(site)]


def held_claims(transaction: Transaction) -> list[HeldClaim]:
    """Every claim, of every site."""
    table = schema.handover
    claimed = select(table).where(table.c.status == Status.CLAIMED)
    return [_held(transaction, row) for row in transaction.all(claimed)]


def _held(transaction: Transaction, handover: Row[Any]) -> HeldClaim:
    session = schema.staff_session
    live = (
        session.c.user_id == handover.claimed_by,
        session.c.seen_at > transaction.now - IDLE,
        session.c.created_at > transaction.now - ABSOLUTE,
        ~session.c.needs_code,
    )
    rows = transaction.all(select(session.c.seen_at, session.c.at_desk_at).where(*live))
    signs = [at for row in rows for at in (row.seen_at, row.at_desk_at) if at is not None]
    claim = Claim(
        is_urgent=handover.urgent,
        last_sign_at=max(signs, default=None),
        last_act_at=max((row.seen_at for row in rows), default=None),
        visitor_waits_since=_waits_since(transaction, handover),
    )
    return HeldClaim(handover.handover_id, handover.version, claim)


def _waits_since(transaction: Transaction, handover: Row[Any]) -> datetime | None:
    """When the visitor said the first thing that no person has answered."""
    event = schema.event
    of_it = event.c.site == handover.site, event.c.conversation_id == handover.conversation_id
    answered = select(func.coalesce(func.max(event.c.seq), 0)).where(*of_it, event.c.author == Author.ADVOCATE)
    said = select(event.c.at).where(*of_it, event.c.author == Author.VISITOR, event.c.seq >= handover.message_seq)
    unanswered = said.where(event.c.seq > answered.scalar_subquery(), event.c.kind.in_((Kind.MESSAGE, Kind.HANDOVER)))
    row = transaction.first(unanswered.order_by(event.c.seq).limit(1))
    return None if row is None else row.at
