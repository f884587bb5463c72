"""Who follows a conversation in this process: each is told what is written as it is committed, and one look a second
for all of them finds what nobody told. No follower holds a thread or asks the database while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from server.storage.database.faults import StorageUnavailable
from server.storage.database.wakeups import Waiter, Wakeups
from server.storage.talks.conversations import Conversations
from server.storage.talks.events import MOST_READ, Author, Event

POLL_S = 1.0  # a wake-up may be lost, so what is followed is looked at again this often
MOST_TOLD = 200  # events kept for a reader who is slow: past that they are read again


@dataclass(frozen=True, slots=True)
class Typing:
    """Someone is writing. Never stored."""

    author: Author


class Follower(Waiter):
    """One reader of one conversation, and the number of the last event it had."""

    def __init__(self, conversations: Conversations, conversation_id: str, after: int) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self.after = after
        self.failure: StorageUnavailable | None = None
        self._conversations = conversations
        self._told: list[object] = []
        self._must_look = False
        self.wake()  # first of all what there is already

    def wake(self, news: Sequence[object] = ()) -> None:
        self._must_look = self._must_look or not news or len(self._told) > MOST_TOLD
        self._told = [] if self._must_look else [*self._told, *news]
        super().wake()

    def nudge(self) -> None:
        """Have `news` come back, with nothing if there is nothing."""
        super().wake()

    async def news(self) -> list[Event | Typing]:
        """What is new since the last call, once and in order; waits until something may be. Raises StorageUnavailable."""
        await self.woken()
        if self.failure is not None:
            raise self.failure
        told, self._told = self._told, []
        signs: list[Event | Typing] = [one for one in told if isinstance(one, Typing)]
        events = sorted((one for one in told if isinstance(one, Event)), key=lambda one: one.seq)
        events = [one for one in events if one.seq > self.after]
        is_whole = [one.seq for one in events] == list(range(self.after + 1, self.after + 1 + len(events)))
        if self._must_look or not is_whole:
            self._must_look = False
            events = await self._conversations.events(self.conversation_id, after=self.after)
            if len(events) == MOST_READ:
                self.wake()  # there may be more
        self.after = events[-1].seq if events else self.after
        return [*events, *signs]


class Following:
    """Every follower of this process."""

    def __init__(self, conversations: Conversations, wakeups: Wakeups) -> None:
        self._conversations = conversations
        self._wakeups = wakeups
        self._followers: set[Follower] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def join(self, conversation_id: str, after: int) -> Iterator[Follower]:
        """A follower, told from now on."""
        follower = Follower(self._conversations, conversation_id, after)
        self._followers.add(follower)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            with self._wakeups.listen(f"conversation:{conversation_id}", follower):
                yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def nudge(self) -> None:
        """Have every follower look whether to go on."""
        for follower in self._followers:
            follower.nudge()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                last = await self._conversations.last_numbers({one.conversation_id for one in self._followers})
            except StorageUnavailable as error:
                for follower in self._followers:
                    follower.failure = error
                    follower.nudge()
                continue
            for follower in self._followers:
                if last.get(follower.conversation_id, 0) > follower.after:
                    follower.wake()
