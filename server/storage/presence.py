"""Who of the staff is at the desk now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from server.storage import schema
from server.storage.staff import ABSOLUTE, Role, user_of
from server.storage.transactions import Transaction

PRESENT = timedelta(minutes=5)  # since the last sign of life, which is written each minute (staff.SEEN_EVERY)
AT_THE_DESK = (Role.ADVOCATE, Role.ADMIN)


def is_anyone_present(transaction: Transaction, site: str) -> bool:
    """Whether someone who answers this site's visitors is signed in and has just been seen."""
    staff, session = schema.staff, schema.staff_session
    seen = (
        select(staff)
        .join(session, session.c.user_id == staff.c.user_id)
        .where(session.c.seen_at > transaction.now - PRESENT, session.c.created_at > transaction.now - ABSOLUTE)
        .where(staff.c.role.in_(AT_THE_DESK), ~staff.c.is_disabled)
    )
    return any(user_of(row).may_see(site) for row in transaction.all(seen))
