"""Random interleavings of what a visitor and two advocates do at once: three clients, each with its own reading of the log.

Whatever the order: the assistant never speaks after a claim, every reader has the same log once and in order, and what was
acknowledged is there once. `ADVOCATE_INTERLEAVINGS` says how many are played; `make soak` plays 1,000.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from server.core.handing.handover import Closing, Closure, StepRefused
from server.core.quoting import cut_quote
from server.desk import Desk, NotStored, Pass, Picked, Typed
from server.rounds.following import Typing
from server.storage import (
    Author,
    Event,
    Handover,
    Kind,
    Move,
    NotClaimed,
    Role,
    StaleView,
    StepLost,
    StorageUnavailable,
    Store,
    User,
)
from tests.server.web.stand_in import PAGE, StandIn

INTERLEAVINGS = int(os.environ.get("ADVOCATE_INTERLEAVINGS", "20"))
STEPS = 24
WORDS = ("What is a trigger point?", "Is it safe for my heart?", "hello", "I have chest pain", "What does it cost?")
PASSAGE = PAGE.passages[0]
PICKED = Picked(PASSAGE.passage_id, cut_quote(PAGE, PASSAGE, None).sha256)
LOST = (StepLost, StepRefused, NotClaimed, StaleView, StorageUnavailable)  # someone was first: nothing was done


T = TypeVar("T")


@dataclass
class Reader:
    """A client's own copy of the log, which it goes on reading from where it broke."""

    desk: Desk
    conversation_id: str
    side: Author
    log: list[Event] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    @property
    def seen_seq(self) -> int:
        return self.log[-1].seq if self.log else 0

    def connect(self) -> None:
        """Break off, if it reads, and read on."""
        if self.task is not None:
            self.task.cancel()
        self.task = asyncio.create_task(self._read())

    async def reconnect(self) -> None:
        self.connect()

    async def _read(self) -> None:
        async for one in self.desk.follow(self.conversation_id, after=self.seen_seq, reader=self.side):
            if not isinstance(one, Typing):
                self.log.append(one)

    async def end(self, last_seq: int) -> None:
        """Read to the last number, then stop."""
        async with asyncio.timeout(60):
            while self.seen_seq < last_seq:
                await asyncio.sleep(0.01)
        assert self.task is not None
        self.task.cancel()


class Shift:
    """One conversation, its visitor and two advocates, and all that was acknowledged to any of them."""

    def __init__(self, desk: Desk, store: Store, visitor: Pass, advocates: tuple[User, User], seed: int) -> None:
        self.desk, self.store, self.visitor, self.advocates = desk, store, visitor, advocates
        self.random = random.Random(seed)
        self.readers = [
            Reader(desk, visitor.conversation_id, side) for side in (Author.VISITOR, *[Author.ADVOCATE] * 2)
        ]
        self.acknowledged: dict[str, int] = {}  # a message's own words: its number
        self.count = 0

    async def play(self) -> None:
        for reader in self.readers:
            reader.connect()
        running: set[asyncio.Task[None]] = set()
        await self.say("Is it safe for my heart?")
        for _ in range(STEPS):
            act = self.random.choice(self.acts())
            running.add(asyncio.create_task(self.tried(act)))
            if self.random.random() < 0.4:
                await asyncio.gather(*running)
                running.clear()
        await asyncio.gather(*running)
        last_seq = (await self.desk.said(self.visitor.conversation_id))[-1].seq
        for reader in self.readers:
            await reader.end(last_seq)

    def acts(self) -> list[Callable[[], Awaitable[object]]]:
        who = self.random.randrange(2)
        user, reader = self.advocates[who], self.readers[1 + who]
        text = self.random.choice(WORDS)
        say = lambda: self.say(text)  # noqa: E731
        write = lambda: self.write(user, reader)  # noqa: E731
        return [
            *[say] * 4,
            *[write] * 4,
            *[lambda: self.step("claim", user)] * 3,
            lambda: self.step("release", user),
            lambda: self.step("give_back", user),
            lambda: self.step("close", user),
            lambda: self.step("transfer", user),
            lambda: self.step("take_over", user),
            self.random.choice(self.readers).reconnect,
        ]

    async def tried(self, act: Callable[[], Awaitable[object]]) -> None:
        with suppress(*LOST):
            await act()

    async def say(self, text: str) -> None:
        """The visitor sends something, and sends it again as if the answer had been lost."""
        self.count += 1
        words, key = f"{text} ({self.count})", f"visitor-{self.count}"
        for _ in range(self.random.choice((1, 1, 2))):
            taken = await again_until_stored(lambda: self.desk.receive(self.visitor, Typed(words), key))
            assert taken.received.message is not None
            self.acknowledge(words, taken.received.message.seq)

    async def write(self, user: User, reader: Reader) -> None:
        self.count += 1
        words, key = f"{user.name} ({self.count})", f"{self.count:032x}"
        picked = [PICKED] if self.random.random() < 0.3 else []
        seen_seq = reader.seen_seq
        for _ in range(self.random.choice((1, 1, 2))):
            event = await again_until_stored(
                lambda: self.desk.write(
                    self.visitor.conversation_id, user, words, picked=picked, seen_seq=seen_seq, key=key
                )
            )
            self.acknowledge(words, event.seq)

    def acknowledge(self, words: str, seq: int) -> None:
        assert self.acknowledged.setdefault(words, seq) == seq, f"{words} was stored twice"

    async def step(self, name: str, user: User) -> Handover:
        handover = await self.desk.handover(self.visitor.conversation_id)
        assert handover is not None
        at: dict[str, Any] = {
            "version": handover.version - (self.random.random() < 0.1),
            "user": user,
        }  # now and then an old page
        other = next(one for one in self.advocates if one != user)
        match name:
            case "close":
                closure = Closure(self.random.choice(list(Closing)), why="It needed none.", is_sure=True)
                return await self.desk.close(handover.handover_id, **at, closure=closure)
            case "transfer":
                return await self.desk.transfer(handover.handover_id, **at, move=Move(other, "Yours."))
            case "take_over":
                return await self.desk.take_over(handover.handover_id, **at, why="I know her.")
        step: Handover = await getattr(self.desk, name)(handover.handover_id, **at)
        return step


