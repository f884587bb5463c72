"""A database that hangs: who waits for it, and for how long."""

from __future__ import annotations

import asyncio
import threading
import time

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from server.storage import StorageUnavailable
from server.storage.database.faults import Fault, fault_of
from server.storage.database.patience import one_patience


@pytest.fixture
def engine_name():
    return "sqlite"


@pytest.fixture
def hung():
    """What holds a transaction up until the test ends."""
    let_go = threading.Event()
    yield let_go
    let_go.set()


async def test_a_request_waits_for_a_hung_database_once_and_not_at_each_step(store, hung):
    began = time.monotonic()
    with one_patience(0.5):
        for _ in range(5):
            with pytest.raises(StorageUnavailable):
                await store.database.read(lambda _transaction: hung.wait(60))
    assert 0.5 <= time.monotonic() - began < 30  # 5 steps of 60 s each, and the machine may be busy


async def test_the_steps_of_a_request_have_one_patience_together_with_the_tasks_it_begins(store, hung):
    async def step():
        await store.database.read(lambda _transaction: hung.wait(60))

    with one_patience(0.3):
        with pytest.raises(StorageUnavailable):
            await asyncio.create_task(step())
        with pytest.raises(StorageUnavailable):
            await store.ping()


async def test_what_is_no_request_takes_as_long_as_it_takes(store, monkeypatch):
    monkeypatch.setattr("server.storage.database.transactions.PATIENCE_S", 0.1)

    def read_slowly(_transaction: object) -> str:
        time.sleep(0.3)
        return "read"

    assert await store.database.read(read_slowly) == "read"


def test_a_connection_that_times_out_is_an_outage():
    error = OperationalError("SELECT 1", {}, psycopg.errors.ConnectionTimeout("connection timeout expired"))
    assert fault_of(error) is Fault.CONNECTION_LOST
