"""Hints that something changed, so that readers need not wait for their next poll. A hint may be lost.

Topics: `conversation:<id>`, `inbox:<site>`, `site:<site>`. Within a process at once; between processes by
PostgreSQL's LISTEN/NOTIFY, on a connection of its own that comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import URL

from server.storage.database.engine import CONNECT_TIMEOUT_S

CHANNEL = "advocate"  # PostgreSQL's name for our notifications
FIRST_LINE_S = 2.0
RECONNECT_S = (0.1, 0.5, 1.0, 2.0, 5.0)

log = logging.getLogger(__name__)


class Waiter:
    """One reader's ear on one topic, from the moment it was made."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self, news: Sequence[object] = ()) -> None:  # noqa: ARG002 - who wants the news keeps them: following.py
        """Something changed: `news` says what, if it is known."""
        self._woken.set()

    async def woken(self) -> None:
        """Wait for a hint: returns at once for one that came since the last wait."""
        await self._woken.wait()
        self._woken.clear()

    async def wait(self, timeout_s: float) -> bool:
        """Whether a hint came within the time: returns at once for one that came since the last wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        was_woken = self._woken.is_set()
        self._woken.clear()
        return was_woken


class Wakeups:
    """The waiters of this process, and its line to the others."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._origin = secrets.token_hex(4)  # tells our own notifications from other processes'
        self._waiters: dict[str, set[Waiter]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._url: str = ""
        self.is_listening = asyncio.Event()

    @contextlib.contextmanager
    def listen(self, topic: str, waiter: Waiter | None = None) -> Iterator[Waiter]:
        """A waiter for a topic. Read what there is inside the block: what changes after that wakes the waiter."""
        waiter = waiter or Waiter()
        self._waiters.setdefault(topic, set()).add(waiter)
        try:
            yield waiter
        finally:
            left = self._waiters[topic]
            left.discard(waiter)
            if not left:
                del self._waiters[topic]

    async def wait(self, topic: str, timeout_s: float) -> bool:
        """Wait for a hint or the time-out. A hint from before this call is missed: `listen` first to be sure."""
        with self.listen(topic) as waiter:
            return await waiter.wait(timeout_s)

    def notify(self, changed: Mapping[str, Sequence[object]]) -> None:
        """Wake this process's readers of these topics, with what is new on each if that is known. From any thread."""
        if changed:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._wake, changed)

    def _wake(self, changed: Mapping[str, Sequence[object]]) -> None:
        for topic, news in changed.items():
            for waiter in self._waiters.get(topic, ()):
                waiter.wake(news)

    def payload(self, topic: str) -> str:
        """What other processes are told: who says it, and the topic. Ids only, never words."""
        return f"{self._origin} {topic}"

    async def start(self, url: URL) -> None:
        """Listen to other processes, where the database can carry it. Waits a moment for the line, not for ever."""
        if url.get_backend_name() != "postgresql":
            return
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listener = asyncio.create_task(self._listen_for_ever(), name="wakeups")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.is_listening.wait(), FIRST_LINE_S)

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None

    async def _listen_for_ever(self) -> None:
        import psycopg

        failures = 0
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError) as error:
                log.warning("wake-ups from other processes are off, polling goes on: %s", type(error).__name__)
            if self.is_listening.is_set():
                failures = 0
            self.is_listening.clear()
            await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S) - 1)])
            failures += 1

    async def _listen_once(self) -> None:
        import psycopg  # here: a server on SQLite never needs it, and starts sooner without

        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.is_listening.set()
            self._wake(dict.fromkeys(self._waiters, ()))  # hints sent while the line was down are lost
            async for notification in connection.notifies():
                origin, _, topic = notification.payload.partition(" ")
                if origin != self._origin:
                    self._wake({topic: ()})
