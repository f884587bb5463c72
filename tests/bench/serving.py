"""A server of this checkout on the KneeCare build, for measuring: its own process, its own data folder, no rate limit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import KEPT_MODELS, build_kneecare

TICKS = os.sysconf("SC_CLK_TCK")
READY_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Served:
    """A process that serves on a port of this machine."""

    port: int
    pid: int

    @property
    def cpu_s(self) -> float:
        """Processor time it took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def memory_mb(self) -> float:
        """Memory it holds now."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


@contextmanager
def kneecare_served(**environment: str) -> Iterator[Served]:
    """The product with the KneeCare site published."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        build_kneecare(data_dir, KEPT_MODELS.resolve())
        variables = {"ADVOCATE_DATA_DIR": str(data_dir), "ADVOCATE_RATE_LIMIT": "off", **environment}
        with process([sys.executable, "-m", "server.cli", "serve"], "/readyz", variables) as served:
            yield served


@contextmanager
def process(command: list[str], ready_at: str, variables: dict[str, str]) -> Iterator[Served]:
    """A server started with `--port PORT`, once it answers at `ready_at`; ended with the block."""
    port = free_port()
    running = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}{ready_at}", running)
        yield Served(port, running.pid)
    finally:
        running.terminate()
        running.wait(30)


def wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and running.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"{address} did not answer within {READY_WITHIN_S} s; the process ended with {running.poll()}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
