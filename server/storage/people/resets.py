"""Links by which a forgotten password is set anew: each good once, for a while, and stored only as a digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from kb.errors import AdvocateError
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.ids import new_token, token_digest

BY_STAFF = timedelta(hours=24)  # an administrator hands it over
BY_MAIL = timedelta(hours=1)  # NIST SP 800-63B asks for less than a day; a mailbox is open to more eyes
MAIL_EVERY = timedelta(minutes=5)


class ResetOver(AdvocateError):
    """A link that was used, is too old, or never was."""

    def __init__(self) -> None:
        super().__init__("This link was used already, or is too old. Ask for a new one.")


def make(transaction: Transaction, user_id: str, good_for: timedelta) -> str:
    """A new link's token. It ends those made before."""
    forget(transaction, user_id)
    token = new_token()
    transaction.run(
        schema.password_reset.insert().values(
            token_sha256=token_digest(token),
            user_id=user_id,
            created_at=transaction.now,
            ends_at=transaction.now + good_for,
        )
    )
    return token


def account_of(transaction: Transaction, token: str) -> Row[Any]:
    """The account a token opens. Raises ResetOver."""
    reset, staff = schema.password_reset, schema.staff
    found = (
        select(staff)
        .join(reset, reset.c.user_id == staff.c.user_id)
        .where(reset.c.token_sha256 == token_digest(token), reset.c.ends_at > transaction.now, ~staff.c.is_disabled)
    )
    row = transaction.first(found)
    if row is None:
        raise ResetOver
    return row


def was_mailed_lately(transaction: Transaction, user_id: str) -> bool:
    """Whether a link was made within MAIL_EVERY: nobody fills somebody's mailbox."""
    table = schema.password_reset
    lately = table.c.user_id == user_id, table.c.created_at > transaction.now - MAIL_EVERY
    return transaction.first(select(table.c.user_id).where(*lately)) is not None


def forget(transaction: Transaction, user_id: str) -> None:
    """End every link of an account, and whatever is too old."""
    table = schema.password_reset
    transaction.run(delete(table).where(table.c.user_id == user_id))
    transaction.run(delete(table).where(table.c.ends_at <= transaction.now))
