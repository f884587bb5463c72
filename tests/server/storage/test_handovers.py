import asyncio
from datetime import timedelta
from functools import partial

import pytest

from kb.labels import Label
from server.core.handing.alerts import Reach
from server.core.handing.handover import MOVES, STEPS, Closing, Closure, Status, Step, StepRefused
from server.core.reply import Reply
from server.storage import Letter, Move, NotClaimed, NotFound, StepLost, Store, VisitorMessage, Words
from tests.server.storage.clinic import ADA, PAT, SAM, TurnedClock, claimed, handed_over, kinds, say, start

WAY_TO = {
    Status.WAITING: [],
    Status.CALL_BACK: [Step.CALL_BACK],
    Status.CLAIMED: [Step.CLAIM],
    Status.ASSISTANT: [Step.CLAIM, Step.RETURN],
    Status.CLOSED: [Step.CLAIM, Step.CLOSE],
}
TALK = {
    "waiting": "waiting",
    "call_back": "waiting",
    "claimed": "claimed",
    "assistant": "assistant",
    "closed": "closed",
}


def never(site, language):
    raise AssertionError(f"nobody has an emergency at {site} ({language})")


async def take(store, handover, step, user=PAT):
    closure = Closure(Closing.ANSWERED) if step is Step.CLOSE else None
    move = Move(user, "I know her.") if step in MOVES else None
    return await store.handovers.step(
        handover.handover_id, step, version=handover.version, user=user, closure=closure, move=move
    )


async def present(store, name):
    """An advocate who is signed in now."""
    user = await store.staff.add(f"{name.lower()}@clinic.example", name, "advocate", "correct horse")
    await store.staff.sign_in(user.email, "correct horse")
    return user


@pytest.mark.parametrize("status", Status)
async def test_a_handover_takes_the_steps_of_the_table_and_no_other(store, status):
    for step in Step:
        handover = await handed_over(store)
        for before in WAY_TO[status]:
            handover = await take(store, handover, before)
        assert handover.status is status
        if step in MOVES:
            continue  # by someone else: its own tests
        if (status, step) in STEPS:
            after = await take(store, handover, step)
            assert (after.status, after.version) == (STEPS[status, step], handover.version + 1)
            talk = await store.conversations.get(handover.conversation_id)
            assert talk.status == TALK[after.status]
        elif (status, step) == (Status.CLAIMED, Step.CLAIM):
            assert await take(store, handover, step) == handover  # a second press of the same button
        else:
            with pytest.raises(StepRefused):
                await take(store, handover, step)


async def test_of_twenty_who_claim_at_once_one_wins_and_the_others_learn_who(store):
    handover = await handed_over(store)
    users = [PAT.__class__(f"{n:032x}", f"{n}@x", f"Advocate {n}", PAT.role) for n in range(20)]
    outcomes = await asyncio.gather(
        *(take(store, handover, Step.CLAIM, user) for user in users), return_exceptions=True
    )
    winners = [one for one in outcomes if not isinstance(one, Exception)]
    assert len(winners) == 1
    losers = [one for one in outcomes if isinstance(one, StepLost)]
    assert len(losers) == 19
    assert {one.handover.claimed_by_name for one in losers} == {winners[0].claimed_by_name}
    assert (await kinds(store, handover.conversation_id)).count("system claimed") == 1


async def test_the_visitor_is_told_each_step_and_by_whom(store):
    handover = await claimed(store)
    handover = await take(store, handover, Step.RELEASE)
    handover = await take(store, handover, Step.CLAIM, SAM)
    handover = await take(store, handover, Step.RETURN, SAM)
    told = [(event.kind, event.body) for event in await store.conversations.events(handover.conversation_id, after=2)]
    assert told == [
        ("claimed", {"name": "Pat"}),
        ("released", {"to": "waiting"}),
        ("claimed", {"name": "Sam"}),
        ("released", {"to": "assistant"}),
    ]


async def test_a_released_handover_keeps_its_place_in_the_queue(store):
    first, second = await claimed(store), await handed_over(store)
    await take(store, first, Step.RELEASE)
    assert [row.handover_id for row in await store.handovers.inbox(["*"])] == [first.handover_id, second.handover_id]
    assert (await store.handovers.get(first.handover_id)).claimed_by is None


async def test_a_close_keeps_how_it_ended_and_does_not_tell_the_visitor(store):
    handover = await claimed(store)
    closed = await store.handovers.step(
        handover.handover_id, Step.CLOSE, version=2, user=PAT, closure=Closure(Closing.SPAM)
    )
    assert (closed.status, closed.closing, closed.is_open) == (Status.CLOSED, Closing.SPAM, False)
    assert closed.closed_at is not None
    [*_, event] = await store.conversations.events(handover.conversation_id)
    assert (event.kind, event.body) == ("closed", {})
    assert await store.handovers.inbox(["*"]) == []
    with pytest.raises(ValueError, match="needs a closure"):
        await store.handovers.step(handover.handover_id, Step.CLOSE, version=2, user=PAT)


