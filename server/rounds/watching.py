"""Compares the pages that came from a website with what stands there, each once in a while, and has what changed withheld."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from kb.errors import AdvocateError
from server.importing import Importing, Withholding
from server.storage.database.faults import StorageUnavailable
from server.storage.store import Store
from server.storage.watched import WatchedPage

LOOK_S = 5.0
AT_ONCE = 5  # pages that one look may compare, so that what the store says is followed in between

log = logging.getLogger(__name__)


async def watch(store: Store, importing: Importing, withholding: Withholding, *, every: timedelta) -> None:
    """Look again and again, until cancelled. every: how often a page is compared; zero: never."""
    while True:
        try:
            await withholding.follow()
            for _ in range(AT_ONCE if every else 0):
                page = await store.watched.take(every)
                if page is None:
                    break
                await look_at(page, store, importing, withholding)
        except StorageUnavailable as error:
            log.warning("pages are not compared while the store fails: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at again
            log.error("comparing pages failed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_S)


async def look_at(page: WatchedPage, store: Store, importing: Importing, withholding: Withholding) -> None:
    """Compare one page with its address, withhold what changed there, and keep how it went."""
    try:
        problem = await importing.compare(page.site, page.page_id, page.address)
        await withholding.refresh(page.site)
    except StorageUnavailable:
        raise
    except AdvocateError as error:
        problem = str(error)
    await store.watched.settle(page.site, page.page_id, problem)
