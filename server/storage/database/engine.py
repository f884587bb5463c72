"""Opens a database: which SQLite is used, its version floor, pragmas and pools."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from kb.errors import AdvocateError

BUSY_TIMEOUT_MS = 4_000
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 30_000

SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",  # first: the others may have to wait for a lock
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a data sync stands before every acknowledgement
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what a visitor erases is overwritten, not only unlinked
)
POSTGRESQL_SETTINGS = (
    f"SET lock_timeout = {LOCK_TIMEOUT_MS}",
    f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}",
    "SET idle_in_transaction_session_timeout = 30000",
)
BEGIN = "advocate_begin"  # execution option: how SQLite begins this connection's transactions; "" begins none
PRIVATE = 0o600
READING, WRITING, NONE = "BEGIN", "BEGIN IMMEDIATE", ""
POOL_SIZE = 12  # threads, and connections: a transaction needs one of each
POOL: dict[str, Any] = {"pool_size": POOL_SIZE, "max_overflow": 1, "pool_timeout": 10, "hide_parameters": True}


class SqliteTooOld(AdvocateError):
    """A SQLite whose write-ahead log can lose or damage data."""


class DatabaseUrlRefused(AdvocateError):
    """A database URL of a kind this product does not use."""


def find_sqlite() -> ModuleType:
    """The SQLite to use: pysqlite3's, as Debian 12's own is too old for WAL; without its wheel, Python's.

    `check_sqlite_version` refuses either if it is unsafe.
    """
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        return import_module("sqlite3.dbapi2")


def open_engine(url: URL) -> Engine:
    """An engine for a SQLite file (its folder is made) or a PostgreSQL server. Connects to nothing yet."""
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    return _open_postgresql(url)


def parse_url(url: str) -> URL:
    """The URL with the driver this product uses. Raises DatabaseUrlRefused."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("unreadable")
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
    raise DatabaseUrlRefused(
        "A database URL is sqlite+aiosqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME; "
        f"found one that starts with {url.partition(':')[0][:20]!r}. Set ADVOCATE_DATABASE_URL, or leave it empty."
    )


def is_safe_sqlite(version: tuple[int, ...]) -> bool:
    """Whether a SQLite is free of the WAL-reset bug (3.7.0 to 3.51.2; fixed in 3.51.3, back in 3.50.7 and 3.44.6)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def check_sqlite_version(found: str) -> None:
    """Raises SqliteTooOld unless WAL is safe with this version."""
    if not is_safe_sqlite(tuple(int(part) for part in found.split("."))):
        raise SqliteTooOld(
            f"SQLite {found} can damage a database in WAL mode; 3.51.3 or later is needed (or 3.50.7+, 3.44.6+ in "
            "those lines). Install the pysqlite3 package, a newer Python, or set ADVOCATE_DATABASE_URL to PostgreSQL."
        )


def _open_sqlite(url: URL) -> Engine:
    Path(url.database or "").resolve().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, module=find_sqlite(), **POOL)
    event.listen(engine, "do_connect", _keep_private)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_postgresql(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}, **POOL)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _keep_private(_dialect: object, _record: object, arguments: list[Any], _options: dict[str, Any]) -> None:
    """Visitors' words are for nobody else on this machine. SQLite gives its log the rights of the file itself."""
    path = Path(arguments[0])
    if not path.exists():
        path.touch(mode=PRIVATE)
    elif path.stat().st_mode & 0o777 != PRIVATE:
        with suppress(OSError):  # another's file, or a disk that takes no changes: it can be read all the same
            path.chmod(PRIVATE)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    cursor.execute("SELECT sqlite_version()")
    check_sqlite_version(cursor.fetchone()[0])
    if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before the first page: a purge gives room back bit by bit
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock before it reads, so that no snapshot grows stale under it."""
    if begin := connection.get_execution_options().get(BEGIN, READING):
        connection.exec_driver_sql(begin)


def _set_up_postgresql(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for setting in POSTGRESQL_SETTINGS:
        cursor.execute(setting)
    cursor.close()
    connection.commit()
