"""Conversations under load: streams open, messages at a steady rate, reply and handover stored; client on the same cores.

python -m tests.bench.chat [STREAMS RATE SECONDS]
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from server.figures.evaluation import load_questions
from tests.bench.serving import Served, kneecare_served
from tests.bench.wire import Line

QUESTIONS = Path(__file__).parents[1] / "server" / "data" / "kneecare_validation.jsonl"
STREAMS, RATE, SECONDS = 200, 40.0, 30.0
KEPT_S = 3.0  # the server closes a connection that was idle for five
P99_MS = 500  # allowed at 200 streams and 40 messages a second on two cores


@dataclass
class Tally:
    """What came of the messages, and what the streams gave."""

    took_ms: list[float] = field(default_factory=list)
    refused: int = 0
    failed: int = 0
    events: int = 0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.took_ms) or [0.0]
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass(slots=True)
class Visitor:
    """A conversation with its stream open."""

    path: str
    headers: dict[str, str]
    stream: Line

    @classmethod
    async def begin(cls, port: int, tally: Tally, reading: set[asyncio.Task[None]]) -> Visitor:
        line = await Line.open(port)
        _, told = await line.post("/api/v1/sites/kneecare/conversations", {})
        visitor = cls(f"/api/v1/conversations/{told['id']}", {"Authorization": f"Bearer {told['token']}"}, line)
        reading.add(asyncio.create_task(visitor.listen(tally)))
        return visitor

    async def listen(self, tally: Tally) -> None:
        async for _ in self.stream.events(f"{self.path}/events", **self.headers):
            tally.events += 1


class Asking:
    """Sends messages at their time, whether the ones before are answered or not."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._port = port
        self._tally = tally
        self._idle: list[tuple[float, Line]] = []
        self._keys = count()

    async def _line(self) -> Line:
        """One that is idle, but not for so long that the server is about to close it."""
        while self._idle:
            since, line = self._idle.pop()
            if time.perf_counter() - since < KEPT_S:
                return line
            line.close()
        return await Line.open(self._port)

    async def say(self, visitor: Visitor, text: str, due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        try:
            line = await self._line()
            key = {"Idempotency-Key": f"k{next(self._keys)}"}
            status, _ = await line.post(f"{visitor.path}/messages", {"text": text}, **visitor.headers, **key)
            self._idle.append((time.perf_counter(), line))
        except (OSError, asyncio.IncompleteReadError):
            self._tally.failed += 1
            return
        if status == 201:
            self._tally.took_ms.append(1000 * (time.perf_counter() - due))
        elif status == 503:
            self._tally.refused += 1
        else:
            self._tally.failed += 1


async def measure(served: Served, streams: int, rate: float, seconds: float) -> Tally:
    """Let so many visitors say `rate` messages a second in all."""
    texts = [one.text for one in load_questions(QUESTIONS)]
    tally, reading = Tally(), set[asyncio.Task[None]]()
    visitors = [await Visitor.begin(served.port, tally, reading) for _ in range(streams)]
    await asyncio.sleep(1)
    asking, random = Asking(served.port, tally), Random(0)
    began, total = time.perf_counter() + 0.1, int(rate * seconds)
    await asyncio.gather(
        *(asking.say(visitors[n % streams], random.choice(texts), began + n / rate) for n in range(total))
    )
    with suppress(TimeoutError):  # what was stored is on its way to the streams
        async with asyncio.timeout(5):
            while tally.events < 2 * len(tally.took_ms):
                await asyncio.sleep(0.05)
    for one in reading:
        one.cancel()
    for visitor in visitors:
        visitor.stream.close()
    return tally


def main() -> int:
    given = [float(one) for one in sys.argv[1:]]
    streams, rate, seconds = given or (STREAMS, RATE, SECONDS)
    with kneecare_served() as served:
        asyncio.run(measure(served, 10, 5, 3))  # warm
        before = served.cpu_s
        tally = asyncio.run(measure(served, int(streams), rate, seconds))
        used, memory = served.cpu_s - before, served.memory_mb
    answered = len(tally.took_ms)
    print(
        f"{streams:.0f} streams, {rate:.0f} messages a second: p50 {tally.quantile(0.5):.0f} ms, p99 {tally.quantile(0.99):.0f} ms, "
        f"{answered} answered, {tally.refused} refused, {tally.failed} failed, {tally.events} events; "
        f"server {1000 * used / max(1, answered):.1f} ms of processor a message, {memory:.0f} MB"
    )
    return int(tally.quantile(0.99) > P99_MS or tally.refused > 0 or tally.failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
