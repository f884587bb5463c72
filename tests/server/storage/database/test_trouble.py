"""A disk that is full: who is told of it, and how often."""

from __future__ import annotations

import asyncio
import logging

import psycopg
import pytest
from sqlalchemy import text

from kb.labels import Label
from server.storage import StorageUnavailable, Store
from server.storage.database.trouble import Trouble
from tests.server.storage.clinic import say, start


@pytest.fixture
def engine_name():
    return "sqlite"


async def test_a_full_disk_is_trouble_until_something_can_be_stored_again(store, caplog):
    started = await start(store)
    pages = await store.database.read(lambda tx: tx.value(text("PRAGMA page_count")))
    await store.database.maintain(f"PRAGMA max_page_count={pages}")
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            await say(store, started.conversation_id, "canary " * 2000, Label.SMALLTALK)
    await store.ping()  # reading goes on
    assert store.database.trouble.is_on and store.database.trouble.failures == 3
    [said] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "SQLITE_FULL" in said.getMessage() and "canary" not in caplog.text
    await store.database.maintain("PRAGMA max_page_count=1000000")
    await store.look_for_an_end_of_trouble()
    assert not store.database.trouble.is_on
    assert "works again; 2 more failed" in caplog.records[-1].getMessage()


async def test_a_postgresql_that_refuses_to_write_is_trouble_until_it_writes_again(postgresql_server):
    store = await Store.open(postgresql_server)
    started = await start(store)
    refuse_to_write(postgresql_server, "on")
    try:
        with pytest.raises(StorageUnavailable, match="25006"):
            await say_on(store, started.conversation_id)
        await store.conversations.get(started.conversation_id)  # reading goes on
        assert store.database.trouble.failures == 1
    finally:
        refuse_to_write(postgresql_server, "off")
    async with asyncio.timeout(10):
        while store.database.trouble.is_on:
            await store.look_for_an_end_of_trouble()
    await say(store, started.conversation_id, "Is it safe?", Label.SMALLTALK)
    await store.close()


async def say_on(store, conversation_id):
    """A session reads its new settings when it is idle: some messages may still be stored."""
    for _ in range(200):
        await say(store, conversation_id, "Is it safe?", Label.SMALLTALK)


def refuse_to_write(url, is_on):
    """Have every session refuse it, or do it again, as a standby or a server with a broken disk is set."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {is_on}")
        connection.execute("SELECT pg_reload_conf()")


def test_failures_are_said_once_a_minute_with_their_number(caplog):
    now = 0.0
    trouble = Trouble(clock=lambda: now)
    for _ in range(130):
        trouble.failed("writing", StorageUnavailable("SQLITE_FULL"))
        now += 1.0
    assert [one.getMessage().split()[0] for one in caplog.records] == ["1", "60", "60"]
    assert trouble.failures == 130
