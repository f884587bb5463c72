"""The event stream: in order, once, from wherever a reader left off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import fastapi.routing
import httpx
import pytest

from server.storage import Store
from server.storage.talks.events import Author
from tests.server.web.conftest import Visitor, begin

QUESTION = "What is a trigger point?"


@dataclass(frozen=True)
class Sent:
    """One event as it came over the wire."""

    event: str
    id: str
    data: Any


async def read(visitor: Visitor, count: int, last_event_id: str | None = None) -> list[Sent]:
    """The first events of a stream, which is then left."""
    resume = {} if last_event_id is None else {b"Last-Event-ID": last_event_id.encode()}
    headers = {name.encode(): value.encode() for name, value in visitor.headers.items()} | resume
    async with visitor.client.stream("GET", f"{visitor.address}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        found: list[Sent] = []
        async for one in events_of(response):
            found.append(one)
            if len(found) == count:
                break
        return found


async def events_of(response: httpx.Response) -> AsyncIterator[Sent]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
            continue
        if "event" in fields:
            yield Sent(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
        fields = {}


@pytest.fixture
async def online(served: str) -> AsyncIterator[Visitor]:
    async with httpx.AsyncClient(base_url=served, timeout=10) as client:
        yield await begin(client)


async def test_a_reader_gets_what_was_said_and_what_is_said_next(online: Visitor):
    await online.say(QUESTION)
    reading = asyncio.create_task(read(online, 4))
    await asyncio.sleep(0.2)
    await online.say("What does it cost?")
    events = await asyncio.wait_for(reading, 5)
    assert [(one.event, one.id) for one in events] == [
        ("message", "1"),
        ("quote", "2"),
        ("message", "3"),
        ("handover", "4"),
    ]
    assert events[0].data["text"] == QUESTION and events[1].data["reply"]["outcome"] == "quote"
    assert "trace" not in events[1].data["reply"]


@pytest.mark.parametrize(
    ("last_event_id", "expected"),
    [
        (None, ["message 1", "quote 2"]),
        ("0", ["message 1", "quote 2"]),
        ("1", ["quote 2"]),
        ("3", ["reset 0", "message 1", "quote 2"]),
        ("-1", ["reset 0", "message 1", "quote 2"]),
        ("1.5", ["reset 0", "message 1", "quote 2"]),
        ("abc", ["reset 0", "message 1", "quote 2"]),
        ("", ["reset 0", "message 1", "quote 2"]),
        ("1" + "0" * 30, ["reset 0", "message 1", "quote 2"]),
        ("\u00b2", ["reset 0", "message 1", "quote 2"]),
    ],
)
async def test_every_last_event_id_has_a_defined_answer(
    online: Visitor, last_event_id: str | None, expected: list[str]
):
    await online.say(QUESTION)
    events = await asyncio.wait_for(read(online, len(expected), last_event_id), 5)
    assert [f"{one.event} {one.id}" for one in events] == expected


async def test_a_reader_at_the_end_waits_for_what_comes(online: Visitor):
    await online.say(QUESTION)
    reading = asyncio.create_task(read(online, 1, "2"))
    await asyncio.sleep(0.2)
    await online.post("handover", {})
    assert [(one.event, one.id) for one in await asyncio.wait_for(reading, 5)] == [("handover", "3")]


async def test_cut_anywhere_a_reader_gets_each_event_once_and_in_order(online: Visitor):
    async def talk() -> None:
        for number in range(15):
            await online.say(f"Hello {number}")

    talking = asyncio.create_task(talk())
    seen: list[int] = []
    while len(seen) < 30:
        events = await asyncio.wait_for(read(online, 3, str(seen[-1]) if seen else None), 5)
        seen.extend(int(one.id) for one in events)
    await talking
    assert seen == list(range(1, 31))


async def test_a_lost_wake_up_delays_an_event_by_a_second_at_most(
    online: Visitor, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store.wakeups, "notify", lambda _changed: None)
    reading = asyncio.create_task(read(online, 1))
    await asyncio.sleep(0.2)
    await online.say("Hello")
    assert (await asyncio.wait_for(reading, 2.5))[0].event == "message"


async def test_the_visitor_sees_the_advocate_typing_but_not_themselves(online: Visitor, app: Any):
    desk = app.state.parts.desk
    reading = asyncio.create_task(read(online, 1))
    await asyncio.sleep(0.2)
    await online.post("typing", {})
    desk.typing(online.conversation_id, Author.ADVOCATE)
    [sign] = await asyncio.wait_for(reading, 5)
    assert (sign.event, sign.id, sign.data) == ("typing", "", {"author": "advocate"})


async def test_a_silent_stream_says_that_it_lives_and_when_to_come_back(
    online: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.2)
    lines = []
    async with online.client.stream("GET", f"{online.address}/events", headers=online.headers) as response:
        async for line in response.aiter_lines():
            lines.append(line)
            if line == ": ping":
                break
    assert "retry: 2000" in lines
    assert response.headers["cache-control"] == "no-cache" and response.headers["x-accel-buffering"] == "no"


async def test_streams_end_when_the_server_is_told_to_stop(online: Visitor, app: Any):
    async with online.client.stream("GET", f"{online.address}/events", headers=online.headers) as response:
        app.state.parts.desk.stop()
        await asyncio.wait_for(response.aread(), 3)


async def test_a_conversation_has_eight_places_and_gives_them_back(online: Visitor):
    async with AsyncExitStack() as stack:
        statuses = []
        for _ in range(9):
            stream = online.client.stream("GET", f"{online.address}/events", headers=online.headers)
            statuses.append((await stack.enter_async_context(stream)).status_code)
        assert statuses == [200] * 8 + [429]
    async with asyncio.timeout(5):
        while (await begin_stream(online)) == 429:
            await asyncio.sleep(0.05)


async def begin_stream(visitor: Visitor) -> int:
    async with visitor.client.stream("GET", f"{visitor.address}/events", headers=visitor.headers) as response:
        return response.status_code


async def test_an_erased_conversation_tells_its_reader(online: Visitor):
    await online.say(QUESTION)
    await online.client.delete("/api/v1/receipts", headers={"Receipt-Code": online.receipt})
    [event] = await asyncio.wait_for(read(online, 1), 5)
    assert (event.event, event.data["reason"]) == ("reset", "erased")
