"""What happens in a conversation, seen from the desk that joins assistant, store and wake-ups."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest

from kb.labels import Label
from server.answers.admission import MOST_TURNS, ROOM
from server.core.handing.handover import Closing, Closure
from server.core.typed import judged
from server.desk import (
    Busy,
    Choice,
    Desk,
    NotStored,
    Pass,
    PassageNotOffered,
    Typed,
    UnknownConversation,
)
from server.rounds.following import Typing
from server.storage import Store
from server.storage.database.engine import READING, WRITING
from server.storage.database.faults import StorageUnavailable
from server.storage.database.transactions import Database
from server.storage.talks.events import Author, Kind
from tests.server.web.stand_in import StandIn

QUESTION = Typed("What is a trigger point?")
CLINICAL = Typed("Is it safe for my heart?")
URGENT = Typed("I can't breathe")


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def assistants() -> StandIn:
    return StandIn()


@pytest.fixture
def desk(store: Store, assistants: StandIn) -> Desk:
    return Desk(store, assistants)


@pytest.fixture
async def visitor(desk: Desk) -> Pass:
    started = await desk.start("kneecare")
    return Pass(started.conversation_id, started.token)


async def test_a_message_its_reply_and_its_handover_are_stored_together(desk: Desk, visitor: Pass, store: Store):
    taken = await desk.receive(visitor, CLINICAL, "1")
    kinds = [event.kind for event in await desk.said(visitor.conversation_id)]
    assert kinds == [Kind.MESSAGE, Kind.HANDOVER]
    assert taken.received.handover_id == (await store.handovers.inbox(["kneecare"]))[0].handover_id
    decision = (await store.conversations.decisions(visitor.conversation_id))[1]
    assert decision.label is Label.CLINICAL


async def test_a_message_costs_two_transactions(desk: Desk, visitor: Pass, monkeypatch: pytest.MonkeyPatch):
    once, begun = Database._once, []

    def counted(self: Database, *arguments: Any) -> Any:
        begun.append(arguments[-1])
        return once(self, *arguments)

    monkeypatch.setattr(Database, "_once", counted)
    await desk.receive(visitor, QUESTION, "1")
    assert begun == [READING, WRITING]


async def test_a_wrong_token_is_told_apart_from_nothing(desk: Desk, visitor: Pass):
    for wrong in (Pass(visitor.conversation_id, "x"), Pass("x", visitor.token)):
        with pytest.raises(UnknownConversation):
            await desk.receive(wrong, QUESTION, "1")


async def test_twenty_retries_at_once_are_one_message(desk: Desk, visitor: Pass):
    taken = await asyncio.gather(*(desk.receive(visitor, CLINICAL, "once") for _ in range(20)))
    assert len({(one.received.message.seq, one.received.reply.seq) for one in taken}) == 1
    assert len(await desk.said(visitor.conversation_id)) == 2


async def test_only_what_was_just_offered_can_be_chosen(desk: Desk, visitor: Pass):
    await desk.receive(visitor, Typed("What does it cost?"), "1")
    offered = (await desk.said(visitor.conversation_id))[-1].reply.suggestions
    with pytest.raises(PassageNotOffered):
        await desk.receive(visitor, Choice("p-elsewhere"), "2")
    chosen = await desk.receive(visitor, Choice(offered[1].passage_id), "3")
    assert chosen.received.reply is not None
    assert chosen.received.reply.reply.quotes[0].passage_id == offered[1].passage_id


async def test_when_storing_fails_nothing_is_promised(desk: Desk, visitor: Pass, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.storage.talks.conversations.Conversations.receive", refuse)
    with pytest.raises(NotStored) as caught:
        await desk.receive(visitor, QUESTION, "1")
    reply = caught.value.reply
    assert (reply.label, reply.handed_over, reply.quotes) == (Label.OUT_OF_KB, False, ())
    assert "could not reach our patient advocate" in reply.message and "988" in reply.message


@pytest.mark.parametrize("broken", ["hear", "receive"])
async def test_an_emergency_is_answered_first_with_the_store_down(
    desk: Desk, visitor: Pass, monkeypatch: pytest.MonkeyPatch, broken: str
):
    monkeypatch.setattr(f"server.storage.talks.conversations.Conversations.{broken}", refuse)
    with pytest.raises(NotStored) as caught:
        await desk.receive(visitor, URGENT, "1")
    reply = caught.value.reply
    assert reply.message.startswith("This may be an emergency. Call 911 now")
    assert "alerted" not in reply.message and not reply.handed_over


async def test_an_emergency_does_not_wait_for_a_slow_store_and_a_retry_finds_it_stored(
    desk: Desk, visitor: Pass, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("server.desk.EMERGENCY_PATIENCE_S", 0.1)
    receive = store.conversations.receive

    async def receive_slowly(*args: object) -> object:
        await asyncio.sleep(0.5)
        return await receive(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.conversations, "receive", receive_slowly)
    with pytest.raises(NotStored) as caught:
        await asyncio.wait_for(desk.receive(visitor, URGENT, "1"), 0.4)
    assert caught.value.reply.label is Label.EMERGENCY
    monkeypatch.undo()
    await asyncio.sleep(0.6)
    again = await desk.receive(visitor, URGENT, "1")
    assert again.received.is_repeat and again.received.handover_id
    assert len(await desk.said(visitor.conversation_id)) == 2


async def test_past_what_can_be_done_the_newest_are_refused_at_once_and_an_emergency_never(
    desk: Desk, visitor: Pass, assistants: StandIn
):
    go_on, began = asyncio.Event(), time.monotonic()
    assistants.before_reply = go_on.wait
    waiting = [asyncio.create_task(desk.receive(visitor, Typed(f"Hello {n}"), str(n))) for n in range(ROOM)]
    await asyncio.sleep(0)
    for refused in (desk.receive(visitor, QUESTION, "late"), desk.ask("kneecare", QUESTION.text)):
        with pytest.raises(Busy) as caught:
            await refused
        assert "911" in caught.value.reply.message and "988" in caught.value.reply.message
    assert time.monotonic() - began < 1
    urgent = asyncio.create_task(desk.receive(visitor, URGENT, "urgent"))
    go_on.set()
    assert (await urgent).received.reply is not None
    assert len(await asyncio.gather(*waiting)) == ROOM
    assert (await desk.receive(visitor, QUESTION, "late")).received.reply is not None


async def test_a_long_letter_takes_the_room_of_the_questions_it_is_worth(
    desk: Desk, visitor: Pass, assistants: StandIn
):
    go_on = asyncio.Event()
    assistants.before_reply = go_on.wait
    letter = Typed("Is parking near? " * 200)
    waiting = [asyncio.create_task(desk.receive(visitor, letter, str(n))) for n in range(ROOM // MOST_TURNS)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await desk.receive(visitor, letter, "late")
    assert await asyncio.wait_for(_after(go_on, desk.receive(visitor, QUESTION, "short")), 10)
    await asyncio.gather(*waiting)


async def _after(go_on: asyncio.Event, work: Any) -> Any:
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    go_on.set()
    return await task


async def test_a_visitor_who_hangs_up_has_still_been_heard(desk: Desk, visitor: Pass):
    posting = asyncio.create_task(desk.receive(visitor, CLINICAL, "1"))
    await asyncio.sleep(0)
    posting.cancel()
    async with asyncio.timeout(5):
        while len(await desk.said(visitor.conversation_id)) < 2:
            await asyncio.sleep(0.02)


async def test_the_same_opening_key_opens_one_conversation(desk: Desk):
    one, two = await asyncio.gather(desk.start("kneecare", key="k"), desk.start("kneecare", key="k"))
    assert one == two
    assert await desk.start("kneecare", key="other") != one


async def test_typing_is_seen_by_the_other_side_once_in_three_seconds(store: Store, assistants: StandIn):
    times = [0.0]
    desk = Desk(store, assistants, clock=lambda: times[-1])
    started = await desk.start("kneecare")
    signs: dict[Author, list[Typing]] = {Author.VISITOR: [], Author.ADVOCATE: []}

    async def watch(reader: Author) -> None:
        async for one in desk.follow(started.conversation_id, reader=reader):
            assert isinstance(one, Typing)
            signs[reader].append(one)

    watching = [asyncio.create_task(watch(reader)) for reader in signs]
    await asyncio.sleep(0.05)
    for time_s in (0.0, 1.0, 2.9, 3.1):
        times.append(time_s)
        desk.typing(started.conversation_id, Author.VISITOR)
        await asyncio.sleep(0.05)
    desk.stop()
    await asyncio.wait_for(asyncio.gather(*watching), 3)
    assert signs == {Author.VISITOR: [], Author.ADVOCATE: [Typing(Author.VISITOR)] * 2}


async def test_a_follower_misses_nothing_that_is_written_while_it_reads(desk: Desk, visitor: Pass):
    seqs: list[int] = []

    async def follow() -> None:
        async for event in desk.follow(visitor.conversation_id, reader=Author.VISITOR):
            assert not isinstance(event, Typing)
            seqs.append(event.seq)
            if len(seqs) == 40:
                return

    following = asyncio.create_task(follow())
    await asyncio.gather(*(desk.receive(visitor, Typed(f"Hello {n}"), str(n)) for n in range(20)))
    await asyncio.wait_for(following, 10)
    assert all(after == before + 1 for before, after in pairwise(seqs))


async def test_an_advocate_takes_a_conversation_through_to_its_end(desk: Desk, visitor: Pass, store: Store):
    pat = await store.staff.add("pat@kneecare.example", "Pat Cashen", "advocate", "a long enough password")
    await desk.receive(visitor, CLINICAL, "1")
    [row] = await desk.inbox(["kneecare"])
    claimed = await desk.claim(row.handover_id, version=row.version, user=pat)
    released = await desk.release(row.handover_id, version=claimed.version, user=pat)
    called = await desk.call_back(row.handover_id, version=released.version, user=pat)
    claimed = await desk.claim(row.handover_id, version=called.version, user=pat)
    transcript = await desk.transcript(visitor.conversation_id, pat)
    last_seq = transcript.conversation.last_seq
    await desk.write(visitor.conversation_id, pat, "Hello", seen_seq=last_seq, key="a")
    await desk.close(row.handover_id, version=claimed.version, user=pat, closure=Closure(Closing.ANSWERED))
    kinds = [str(event.kind) for event in await desk.said(visitor.conversation_id)]
    assert kinds == ["message", "handover", "claimed", "released", "claimed", "message", "closed"]
    assert await desk.inbox(["kneecare"]) == []


async def test_given_back_the_assistant_answers_again(desk: Desk, visitor: Pass, store: Store):
    pat = await store.staff.add("pat@kneecare.example", "Pat Cashen", "advocate", "a long enough password")
    await desk.ask_for_person(visitor, "1")
    [row] = await desk.inbox(["*"])
    claimed = await desk.claim(row.handover_id, version=row.version, user=pat)
    assert (await desk.receive(visitor, QUESTION, "2")).received.reply is None
    await desk.give_back(row.handover_id, version=claimed.version, user=pat)
    assert (await desk.receive(visitor, QUESTION, "3")).received.reply is not None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("plain", "plain"),
        ("line\nand\ttab", "line\nand\ttab"),
        ("ch\0est\u200b pain", "chest\u200b pain"),
        ("one\x0btwo\x85three\r\nfour", "one two three \nfour"),
        ("\x07\x7f\x9f", ""),
        ("emoji \U0001f600 and ñ", "emoji \U0001f600 and ñ"),
        ("half \ud83d of it", "half \N{REPLACEMENT CHARACTER} of it"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_control_characters_hide_no_word_from_the_gate(typed: str, read: str):
    assert judged(typed) == read


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("https://clinic.example/knee?name=Jo&dob=1950#pain", "https://clinic.example/knee"),
        ("https://jo:secret@clinic.example:8443/knee", "https://clinic.example:8443/knee"),
        ("/knee?q=pain", "/knee"),
        ("https://[broken", ""),
        (None, None),
    ],
)
async def test_of_the_visitors_page_only_the_bare_address_is_kept(
    desk: Desk, store: Store, shown: str | None, kept: str | None
):
    started = await desk.start("kneecare", page_url=shown)
    assert (await store.conversations.get(started.conversation_id)).page_url == kept


async def refuse(*_: object, **__: object) -> None:
    raise StorageUnavailable("The database did not store this.")


@pytest.mark.parametrize("end", ["give_back", "close"])
async def test_what_a_person_dealt_with_is_settled_until_the_visitor_says_more(
    desk: Desk, visitor: Pass, assistants: StandIn, store: Store, end: str
):
    pat = await store.staff.add("pat@kneecare.test", "Pat", "advocate", "quiet orchard lamp")
    await desk.receive(visitor, CLINICAL, "1")
    await desk.receive(visitor, CLINICAL, "2")
    [row] = await desk.inbox(["*"])
    handover = await desk.claim(row.handover_id, version=row.version, user=pat)
    more = {"closure": Closure(Closing.ANSWERED)} if end == "close" else {}
    await getattr(desk, end)(row.handover_id, version=handover.version, user=pat, **more)
    await desk.receive(visitor, QUESTION, "3")
    await desk.receive(visitor, QUESTION, "4")
    assert assistants.settled == [False, False, True, False]
