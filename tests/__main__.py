"""Runs the whole suite in two processes at once: what waits for a browser, and the rest.

python -m tests
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

HALVES = {
    "in the browser": ["tests/browser"],
    "everything else": ["tests", "--ignore=tests/browser"],
}


def main() -> int:
    """The number of halves that failed. Each half's report is shown whole, once it has ended."""
    started = time.monotonic()
    running = {name: _start(arguments) for name, arguments in HALVES.items()}
    failed = 0
    while running:
        for name, (process, output) in list(running.items()):
            if process.poll() is None:
                continue
            output.seek(0)
            print(f"== {name}: after {time.monotonic() - started:.0f} s", output.read(), sep="\n", flush=True)
            failed += process.returncode != 0
            del running[name]
        time.sleep(1)
    return failed


def _start(arguments: list[str]) -> tuple[subprocess.Popen[str], tempfile._TemporaryFileWrapper[str]]:
    output = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115 - read and closed when the half has ended
    command = [sys.executable, "-m", "pytest", "--durations=5", *arguments]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True), output


if __name__ == "__main__":
    raise SystemExit(main())
