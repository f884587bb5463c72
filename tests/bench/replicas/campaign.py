"""What happens in a campaign, and whether everyone was told the same at its end."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx

from server.storage import Role, Store
from server.storage.builds import live_on
from server.storage.database.faults import StorageUnavailable
from server.web.visitor.views import event_json
from tests.bench.replicas.people import CHANGED, OPENING, PASSWORD, PAT, TALK, Advocate, Visitor
from tests.bench.replicas.servers import Server, until_ready
from tests.server.test_keeping import NEW_WORDS

SITE = "kneecare"
SPREAD_S = 5.0  # after this, since it was shown as live everywhere, nobody answers from the build before
LOOK_EVERY_S = 0.25
CONNECTIONS = httpx.Limits(max_connections=None, keepalive_expiry=4)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how rough. faults: what else happens, by its second."""

    visitors: int
    lasts_s: float
    message_every_s: float
    kill_every_s: float
    kill_until_s: float
    corrected_at_s: float
    faults: Sequence[tuple[float, Callable[[], Awaitable[None]]]] = ()
    seed: int = 0


@dataclass
class Found:
    """What a campaign found: figures, and what was not as it must be."""

    figures: Counter[str] = field(default_factory=Counter)
    longest_wait_s: float = 0.0
    spread_s: float = 0.0  # from the publication to when it was shown as live on every server
    live_at: float = 0.0
    answers: list[tuple[float, str, bool]] = field(default_factory=list)  # of servers: when asked, build, old words
    wrong: list[str] = field(default_factory=list)


