"""How servers start and end: several at once on an empty database, workers whose parent is killed, told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from server.settings import SettingsError, load_settings
from server.storage import Store
from tests.server.web.test_process import free_port, server

WELCOME = """
import asyncio, sys
from pathlib import Path
from server.cli import _reach, _welcome
from server.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
asyncio.run(_reach(settings))
asyncio.run(_welcome(settings))
"""
SERVE = """
import sys
from pathlib import Path
from server.settings import Settings
from server.web import serving
serving.run(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], port=int(sys.argv[3]), workers=2))
"""


@pytest.fixture
def empty_url(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database without a single table."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE starting")
    yield postgresql_server.replace("/postgres?", "/starting?")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE starting WITH (FORCE)")


async def test_three_servers_that_start_at_once_on_an_empty_database_all_start(empty_url: str, tmp_path: Path):
    starts = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WELCOME, str(tmp_path / str(number)), empty_url, stderr=asyncio.subprocess.PIPE
        )
        for number in range(3)
    ]
    told = [(await process.communicate())[1].decode() for process in starts]
    assert [process.returncode for process in starts] == [0, 0, 0], told
    assert sum("advocate@localhost" in one for one in told) == 1  # whose passwords are the ones that work
    store = await Store.open(empty_url)
    assert len(await store.staff.users()) == 2
    assert {one.revision for one in await store.content.documents("kneecare")} == {1}
    await store.close()


async def test_workers_end_with_the_process_that_began_them_even_when_it_is_killed(empty_url: str, tmp_path: Path):
    await (await Store.open(empty_url)).close()
    port = free_port()
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(tmp_path), "ADVOCATE_DATABASE_URL": empty_url}
    environment |= {"ADVOCATE_WORKERS": "2", "ADVOCATE_PORT": str(port)}
    parent = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path), empty_url, str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        assert await answers(port, True)
        parent.kill()
        parent.wait()
        assert await answers(port, False)
    finally:
        parent.kill()


async def answers(port: int, expected: bool) -> bool:
    """Whether something answers at a port, or nothing does, on a busy machine after minutes."""
    deadline = time.monotonic() + 240
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            try:
                await client.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                found = True
            except httpx.TransportError:
                found = False
            if found == expected:
                return True
            await asyncio.sleep(0.1)
    return False


async def test_a_server_that_is_told_to_stop_says_that_all_went_well(tmp_path: Path):
    port = free_port()
    with server(tmp_path, port) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("url", ["", "sqlite:///advocate.db"])
def test_two_workers_on_sqlite_are_refused_in_words(monkeypatch, url):
    monkeypatch.setenv("ADVOCATE_DATABASE_URL", url)
    with pytest.raises(SettingsError, match="ADVOCATE_WORKERS: 2 server processes need PostgreSQL"):
        load_settings(workers=2)
    monkeypatch.setenv("ADVOCATE_DATABASE_URL", "postgresql+psycopg://one@localhost/advocate")
    assert load_settings(workers=2).workers == 2
