"""Transactions that can be repeated: begun, committed, and tried again when another one stood in the way.

The work of a transaction is a plain function, run from its first statement to its commit in one thread: half the
processor time of an async driver, which changes threads several times for each statement (server/docs/decisions.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from server.storage.database.engine import BEGIN, NONE, POOL_SIZE, READING, WRITING
from server.storage.database.faults import PATIENCE_S, Attempt, StorageUnavailable, repeat
from server.storage.database.patience import patience
from server.storage.database.trouble import Trouble
from server.storage.database.wakeups import CHANNEL, Wakeups

T = TypeVar("T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Transaction:
    """One transaction: its connection, its moment, and the topics to wake once it is committed, each with what is new."""

    connection: Connection
    now: datetime
    woken: dict[str, list[object]] = field(default_factory=dict)

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Execute a statement, once for each row if rows are given. Returns how many rows it touched."""
        return int(self.connection.execute(statement, rows).rowcount)

    def all(self, statement: Executable) -> Sequence[Row[Any]]:
        return self.connection.execute(statement).all()

    def each(self, statement: Executable) -> Iterator[Row[Any]]:
        """Rows of a long result, without holding all of them."""
        yield from self.connection.execute(statement, execution_options={"yield_per": 1_000})

    def first(self, statement: Executable) -> Row[Any] | None:
        return self.connection.execute(statement).first()

    def value(self, statement: Executable) -> Any:
        return self.connection.execute(statement).scalar()

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """An insert that knows `on_conflict_...`, in this engine's dialect."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    @property
    def is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def wake(self, *topics: str) -> None:
        """Have these topics' readers told once this is committed."""
        for topic in topics:
            self.woken.setdefault(topic, [])

    def tell(self, topic: str, news: Sequence[object]) -> None:
        """Have a topic's readers in this process told what is new once this is committed; all others look."""
        self.woken.setdefault(topic, []).extend(news)


class Database:
    """Runs transactions. Work may run more than once, so it changes nothing but the database.

    On SQLite one thread does all the writing: waiting for one's turn there is fair and cheap, in the busy handler
    of SQLite it is neither.
    """

    def __init__(self, engine: Engine, clock: Clock, wakeups: Wakeups) -> None:
        self.engine = engine
        self.clock = clock
        self.is_postgresql = engine.dialect.name == "postgresql"
        self.trouble = Trouble()
        self._wakeups = wakeups
        self._threads = ThreadPoolExecutor(POOL_SIZE, "storage")
        self._writing = self._threads if self.is_postgresql else ThreadPoolExecutor(1, "storage-writer")

    async def read(self, work: Callable[[Transaction], T]) -> T:
        reading = self._in_thread(self._threads, lambda attempt: self._once(work, attempt, READING))
        return await self._watched("reading", reading)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in one transaction: when this returns, it is durable. Raises StorageUnavailable."""
        writing = self._in_thread(self._writing, lambda attempt: self._once(work, attempt, WRITING))
        return await self._watched("writing", writing)

    async def maintain(self, *statements: str) -> list[Row[Any] | None]:
        """Run statements that stand outside of transactions, such as VACUUM, one after the other: the first row of each."""
        return await self._in_thread(self._writing, lambda _attempt: self._outside(statements))

    async def call(self, work: Callable[[Connection], T]) -> T:
        """Run work on a connection that manages its transactions itself, such as a migration."""
        return await self._in_thread(self._writing, lambda _attempt: self._connected(work))

    async def close(self) -> None:
        for threads in {self._threads, self._writing}:
            await asyncio.to_thread(threads.shutdown)
        self.engine.dispose()

    async def _watched(self, kind: str, work: Awaitable[T]) -> T:
        try:
            result = await work
        except StorageUnavailable as error:
            self.trouble.failed(kind, error)
            raise
        self.trouble.worked(kind)
        return result

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[[Attempt], T]) -> T:
        left = patience()
        deadline = time.monotonic() + (PATIENCE_S if left is None else left.left_s)
        running = asyncio.get_running_loop().run_in_executor(threads, repeat, work, deadline)
        return await (running if left is None else left.wait_for(running))

    def _once(self, work: Callable[[Transaction], T], attempt: Attempt, begin: str) -> T:
        with self.engine.connect() as connection:
            connection = connection.execution_options(**{BEGIN: begin})
            with connection.begin():
                transaction = Transaction(connection, self.clock())
                result = work(transaction)
                self._tell_other_processes(transaction)
                attempt.is_committing = begin == WRITING
        self._wakeups.notify(transaction.woken)
        return result

    def _outside(self, statements: Sequence[str]) -> list[Row[Any] | None]:
        with self.engine.connect() as connection:
            outside = {"isolation_level": "AUTOCOMMIT"} if self.is_postgresql else {BEGIN: NONE}
            connection = connection.execution_options(**outside)
            results = (connection.execute(text(statement)) for statement in statements)
            return [result.first() if result.returns_rows else None for result in results]

    def _connected(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return work(connection)

    def _tell_other_processes(self, transaction: Transaction) -> None:
        if self.is_postgresql:
            for topic in transaction.woken:
                transaction.first(select(func.pg_notify(CHANNEL, self._wakeups.payload(topic))))