async def test_only_its_advocate_or_an_admin_takes_a_claimed_handover_further(store):
    handover = await claimed(store)
    with pytest.raises(NotClaimed):
        await take(store, handover, Step.RELEASE, SAM)
    assert (await take(store, handover, Step.RELEASE, ADA)).status is Status.WAITING


async def test_whoever_has_a_conversation_gives_it_with_a_note_to_a_colleague_who_is_there(store):
    handover, sam = await claimed(store), await present(store, "Sam")
    note = Move(sam, "She asks for her scan: you know her.")
    step = partial(store.handovers.step, handover.handover_id, Step.TRANSFER, move=note)
    with pytest.raises(NotClaimed):
        await step(version=handover.version, user=SAM)
    with pytest.raises(StepRefused, match="not at the desk"):
        await step(version=handover.version, user=PAT, move=Move(SAM, "Yours."))
    given = await step(version=handover.version, user=PAT)
    assert (given.status, given.claimed_by, given.claimed_by_name) == (Status.CLAIMED, sam.user_id, "Sam")
    told = (await store.conversations.events(handover.conversation_id))[-1]
    assert (told.kind, told.body) == ("claimed", {"name": "Sam", "from": "Pat", "by": "transfer"})
    [kept] = await store.notes.of_conversation(handover.conversation_id)
    assert (kept.kind, kept.author, kept.to_name, kept.text) == ("transfer", "Pat", "Sam", note.why)
    with pytest.raises(NotClaimed):
        await store.conversations.write(handover.conversation_id, PAT, Words("Hello"), seen_seq=9, key="1")
    await store.conversations.write(handover.conversation_id, sam, Words("Hello"), seen_seq=9, key="1")
    assert "scan" not in f"{await store.audits('kneecare')}"


