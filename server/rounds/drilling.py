"""Rehearses emergencies: begins the drills that are due, and ends those that are over. Beside serving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

from kb.sites import Site
from server.core.handing.alerts import Reach
from server.core.handing.drills import Weekly, due_drill
from server.storage.database.faults import StorageUnavailable
from server.storage.store import Store

LOOK_S = 1.0  # for drills that somebody took
LOOK_FOR_DUE_S = 20.0
SCHEDULE = "schedule"  # who begins a drill that is due

log = logging.getLogger(__name__)
Sites = Callable[[], Awaitable[Mapping[str, Site]]]


async def rehearse(store: Store, schedule: Sequence[Weekly], reach: Reach, sites: Sites) -> None:
    """Look each second, until cancelled. `schedule`: when drills begin, on each clinic's own clock."""
    looked_at = -LOOK_FOR_DUE_S
    while True:
        try:
            await store.drills.end(lambda _site: reach)
            if schedule and monotonic() - looked_at >= LOOK_FOR_DUE_S:
                looked_at = monotonic()
                await begin_due(store, schedule, reach, await sites())
        except StorageUnavailable as error:
            log.warning("drills wait for the store: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked after again
            log.error("looking after drills failed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_S)


async def begin_due(store: Store, schedule: Sequence[Weekly], reach: Reach, sites: Mapping[str, Site]) -> None:
    """Begin what is due now, each once, whichever process comes first."""
    for name, site in sites.items():
        if due_at := due_drill(schedule, site.zone, store.database.clock()):
            await store.drills.begin(name, reach, due_at=due_at, by=SCHEDULE)
