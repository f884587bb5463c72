"""Who talks in a campaign: visitors, who send until it is acknowledged and read on where they broke off, and an advocate."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from server.storage import Store
from server.storage.database.faults import StorageUnavailable

PASSWORD = "quiet orchard lamp"
PAT = "pat@kneecare.test"
CHANGED = "What if I hate needles?"  # what quotes the sentence that is corrected
OPENING = "Can I take blood thinners with my heart stent?"  # handed over: staff may read all that follows
TALK = (
    CHANGED,
    "How long does it take?",
    "Is it safe for my heart?",
    CHANGED,
    "I have crushing chest pain",
    "Thank you!",
)
PAUSE_S = 0.4
LATER = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was acknowledged: its text, its number, and the reply that came with it."""

    text: str
    seq: int
    reply: Any
    sent_at: float  # first, of perhaps several times
    waited_s: float


@dataclass
class Visitor:
    """Talks as the widget does: each message with one key until it is acknowledged."""

    client: httpx.AsyncClient
    addresses: Sequence[str]
    said: list[Said] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sent_again: Counter[str] = field(default_factory=Counter)  # by why
    broke_off: int = 0

    def __post_init__(self) -> None:
        self._next = itertools.cycle(self.addresses)
        self.conversation_id = self._token = self.receipt = ""

    @property
    def door(self) -> str:
        return f"{next(self._next)}/api/v1/conversations/{self.conversation_id}"

    async def begin(self) -> None:
        while not self.conversation_id:
            with suppress(httpx.TransportError):
                answer = await self.client.post(f"{next(self._next)}/api/v1/sites/kneecare/conversations", json={})
                if answer.status_code == 201:
                    told = answer.json()
                    self.conversation_id, self._token, self.receipt = told["id"], told["token"], told["receipt"]
                    return
            await asyncio.sleep(PAUSE_S)

    async def say(self, text: str) -> None:
        began, headers = time.monotonic(), {"Authorization": f"Bearer {self._token}", "Idempotency-Key": uuid4().hex}
        while True:
            why = "no answer"
            with suppress(httpx.TransportError):
                answer = await self.client.post(f"{self.door}/messages", json={"text": text}, headers=headers)
                why = str(answer.status_code)
                if answer.status_code == 201:
                    told = answer.json()
                    waited_s = time.monotonic() - began
                    self.said.append(Said(text, told["message"]["seq"], told["reply"], began, waited_s))
                    return
                if answer.status_code not in LATER:
                    self.wrong.append(f"a message was answered {answer.status_code}: {answer.text[:200]}")
                    return
            self.sent_again[why] += 1
            await asyncio.sleep(PAUSE_S)

    async def listen(self) -> None:
        """Read the events, on and on; each must come once, in its place."""
        while True:
            with suppress(httpx.TransportError):
                await self._listen_once()
            self.broke_off += 1
            await asyncio.sleep(PAUSE_S)

    async def _listen_once(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        if self.events:
            headers["Last-Event-ID"] = str(self.events[-1]["seq"])
        async with self.client.stream("GET", f"{self.door}/events", headers=headers) as answer:
            if answer.status_code != 200:
                return
            kind = ""
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:") and kind != "typing":
                    self._take(kind, json.loads(line[5:]))

    def _take(self, kind: str, event: Any) -> None:
        if kind == "reset" and "seq" not in event:
            self.wrong.append("a stream began anew: the server did not know an event that it had given")
        elif event["seq"] != (expected := len(self.events) + 1):
            self.wrong.append(f"event {event['seq']} came where {expected} was expected")
        else:
            self.events.append(event)


@dataclass
class Advocate:
    """Pat, at the desk's forms: takes who waits, and writes one line to each."""

    client: httpx.AsyncClient
    addresses: Sequence[str]
    store: Store
    written: dict[str, str] = field(default_factory=dict)  # acknowledged, by the conversation

    def __post_init__(self) -> None:
        self._next = itertools.cycle(self.addresses)

    async def _form(self, path: str, **fields: object) -> httpx.Response:
        """Sent until something that is not the way's fault comes back."""
        while True:
            address = next(self._next)
            with suppress(httpx.TransportError):
                data, headers = {key: str(value) for key, value in fields.items()}, {"Origin": address}
                answer = await self.client.post(address + path, data=data, headers=headers)
                if answer.status_code not in LATER:
                    return answer
            await asyncio.sleep(PAUSE_S)

    async def sign_in(self) -> None:
        answer = await self._form("/sign-in", email=PAT, password=PASSWORD)
        assert answer.status_code == 303, answer.text

    async def work(self) -> None:
        for number in itertools.count(1):
            with suppress(StorageUnavailable):
                waiting = [one for one in await self.store.handovers.inbox(["*"]) if one.claimed_by is None]
                if waiting:
                    await self._help(waiting[0].handover_id, f"I have read it. Line {number} of mine.")
            await asyncio.sleep(1.5)

    async def _help(self, handover_id: str, text: str) -> None:
        handover = await self.store.handovers.get(handover_id)
        await self._form(f"/desk/{handover_id}/claim", version=handover.version)
        key = uuid4().hex
        for _ in range(5):  # the visitor may write meanwhile
            seq = (await self.store.conversations.get(handover.conversation_id)).last_seq
            answer = await self._form(f"/desk/{handover_id}/messages", text=text, seen_seq=seq, key=key)
            if answer.status_code == 303:
                self.written[handover.conversation_id] = text
                return

    async def transcript(self, handover_id: str) -> str:
        """What staff read of a conversation, as the desk's file."""
        while True:
            with suppress(httpx.TransportError):
                path = f"{next(self._next)}/desk/{handover_id}/transcript.txt"
                answer = await self.client.get(path)
                if answer.status_code == 200:
                    return answer.text
                assert answer.status_code in LATER, answer.text
            await asyncio.sleep(PAUSE_S)
