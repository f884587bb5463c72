"""A store on SQLite, by a clock that the tests turn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.storage import Store
from tests.server.storage.clinic import TurnedClock


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def store(database_url: str, clock: TurnedClock) -> AsyncIterator[Store]:
    store = await Store.open(database_url, clock=clock)
    yield store
    await store.close()
