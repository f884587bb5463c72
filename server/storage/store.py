"""`Store`: opens the database and everything kept in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text

from server.storage import audit, written
from server.storage.audit import AuditEntry, AuditFault
from server.storage.builds import StoredBuilds
from server.storage.content import Content
from server.storage.database import upkeep
from server.storage.database.engine import open_engine, parse_url
from server.storage.database.migrate import migrate
from server.storage.database.transactions import Clock, Database, utc_now
from server.storage.database.wakeups import Wakeups
from server.storage.handing.alerts import Alerts
from server.storage.handing.drills import Drills
from server.storage.handing.handovers import Handovers
from server.storage.people import tries
from server.storage.people.staff import Staff
from server.storage.talks.asked import Asked
from server.storage.talks.conversations import Conversations
from server.storage.talks.corrections import Corrections
from server.storage.talks.erased import ErasedList
from server.storage.talks.notes import Notes
from server.storage.talks.returning import Returning
from server.storage.watched import Watched


def _erased_list(url: URL, data_dir: Path | None) -> ErasedList | None:
    """Beside an SQLite file; for PostgreSQL in the data folder of the server that erased, away from what pg_dump saves."""
    folder = Path(url.database or "").resolve().parent if url.get_backend_name() == "sqlite" else data_dir
    return ErasedList(folder) if folder else None


class Store:
    """Everything that is remembered. One for a process; open it in the event loop that uses it."""

    def __init__(self, url: str, clock: Clock, data_dir: Path | None) -> None:
        self._url = parse_url(url)
        self.wakeups = Wakeups()
        self.database = Database(open_engine(self._url), clock, self.wakeups)
        self.conversations = Conversations(self.database, _erased_list(self._url, data_dir))
        self.handovers = Handovers(self.database)
        self.corrections = Corrections(self.database)
        self.notes = Notes(self.database)
        self.returning = Returning(self.database)
        self.alerts = Alerts(self.database)
        self.drills = Drills(self.database)
        self.staff = Staff(self.database)
        self.content = Content(self.database)
        self.asked = Asked(self.database)
        self.watched = Watched(self.database)
        self.builds = StoredBuilds(self.database)

    @classmethod
    async def open(cls, url: str, *, clock: Clock = utc_now, data_dir: Path | None = None) -> Store:
        """Open a database, made or migrated if need be.

        data_dir: where the list of erasures is kept for PostgreSQL; without it what is erased here stands in none.
        Raises StorageUnavailable, SchemaTooNew, SqliteTooOld, DatabaseUrlRefused.
        """
        store = cls(url, clock, data_dir)
        try:
            await store.database.call(migrate)
            await store.wakeups.start(store._url)
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        await self.wakeups.stop()
        await self.database.close()

    async def ping(self) -> None:
        """Whether the database answers. Raises StorageUnavailable."""
        await self.database.read(lambda transaction: transaction.value(text("SELECT 1")))

    async def look_for_an_end_of_trouble(self) -> None:
        """While something fails, try again to read and to write: nobody else may for hours. Raises StorageUnavailable."""
        if self.database.trouble.is_on:
            await self.ping()
            await self.database.write(tries.leave_a_mark)

    async def audit(
        self, site: str, actor: str, action: str, about: str, detail: Mapping[str, Any] | None = None
    ) -> AuditEntry:
        """Add an entry for what no method here records by itself. No visitor's words."""
        return await self.database.write(
            lambda tx: audit.record(tx, site=site, actor=actor, action=action, about=about, detail=detail)
        )

    async def audits(self, site: str, limit: int = 100) -> list[AuditEntry]:
        """A site's latest entries, newest first; of "" those of no single site."""
        return await audit.entries(self.database, site, limit=limit)

    async def verify_audit(self) -> list[AuditFault]:
        """Where the audit chains are not what was written; empty when they are whole."""
        return await audit.verify(self.database)

    async def check(self) -> list[str]:
        """What is wrong with what is stored, a sentence each; nothing when it is whole."""
        return [*await upkeep.check(self.database), *await written.faults(self.database)]

    async def backup(self, to: Path) -> None:
        """Copy an SQLite database to a new file while it is in use. Raises BackupRefused, also on PostgreSQL."""
        await upkeep.backup(self.database, to)
