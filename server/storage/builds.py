"""Builds that travel: kept in the database by digest, published there, and who serves which of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, func, select, tuple_

from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction

TOPIC = "builds"  # woken when another build was kept or published
SIGN_OF_LIFE = timedelta(seconds=10)  # a replica that was silent for longer is not there
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Published:
    """A publication of a site, numbered from 1."""

    site: str
    number: int
    build: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Replica:
    """A server process that runs now, and the build it answers from, by site."""

    replica_id: str
    host: str
    serves: Mapping[str, str | None]


class StoredBuilds:
    """Every site's builds and publications, and the replicas. Files are kept once, by their sha256."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, site: str, manifest: Mapping[str, Any], files: Mapping[str, Path]) -> None:
        """Keep a build. files: by sha256, all that its manifest names; only what is not kept whole yet is read."""
        known = await self._database.read(lambda tx: _known(tx, [*files]))
        for digest in set(files) - known:
            await self._database.write(partial(_keep_file, digest=digest, body=files[digest].read_bytes()))
        await self._database.write(lambda tx: _keep_build(tx, site, manifest))

    async def manifest(self, site: str, build: str) -> Mapping[str, Any] | None:
        """The manifest of a build that is kept, or None."""
        table = schema.build
        found = select(table.c.manifest).where(table.c.site == site, table.c.build == build)
        row = await self._database.read(lambda tx: tx.first(found))
        return None if row is None else row.manifest

    async def file(self, sha256: str) -> bytes | None:
        """The bytes of a file, or None. Whether they are the right ones is the reader's to check."""
        table = schema.build_file
        found = select(table.c.body).where(table.c.sha256 == sha256)
        row = await self._database.read(lambda tx: tx.first(found))
        return None if row is None else bytes(row.body)

    async def publish(self, site: str, build: str, by: str, *, only_first: bool = False) -> Published | None:
        """Publish a build that is kept. only_first: None where the site has a publication already."""
        return await self._database.write(lambda tx: _publish(tx, site, build, by, only_first))

    async def publications(self, site: str, limit: int) -> list[Published]:
        """A site's latest publications, oldest first."""
        table = schema.publication
        found = select(table).where(table.c.site == site).order_by(table.c.number.desc()).limit(limit)
        rows = await self._database.read(lambda tx: tx.all(found))
        return [_published_of(row) for row in reversed(rows)]

    async def live(self) -> list[Published]:
        """The latest publication of each site that has one."""
        table = schema.publication
        last = select(table.c.site, func.max(table.c.number)).group_by(table.c.site)
        found = select(table).where(tuple_(table.c.site, table.c.number).in_(last))
        return [_published_of(row) for row in await self._database.read(lambda tx: tx.all(found))]

    async def newest(self) -> list[tuple[str, str]]:
        """Site and id of the build that each site kept last."""
        table = schema.build
        last = select(table.c.site, func.max(table.c.kept_at)).group_by(table.c.site)
        found = select(table.c.site, table.c.build).where(tuple_(table.c.site, table.c.kept_at).in_(last))
        return [(row.site, row.build) for row in await self._database.read(lambda tx: tx.all(found))]

    async def report(self, replica: Replica) -> None:
        """Say that a replica runs, and what it serves. Those that were silent for long are forgotten."""
        await self._database.write(lambda tx: _report(tx, replica))

    async def leave(self, replica_id: str) -> None:
        """A replica ends."""
        table = schema.replica
        await self._database.write(lambda tx: tx.run(delete(table).where(table.c.replica_id == replica_id)))

    async def replicas(self) -> list[Replica]:
        """The replicas that gave a sign of life lately."""
        table = schema.replica
        rows = await self._database.read(
            lambda tx: tx.all(select(table).where(table.c.seen_at > tx.now - SIGN_OF_LIFE).order_by(table.c.replica_id))
        )
        return [Replica(row.replica_id, row.host, row.serves) for row in rows]


def _known(transaction: Transaction, digests: Collection[str]) -> set[str]:
    """Which of these files are kept as they were written; PostgreSQL reads them for it."""
    table = schema.build_file
    found = select(table.c.sha256).where(table.c.sha256.in_(digests))
    if transaction.is_postgresql:
        found = found.where(func.encode(func.sha256(table.c.body), "hex") == table.c.sha256)
    return {row.sha256 for row in transaction.all(found)}


def _keep_file(transaction: Transaction, *, digest: str, body: bytes) -> None:
    kept = transaction.insert(schema.build_file).values(sha256=digest, body=body)
    transaction.run(kept.on_conflict_do_update(index_elements=[schema.build_file.c.sha256], set_={"body": body}))


def _keep_build(transaction: Transaction, site: str, manifest: Mapping[str, Any]) -> None:
    """The first one of an id stays: the same inputs may give other bytes on another machine."""
    kept = transaction.insert(schema.build).values(
        site=site, build=manifest["build"], manifest=dict(manifest), kept_at=transaction.now
    )
    transaction.run(kept.on_conflict_do_nothing())
    transaction.wake(TOPIC)


def _publish(transaction: Transaction, site: str, build: str, by: str, only_first: bool) -> Published | None:
    """Numbers follow one another: two who publish at once are kept apart by the lock of the site's settings."""
    document, table = schema.document, schema.publication
    of_site = document.c.site == site, document.c.document == "site"
    transaction.first(select(document).where(*of_site).with_for_update())
    last: int = transaction.value(select(func.coalesce(func.max(table.c.number), 0)).where(table.c.site == site))
    if only_first and last:
        return None
    published = Published(site, last + 1, build, schema.plain(by), transaction.now)
    transaction.run(table.insert().values({name: getattr(published, name) for name in Published.__slots__}))
    transaction.wake(TOPIC)
    return published


def _report(transaction: Transaction, replica: Replica) -> None:
    table = schema.replica
    said = {"host": replica.host, "serves": dict(replica.serves), "seen_at": transaction.now}
    named = transaction.insert(table).values(replica_id=replica.replica_id, **said)
    transaction.run(named.on_conflict_do_update(index_elements=[table.c.replica_id], set_=said))
    transaction.run(delete(table).where(table.c.seen_at < transaction.now - FORGOTTEN))


def _published_of(row: Row[Any]) -> Published:
    return Published(**row._mapping)


def live_on(replicas: Sequence[Replica], site: str, build: str) -> tuple[int, int]:
    """On how many of the replicas a build is what visitors are answered from, and how many there are."""
    return sum(one.serves.get(site) == build for one in replicas), len(replicas)
