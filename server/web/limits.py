"""How often a visitor may ask. Sliding windows in memory, one set per process.

pyrate-limiter was tried and left: each of its buckets brings a thread that empties it, its keys are never
forgotten, and a refusal does not say how long to wait.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from server.settings import Settings

MAX_KEYS = 50_000  # some 10 MB at worst; the key unused longest is forgotten first


class Window:
    """At most `most` turns in any `per_s` seconds, for each key."""

    def __init__(self, most: int, per_s: float = 60.0, clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._per_s = per_s
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str, turns: int = 1) -> float:
        """Seconds until the key has room for so many turns; 0 when it has now. Counts nothing."""
        times = self._times.get(key)
        if times is None:
            return 0.0
        now = self._clock()
        while times and times[0] <= now - self._per_s:
            times.popleft()
        over = len(times) + min(turns, self._most) - self._most
        return times[over - 1] + self._per_s - now if over > 0 else 0.0

    def count(self, key: str, turns: int = 1) -> None:
        self._times.setdefault(key, deque(maxlen=self._most)).extend([self._clock()] * turns)
        self._times.move_to_end(key)
        if len(self._times) > MAX_KEYS:
            self._times.popitem(last=False)


def take(*asked: tuple[Window, str, int]) -> float:
    """Take so many turns in every window, or in none: then give the seconds to wait. 0 when taken."""
    if wait := max((window.wait_s(key, turns) for window, key, turns in asked), default=0.0):
        return wait
    for window, key, turns in asked:
        window.count(key, turns)
    return 0.0


class OpenStreams:
    """How many event streams a conversation holds open: one a tab, some while they reconnect."""

    MOST = 8

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def enter(self, conversation_id: str) -> bool:
        """Take a place, if there is one."""
        if self._open[conversation_id] >= self.MOST:
            return False
        self._open[conversation_id] += 1
        return True

    def leave(self, conversation_id: str) -> None:
        self._open[conversation_id] -= 1
        if not self._open[conversation_id]:
            del self._open[conversation_id]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the visitor's doors. A clinic's visitors may share one address, so that one is wide."""

    is_on: bool
    conversation: Window
    address: Window
    new_conversations: Window
    streams: OpenStreams
    emergencies: Window  # an emergency that the other limits would refuse has room of its own

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            is_on=settings.rate_limit == "on",
            conversation=Window(12),
            address=Window(60),
            new_conversations=Window(10),
            streams=OpenStreams(),
            emergencies=Window(12),
        )

    def wait_s(self, *, address: str, token: str | None = None, is_new: bool = False, turns: int = 1) -> float:
        """Take a turn, and as many of the address as the work is worth; else the seconds to wait for them.

        A conversation is told by its token, which is not looked up: whoever knows only its id takes none of its turns.
        """
        if not self.is_on:
            return 0.0
        asked = [(self.address, address, turns)]
        if token is not None:
            asked.append((self.conversation, token, 1))
        if is_new:
            asked.append((self.new_conversations, address, 1))
        return take(*asked)

    def has_room_for_emergency(self, address: str) -> bool:
        """Take a turn among the emergencies that are over the other limits."""
        return not take((self.emergencies, address, 1))
