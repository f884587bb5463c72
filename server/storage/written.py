"""Whether what is written once is as it was written: events, revisions of pages, and what accounts may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Table, select

from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction

EVENT = ("site", "conversation_id", "seq", "kind", "author", "body", "label", "trace", "at")
REVISION = ("site", "document", "revision", "body", "author", "reason", "at")
ROLE_GIVEN = "account made "


def digest(values: Mapping[str, Any]) -> str:
    """The sha256 of a row's values, its time in UTC. Other than the audit's it is no chain: a row stands for itself."""
    at: datetime = values["at"]
    told = {**values, "at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


async def faults(database: Database) -> list[str]:
    """What was changed since it was written, a sentence each. Reads all of it."""
    return await database.read(lambda tx: [*_changed_events(tx), *_changed_revisions(tx), *_changed_accounts(tx)])


def _changed_events(transaction: Transaction) -> Iterator[str]:
    for row in _changed(transaction, schema.event, EVENT):
        yield f"conversation {row.conversation_id}: event {row.seq} was altered"


def _changed_revisions(transaction: Transaction) -> Iterator[str]:
    for row in _changed(transaction, schema.revision, REVISION):
        yield f"site {row.site}: revision {row.revision} of {row.document} was altered. Save it again as it should be."


def _changed(transaction: Transaction, table: Table, names: tuple[str, ...]) -> Iterator[Any]:
    for row in transaction.each(select(table)):
        if row.sha256 != digest({name: getattr(row, name) for name in names}):
            yield row


def _changed_accounts(transaction: Transaction) -> Iterator[str]:
    """Accounts that may do other things than the audit log says they were given."""
    given: dict[str, dict[str, Any]] = {}
    table = schema.audit
    told = select(table).where(table.c.site == audit.NO_SITE, table.c.action.startswith("account ")).order_by("number")
    for row in transaction.each(told):
        one = given.setdefault(row.about, {"is_disabled": False})
        one |= {name: row.detail[name] for name in ("role", "sites") if name in row.detail}
        if row.action.startswith(ROLE_GIVEN):
            one["role"] = row.action.removeprefix(ROLE_GIVEN)
        if row.action in ("account disabled", "account enabled"):
            one["is_disabled"] = row.action == "account disabled"
    for account in transaction.all(select(schema.staff).order_by(schema.staff.c.email)):
        has = {"role": account.role, "sites": account.sites, "is_disabled": account.is_disabled}
        if given.get(account.user_id) != has:
            yield (
                f"account {account.email}: it has the role {account.role}, which the audit log does not say it was given, "
                "or other sites, or was opened. Give it the right role at /admin, or shut it."
            )
