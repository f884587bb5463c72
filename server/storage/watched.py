"""The pages that are compared with the clinic's own website: where each stands, when it was looked at, and how that went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, select, update

from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction


@dataclass(frozen=True, slots=True)
class WatchedPage:
    """A page, and the address it was brought in from. `problem` says why it could not be compared last; empty: it was."""

    site: str
    page_id: str
    address: str
    looked_at: datetime
    problem: str


class Watched:
    """Every site's watched pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def watch(self, site: str, page_id: str, address: str) -> None:
        """Compare a page from now on with what stands at an address, where it was just read; "" ends it."""
        await self._database.write(lambda tx: _watch(tx, site, page_id, address))

    async def take(self, every: timedelta) -> WatchedPage | None:
        """A page that was not looked at for so long, if there is one, which no other process gets meanwhile."""
        return await self._database.write(lambda tx: _take(tx, every))

    async def settle(self, site: str, page_id: str, problem: str) -> None:
        """Keep how a comparison went, and that it was just now."""
        table = schema.watched_page
        same = and_(table.c.site == site, table.c.page_id == page_id)
        await self._database.write(
            lambda tx: tx.run(update(table).where(same).values(looked_at=tx.now, problem=schema.plain(problem)))
        )

    async def of(self, site: str) -> dict[str, WatchedPage]:
        """A site's watched pages by their ids."""
        table = schema.watched_page
        rows = await self._database.read(lambda tx: tx.all(select(table).where(table.c.site == site)))
        return {row.page_id: WatchedPage(**row._mapping) for row in rows}


def _watch(transaction: Transaction, site: str, page_id: str, address: str) -> None:
    table = schema.watched_page
    transaction.run(delete(table).where(table.c.site == site, table.c.page_id == page_id))
    if address:
        values = {"address": schema.plain(address), "looked_at": transaction.now, "problem": ""}
        transaction.run(table.insert().values(site=site, page_id=page_id, **values))


def _take(transaction: Transaction, every: timedelta) -> WatchedPage | None:
    table = schema.watched_page
    due = select(table).where(table.c.looked_at <= transaction.now - every).order_by(table.c.looked_at).limit(1)
    row = transaction.first(due)
    if row is None:
        return None
    same = and_(table.c.site == row.site, table.c.page_id == row.page_id, table.c.looked_at == row.looked_at)
    taken = transaction.run(update(table).where(same).values(looked_at=transaction.now))
    return WatchedPage(**row._mapping) if taken else None
