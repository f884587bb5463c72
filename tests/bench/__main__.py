"""Every benchmark: python -m tests.bench (the public sets are asked only where ADVOCATE_PUBLIC_DATA names their folder)."""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    failed = sum(
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode
        for name in ("speed", "worst")
    )
    if data := os.environ.get("ADVOCATE_PUBLIC_DATA"):
        failed += subprocess.run([sys.executable, "-m", "tests.bench.public", data], check=False).returncode
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
