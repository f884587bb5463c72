"""One address sends the costliest messages it may: what other visitors wait, and whether emergencies come through.

python -m tests.bench.attack [SECONDS OF EACH PART]

A real server with KneeCare's build and its rate limits on. Visitors come from addresses of their own and ask a plain question every
six seconds, first in peace, then beside the attack. Writes server/docs/attack.md; its status is 1 where a bound does not hold.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from tests.bench.serving import kneecare_served
from tests.bench.worst import messages

PAGE = Path(__file__).parents[2] / "server" / "docs" / "attack.md"
VISITORS, EVERY_S, AT_ONCE = 24, 6.0, 4
PART_S = 60.0
QUESTIONS = (
    "Does the injection hurt?",
    "How long does it take?",
    "Can I drive home?",
    "What is a trigger point?",
    "Do I need a scan?",
)
EMERGENCY = "I have crushing chest pain and cannot breathe"
P99_AT_MOST = 3.0  # times that in peace
ATTACKER = "127.0.66.6"


@dataclass
class Part:
    """What was seen in one part: seconds of each answer to a question, and the statuses of everything."""

    questions_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def at(self, percent: float) -> float:
        """A percentile of the questions, in milliseconds."""
        return 1000 * float(np.percentile(self.questions_s, percent))


class Talk:
    """A conversation from an address of its own."""

    def __init__(self, port: int, address: str) -> None:
        transport = httpx.AsyncHTTPTransport(local_address=address, limits=httpx.Limits(max_connections=8))
        self._client = httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._keys = itertools.count()
        self._at = ""
        self._headers: dict[str, str] = {}

    @property
    def is_open(self) -> bool:
        return bool(self._at)

    async def begin(self) -> int:
        answer = await self._client.post("/api/v1/sites/kneecare/conversations", json={})
        if answer.status_code == 201:
            told = answer.json()
            self._at, self._headers = (
                f"/api/v1/conversations/{told['id']}/messages",
                {"Authorization": f"Bearer {told['token']}"},
            )
        return answer.status_code

    async def say(self, text: str) -> int:
        headers = self._headers | {"Idempotency-Key": f"key-{next(self._keys)}"}
        return (await self._client.post(self._at, json={"text": text}, headers=headers)).status_code

    async def close(self) -> None:
        await self._client.aclose()


async def ask(port: int, number: int, end: float, part: Part) -> None:
    talk = Talk(port, f"127.0.1.{number + 1}")
    await asyncio.sleep(EVERY_S * number / VISITORS)
    while await talk.begin() != 201:
        await asyncio.sleep(1)
    for question in itertools.cycle(QUESTIONS):
        if time.monotonic() > end:
            break
        began = time.monotonic()
        part.statuses[f"question {await talk.say(question)}"] += 1
        part.questions_s.append(time.monotonic() - began)
        await asyncio.sleep(EVERY_S)
    await talk.close()


async def cry(port: int, end: float, part: Part) -> None:
    """An emergency every three seconds, each from an address of its own."""
    for number in itertools.count(1):
        if time.monotonic() > end:
            return
        talk = Talk(port, f"127.0.2.{number}")
        await talk.begin()
        part.statuses[f"emergency {await talk.say(EMERGENCY)}"] += 1
        await talk.close()
        await asyncio.sleep(3)


async def attack(port: int, end: float, part: Part) -> None:
    """The costliest messages, one after the other and without waiting; a refusal is tried again at once."""
    texts = [text for _, text, history in messages() if not history and len(text) > 3_900]
    talk = Talk(port, ATTACKER)
    for text in itertools.cycle(texts):
        if time.monotonic() > end:
            break
        if not talk.is_open:
            await talk.begin()
            continue
        status = await talk.say(text)
        part.statuses[f"attack {status}"] += 1
        if status == 429:
            await talk.begin()
            await asyncio.sleep(0.05)
    await talk.close()


async def measure(port: int, part_s: float, *, is_attacked: bool) -> Part:
    part, end = Part(), time.monotonic() + part_s
    attacks = [attack(port, end, part) for _ in range(AT_ONCE)] if is_attacked else []
    await asyncio.gather(*(ask(port, number, end, part) for number in range(VISITORS)), cry(port, end, part), *attacks)
    return part


async def run(port: int, part_s: float) -> tuple[Part, Part]:
    await measure(port, 6.0, is_attacked=False)  # what is loaded when first asked for
    await asyncio.sleep(60)  # the windows of the rate limits
    calm = await measure(port, part_s, is_attacked=False)
    await asyncio.sleep(60)
    return calm, await measure(port, part_s, is_attacked=True)


def page(calm: Part, attacked: Part, part_s: float) -> str:
    rows = [
        f"| {name} | {len(part.questions_s)} | {part.at(50):.0f} ms | {part.at(99):.0f} ms | {max(part.questions_s) * 1000:.0f} ms | "
        f"{part.statuses['emergency 201']} of {emergencies(part)} |"
        for name, part in (("in peace", calm), ("beside the attack", attacked))
    ]
    sent = ", ".join(
        f"{count} × {status.split()[1]}" for status, count in sorted(attacked.statuses.items()) if "attack" in status
    )
    return "\n".join(
        (
            "# One address that sends the costliest messages it may",
            "",
            f"Written by `make soak` (`python -m tests.bench.attack`): {VISITORS} visitors from as many addresses ask a plain question every "
            f"{EVERY_S:.0f} s for {part_s:.0f} s,",
            f"and somebody reports an emergency every 3 s; then again while one address sends messages of 4,000 characters, {AT_ONCE} at a time",
            "and without a pause. One server process with its rate limits on, SQLite, on the machine that also sends.",
            "",
            "| | questions | p50 | p99 | longest | emergencies stored and handed over |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            f"p99 beside the attack is {attacked.at(99) / calm.at(99):.1f} times that in peace; {P99_AT_MOST:.0f} times are allowed. The attacker's "
            f"requests were answered: {sent}.",
            "",
        )
    )


def emergencies(part: Part) -> int:
    return sum(count for status, count in part.statuses.items() if status.startswith("emergency"))


def main() -> int:
    part_s = float(sys.argv[1]) if len(sys.argv) > 1 else PART_S
    with kneecare_served(ADVOCATE_RATE_LIMIT="on") as served:
        calm, attacked = asyncio.run(run(served.port, part_s))
    PAGE.write_text(page(calm, attacked, part_s), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"), dict(attacked.statuses))
    are_heard = emergencies(attacked) > 0 and attacked.statuses["emergency 201"] == emergencies(attacked)
    return int(attacked.at(99) > P99_AT_MOST * calm.at(99) or not are_heard)


if __name__ == "__main__":
    raise SystemExit(main())
