"""KneeCare published on a database from an editor's data folder, and servers on it whose own folders are empty."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from server.answers.assistants import Assistants
from server.editing import COMMAND_LINE, Editing
from server.publishing import Publisher
from server.settings import Settings
from server.storage import Store
from tests.bench.replicas.servers import Server
from tests.conftest import KEPT_BUILD, KEPT_MODELS
from tests.server.test_keeping import NEW_WORDS, change_words

SITE = "kneecare"


class Editor:
    """Who publishes, from a data folder that no server has."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._folder, self._store = folder, store
        self._publisher = Publisher(store, folder, Settings().embedding_model)
        self._releasing = Editing.of(store, self._publisher, Assistants(folder, {})).releasing

    async def publish_first(self) -> None:
        """Publish the build that is kept between runs, or one made now."""
        _share_models(self._folder)
        if KEPT_BUILD.exists():
            shutil.copytree(KEPT_BUILD, self._folder / "sites" / SITE / "builds" / f"0-{KEPT_BUILD.name}")
        await self._publisher.seed()
        built = await self._publisher.build(SITE)
        await self._releasing.publish_first(SITE, built.build, COMMAND_LINE, waiver="the first")

    async def correct(self) -> None:
        """Save the page with other words, and build it as the editor's pages do."""
        await change_words(self._store, *NEW_WORDS)
        await self._publisher.build(SITE, quick=True)

    async def publish(self) -> str:
        """Publish what was built last. Gives the build's id."""
        built = await self._publisher.build_of_latest(SITE)
        assert built is not None
        return (await self._releasing.publish(SITE, built.build, COMMAND_LINE)).build

    async def correct_by_the_command(self, url: str) -> str:
        """Both at once, as an operator would, in a process of its own."""
        await change_words(self._store, *NEW_WORDS)
        command = [sys.executable, "-m", "server.cli", "build", "--site", SITE, "--quick", "--publish"]
        given = {**os.environ, "ADVOCATE_DATABASE_URL": url, "ADVOCATE_DATA_DIR": str(self._folder)}
        done = await asyncio.to_thread(subprocess.run, command, env=given, capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]


def servers_on(url: str, folder: Path, number: int) -> list[Server]:
    """Servers with data folders of their own, started. The encoder is there, as it is after a server's first start."""
    servers = []
    for one in range(number):
        data = folder / f"server{one}"
        _share_models(data)
        servers.append(Server(data, {"ADVOCATE_DATABASE_URL": url, "ADVOCATE_RATE_LIMIT": "off"}))
        servers[-1].start()
    return servers


def _share_models(folder: Path) -> None:
    folder.mkdir()
    (folder / "models").symlink_to(KEPT_MODELS.resolve())
