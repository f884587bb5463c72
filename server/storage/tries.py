"""Sign-in attempts: after each failure an account waits twice as long, known or not, and is never shut for good."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import delete, select

from kb.errors import AdvocateError
from server.storage import schema
from server.storage.transactions import Transaction

FIRST_DELAY_S = 1
LONGEST_DELAY_S = 15 * 60
FORGOTTEN_AFTER = timedelta(hours=24)


class SignInDelayed(AdvocateError):
    """Too many failures for this account: `wait_s` until the next attempt counts."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many attempts to sign in. Try again in {wait_s} s.")
        self.wait_s = wait_s


def take_a_turn(transaction: Transaction, email: str) -> None:
    """Count an attempt as failed until `forget` says otherwise, so that guesses sent at once wait too.

    Raises SignInDelayed, and then counts nothing.
    """
    table = schema.sign_in_try
    fresh = {"email_sha256": digest(email), "failures": 0, "last_at": transaction.now, "next_at": transaction.now}
    transaction.run(transaction.insert(table).values(fresh).on_conflict_do_nothing())
    row = transaction.first(select(table).where(table.c.email_sha256 == digest(email)).with_for_update())
    if row is None:
        raise ValueError("an attempt to sign in was stored, and is gone")
    if row.next_at > transaction.now:
        raise SignInDelayed(ceil((row.next_at - transaction.now).total_seconds()))
    failures = 1 + (row.failures if transaction.now - row.last_at < FORGOTTEN_AFTER else 0)
    wait = timedelta(seconds=delay_s(failures))
    transaction.run(
        table.update()
        .where(table.c.email_sha256 == digest(email))
        .values(failures=failures, last_at=transaction.now, next_at=transaction.now + wait)
    )


def forget(transaction: Transaction, email: str) -> None:
    """A right password ends the count."""
    table = schema.sign_in_try
    transaction.run(delete(table).where(table.c.email_sha256 == digest(email)))
    transaction.run(delete(table).where(table.c.last_at < transaction.now - FORGOTTEN_AFTER))


def delay_s(failures: int) -> int:
    """1 s after the first failure, doubling up to 15 minutes."""
    return int(min(FIRST_DELAY_S * 2 ** min(failures - 1, 30), LONGEST_DELAY_S))


def digest(email: str) -> str:
    return sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
