"""Runs the whole suite: types, the first build and what needs none of it; then what waits for a browser beside the rest.

python -m tests
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

PYTEST = ["pytest", "--durations=5"]
# Encoding takes every core for minutes: nothing that needs a build runs beside the first.
BUILD = ["tests/index/test_build.py"]
PURE = ["tests/kb", "tests/server/core", "tests/server/storage"]
STAGES = (
    {"the build": [*PYTEST, *BUILD], "pages, rules and storage": [*PYTEST, *PURE], "types": ["mypy"]},
    {
        "in the browser": [*PYTEST, "tests/browser"],
        "everything else": [
            *PYTEST, "tests", "--ignore=tests/browser", *(f"--ignore={path}" for path in [*BUILD, *PURE])
        ],
    },
)  # fmt: skip


def main() -> int:
    """The number of parts that failed. Each part's report is shown whole, once it has ended."""
    started = time.monotonic()
    return sum(_failures(stage, started) for stage in STAGES)


def _failures(stage: dict[str, list[str]], started: float) -> int:
    running = {name: _start(arguments) for name, arguments in stage.items()}
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


def _start(module: list[str]) -> tuple[subprocess.Popen[str], tempfile._TemporaryFileWrapper[str]]:
    output = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115 - read and closed when the part has ended
    command = [sys.executable, "-m", *module]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True), output


if __name__ == "__main__":
    raise SystemExit(main())
