"""One thread for work that would only slow itself down in several; of what waits, the least comes first.

So a plain question passes the long letters before it, and waits for one of them at most.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(order=True, slots=True)
class _Turn:
    cost: int
    number: int  # of the same cost the first comes first
    future: Future[Any] = field(compare=False)
    work: Callable[[], Any] = field(compare=False)


class Turns:
    """Runs work in one thread, cheapest first."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[_Turn] = []
        self._lock = threading.Lock()
        self._numbers = count()

    def take(self, work: Callable[[], T], *, cost: int = 0) -> asyncio.Future[T]:
        """What work gives, once it had its turn. Cancelled before that, it never begins."""
        future: Future[T] = Future()
        with self._lock:
            heapq.heappush(self._waiting, _Turn(cost, next(self._numbers), future, work))
        self._thread.submit(self._next)
        return asyncio.wrap_future(future)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> None:
        with self._lock:
            turn = heapq.heappop(self._waiting)
        if not turn.future.set_running_or_notify_cancel():
            return
        try:
            turn.future.set_result(turn.work())
        except BaseException as error:  # noqa: BLE001 - whoever waits for it has it
            turn.future.set_exception(error)
