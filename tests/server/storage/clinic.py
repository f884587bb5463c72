"""What the stories need: replies of each kind, a conversation, an advocate, a clock that can be turned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import event

from kb.labels import DUTIES, Label
from server.core.handing.handover import Step
from server.core.reply import Candidate, Quote, Reply, Source, Trace
from server.storage import Handover, Received, Role, Started, Store, User, VisitorMessage

PAT = User("a" * 32, "pat@clinic.example", "Pat", Role.ADVOCATE)
SAM = User("b" * 32, "sam@clinic.example", "Sam", Role.ADVOCATE)
ADA = User("c" * 32, "ada@clinic.example", "Ada", Role.ADMIN)

TEXT = "Most visits take about thirty minutes."
PAGE = Source("Knee care", "https://clinic.example/knee", "Visits", None, "https://clinic.example/knee#:~:text=Most")
TRACE = Trace(rules=("own-symptom",), gate={"clinical": 0.9}, candidates=(Candidate("p1", None, 0.25),), threshold=0.5)

keys = (f"key-{number}" for number in count())


class TurnedClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def read_only(store: Store) -> Iterator[None]:
    """SQLite can be read, and refuses every write, as on a disk that went read-only."""

    def refuse(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = 1")

    def allow(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = 0")

    event.listen(store.database.engine, "checkout", refuse)
    try:
        yield
    finally:
        event.remove(store.database.engine, "checkout", refuse)
        event.listen(store.database.engine, "checkout", allow)


def reply(label: Label) -> Reply:
    """A reply as the assistant gives it for a message of this label."""
    sent_line = "I have passed your message on." if DUTIES[label].alerts else ""
    quotes: tuple[Quote, ...] = ()
    if label is Label.ANSWER:
        quotes = (Quote(TEXT, sha256(TEXT.encode()).hexdigest(), "p1", None, (0, len(TEXT)), PAGE),)
    return Reply(label, f"The {label} reply.", "build-1", sent_line=sent_line, quotes=quotes, trace=TRACE)


async def start(store: Store, site: str = "kneecare") -> Started:
    return await store.conversations.start(site, language="en", page_url="https://clinic.example/knee")


async def say(store: Store, conversation_id: str, text: str, label: Label = Label.CLINICAL) -> Received:
    """The visitor says something the gate calls by this label."""
    return await store.conversations.receive(conversation_id, VisitorMessage(text, next(keys)), reply(label))


async def handed_over(store: Store, text: str = "My knee is swollen.", label: Label = Label.CLINICAL) -> Handover:
    """A new conversation, handed over with its first message."""
    started = await start(store)
    received = await say(store, started.conversation_id, text, label)
    assert received.handover_id is not None
    return await store.handovers.get(received.handover_id)


async def claimed(store: Store, user: User = PAT) -> Handover:
    """A new conversation that an advocate has claimed."""
    handover = await handed_over(store)
    return await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=user)


async def answered(store: Store, question: str = "How long is a visit?") -> tuple[str, int]:
    """A conversation that was handed over, then got an answer: its id, and the answer's number."""
    started = await start(store)
    await say(store, started.conversation_id, "Will a scan show it?", Label.CLINICAL)
    received = await say(store, started.conversation_id, question, Label.ANSWER)
    assert received.reply is not None
    return started.conversation_id, received.reply.seq


async def kinds(store: Store, conversation_id: str) -> list[str]:
    """A conversation's log in short, as "author kind"."""
    return [f"{event.author} {event.kind}" for event in await store.conversations.events(conversation_id)]
