"""How much work for visitors may be on its way at once: what is over it is refused at once, so that what is let in is
served in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

CHARS_A_TURN = 100
MOST_TURNS = 15  # what the costliest message costs (python -m tests.bench.worst)
# Plain questions' worth of messages being decided and stored: some two seconds' work of two cores that are busy with other
# things too (python -m tests.bench.chat). Sixty-four who wait for their answer and then ask on are all let in.
ROOM = 72
# Where the last one let in took longer than this, the machine is slower than that: room is then for few, until it catches up.
LATE_S, FEW = 1.5, 16


class Room:
    """What is on its way, in turns: each about a plain question's worth of work."""

    def __init__(self, turns: int = ROOM, clock: Callable[[], float] = monotonic) -> None:
        self._most = self._left = turns
        self._clock = clock
        self._is_late = False

    def has(self, turns: int) -> bool:
        """Whether so many more may come now."""
        return turns <= self._left and (not self._is_late or self._most - self._left < FEW)

    @contextmanager
    def taken(self, turns: int) -> Iterator[None]:
        """Hold so many turns until the work is done, room or not."""
        self._left -= turns
        began = self._clock()
        try:
            yield
        finally:
            self._left += turns
            self._is_late = self._clock() - began > LATE_S


def turns_of(text: str, history: Sequence[str] = ()) -> int:
    """How many turns a message costs: about the plain questions it is worth to the encoder, at most."""
    chars = len(text) + sum(map(len, history)) // 4  # what was said before is only asked for its rules
    return max(1, min(-(-chars // CHARS_A_TURN), MOST_TURNS))
