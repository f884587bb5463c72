"""Readers of conversations: told what is written, and nothing is asked while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from server.rounds.following import Follower, Following, Typing
from server.storage import Store
from server.storage.database.faults import StorageUnavailable
from server.storage.database.transactions import Database
from server.storage.talks.events import Author, Event
from tests.server.storage.clinic import say, start


@pytest.fixture
def following(store: Store) -> Following:
    return Following(store.conversations, store.wakeups)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every transaction that reads, from here on."""
    read = Database.read
    found: list[object] = []

    async def counted(self: Database, work: Callable[..., object]) -> object:
        found.append(work)
        return await read(self, work)

    monkeypatch.setattr(Database, "read", counted)
    return found


async def numbers(follower: Follower, until: int) -> list[int]:
    """The numbers of what a follower gets, up to one."""
    found: list[int] = []
    async with asyncio.timeout(5):
        while not found or found[-1] < until:
            found += [one.seq for one in await follower.news() if isinstance(one, Event)]
    return found


async def test_what_is_written_reaches_its_readers_without_a_look(store, following, reads):
    started = await start(store)
    with following.join(started.conversation_id, 0) as follower:
        assert await follower.news() == []
        reads.clear()
        received = await say(store, started.conversation_id, "Hello?")
        assert await follower.news() == [received.message, received.reply]
        assert reads == []


async def test_two_hundred_readers_cost_one_look_a_second(store, following, reads, monkeypatch):
    monkeypatch.setattr("server.rounds.following.POLL_S", 0.2)
    started = await start(store)
    async with asyncio.timeout(20):
        followers = [following.join(started.conversation_id, 0) for _ in range(200)]
        joined = [one.__enter__() for one in followers]
        await asyncio.gather(*(one.news() for one in joined))
        reads.clear()
        waiting = [asyncio.create_task(one.news()) for one in joined]
        await asyncio.sleep(1.1)
        assert 1 <= len(reads) <= 6
        received = await say(store, started.conversation_id, "Hello?")
        assert await asyncio.gather(*waiting) == [[received.message, received.reply]] * 200
    for one in followers:
        one.__exit__(None, None, None)
    assert following._looking is None


async def test_what_nobody_told_is_found_by_the_look(store, following, monkeypatch):
    monkeypatch.setattr("server.rounds.following.POLL_S", 0.1)
    started = await start(store)
    with following.join(started.conversation_id, 0) as follower:
        await follower.news()
        with monkeypatch.context() as deaf:
            deaf.setattr(store.wakeups, "notify", lambda _changed: None)
            await say(store, started.conversation_id, "Hello?")
        assert await numbers(follower, 2) == [1, 2]


async def test_told_out_of_turn_or_twice_each_event_comes_once_and_in_order(store, following):
    started = await start(store)
    first = await say(store, started.conversation_id, "One")
    with following.join(started.conversation_id, 0) as follower:
        assert await numbers(follower, 2) == [1, 2]
        second = await say(store, started.conversation_id, "Two")
        third = await say(store, started.conversation_id, "Three")
        await follower.news()
        late = Follower(store.conversations, started.conversation_id, 2)
        assert await numbers(late, 6) == [3, 4, 5, 6]
        late.after = 2
        late.wake([third.reply, third.message])
        late.wake([second.reply, second.message, first.message])
        assert await numbers(late, 6) == [3, 4, 5, 6]


async def test_a_long_log_comes_whole_however_much_one_reading_gives(store, following, monkeypatch):
    monkeypatch.setattr("server.rounds.following.MOST_READ", 4)
    monkeypatch.setattr(
        store.conversations, "events", lambda one, after, read=store.conversations.events: read(one, after, 4)
    )
    started = await start(store)
    for number in range(5):
        await say(store, started.conversation_id, f"Hello {number}")
    with following.join(started.conversation_id, 1) as follower:
        assert await numbers(follower, 10) == list(range(2, 11))


async def test_a_slow_reader_is_kept_no_endless_news(store, following):
    started = await start(store)
    with following.join(started.conversation_id, 0) as follower:
        for number in range(300):
            follower.wake([Typing(Author.VISITOR)] * number)
        assert len(follower._told) == 0
        assert await follower.news() == []


async def test_when_the_store_fails_every_reader_is_sent_away_to_come_back(store, following, monkeypatch):
    monkeypatch.setattr("server.rounds.following.POLL_S", 0.05)
    started = await start(store)
    with following.join(started.conversation_id, 0) as follower:
        await follower.news()

        async def fail(_ids: object) -> None:
            raise StorageUnavailable("The database is gone.")

        monkeypatch.setattr(store.conversations, "last_numbers", fail)
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(follower.news(), 5)
