import asyncio
from time import monotonic

import psycopg
import pytest

from server.core.handing.handover import Step
from server.storage import Store
from tests.server.storage.clinic import PAT, handed_over, say, start

CUT_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()
"""


async def test_a_reader_is_woken_by_what_was_stored_since_it_subscribed(store):
    started = await start(store)
    with store.wakeups.listen(f"conversation:{started.conversation_id}") as waiter:
        await say(store, started.conversation_id, "Hello?")
        assert await waiter.wait(5.0)
        assert not await waiter.wait(0.01)


async def test_waiting_ends_after_the_time_given(store):
    begun = monotonic()
    assert not await store.wakeups.wait("inbox:kneecare", 0.05)
    assert 0.04 < monotonic() - begun < 2


async def test_another_topic_wakes_nobody(store):
    started, other = await start(store), await start(store)
    with store.wakeups.listen(f"conversation:{other.conversation_id}") as waiter:
        await say(store, started.conversation_id, "Hello?")
        assert not await waiter.wait(0.05)


async def test_a_transaction_that_fails_wakes_nobody(store):
    handover = await handed_over(store)
    with store.wakeups.listen("inbox:kneecare") as waiter:
        await waiter.wait(0.05)
        with pytest.raises(ValueError, match="needs a closure"):
            await store.handovers.step(handover.handover_id, Step.CLOSE, version=1, user=PAT)
        assert not await waiter.wait(0.05)


async def test_the_desk_hears_of_handovers_steps_and_new_words_and_editors_of_saves(store):
    with store.wakeups.listen("inbox:kneecare") as inbox, store.wakeups.listen("site:kneecare") as site:
        handover = await handed_over(store)
        assert await inbox.wait(5.0)
        await store.handovers.step(handover.handover_id, Step.CLAIM, version=1, user=PAT)
        assert await inbox.wait(5.0)
        await say(store, handover.conversation_id, "Are you there?")
        assert await inbox.wait(5.0)
        await store.content.save("kneecare", "site", {}, author="ed", reason="")
        assert await site.wait(5.0)


async def test_topics_nobody_waits_for_are_forgotten(store):
    with store.wakeups.listen("a"), store.wakeups.listen("a"), store.wakeups.listen("b"):
        pass
    store.wakeups.notify({"a": (), "b": ()})
    assert store.wakeups._waiters == {}


@pytest.fixture
async def two_stores(postgresql_server):
    one, other = await Store.open(postgresql_server), await Store.open(postgresql_server)
    yield one, other
    await one.close()
    await other.close()


async def test_another_process_is_woken_too(two_stores):
    one, other = two_stores
    started = await start(one)
    with other.wakeups.listen(f"conversation:{started.conversation_id}") as waiter:
        received = await say(one, started.conversation_id, "Hello?")
        assert await waiter.wait(5.0)
        assert (await other.conversations.events(started.conversation_id))[0] == received.message


async def test_the_line_between_processes_comes_back_and_wakes_everyone_once(two_stores, postgresql_server):
    one, other = two_stores
    started = await start(one)
    with other.wakeups.listen(f"conversation:{started.conversation_id}") as waiter:
        with psycopg.connect(postgresql_server, autocommit=True) as admin:
            admin.execute(CUT_LISTENERS)
        assert await waiter.wait(5.0)  # something may have been missed while the line was down
        await asyncio.wait_for(other.wakeups.is_listening.wait(), 5)
        await say(one, started.conversation_id, "Hello?")
        assert await waiter.wait(5.0)


async def test_a_notification_holds_ids_only(postgresql_server, two_stores):
    one, _ = two_stores
    with psycopg.connect(postgresql_server, autocommit=True) as spy:
        spy.execute("LISTEN advocate")
        await handed_over(one, "canary words")
        heard = [notification.payload for notification in spy.notifies(timeout=1, stop_after=2)]
    assert len(heard) == 2
    assert "canary" not in "".join(heard)
