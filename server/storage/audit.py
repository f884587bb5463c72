"""Who did what, when, about what: rows chained by hash, a chain for each site. Never a visitor's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update

from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction

NO_SITE = ""  # the chain of what concerns no single site: accounts, sign-ins
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done. `about` is an id or a document's name."""

    site: str
    number: int
    at: datetime
    actor: str
    action: str
    about: str
    detail: Mapping[str, Any]
    previous_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditFault:
    """A place where a chain is not what was written."""

    site: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"audit of {self.site or 'all sites'}, entry {self.number}: {self.what}"


def record(
    transaction: Transaction,
    *,
    site: str,
    actor: str,
    action: str,
    about: str,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry to a site's chain, in the transaction of what it tells of. Last, as it locks the chain's head."""
    head = schema.audit_head
    fresh = {"site": site, "last_number": 0, "last_sha256": FIRST}
    transaction.run(transaction.insert(head).values(fresh).on_conflict_do_nothing())
    last = transaction.first(select(head).where(head.c.site == site).with_for_update())
    if last is None:
        raise ValueError(f"the audit chain of {site!r} has no head")
    entry = _chained(
        site=site,
        number=last.last_number + 1,
        at=transaction.now,
        actor=schema.plain(actor),
        action=action,
        about=schema.plain(about),
        detail=dict(detail or {}),
        previous_sha256=last.last_sha256,
    )
    transaction.run(schema.audit.insert().values(_values(entry)))
    transaction.run(update(head).where(head.c.site == site).values(last_number=entry.number, last_sha256=entry.sha256))
    return entry


async def entries(database: Database, site: str, *, limit: int) -> list[AuditEntry]:
    """The latest entries of a site, newest first."""
    table = schema.audit
    latest = select(table).where(table.c.site == site).order_by(table.c.number.desc()).limit(limit)
    return [AuditEntry(**row._mapping) for row in await database.read(lambda transaction: transaction.all(latest))]


async def verify(database: Database) -> list[AuditFault]:
    """Every place where a chain is broken; none when each is whole. Reads all of it."""
    return await database.read(_verify)


def _verify(transaction: Transaction) -> list[AuditFault]:
    faults = []
    last: dict[str, AuditEntry] = {}
    table = schema.audit
    for row in transaction.each(select(table).order_by(table.c.site, table.c.number)):
        entry = AuditEntry(**row._mapping)
        previous = last.get(entry.site)
        if entry.number != (previous.number + 1 if previous else 1):
            faults.append(AuditFault(entry.site, entry.number, "entries before this one are missing"))
        elif entry.previous_sha256 != (previous.sha256 if previous else FIRST):
            faults.append(AuditFault(entry.site, entry.number, "does not follow the entry before it"))
        if entry.sha256 != _digest(entry):
            faults.append(AuditFault(entry.site, entry.number, "was altered"))
        last[entry.site] = entry
    for head in transaction.all(select(schema.audit_head)):
        end = last.get(head.site)
        if (end.number if end else 0, end.sha256 if end else FIRST) != (head.last_number, head.last_sha256):
            faults.append(AuditFault(head.site, head.last_number, "the chain does not end where its head says"))
    return faults


def _chained(**fields: Any) -> AuditEntry:
    entry = AuditEntry(**fields, sha256="")
    return AuditEntry(**fields, sha256=_digest(entry))


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in AuditEntry.__slots__}


def _digest(entry: AuditEntry) -> str:
    told = {name: value for name, value in _values(entry).items() if name != "sha256"}
    told["at"] = entry.at.isoformat(timespec="microseconds")
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