async def again_until_stored(send: Callable[[], Awaitable[T]]) -> T:
    """Send with the same key until it is stored, as a client does when the store is slow."""
    while True:
        with suppress(NotStored, StorageUnavailable):
            return await send()


def silent_after_claims(log: list[Event]) -> bool:
    """Whether the assistant said nothing between a claim and its end; the emergency card is the system's."""
    is_claimed = False
    for event in log:
        if event.author is Author.ASSISTANT and is_claimed:
            return False
        if event.kind is Kind.EMERGENCY and is_claimed:
            assert event.author is Author.SYSTEM
        if event.kind is Kind.CLAIMED:
            is_claimed = True
        elif event.kind in (Kind.RELEASED, Kind.CLOSED):
            is_claimed = False
    return True


@pytest.fixture
async def advocates(store: Store) -> tuple[User, User]:
    users = []
    for name in ("Pat", "Sam"):
        users.append(await store.staff.add(f"{name}@kneecare.test", name, Role.ADVOCATE, "quiet orchard lamp"))
        await store.staff.sign_in(users[-1].email, "quiet orchard lamp")
    return users[0], users[1]


async def test_whatever_the_order_nothing_is_lost_doubled_or_said_over_a_person(
    store: Store, advocates: tuple[User, User]
):
    desk, steps = Desk(store, StandIn()), set()
    for seed in range(INTERLEAVINGS):
        started = await desk.start("kneecare")
        shift = Shift(desk, store, Pass(started.conversation_id, started.token), advocates, seed)
        await shift.play()
        log = await desk.said(started.conversation_id)
        assert [event.seq for event in log] == list(range(1, len(log) + 1)), seed
        assert all(reader.log == log for reader in shift.readers), seed
        said = [event for event in log if event.author in (Author.VISITOR, Author.ADVOCATE)]
        assert {event.body["text"]: event.seq for event in said} == shift.acknowledged, seed
        assert len(said) == len(shift.acknowledged), seed
        assert silent_after_claims(log), seed
        assert (await desk.transcript(started.conversation_id, advocates[0])).events == tuple(log), seed
        steps |= {(event.kind, event.body.get("by") or event.body.get("to")) for event in log}
    played = {("claimed", None), ("claimed", "transfer"), ("claimed", "take over"), ("closed", None)}
    assert played | {("released", "waiting"), ("released", "assistant"), ("emergency", None)} <= steps
