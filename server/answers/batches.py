"""One queue for all who need the encoder: what waits is read together, in batches bounded by size.

A batch of eight takes half the processor time of eight alone (python -m tests.bench.batches). A lone message waits for
no company: a thread that is free takes what there is.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias, TypeVar

from index.encoding.encode import Encoder, Vectors
from index.encoding.recent import RecentRows

T = TypeVar("T")
THREADS = 2  # one for each core of a small machine: each encodes by itself, so that both are used when both are free
BATCH_CHARS = 1_200  # of messages read together: some twenty plain questions, less than a tenth of a second
PASSES_IN_S = 0.002  # a character: a plain question passes a letter of a thousand that came up to two seconds before it


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts, or pairs of them, that work needs rows of before it goes on."""

    encoder: Encoder
    texts: Sequence[Any]


# Work that stops where it needs rows: it yields what it wants, is sent the rows by text, and returns its result.
Steps: TypeAlias = Generator[Wanted, dict[Any, Vectors], T]


def alone(steps: Steps[T]) -> T:
    """What work comes to by itself, in the thread that asks."""
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(dict(zip(wanted.texts, wanted.encoder.encode(wanted.texts), strict=True)))
    except StopIteration as done:
        result: T = done.value
        return result


@dataclass(order=True, slots=True)
class _Turn:
    due: float
    number: int
    chars: int = field(compare=False)
    future: Future[Any] = field(compare=False)
    steps: Steps[Any] = field(compare=False)
    wanted: Wanted | None = field(compare=False, default=None)

    def go_on(self, rows: dict[Any, Vectors] | None = None, error: Exception | None = None) -> None:
        """Run until rows are wanted again, or to the end: then whoever waits has the result, or the error."""
        self.wanted = None
        try:
            self.wanted = self.steps.throw(error) if error else self.steps.send(rows)  # type: ignore[arg-type]
        except StopIteration as done:
            self.future.set_result(done.value)
        except BaseException as failure:  # noqa: BLE001 - whoever waits for it has it
            self.future.set_exception(failure)


class Batches:
    """Runs work that needs an encoder: shorter texts first, though no text is passed for ever."""

    def __init__(self, name: str, threads: int = THREADS) -> None:
        self.threads = threads
        self._waiting: list[_Turn] = []
        self._changed = threading.Condition()
        self._is_open = True
        self._numbers = count()
        self._recent: dict[Encoder, RecentRows] = {}
        for number in range(threads):
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def take(self, steps: Steps[T], *, chars: int = 0, is_urgent: bool = False) -> asyncio.Future[T]:
        """What work comes to, once it had its turn. Cancelled before that, it never begins. chars: of the texts it reads."""
        future: Future[T] = Future()
        due = float("-inf") if is_urgent else time.monotonic() + PASSES_IN_S * chars
        with self._changed:
            heapq.heappush(self._waiting, _Turn(due, next(self._numbers), chars, future, steps))
            self._changed.notify()
        return asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads, each after the batch it is at. What waits is cancelled."""
        with self._changed:
            self._is_open = False
            for turn in self._waiting:
                turn.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        while turns := self._next_batch():
            for turn in turns:
                turn.go_on()
            while wanting := [turn for turn in turns if turn.wanted]:
                self._give_rows(wanting)

    def _next_batch(self) -> list[_Turn]:
        """What waits, up to the size of a batch; waits until something does. Empty at the end."""
        batch: list[_Turn] = []
        chars = 0
        with self._changed:
            while self._is_open and not batch:
                self._changed.wait_for(lambda: self._waiting or not self._is_open)
                while self._waiting and (not batch or chars + self._waiting[0].chars <= BATCH_CHARS):
                    turn = heapq.heappop(self._waiting)
                    if turn.future.set_running_or_notify_cancel():
                        batch.append(turn)
                        chars += turn.chars
        return batch

    def _give_rows(self, turns: Sequence[_Turn]) -> None:
        for encoder in dict.fromkeys(turn.wanted.encoder for turn in turns if turn.wanted):
            together = [(turn, turn.wanted) for turn in turns if turn.wanted and turn.wanted.encoder is encoder]
            try:
                rows = self._rows(encoder, (text for _, wanted in together for text in wanted.texts))
            except Exception as error:  # noqa: BLE001 - each of them says what becomes of it
                for turn, _ in together:
                    turn.go_on(error=error)
                continue
            for turn, wanted in together:
                turn.go_on({text: rows[text] for text in wanted.texts})  # its own alone: company decides nothing

    def _rows(self, encoder: Encoder, texts: Iterable[Any]) -> dict[Any, Vectors]:
        recent = self._recent.setdefault(encoder, RecentRows(encoder))
        return recent.of(texts)
