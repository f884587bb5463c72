"""Every benchmark: python -m tests.bench (the public sets are asked only where ADVOCATE_PUBLIC_DATA names their folder)."""

from __future__ import annotations

import os
import subprocess
import sys

BENCHES = ("speed", "worst", "batches", "start", "chat", "side_by_side")


def main() -> int:
    failed = []
    for name in BENCHES:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode:
            failed.append(name)
    if data := os.environ.get("ADVOCATE_PUBLIC_DATA"):
        done = subprocess.run([sys.executable, "-m", "tests.bench.public", data], check=False)
        failed += ["public"] if done.returncode else []
    print(f"Over what is allowed, or too noisy to say: {', '.join(failed) or 'none'}")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())
