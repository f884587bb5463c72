"""How much memory and time many sites take in one process: python -m tests.bench.sites [HOW MANY] [UNITS OF EACH]

The sites are copies of KneeCare's build with so many of its texts, each in a folder of its own; an encoder is shared.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from index.builds import layout
from index.builds.manifest import digest_files, read_manifest
from index.builds.publish import Builds
from index.store import VectorStore
from kb.sites import SITES, load_site
from server.answers.assistants import Assistants
from tests.conftest import KEPT_BUILD, KEPT_MODELS


def small_build(folder: Path, units: int) -> None:
    """KneeCare's build with its first texts only."""
    shutil.copytree(KEPT_BUILD, folder)
    kept = json.loads((folder / layout.UNITS).read_text(encoding="utf-8"))
    wholes = [row for row, one in enumerate(kept) if one[2] == "whole"]
    rows = sorted({*wholes, *range(min(units, len(kept)))})
    (folder / layout.UNITS).write_text(json.dumps([kept[row] for row in rows]), encoding="utf-8")
    VectorStore.of(VectorStore.load(folder / layout.UNIT_STORE).vectors[rows]).save(folder / layout.UNIT_STORE)
    manifest = read_manifest(folder)
    counts = {**manifest.counts, "units": len(rows)}
    replace(manifest, counts=counts, files=digest_files(folder)).write(folder)


def memory_mib() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


async def measure(count: int, units: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        data_dir = Path(made)
        (data_dir / "models").symlink_to(KEPT_MODELS)
        template = data_dir / "template"
        small_build(template, units)
        build = read_manifest(template).build
        names = [f"site{number}" for number in range(count)]
        for name in names:
            shutil.copytree(template, Builds.of(data_dir, name).path(build))
            Builds.of(data_dir, name).publish(build, "bench")
        known = load_site(SITES / "kneecare")
        began, began_cpu = time.monotonic(), time.process_time()
        assistants = Assistants(data_dir, {name: known.model_copy(update={"site": name}) for name in names})
        await assistants.refresh()
        ready_s, ready_cpu_s = time.monotonic() - began, time.process_time() - began_cpu
        assert all(map(assistants.is_ready, names))
        print(
            f"{count} sites of {units} texts: ready after {ready_s:.1f} s ({ready_cpu_s:.1f} s CPU), {memory_mib():.0f} MiB"
        )
        for name in names:
            await assistants.reply(name, "What if I hate needles?")
        print(f"after a question to each: {memory_mib():.0f} MiB, {time.process_time() - began_cpu:.1f} s CPU in all")
        assistants.close()


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    asyncio.run(measure(*given, *(200, 200)[len(given) :]))
