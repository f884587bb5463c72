"""Who is signed in: sessions, by the digest of their token, and how they begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.ids import token_digest

IDLE = timedelta(minutes=30)  # HIPAA's automatic log-off; OWASP ASVS 7.3.1
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a busy session is not written at each request
SHOWN_DIGITS = 16  # of a token's digest: enough to name a session, and opens nothing


@dataclass(frozen=True, slots=True)
class Session:
    """One place where somebody is signed in. `browser`: in words; `is_this`: the one that asks."""

    session_id: str
    browser: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def begin(transaction: Transaction, user_id: str, token: str, *, browser: str, needs_code: bool) -> None:
    table = schema.staff_session
    transaction.run(delete(table).where(table.c.created_at < transaction.now - ABSOLUTE))
    transaction.run(
        table.insert().values(
            token_sha256=token_digest(token),
            user_id=user_id,
            created_at=transaction.now,
            seen_at=transaction.now,
            browser=browser,
            needs_code=needs_code,
        )
    )


def find(transaction: Transaction, token: str) -> Row[Any] | None:
    """The account with its session's times, ended or not."""
    staff, session = schema.staff, schema.staff_session
    return transaction.first(
        select(staff, session.c.seen_at, session.c.created_at.label("started_at"), session.c.needs_code)
        .join(session, session.c.user_id == staff.c.user_id)
        .where(session.c.token_sha256 == token_digest(token))
    )


def is_over(row: Row[Any], now: datetime) -> bool:
    return bool(now - row.seen_at >= IDLE or now - row.started_at >= ABSOLUTE or row.is_disabled)


def see(transaction: Transaction, token: str) -> None:
    table = schema.staff_session
    transaction.run(update(table).where(table.c.token_sha256 == token_digest(token)).values(seen_at=transaction.now))


def give_sign(transaction: Transaction, token: str) -> None:
    table = schema.staff_session
    live = table.c.token_sha256 == token_digest(token), table.c.seen_at > transaction.now - IDLE
    transaction.run(update(table).where(*live).values(at_desk_at=transaction.now))


def end(transaction: Transaction, token: str) -> str | None:
    """End one session; whose it was, if there was one."""
    table = schema.staff_session
    ended = delete(table).where(table.c.token_sha256 == token_digest(token)).returning(table.c.user_id)
    user_id: str | None = transaction.value(ended)
    return user_id


def end_all(transaction: Transaction, user_id: str, *, but: str = "") -> None:
    """End every session of an account, but for this token's."""
    table = schema.staff_session
    others = table.c.user_id == user_id, table.c.token_sha256 != token_digest(but)
    transaction.run(delete(table).where(*others))


def end_named(transaction: Transaction, user_id: str, session_id: str) -> None:
    """End the session of an account that is shown by this id."""
    table = schema.staff_session
    named = table.c.user_id == user_id, table.c.token_sha256.startswith(session_id, autoescape=True)
    transaction.run(delete(table).where(*named))


def live(transaction: Transaction, user_id: str, *, this: str = "") -> list[Session]:
    """Where an account is signed in, the latest used first."""
    table = schema.staff_session
    open_ones = (
        table.c.user_id == user_id,
        table.c.seen_at > transaction.now - IDLE,
        table.c.created_at > transaction.now - ABSOLUTE,
        ~table.c.needs_code,
    )
    rows = transaction.all(select(table).where(*open_ones).order_by(table.c.seen_at.desc()))
    digest = token_digest(this)
    return [
        Session(
            row.token_sha256[:SHOWN_DIGITS],
            row.browser or "an unknown browser",
            row.created_at,
            row.seen_at,
            row.token_sha256 == digest,
        )
        for row in rows
    ]
