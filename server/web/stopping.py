"""Ends open streams when the server is told to stop.

uvicorn waits for open responses before it tells the app that it is going down, and a stream never ends by itself
(server/docs/decisions.md). So the signal is heard here too, on its way to uvicorn.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_stop_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the event loop when the process is told to stop; what handled the signal before still does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals; such a server is a test's, and stops its streams itself
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in SIGNALS:
        if callable(before[number]):
            signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is heard:
                signal.signal(number, handler)
