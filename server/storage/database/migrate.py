"""Brings a database to the schema of this code, once, whichever process comes first.

Alembic is read only where there is something to change: most starts only look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from kb.errors import AdvocateError
from server.storage.database.engine import BEGIN, WRITING

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "head"
ADVISORY_LOCK = 0x41645661  # "AdVa": any number that no other program on this server takes


class SchemaTooNew(AdvocateError):
    """A database that a later version of this product has changed."""


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Upgrade to a revision, or to the newest. Safe when several processes start at once. Raises SchemaTooNew."""
    if revision == HEAD:
        with connection.begin():
            if _is_current(connection):
                return
    from alembic import command

    _alone(connection, lambda: command.upgrade(_config(connection), revision))


def migrate_down(connection: Connection, revision: str) -> None:
    """Go back to an earlier revision, or to "base"."""
    from alembic import command

    _alone(connection, lambda: command.downgrade(_config(connection), revision))


@cache
def known_revisions() -> tuple[str, ...]:
    """The revisions of this code, oldest first: each is named as its file, and files are numbered in their order."""
    return tuple(sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def _alone(connection: Connection, work: Callable[[], None]) -> None:
    """Run schema work in one transaction that no other process's can overlap."""
    connection = connection.execution_options(**{BEGIN: WRITING})
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        _is_current(connection)  # again: refuses a schema that became too new while this one waited
        work()


def _is_current(connection: Connection) -> bool:
    """Whether the schema is this code's newest. Raises SchemaTooNew for one this code does not know."""
    has_any = inspect(connection).has_table("alembic_version")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_any else None
    if found is not None and found not in known_revisions():
        raise SchemaTooNew(
            f"The database has schema {found}, but this version of Patient Advocate knows none later than "
            f"{known_revisions()[-1]}. Install the version that made it, or restore a backup from before the upgrade."
        )
    return found == known_revisions()[-1]


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
