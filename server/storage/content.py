"""A site's content: documents, each a row of revisions that are added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select

from kb.errors import AdvocateError
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.written import digest


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a document, numbered from 1. `body` is JSON."""

    site: str
    document: str  # "site", "page:<page_id>", "phrasings", "asks", "examples", "golden"
    revision: int
    body: Any
    author: str
    reason: str
    at: datetime


class EditConflict(AdvocateError):
    """Someone else saved the document first. `latest` is what they saved, None if the document is new."""

    def __init__(self, document: str, expected: int, latest: Revision | None) -> None:
        found = f"revision {latest.revision} by {latest.author}" if latest else "no revision"
        super().__init__(
            f"{document}: your edit began from revision {expected}, but there is {found} now. Compare them."
        )
        self.latest = latest


class Content:
    """Every site's documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sites(self) -> list[str]:
        """Sites that have content, by name."""
        names = select(schema.document.c.site).distinct().order_by(schema.document.c.site)
        return [row.site for row in await self._database.read(lambda transaction: transaction.all(names))]

    async def save(
        self,
        site: str,
        document: str,
        body: Any,
        *,
        author: str,
        reason: str,
        expected_revision: int | None = None,
    ) -> Revision:
        """Add a revision. `expected_revision` is the one the edit began from, 0 for a new document; None asks nothing.

        Raises EditConflict.
        """
        return await self._database.write(lambda tx: _save(tx, site, document, body, author, reason, expected_revision))

    async def latest(self, site: str, document: str) -> Revision | None:
        return await self._database.read(lambda transaction: _latest(transaction, site, document))

    async def documents(self, site: str) -> list[Revision]:
        """The latest revision of each document, by name."""
        head, table = schema.document, schema.revision
        same = and_(
            head.c.site == table.c.site,
            head.c.document == table.c.document,
            head.c.last_revision == table.c.revision,
        )
        latest = select(table).join(head, same).where(table.c.site == site).order_by(table.c.document)
        return [revision_of(row) for row in await self._database.read(lambda transaction: transaction.all(latest))]

    async def everywhere(self, document: str) -> list[Revision]:
        """The latest revision of a document at every site that has it."""
        head, table = schema.document, schema.revision
        same = and_(
            head.c.site == table.c.site,
            head.c.document == table.c.document,
            head.c.last_revision == table.c.revision,
        )
        found = select(table).join(head, same).where(head.c.document == document)
        return [revision_of(row) for row in await self._database.read(lambda tx: tx.all(found))]

    async def history(self, site: str, document: str) -> list[Revision]:
        """Every revision of a document, newest first."""
        table = schema.revision
        every = select(table).where(table.c.site == site, table.c.document == document)
        newest_first = every.order_by(table.c.revision.desc())
        return [revision_of(row) for row in await self._database.read(lambda tx: tx.all(newest_first))]


def revision_of(row: Row[Any]) -> Revision:
    return Revision(**{name: getattr(row, name) for name in Revision.__slots__})


def _save(
    transaction: Transaction,
    site: str,
    document: str,
    body: Any,
    author: str,
    reason: str,
    expected_revision: int | None,
) -> Revision:
    head = schema.document
    number: int = transaction.value(
        transaction.insert(head)
        .values(site=site, document=document, last_revision=1)
        .on_conflict_do_update(
            index_elements=[head.c.site, head.c.document], set_={"last_revision": head.c.last_revision + 1}
        )
        .returning(head.c.last_revision)
    )
    if expected_revision is not None and number != expected_revision + 1:
        raise EditConflict(document, expected_revision, _latest(transaction, site, document))
    author, reason = schema.plain(author), schema.plain(reason)
    saved = Revision(site, document, number, body, author, reason, transaction.now)
    values = {name: getattr(saved, name) for name in Revision.__slots__}
    transaction.run(schema.revision.insert().values({**values, "sha256": digest(values)}))
    transaction.wake(f"site:{site}")
    audit.record(transaction, site=site, actor=author, action="saved", about=document, detail={"revision": number})
    return saved


def _latest(transaction: Transaction, site: str, document: str) -> Revision | None:
    table = schema.revision
    newest = select(table).where(table.c.site == site, table.c.document == document)
    row = transaction.first(newest.order_by(table.c.revision.desc()).limit(1))
    return None if row is None else revision_of(row)
