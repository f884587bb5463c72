"""The servers of a campaign: each a process with a data folder of its own, one PostgreSQL, nginx as the docs have it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psycopg

from tests.bench.serving import free_port
from tests.server.conftest import start_postgresql

PROXIES_PAGE = Path(__file__).parents[3] / "server" / "docs" / "proxies.md"
NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp; {site} }}
"""
DISK_MB = 400


class Server:
    """`advocate serve` on a port; started again whenever it ended, as a supervisor would."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.kills = 0
        self._folder = folder
        self._environment = {**os.environ, "HF_HUB_OFFLINE": "1", **environment, "ADVOCATE_DATA_DIR": str(folder)}
        self._process: subprocess.Popen[bytes] | None = None
        self._again_at = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self._folder / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "server.cli", "serve", "--port", str(self.port)]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def kill(self, *, stays_away_s: float) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self.kills += 1
        self._again_at = time.monotonic() + stays_away_s

    def keep_up(self) -> None:
        """Start it again where it ended and its time has come."""
        if self._process is not None and self._process.poll() is not None and time.monotonic() > self._again_at:
            self._again_at = time.monotonic() + 1
            self.start()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Postgres:
    """A PostgreSQL whose processes are killed, whose disk fills up, and that refuses to write."""

    def __init__(self, folder: Path) -> None:
        self.kills = 0
        self._server = start_postgresql(folder)
        self._folder = folder
        self.url: str = self._server.get_uri()

    def kill(self) -> None:
        """kill -9 of every process of it."""
        first = self._server.get_pid()
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        every = [first, *map(int, children.split())]
        for one in every:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(_runs(one) for one in every):
            time.sleep(0.01)
        self.kills += 1

    def start_again(self) -> None:
        self._server.ensure_postgres_running()

    def refuse_to_write(self, refuses: bool) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if refuses else 'off'}")
            connection.execute("SELECT pg_reload_conf()")

    def fill_disk(self) -> None:
        """Write until there is no room. Only on a disk of its own."""
        with suppress(OSError), (self._folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))

    def free_disk(self) -> None:
        (self._folder / "filler").unlink(missing_ok=True)

    def end(self) -> None:
        self.free_disk()
        self.start_again()
        self._server.cleanup()


def _runs(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    return False


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own at this folder, where this user may mount one. Gives whether it is there."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)]
    is_there = bool(shutil.which("mount")) and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield is_there
    finally:
        if is_there:
            subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def nginx_before(servers: Sequence[Server], folder: Path) -> Iterator[str]:
    """The address of nginx with the configuration of the docs, a line for each server, without TLS."""
    folder.mkdir()
    port = free_port()
    found = re.search(r"```nginx\n(.*?)```", PROXIES_PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    every = "\n".join(f"server 127.0.0.1:{one.port};" for one in servers)
    site = re.sub(r"server 127\.0\.0\.1:8000;", every, found[1]).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    (folder / "conf").write_text(NGINX.format(folder=folder, site=re.sub(r"ssl_\w+ .*?;", "", site)), encoding="utf-8")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "conf")])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def until_ready(servers: Sequence[Server], *, within_s: float) -> None:
    """Wait until each is ready by its own word. Raises TimeoutError."""
    async with asyncio.timeout(within_s), httpx.AsyncClient(timeout=5) as client:
        for one in servers:
            while True:
                one.keep_up()
                with suppress(httpx.TransportError):
                    if (await client.get(f"{one.address}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
