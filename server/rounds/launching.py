"""Publishes what editors planned for a day, soon after that day begins at their clinic."""

from __future__ import annotations

import asyncio
import logging

from server.editing import Planning
from server.storage.database.faults import StorageUnavailable

LOOK_S = 20.0

log = logging.getLogger(__name__)


async def launch(planning: Planning) -> None:
    """Look again and again, until cancelled."""
    while True:
        try:
            await planning.publish_due()
        except StorageUnavailable as error:
            log.warning("what is planned waits for the store: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at again
            log.error("publishing what is planned failed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_S)
