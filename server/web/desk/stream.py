"""The desk's live stream: says that something changed, never what. The browser then fetches the page again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from server.rounds.following import Typing
from server.storage import Author, Conversation, Handover, Waiter
from server.web.desk.queue import needs_someone, queue_state
from server.web.desk.reading import conversation_state, failing_targets, read_inbox, read_present
from server.web.desk.screens import troubles_state
from server.web.desk.shift import Shift, find_handover, sites_of
from server.web.guards.staff import Staff, is_still_signed_in
from server.web.parts import Parts

LOOK_S = 1.0  # a wake-up may be lost, so look again this often
SPEAK_S = 4.0  # the browser takes 10 s of silence for a broken line
TYPING_S = 4.0  # a visitor's sign of typing is shown this long
RECHECK_S = 4.0  # who was signed out or disabled elsewhere is gone within 5 s


async def read_pulse(shift: Shift, handover_id: str) -> dict[str, Any]:
    """What the desk's script compares with what it shows. No visitor's words: counts, numbers and digests."""
    rows = await read_inbox(shift)
    pulse: dict[str, Any] = {
        "queue": queue_state(rows, await read_present(shift)),
        "waiting": sum(needs_someone(row) for row in rows),
        "urgent": sum(needs_someone(row) and row.urgent for row in rows),
        "alerts": sum(row.alerts for row in rows),
        "given": sum(row.claimed_by == shift.user_id for row in rows),
        "failing": troubles_state(
            await failing_targets(shift.parts),
            await shift.parts.store.drills.missed(shift.staff.user.sites),
            shift.parts.store.database.trouble.since,
        ),
    }
    return pulse | await _of_conversation(shift, handover_id) if handover_id else pulse


async def pulses(parts: Parts, staff: Staff, handover_id: str) -> AsyncIterator[str]:
    """Server-sent events: a pulse at once, whenever it changes, and as a sign of life; `signed-out` at the end."""
    shift = Shift.of(parts, staff)
    said: dict[str, Any] = {}
    said_at = checked_at = monotonic()
    async with AsyncExitStack() as stack:
        topics = await _topics(shift, handover_id)
        waiters = [stack.enter_context(parts.store.wakeups.listen(topic)) for topic in topics]
        signs = await stack.enter_async_context(_watching(shift, handover_id))
        while not signs.is_over:
            pulse = await read_pulse(shift, handover_id) | {"is_typing": signs.is_typing}
            if pulse != said or monotonic() - said_at > SPEAK_S:
                said, said_at = pulse, monotonic()
                yield _event("pulse", pulse)
            await _any_of(waiters)
            if monotonic() - checked_at > RECHECK_S:
                checked_at = monotonic()
                if not await is_still_signed_in(parts, staff):
                    yield _event("signed-out", {})
                    return


@dataclass(slots=True)
class Signs:
    """What following a conversation tells besides its log: that the visitor writes, and that the server stops."""

    typed_at: float = -TYPING_S
    is_over: bool = False

    @property
    def is_typing(self) -> bool:
        return monotonic() - self.typed_at < TYPING_S


@asynccontextmanager
async def _watching(shift: Shift, handover_id: str) -> AsyncIterator[Signs]:
    signs = Signs()
    if not handover_id:
        yield signs
        return
    handover = await find_handover(shift, handover_id)
    conversation = await shift.parts.store.conversations.get(handover.conversation_id)
    watch = asyncio.create_task(_watch(shift.parts, conversation, signs))
    try:
        yield signs
    finally:
        watch.cancel()


async def _watch(parts: Parts, conversation: Conversation, signs: Signs) -> None:
    following = parts.desk.follow(conversation.conversation_id, after=conversation.last_seq, reader=Author.ADVOCATE)
    async for one in following:
        if isinstance(one, Typing):
            signs.typed_at = monotonic()
    signs.is_over = True


async def _of_conversation(shift: Shift, handover_id: str) -> dict[str, Any]:
    handover = await find_handover(shift, handover_id)
    conversation = await shift.parts.store.conversations.get(handover.conversation_id)
    return {
        "state": await conversation_state(shift.parts, handover),
        "seq": conversation.last_seq,
    }


async def _topics(shift: Shift, handover_id: str) -> list[str]:
    topics = [f"inbox:{site}" for site in await sites_of(shift)]
    if handover_id:
        handover: Handover = await find_handover(shift, handover_id)
        topics.append(f"conversation:{handover.conversation_id}")
    return topics


async def _any_of(waiters: Sequence[Waiter]) -> None:
    """Wait for the first hint, or until it is time to look anyway."""
    waits = [asyncio.create_task(waiter.wait(LOOK_S)) for waiter in waiters]
    if not waits:
        await asyncio.sleep(LOOK_S)
        return
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()


def _event(name: str, body: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"