class Campaign:
    """One run, on servers that are ready. addresses: where visitors and staff go, one after the other."""

    def __init__(self, plan: Plan, servers: Sequence[Server], addresses: Sequence[str], store: Store) -> None:
        self._plan, self._servers, self._addresses, self._store = plan, servers, addresses, store
        self._random, self._chance_of_kills = Random(plan.seed), Random(plan.seed)
        self._began = 0.0
        self._build = ""  # the corrected one
        self.found = Found()

    async def run(self, publish: Callable[[], Awaitable[str]]) -> Found:
        """publish: publishes the latest text, and gives the build's id."""
        with suppress(ValueError):
            await self._store.staff.add(PAT, "Pat Cashen", Role.ADVOCATE, PASSWORD, (SITE,))
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=20, limits=CONNECTIONS))
            ways = [self._random.sample(self._addresses, len(self._addresses)) for _ in range(self._plan.visitors)]
            visitors = [Visitor(client, way) for way in ways]
            browser = await stack.enter_async_context(httpx.AsyncClient(timeout=20))
            pat = Advocate(browser, self._addresses, self._store)
            await pat.sign_in()
            self._began = time.monotonic()
            beside = [
                asyncio.create_task(work) for work in (self._kill(), self._keep_up(), pat.work(), self._look(client))
            ]
            beside += [asyncio.create_task(self._at(second, fault)) for second, fault in self._plan.faults]
            self._publishing = asyncio.create_task(self._correct(publish))
            reading = [asyncio.create_task(self._talk(number, one)) for number, one in enumerate(visitors)]
            listening = [task for one in await asyncio.gather(*reading) for task in one]
            await self._publishing
            for one in beside:
                one.cancel()
            ended = await asyncio.gather(*beside, return_exceptions=True)
            self.found.wrong += [f"{one!r}" for one in ended if isinstance(one, Exception)]
            await until_ready(self._servers, within_s=120)
            await asyncio.sleep(max(0.0, self.found.live_at + SPREAD_S - time.monotonic()))
            await asyncio.gather(*(self._look_at(one, client) for one in self._servers))
            await self._compare(visitors, pat)
            for task in listening:
                task.cancel()
        self._count(visitors, pat)
        return self.found

    @property
    def _is_over(self) -> bool:
        return time.monotonic() > self._began + self._plan.lasts_s and self._publishing.done()

    async def _at(self, second: float, fault: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(second)
        await fault()

    async def _talk(self, number: int, visitor: Visitor) -> list[asyncio.Task[None]]:
        pause_s = self._plan.message_every_s
        await asyncio.sleep(pause_s * number / self._plan.visitors)
        await visitor.begin()
        listening = [asyncio.create_task(visitor.listen())]
        texts = [OPENING]
        while texts or not self._is_over:
            await visitor.say(texts.pop() if texts else TALK[(number + len(visitor.said)) % len(TALK)])
            await asyncio.sleep(pause_s * self._random.uniform(0.5, 1.5))
        return listening

    async def _kill(self) -> None:
        chance, end = self._chance_of_kills, self._began + self._plan.kill_until_s
        while time.monotonic() < end:
            await asyncio.sleep(self._plan.kill_every_s * chance.uniform(0.5, 1.5))
            chance.choice(self._servers).kill(stays_away_s=chance.uniform(0, 2))

    async def _keep_up(self) -> None:
        while True:
            for one in self._servers:
                one.keep_up()
            await asyncio.sleep(0.1)

    async def _look(self, client: httpx.AsyncClient) -> None:
        """Ask every server, past the balancer, what quotes the sentence that is corrected."""
        while True:
            await asyncio.gather(*(self._look_at(one, client) for one in self._servers))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look_at(self, server: Server, client: httpx.AsyncClient) -> None:
        asked_at = time.monotonic()
        with suppress(httpx.TransportError):
            answer = await client.post(f"{server.address}/api/v1/sites/{SITE}/ask", json={"text": CHANGED})
            if answer.status_code == 200 and (reply := answer.json())["build"]:
                self.found.answers.append((asked_at, reply["build"], _says_old_words(reply)))

    async def _correct(self, publish: Callable[[], Awaitable[str]]) -> None:
        """Have a sentence that was saved with other words published, and see when it is shown as live everywhere."""
        await asyncio.sleep(self._plan.corrected_at_s)
        self._build = await publish()
        async with asyncio.timeout(60):
            while not await self._is_live_everywhere():
                await asyncio.sleep(0.1)
        [publication] = await self._store.builds.publications(SITE, 1)
        self.found.live_at = time.monotonic()
        self.found.spread_s = (datetime.now(UTC) - publication.at).total_seconds()

    async def _is_live_everywhere(self) -> bool:
        """By what the editor and the command line show."""
        with suppress(StorageUnavailable):
            live, every = live_on(await self._store.builds.replicas(), SITE, self._build)
            return live == every > 0
        return False

    async def _compare(self, visitors: Sequence[Visitor], pat: Advocate) -> None:
        for one in visitors:
            stored = await _stored(self._store, one.conversation_id)
            await self._until_read(one, len(stored))
            self._tell(one, _wrong_of(one, stored, pat.written.get(one.conversation_id)))
            handover = await self._store.handovers.of_conversation(one.conversation_id)
            if handover is None:
                self._tell(one, ["it was handed over to nobody"])
            elif await pat.transcript(handover.handover_id) != await self._receipt(one):
                self._tell(one, ["the desk's transcript is not the visitor's"])
        self.found.wrong += await self._store.check()
        late = self.found.live_at + SPREAD_S
        old = [at - late for at, build, is_old in self.found.answers if at > late and (is_old or build != self._build)]
        old += [
            said.sent_at - late
            for one in visitors
            for said in one.said
            if said.sent_at > late and self._is_old(said.reply)
        ]
        self.found.wrong += [
            f"an answer of the old build {SPREAD_S + at:.1f} s after it was live everywhere" for at in old
        ]

    def _is_old(self, reply: Any) -> bool:
        return bool(reply) and (_says_old_words(reply) or reply["build"] not in ("", self._build))

    async def _until_read(self, visitor: Visitor, number: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while len(visitor.events) < number and not visitor.wrong:
                    await asyncio.sleep(0.05)

    async def _receipt(self, visitor: Visitor) -> str:
        answer = await visitor.client.post(f"{self._addresses[0]}/receipts/download", data={"code": visitor.receipt})
        return answer.text if answer.status_code == 200 else f"{answer.status_code}"

    def _tell(self, visitor: Visitor, wrong: Sequence[str]) -> None:
        self.found.wrong += [f"conversation {visitor.conversation_id[:8]}: {one}" for one in wrong]

    def _count(self, visitors: Sequence[Visitor], pat: Advocate) -> None:
        self.found.figures.update(
            conversations=len(visitors),
            acknowledged=sum(len(one.said) for one in visitors),
            events=sum(len(one.events) for one in visitors),
            sent_again=sum(one.sent_again.total() for one in visitors),
            refused=sum(one.sent_again["503"] for one in visitors),
            written=len(pat.written),
            broke_off=sum(one.broke_off for one in visitors),
            kills=sum(one.kills for one in self._servers),
            answers=len(self.found.answers),
            after_late=sum(at > self.found.live_at + SPREAD_S for at, _, _ in self.found.answers),
        )
        self.found.longest_wait_s = max(said.waited_s for one in visitors for said in one.said)


async def _stored(store: Store, conversation_id: str) -> list[Any]:
    """Every event as the database has it, as a visitor reads it."""
    events: list[Any] = []
    while more := await store.conversations.events(conversation_id, after=len(events)):
        events += [event_json(one) for one in more]
    return events


def _wrong_of(visitor: Visitor, stored: Sequence[Any], written: str | None) -> list[str]:
    """What the visitor, the database and the advocate do not agree upon."""
    wrong = list(visitor.wrong)
    if visitor.events != stored:
        wrong.append(f"the visitor read {len(visitor.events)} events, {len(stored)} are stored, or they differ")
    messages = [(one["text"], one["seq"]) for one in stored if one["author"] == "visitor" and one["kind"] == "message"]
    if messages != [(said.text, said.seq) for said in visitor.said]:
        wrong.append(f"{len(visitor.said)} messages were acknowledged, and {len(messages)} stored, or in another order")
    replies = {one["seq"]: one.get("reply") for one in stored}
    wrong += [
        f"message {one.seq}: another reply is stored" for one in visitor.said if one.reply != replies.get(one.seq + 1)
    ]
    if written is not None and (times := sum(one.get("text") == written for one in stored)) != 1:
        wrong.append(f"what the advocate wrote stands there {times} times")
    return wrong


def _says_old_words(reply: Any) -> bool:
    return bool(re.search(NEW_WORDS[0], " ".join(quote["text"] for quote in reply["quotes"])))
