"""A server's start, with the real build."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

from server.settings import Settings
from server.web.app import create_app

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


def seconds_of_a_full_collection() -> float:
    began = time.perf_counter()
    gc.collect()
    return time.perf_counter() - began
