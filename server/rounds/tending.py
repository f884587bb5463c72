"""Looks after what nobody looks after: claims of people who left, and visitors whom nobody takes."""

from __future__ import annotations

import asyncio
import logging

from server.storage.database.faults import StorageUnavailable
from server.storage.handing.telling import CardAgain
from server.storage.store import Store

LOOK_S = 1.0

log = logging.getLogger(__name__)


async def tend(store: Store, card: CardAgain) -> None:
    """Look each second, until cancelled. card: what a visitor with an emergency is told again."""
    while True:
        try:
            await store.handovers.release_abandoned()
            await store.handovers.tell_the_waiting(card)
        except StorageUnavailable as error:
            log.warning("visitors and claims wait for the store: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked after again
            log.error("looking after visitors and claims failed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_S)
