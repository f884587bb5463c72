"""How long one request may wait for the database in all, over every transaction it needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from server.storage.database.faults import PATIENCE_S, StorageUnavailable

T = TypeVar("T")


class Patience:
    """What is left of it, in seconds: what is done besides does not count, so a slow encoder leaves room to store."""

    def __init__(self, left_s: float) -> None:
        self.left_s = left_s

    async def wait_for(self, work: asyncio.Future[T]) -> T:
        """What work gives. Raises StorageUnavailable when the patience ends first; the work itself may still be done."""
        began = time.monotonic()
        done, _ = await asyncio.wait({work}, timeout=max(0.0, self.left_s))
        self.left_s -= time.monotonic() - began
        if not done:
            work.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody asks it any more
            raise StorageUnavailable("The database did not answer in time. Try again with the same Idempotency-Key.")
        return work.result()


_of_request: ContextVar[Patience | None] = ContextVar("patience", default=None)


def patience() -> Patience | None:
    """The patience of the request this runs for; None outside of one: a build or a check takes as long as it takes."""
    return _of_request.get()


@contextmanager
def one_patience(left_s: float = PATIENCE_S) -> Iterator[None]:
    """Give everything done in here, and in tasks begun here, one patience together."""
    token = _of_request.set(Patience(left_s))
    try:
        yield
    finally:
        _of_request.reset(token)
