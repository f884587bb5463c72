"""Looks after what nobody looks after: claims of people who left go back into the queue."""

from __future__ import annotations

import asyncio
import logging

from server.storage.faults import StorageUnavailable
from server.storage.store import Store

LOOK_S = 1.0

log = logging.getLogger(__name__)


async def tend(store: Store) -> None:
    """Look each second, until cancelled."""
    while True:
        try:
            await store.handovers.release_abandoned()
        except StorageUnavailable as error:
            log.warning("claims wait for the store: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked after again
            log.error("looking after claims failed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_S)
