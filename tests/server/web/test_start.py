"""A server's start, with the real build."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

from server.settings import Settings
from server.storage import Store
from server.web.app import create_app
from tests.server.storage.clinic import start
from tests.server.web.stand_in import StandIn

LONGEST_PAUSE_S = 0.05


async def test_what_a_server_loads_at_its_start_is_not_looked_through_for_garbage(copy_of_kneecare: Path):
    app = create_app(Settings(data_dir=copy_of_kneecare))
    before = gc.get_freeze_count()
    try:
        async with app.router.lifespan_context(app), asyncio.timeout(60):
            while not app.state.parts.assistants.is_ready("kneecare") or gc.get_freeze_count() == before:
                await asyncio.sleep(0.02)
            assert (await app.state.parts.desk.ask("kneecare", "How long does it take?")).quotes
            assert min(seconds_of_a_full_collection() for _ in range(3)) < LONGEST_PAUSE_S
    finally:
        gc.unfreeze()


async def test_what_was_erased_and_an_older_database_brought_back_is_erased_before_anybody_reads_it(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    store = await Store.open(settings.database)
    started = await start(store)
    await store.close()
    (tmp_path / "erased").write_text(f"{started.conversation_id}\n")
    app = create_app(settings, assistants=StandIn())
    async with app.router.lifespan_context(app):
        assert (await app.state.parts.store.conversations.get(started.conversation_id)).is_erased


def seconds_of_a_full_collection() -> float:
    began = time.perf_counter()
    gc.collect()
    return time.perf_counter() - began
