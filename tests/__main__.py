"""Runs the whole suite in parts, two side by side: python -m tests [--cover]

A part is a process of its own, so that a browser's loop and a build's threads are in nobody's way.
With --cover each leaves a file of the lines it ran, for `coverage combine`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 2  # a part keeps a core busy; more would make what is timed in a browser late
PYTEST = ["pytest", "--durations=5"]
# In the order they start. The first makes the build that "answers" and "end to end" need.
PARTS = {
    "the build": [*PYTEST, "tests/index/test_build.py"],
    "types": ["mypy"],
    "pages, rules and storage": [*PYTEST, "tests/kb", "tests/server/core", "tests/server/storage"],
    "the widget": [*PYTEST, "tests/browser/test_widget.py"],
    "everything else": [*PYTEST, "tests"],
    "answers": [*PYTEST, "tests/server/answers", "tests/server/test_cli.py"],
    "end to end": [*PYTEST, "tests/browser/test_end_to_end.py"],
    "the desk": [*PYTEST, "tests/browser/test_desk.py"],
    "the editor": [*PYTEST, "tests/browser/test_editor.py"],
}  # fmt: skip


def main() -> int:
    """The number of parts that failed."""
    started = time.monotonic()

    def fails(name: str) -> bool:
        command = [sys.executable, "-m", *arguments_of(name)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        print(f"== {name}: after {time.monotonic() - started:.0f} s", done.stdout, sep="\n", flush=True)
        return done.returncode != 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(fails, PARTS))


def arguments_of(name: str) -> list[str]:
    """A part's module and arguments. "everything else" is all tests but those that another part names."""
    named = [path for part in PARTS.values() for path in part if path.startswith("tests/")]
    ignored = [f"--ignore={path}" for path in named if PARTS[name][-1] == "tests"]
    measuring = ["coverage", "run", "-m"] if "--cover" in sys.argv and PARTS[name][0] == "pytest" else []
    return [*measuring, *PARTS[name], *ignored]


if __name__ == "__main__":
    raise SystemExit(main())
