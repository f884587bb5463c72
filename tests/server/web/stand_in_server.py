"""A server process with the stand-in for the assistants: what is stopped and killed in tests.

python -m tests.server.web.stand_in_server FOLDER PORT
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fastapi import FastAPI

from server.settings import Settings
from server.storage import Store
from server.storage.talks.receiving import Received
from server.web import serving
from server.web.app import create_app
from tests.server.web.stand_in import StandIn

DIE_AFTER_STORING = "TEST_DIE_AFTER_STORING"


def make_app(settings: Settings) -> FastAPI:
    """An app that opens its own store, with the stand-in in the assistants' place."""
    if os.environ.get(DIE_AFTER_STORING):
        _die_after_storing()
    return create_app(settings, assistants=StandIn())


def _die_after_storing() -> None:
    """Kill the process between a message's commit and its reply, once."""
    from server.storage.talks.conversations import Conversations

    receive = Conversations.receive

    async def receive_and_die(*args: object) -> Received:
        received = await receive(*args)  # type: ignore[arg-type]
        if not received.is_repeat:
            os.kill(os.getpid(), 9)
        return received

    Conversations.receive = receive_and_die  # type: ignore[method-assign, assignment]


async def seed(url: str) -> None:
    """Make the database, with the stand-in's sites in it."""
    store = await Store.open(url)
    for site in StandIn().sites.values():
        if await store.content.latest(site.site, "site") is None:
            await store.content.save(site.site, "site", site.model_dump(mode="json"), author="test", reason="test")
    await store.close()


if __name__ == "__main__":
    settings = Settings(data_dir=Path(sys.argv[1]), port=int(sys.argv[2]), rate_limit="off")
    serving.create_app = make_app  # type: ignore[assignment, attr-defined]
    serving.run(settings)
