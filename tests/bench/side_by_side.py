"""This product and what one could use instead, in one run on one machine: ratios to the plainest peer.

python -m tests.bench.side_by_side [--write] [SECONDS]

Each system serves by itself, a closed-loop client beside it on the same cores; every question is asked once. --write puts the
table and the chart into server/docs. When others took so much of the machine that no figure is to be believed, it writes
nothing and ends with 2.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from server.figures.evaluation import load_questions
from tests.bench.chart import bars
from tests.bench.serving import Served, kneecare_served, process
from tests.bench.wire import Line

DATA = Path(__file__).parents[1] / "server" / "data"
DOCS = Path(__file__).parents[2] / "server" / "docs"
CONNECTIONS = (1, 16, 64)
SECONDS = 8.0
OTHERS_AT_MOST = 0.12  # of all cores' time that other processes may take
BEGIN, END = "<!-- measured by tests.bench.side_by_side -->", "<!-- until here -->"
ASK = "/api/v1/sites/kneecare/ask"


@dataclass
class Figures:
    """What one system did at each number of connections."""

    took_ms: dict[int, list[float]] = field(default_factory=dict)
    a_second: dict[int, float] = field(default_factory=dict)
    cpu_ms: dict[int, float] = field(default_factory=dict)  # of the server, an answer: the least touched by others
    memory_mb: float = 0.0
    refused: int = 0
    others: float = 0.0  # the largest share of the cores that others took meanwhile

    def quantile(self, connections: int, share: float) -> float:
        ordered = sorted(self.took_ms[connections])
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def systems() -> dict[str, tuple[AbstractContextManager[Served], str]]:
    """What is measured, by its name: how it is served, and where it answers."""
    peer = [sys.executable, "-m", "tests.bench.peers"]
    return {
        "sentence-transformers + FAISS + FastAPI": (process([*peer, "plain"], "/healthz", {}), "/ask"),
        "the same, encoded in batches": (process([*peer, "batched"], "/healthz", {}), "/ask"),
        "ONNX Runtime + FAISS + FastAPI": (process([*peer, "onnx"], "/healthz", {}), "/ask"),
        "Patient Advocate": (kneecare_served(), ASK),
    }


def questions() -> Iterator[str]:
    """Visitors' questions, each once: what was asked before may be known."""
    texts = [one.text for name in ("validation", "dev") for one in load_questions(DATA / f"kneecare_{name}.jsonl")]
    return (f"{text} ({number})" for number, text in enumerate(cycle(texts)))


async def ask_all(served: Served, path: str, connections: int, seconds: float, asked: Iterator[str]) -> Figures:
    """So many connections, each asking again as soon as it is answered."""
    figures = Figures({connections: []})
    until = time.perf_counter() + seconds

    async def ask_on() -> None:
        line = await Line.open(served.port)
        while (began := time.perf_counter()) < until:
            status, _ = await line.post(path, {"text": next(asked)})
            figures.refused += status != 200
            figures.took_ms[connections].append(1000 * (time.perf_counter() - began))
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(connections)))
    figures.a_second[connections] = len(figures.took_ms[connections]) / (time.perf_counter() - began)
    return figures


def measure(serving: AbstractContextManager[Served], path: str, seconds: float) -> Figures:
    """All figures of one system."""
    found, asked = Figures(), questions()
    with serving as served:
        asyncio.run(ask_all(served, path, 4, 2, asked))  # warm
        for connections in CONNECTIONS:
            cpu, busy, began = served.cpu_s, busy_s(), time.perf_counter()
            own = cpu + time.process_time()
            one = asyncio.run(ask_all(served, path, connections, seconds, asked))
            others = busy_s() - busy - (served.cpu_s + time.process_time() - own)
            found.took_ms |= one.took_ms
            found.a_second |= one.a_second
            found.cpu_ms[connections] = 1000 * (served.cpu_s - cpu) / len(one.took_ms[connections])
            found.refused += one.refused
            cores = os.cpu_count() or 1
            found.others = max(found.others, others / (cores * (time.perf_counter() - began)))
        found.memory_mb = served.memory_mb
    return found


def busy_s() -> float:
    """Processor time that all processes of the machine took so far."""
    fields = [int(one) for one in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")


def table(found: dict[str, Figures]) -> list[str]:
    """Ratios to the first of them, and its own figures beneath."""
    plain = next(iter(found.values()))
    lines = [
        "| | p50 at 1 connection | answers a second at 16 | at 64 | p99/p50 at 64 | processor an answer at 1 | at 64 | memory | refused |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        ratios = [
            one.quantile(1, 0.5) / plain.quantile(1, 0.5),
            *(one.a_second[n] / plain.a_second[n] for n in (16, 64)),
        ]
        spread, memory = one.quantile(64, 0.99) / one.quantile(64, 0.5), one.memory_mb / plain.memory_mb
        work = [one.cpu_ms[n] / plain.cpu_ms[n] for n in (1, 64)]
        shown = [f"{ratio:.2f}" for ratio in (*ratios, spread, *work, memory)]
        lines.append(f"| {' | '.join([name, *shown, str(one.refused)])} |")
    lines += [
        "",
        f"1 is {plain.quantile(1, 0.5):.1f} ms, {plain.a_second[16]:.0f} and {plain.a_second[64]:.0f} answers a second, "
        f"{plain.cpu_ms[1]:.1f} and {plain.cpu_ms[64]:.1f} ms of processor, {plain.memory_mb:.0f} MB. {machine()}",
        noise(found),
    ]
    return lines


def machine() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    processor = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"Measured on {os.cpu_count()} cores of {processor}, Python {platform.python_version()}."


def noise(found: dict[str, Figures]) -> str:
    """Whether the figures are to be believed."""
    most = max(one.others for one in found.values())
    is_quiet = most <= OTHERS_AT_MOST
    said = "quiet" if is_quiet else f"too noisy to believe: at most {OTHERS_AT_MOST:.0%} is allowed"
    return f"Other processes took up to {most:.0%} of the cores: {said}."


def write(found: dict[str, Figures]) -> None:
    """Put table and chart into the docs."""
    page = DOCS / "speed.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    measured = "\n".join(
        [BEGIN, "", "![Answers a second at 64 connections](side_by_side.svg)", "", *table(found), "", END]
    )
    page.write_text(before + measured + rest.partition(END)[2], encoding="utf-8")
    plain = next(iter(found.values())).a_second[64]
    shares = {name: one.a_second[64] / plain for name, one in found.items()}
    chart = bars("Answers a second at 64 connections, against the plainest", shares)
    (DOCS / "side_by_side.svg").write_text(chart, encoding="utf-8")


def main() -> int:
    given = [one for one in sys.argv[1:] if one != "--write"]
    seconds = float(given[0]) if given else SECONDS
    found = {}
    for name, (serving, path) in systems().items():
        print(f"measuring {name}", file=sys.stderr, flush=True)
        found[name] = measure(serving, path, seconds)
    print("\n".join(table(found)))
    if max(one.others for one in found.values()) > OTHERS_AT_MOST:
        return 2
    if "--write" in sys.argv:
        write(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
