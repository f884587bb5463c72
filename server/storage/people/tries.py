"""Sign-in attempts: who failed waits twice as long each time, and nobody else with them.

Failures are counted for an account together with the network they come from, and for the network over all accounts: a
stranger can keep their own network waiting, never another one. A browser that signed in to the account before is counted
by itself, so that not even a stranger beside it can shut it out. Nothing is ever shut for good.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil

from sqlalchemy import delete, select

from kb.errors import AdvocateError
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.ids import new_id

FIRST_DELAY_S = 1
LONGEST_DELAY_S = 15 * 60
FORGOTTEN_AFTER = timedelta(hours=24)
FREE_OF_A_NETWORK = 20  # failures over all accounts before a network waits: a clinic's staff share one


class SignInDelayed(AdvocateError):
    """Too many failures for this account: `wait_s` until the next attempt counts."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many attempts to sign in. Try again in {wait_s} s.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attempt comes from: the caller's address, what `browser_seal` gave this browser, and its name in words."""

    address: str = ""
    browser: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """What failures are counted under, and how many of them cost nothing."""

    of: str
    free: int = 0


def counts_for(email: str, password_hash: str | None, origin: Origin) -> tuple[Count, ...]:
    """What an attempt is counted under. password_hash: the account's, if there is one."""
    if password_hash and _is_known(email, password_hash, origin.browser):
        return (Count(f"browser {origin.browser} {email}"),)
    network = _network(origin.address)
    return Count(f"network {network} {email}"), Count(f"network {network}", FREE_OF_A_NETWORK)


def browser_seal(email: str, password_hash: str, origin: Origin) -> str:
    """What a browser that signed in keeps, to be known again: good for this account until its password changes."""
    is_known = _is_known(email, password_hash, origin.browser)
    return origin.browser if is_known else _seal(email, password_hash, new_id())


def take_a_turn(transaction: Transaction, counts: Sequence[Count]) -> None:
    """Count an attempt as failed until `forget` says otherwise, so that guesses sent at once wait too.

    Raises SignInDelayed, and then counts nothing.
    """
    table = schema.sign_in_try
    for count in sorted(counts, key=lambda one: digest(one.of)):  # in one order: no two attempts wait for each other
        fresh = {
            "email_sha256": digest(count.of),
            "failures": 0,
            "last_at": transaction.now,
            "next_at": transaction.now,
        }
        transaction.run(transaction.insert(table).values(fresh).on_conflict_do_nothing())
        row = transaction.first(select(table).where(table.c.email_sha256 == digest(count.of)).with_for_update())
        if row is None:
            raise ValueError("an attempt to sign in was stored, and is gone")
        if row.next_at > transaction.now:
            raise SignInDelayed(ceil((row.next_at - transaction.now).total_seconds()))
        failures = 1 + (row.failures if transaction.now - row.last_at < FORGOTTEN_AFTER else 0)
        wait = timedelta(seconds=delay_s(failures - count.free))
        transaction.run(
            table.update()
            .where(table.c.email_sha256 == digest(count.of))
            .values(failures=failures, last_at=transaction.now, next_at=transaction.now + wait)
        )


def forget(transaction: Transaction, counts: Sequence[Count]) -> None:
    """A right password ends the counts of where it came from."""
    table = schema.sign_in_try
    transaction.run(delete(table).where(table.c.email_sha256.in_([digest(one.of) for one in counts])))
    transaction.run(delete(table).where(table.c.last_at < transaction.now - FORGOTTEN_AFTER))


def leave_a_mark(transaction: Transaction) -> None:
    """Write something that means nothing, to see whether it can be: under what no attempt is ever counted."""
    table = schema.sign_in_try
    moment = {"failures": 0, "last_at": transaction.now, "next_at": transaction.now}
    mark = transaction.insert(table).values(email_sha256=digest("mark"), **moment)
    transaction.run(mark.on_conflict_do_update(index_elements=[table.c.email_sha256], set_=moment))


def delay_s(failures: int) -> int:
    """1 s after the first failure that counts, doubling up to 15 minutes."""
    return int(min(FIRST_DELAY_S * 2 ** min(failures - 1, 30), LONGEST_DELAY_S)) if failures > 0 else 0


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _network(address: str) -> str:
    """The network of an address: 256 neighbours of IPv4, and what one line is given of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{found}/{24 if found.version == 4 else 64}", strict=False))


def _is_known(email: str, password_hash: str, browser: str) -> bool:
    expected = _seal(email, password_hash, browser.partition(".")[0])
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), browser.encode("utf-8", "surrogatepass"))


def _seal(email: str, password_hash: str, browser_id: str) -> str:
    """The browser's id, signed with what only the store knows of the account."""
    told = f"browser {browser_id} {email}".encode("utf-8", "surrogatepass")
    return f"{browser_id}.{hmac.new(password_hash.encode(), told, sha256).hexdigest()}"
