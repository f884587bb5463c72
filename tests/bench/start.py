"""How long from the start of a process: to /healthz, to the first quoted answer; and of the two commands asked most.

python -m tests.bench.start
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from tests.bench.serving import free_port
from tests.conftest import KEPT_MODELS, build_kneecare

ROUNDS = 3
QUESTION = "How long does the procedure take?"
PROGRAM = [sys.executable, "-c", "from server.cli import main; main()"]
AT_MOST_S = {"advocate --help": 0.3, "advocate ask": 2.5, "serve: healthy": 1.0, "serve: first quote": 2.0}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        build_kneecare(data_dir, KEPT_MODELS.resolve())
        variables = {**os.environ, "ADVOCATE_DATA_DIR": str(data_dir), "ADVOCATE_RATE_LIMIT": "off"}
        took = [
            {
                "advocate --help": seconds(["--help"], variables),
                "advocate ask": seconds(["ask", QUESTION], variables),
                **served(variables),
            }
            for _ in range(ROUNDS + 1)
        ][1:]  # the first one warms the disk
    slow = 0
    print("| from the start of the process | median s | at most |")
    print("|---|---|---|")
    for name, most in AT_MOST_S.items():
        middle = median(one[name] for one in took)
        slow += middle > most
        print(f"| {name} | {middle:.2f} | {most} |")
    return slow


def seconds(arguments: list[str], variables: Mapping[str, str]) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run([*PROGRAM, *arguments], env=dict(variables), check=True, capture_output=True)
    return time.perf_counter() - began


def served(variables: Mapping[str, str]) -> dict[str, float]:
    """How long a server takes until it is healthy, and until it quotes."""
    port = free_port()
    began = time.perf_counter()
    server = subprocess.Popen(
        [*PROGRAM, "serve", "--port", str(port)],
        env=dict(variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: status_of(port, "/healthz") == 200)
        healthy = time.perf_counter() - began
        until(lambda: "quote" in answer(port))
        return {"serve: healthy": healthy, "serve: first quote": time.perf_counter() - began}
    finally:
        server.terminate()
        server.wait(30)


def until(is_so: Callable[[], bool], within_s: float = 120) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.01)
    raise RuntimeError(f"the server did not do it within {within_s} s")


def status_of(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
        status: int = response.status
        return status


def answer(port: int) -> str:
    """What comes of a question: its outcome."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/sites/kneecare/ask",
        data=json.dumps({"text": QUESTION}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        outcome: str = json.load(response)["outcome"]
        return outcome


if __name__ == "__main__":
    raise SystemExit(main())