async def test_a_colleague_takes_a_conversation_over_with_a_reason_and_of_two_only_one(store):
    handover = await claimed(store)
    with pytest.raises(StepRefused, match="why"):
        await store.handovers.step(
            handover.handover_id, Step.TAKE_OVER, version=handover.version, user=SAM, move=Move(SAM, " ")
        )
    outcomes = await asyncio.gather(
        *(take(store, handover, Step.TAKE_OVER, user) for user in (SAM, ADA)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Handover", "StepLost"]
    now = await store.handovers.get(handover.handover_id)
    assert now.claimed_by_name in {"Sam", "Ada"} and now.version == handover.version + 1
    told = (await store.conversations.events(handover.conversation_id))[-1]
    assert told.body == {"name": now.claimed_by_name, "from": "Pat", "by": "take over"}
    with pytest.raises(StepRefused, match="already"):
        await take(store, now, Step.TAKE_OVER, next(user for user in (SAM, ADA) if user.user_id == now.claimed_by))


async def test_only_what_is_claimed_is_given_or_taken_over(store):
    handover = await handed_over(store)
    for step in MOVES:
        with pytest.raises(StepRefused, match="waiting cannot"):
            await take(store, handover, step, SAM)


async def test_a_note_goes_with_the_words_of_its_conversation(store):
    handover = await claimed(store)
    await store.notes.add(handover.conversation_id, PAT, "She sounds frightened.")
    assert len(await store.notes.of_conversation(handover.conversation_id)) == 1
    await store.conversations.erase(handover.conversation_id)
    assert await store.notes.of_conversation(handover.conversation_id) == []


async def test_the_inbox_shows_urgent_ones_first_then_who_waits_longest(store):
    calm = await handed_over(store, "My knee is swollen.\nSince Monday.")
    later = await handed_over(store, "Can I talk to someone?", Label.HUMAN)
    urgent = await handed_over(store, "I can't breathe.", Label.EMERGENCY)
    rows = await store.handovers.inbox(["kneecare"])
    assert [row.handover_id for row in rows] == [urgent.handover_id, calm.handover_id, later.handover_id]
    assert rows[1].first_line == "My knee is swollen."
    assert await store.handovers.inbox(["other"]) == [] == await store.handovers.inbox([])


async def test_a_handover_that_does_not_exist_is_not_found(store):
    with pytest.raises(NotFound):
        await store.handovers.get("0" * 32)
    assert await store.handovers.of_conversation((await start(store)).conversation_id) is None


async def test_the_empty_inbox_tells_the_days_figures(database_url):
    clock = TurnedClock()
    store = await Store.open(database_url, clock=clock)
    dawn = clock.now
    for minutes in (1, 2, 9):
        handover = await handed_over(store)
        clock.turn(minutes=minutes)
        handover = await take(store, handover, Step.CLAIM)
        clock.turn(minutes=30)
        await take(store, await take(store, handover, Step.RELEASE), Step.CLAIM)  # the first claim counts
    today = await store.handovers.today(["*"], dawn)
    assert (today.messages, today.quoted, today.handed_over, today.median_wait_s) == (3, 0, 3, 120.0)
    nothing = await store.handovers.today(["other"], dawn)
    assert (nothing.messages, nothing.median_wait_s) == (0, None)
    await store.close()


@pytest.fixture
async def manned(database_url):
    """A store whose clock can be turned, with Pat signed in: (store, clock, Pat, the token)."""
    clock = TurnedClock()
    store = await Store.open(database_url, clock=clock)
    pat = await store.staff.add("pat@clinic.example", "Pat", "advocate", "correct horse")
    signed_in = await store.staff.sign_in("pat@clinic.example", "correct horse")
    yield store, clock, pat, signed_in.token
    await store.close()


@pytest.mark.parametrize("leave", ["signs out", "times out", "is disabled", "changes password"])
async def test_what_someone_no_longer_signed_in_had_claimed_goes_back_to_the_queue(manned, leave):
    store, clock, pat, token = manned
    handover = await claimed(store, pat)
    assert await store.handovers.release_abandoned() == []
    match leave:
        case "signs out":
            await store.staff.sign_out(token)
        case "times out":
            clock.turn(minutes=31)
        case "is disabled":
            await store.staff.disable(pat.email)
        case "changes password":
            await store.staff.set_password(pat.email, "another horse")
    [released] = await store.handovers.release_abandoned()
    assert (released.handover_id, released.status) == (handover.handover_id, Status.WAITING)
    assert released.waiting_since == handover.waiting_since
    marker = (await store.conversations.events(handover.conversation_id))[-1]
    assert (marker.kind, marker.body) == ("released", {"to": "waiting", "reason": "away"})
    assert await store.handovers.release_abandoned() == []


async def watch(store, clock, token, minutes):
    """The desk stays open in a tab, and nobody touches it."""
    for _ in range(minutes):
        clock.turn(minutes=1)
        await store.staff.give_sign(token)


async def test_a_claim_goes_back_when_its_page_falls_silent_while_the_visitor_waits(manned):
    store, clock, pat, token = manned
    handover = await claimed(store, pat)
    await watch(store, clock, token, 2)
    assert await store.handovers.release_abandoned() == []
    clock.turn(seconds=150)
    [released] = await store.handovers.release_abandoned()
    assert released.handover_id == handover.handover_id


async def test_a_claim_goes_back_when_nobody_touches_the_open_desk_while_the_visitor_waits(manned):
    store, clock, pat, token = manned
    await claimed(store, pat)
    await watch(store, clock, token, 4)
    assert await store.handovers.release_abandoned() == []
    await watch(store, clock, token, 1)
    assert len(await store.handovers.release_abandoned()) == 1


async def test_a_claim_stays_with_whoever_answered_last(manned):
    store, clock, pat, token = manned
    handover = await claimed(store, pat)
    await store.conversations.write(handover.conversation_id, pat, Words("Call us."), seen_seq=2, key="1")
    await watch(store, clock, token, 20)
    assert await store.handovers.release_abandoned() == []
    await say(store, handover.conversation_id, "Hello?")
    await watch(store, clock, token, 5)
    assert len(await store.handovers.release_abandoned()) == 1


async def test_an_emergency_goes_back_as_soon_as_its_claimer_is_not_there(manned):
    store, clock, pat, token = manned
    handover = await claimed(store, pat)
    await store.conversations.write(handover.conversation_id, pat, Words("I am here."), seen_seq=2, key="1")
    await say(store, handover.conversation_id, "I can't breathe", Label.EMERGENCY)
    await store.conversations.write(handover.conversation_id, pat, Words("Call 911."), seen_seq=6, key="2")
    await watch(store, clock, token, 2)
    assert await store.handovers.release_abandoned() == []
    clock.turn(seconds=150)
    [released] = await store.handovers.release_abandoned()
    assert released.urgent and released.status is Status.WAITING


async def test_a_visitor_nobody_takes_is_told_once_and_sooner_when_nobody_is_there(manned):
    store, clock, _, token = manned
    handover = await handed_over(store)
    await watch(store, clock, token, 9)
    assert await store.handovers.tell_the_waiting(never) == 0
    await watch(store, clock, token, 1)
    assert [await store.handovers.tell_the_waiting(never) for _ in range(2)] == [1, 0]
    told = (await store.conversations.events(handover.conversation_id))[-1]
    assert (told.author, told.kind, told.body) == ("system", "released", {"to": "call_back"})
    await store.staff.sign_out(token)
    await handed_over(store)
    clock.turn(seconds=19)
    assert await store.handovers.tell_the_waiting(never) == 0
    clock.turn(seconds=1)
    assert await store.handovers.tell_the_waiting(never) == 1
    assert (await store.handovers.get(handover.handover_id)).status is Status.WAITING


async def test_who_left_a_way_to_be_reached_was_taken_or_erased_is_offered_nothing(manned):
    store, clock, pat, _ = manned
    await claimed(store, pat)
    by_letter, erased = await handed_over(store), await handed_over(store)
    letter = Letter("Ann", "ann@home.example", "Mornings", share_earlier=False)
    await store.conversations.complete_letter(by_letter.conversation_id, letter)
    await store.conversations.erase(erased.conversation_id)
    clock.turn(hours=1)
    assert await store.handovers.tell_the_waiting(never) == 0


async def test_the_inbox_shows_the_words_that_made_a_handover_urgent(store):
    started = await store.conversations.start("kneecare", language="en", page_url="/")
    for number, (text, label) in enumerate(
        [("how much is it", Label.OUT_OF_KB), ("now I can't breathe", Label.EMERGENCY)]
    ):
        reply = Reply(label, "fixed text", build="b")
        await store.conversations.receive(started.conversation_id, VisitorMessage(text, f"key-{number}"), reply)
    (row,) = await store.handovers.inbox(("*",))
    assert row.urgent and row.reason is Label.EMERGENCY
    assert row.first_line == "now I can't breathe"


async def test_what_was_said_is_found_in_open_and_closed_ones_as_far_as_staff_may_read(store):
    other = await handed_over(store, "Where may I park my “Käfer”?")
    handover = await handed_over(store, "100% sure it is my knee_cap")
    await say(store, handover.conversation_id, "It is swollen", Label.CLINICAL)
    assert await store.handovers.saying(await store.handovers.inbox(["*"]), "KÄFER park") == {other.handover_id}
    for words in ("knee_cap SWOLLEN", "100%"):
        assert await store.handovers.saying(await store.handovers.inbox(["*"]), words) == {handover.handover_id}, words
    assert await store.handovers.closed(["*"]) == []
    taken = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    ended = Closure(Closing.ANSWERED)
    await store.handovers.step(handover.handover_id, Step.CLOSE, version=taken.version, user=PAT, closure=ended)
    closed = await store.handovers.closed(["kneecare"])
    assert [(row.handover_id, row.closing) for row in closed] == [(handover.handover_id, Closing.ANSWERED)]
    assert await store.handovers.saying(closed, "swollen") == {handover.handover_id}
    assert await store.handovers.saying(closed, "park") == frozenset()


async def test_who_was_served_when_is_told_of_each_since_a_moment_without_drills_and_spam(database_url):
    clock = TurnedClock()
    store = await Store.open(database_url, clock=clock)
    await handed_over(store)
    clock.turn(minutes=5)
    since = clock.now
    pat = await store.staff.add("pat@clinic.example", "Pat", "advocate", "correct horse")
    handover = await handed_over(store, "Where is my scan?", Label.OUT_OF_KB)
    clock.turn(minutes=2)
    taken = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=pat)
    for words in ("Hello", "It is here."):
        clock.turn(minutes=1)
        log = await store.conversations.events(handover.conversation_id)
        await store.conversations.write(
            handover.conversation_id, pat, Words(words), seen_seq=log[-1].seq, key=words.encode().hex().zfill(32)
        )
    spam = await handed_over(store)
    held = await store.handovers.step(spam.handover_id, Step.CLAIM, version=spam.version, user=pat)
    await store.handovers.step(
        held.handover_id, Step.CLOSE, version=held.version, user=pat, closure=Closure(Closing.SPAM)
    )
    await store.drills.begin("kneecare", Reach((), has_webhook=False), by="test")
    [served] = await store.handovers.served(["kneecare"], since)
    assert (served.reason, served.claimed_at) == (Label.OUT_OF_KB, served.came_at + timedelta(minutes=2))
    assert (served.replied_at, served.closed_at) == (served.came_at + timedelta(minutes=3), None)
    await store.handovers.step(
        taken.handover_id, Step.CLOSE, version=taken.version, user=pat, closure=Closure(Closing.ANSWERED)
    )
    assert [one.closed_at is None for one in await store.handovers.served(["*"], since)] == [False]
    assert await store.handovers.served(["other"], since) == []
    await store.close()
