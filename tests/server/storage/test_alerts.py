"""The outbox: written with the handover, leased, settled, and silent once somebody took it."""

import pytest

from kb.labels import Label
from server.core.handing.alerts import GIVEN_UP_AFTER, Channel, Reach, Target
from server.core.handing.handover import Closing, Closure, Step
from server.storage import Store, VisitorMessage
from server.storage.handing.alerts import LEASE, State
from tests.server.storage.clinic import PAT, TurnedClock, keys, reply, start

FIRST = Target(Channel.EMAIL, "pat@clinic.example")
NEXT = Target(Channel.EMAIL, "sam@clinic.example")
HOOK = Target(Channel.WEBHOOK)
BOTH = Reach((FIRST.contact, NEXT.contact), has_webhook=True)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def store(database_url, clock):
    store = await Store.open(database_url, clock=clock)
    yield store
    await store.close()


async def hand_over(store, label=Label.CLINICAL, reach=BOTH):
    started = await start(store)
    return await say(store, started.conversation_id, label, reach)


async def say(store, conversation_id, label, reach=BOTH):
    message = VisitorMessage("I can't breathe", next(keys))
    received = await store.conversations.receive(conversation_id, message, reply(label), reach)
    return received, await store.handovers.of_conversation(conversation_id)


async def told(store, handover):
    return [(one.target, one.nth) for one in await store.alerts.of_handover(handover.handover_id)]


async def climb(store):
    return await store.alerts.climb_due(lambda _site: BOTH)


async def test_a_handover_and_its_first_alerts_are_one_transaction(store, monkeypatch):
    started = await start(store)
    monkeypatch.setattr(
        "server.storage.talks.keys.remember", lambda *_a, **_k: 1 / 0
    )  # the last thing a message writes
    with pytest.raises(ZeroDivisionError):
        await say(store, started.conversation_id, Label.CLINICAL)
    assert await store.alerts.take() == [] and await store.handovers.inbox(["*"]) == []
    monkeypatch.undo()
    _, handover = await say(store, started.conversation_id, Label.CLINICAL)
    assert {target for target, _ in await told(store, handover)} == {FIRST, HOOK}


async def test_a_retried_message_alerts_once(store):
    started = await start(store)
    message = VisitorMessage("My knee is hot.", "once")
    for _ in range(3):
        await store.conversations.receive(started.conversation_id, message, reply(Label.CLINICAL), BOTH)
    assert len(await store.alerts.take()) == 2


async def test_what_needs_nobody_alerts_nobody(store):
    started = await start(store)
    message = VisitorMessage("Hello", "1")
    await store.conversations.receive(started.conversation_id, message, reply(Label.SMALLTALK), BOTH)
    assert await store.alerts.take() == []


async def test_an_emergency_nobody_takes_moves_to_the_next_contact(store, clock):
    _, handover = await hand_over(store, Label.EMERGENCY)
    assert await climb(store) == 0
    clock.turn(minutes=2)
    assert await climb(store) == 1 and await climb(store) == 0
    assert (NEXT, 2) in await told(store, handover) and (FIRST, 2) not in await told(store, handover)
    clock.turn(minutes=3)
    await climb(store)
    assert {(FIRST, 3), (NEXT, 3), (HOOK, 3)} <= set(await told(store, handover))


async def test_anything_else_is_told_again_after_half_an_hour_and_then_no_more(store, clock):
    _, handover = await hand_over(store)
    for _ in range(10):
        clock.turn(minutes=30)
        await climb(store)
    assert sorted(nth for target, nth in await told(store, handover) if target == FIRST) == [1, 2]


async def test_once_taken_nothing_more_is_written_and_what_waits_is_dropped(store, clock):
    _, handover = await hand_over(store, Label.EMERGENCY)
    await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    clock.turn(hours=1)
    assert await climb(store) == 0 and await store.alerts.take() == []
    assert {one.state for one in await store.alerts.of_handover(handover.handover_id)} == {State.DROPPED}


async def test_back_in_the_queue_it_calls_anew(store, clock):
    _, handover = await hand_over(store, Label.EMERGENCY)
    taken = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    clock.turn(minutes=1)
    await store.handovers.step(handover.handover_id, Step.RELEASE, version=taken.version, user=PAT)
    assert await climb(store) == 1
    assert {one.target for one in await store.alerts.take()} == {FIRST, HOOK}


async def test_an_emergency_under_a_claim_tells_everyone_and_a_second_plain_message_nobody(store):
    _, handover = await hand_over(store)
    await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    await say(store, handover.conversation_id, Label.CLINICAL)
    assert await store.alerts.take() == []
    await say(store, handover.conversation_id, Label.EMERGENCY)
    assert {one.target for one in await store.alerts.take()} == {FIRST, NEXT, HOOK}


async def test_a_closed_handover_is_silent(store, clock):
    _, handover = await hand_over(store)
    taken = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    step = store.handovers.step(
        handover.handover_id, Step.CLOSE, version=taken.version, user=PAT, closure=Closure(Closing.SPAM)
    )
    await step
    clock.turn(days=1)
    assert await climb(store) == 0


async def test_two_workers_never_get_the_same_alert_and_a_lost_try_comes_back(store, clock):
    await hand_over(store)
    first, second = await store.alerts.take(limit=1), await store.alerts.take()
    assert len(first) == len(second) == 1 and first[0].alert_id != second[0].alert_id
    assert await store.alerts.take() == []
    clock.turn(seconds=LEASE.total_seconds())
    again = await store.alerts.take()
    assert {one.alert_id for one in again} == {first[0].alert_id, second[0].alert_id}
    assert {one.tries for one in again} == {2}


async def test_a_failed_try_waits_longer_each_time_and_is_given_up_at_last(store, clock):
    _, handover = await hand_over(store, reach=Reach((FIRST.contact,)))
    waits, tried_at = [], clock.now
    while True:
        taken = await store.alerts.take()
        if taken:
            waits.append((clock.now - tried_at).total_seconds())
            tried_at = clock.now
            if await store.alerts.settle(taken[0], "refused") is State.FAILED:
                break
        clock.turn(seconds=5)
    assert waits[:5] == [0, 5, 15, 60, 180] and set(waits[5:]) == {600}
    [given_up] = await store.alerts.of_handover(handover.handover_id)
    assert clock.now - given_up.created_at >= GIVEN_UP_AFTER
    clock.turn(days=1)
    assert await store.alerts.take() == []


async def test_a_target_fails_until_an_alert_arrives_there(store, clock):
    await hand_over(store)
    mail, hook = sorted(await store.alerts.take(), key=lambda one: one.target.channel)
    await store.alerts.settle(mail, "the mail server refused the password")
    await store.alerts.settle(hook, None)
    since = clock.now
    [failing] = await store.alerts.failing()
    assert (failing.target, failing.since, failing.error) == (FIRST, since, "the mail server refused the password")
    clock.turn(seconds=5)
    [again] = await store.alerts.take()
    await store.alerts.settle(again, "it could not be reached")
    [still] = await store.alerts.failing()
    assert still.error == "it could not be reached"
    clock.turn(seconds=15)
    [third] = await store.alerts.take()
    await store.alerts.settle(third, None)
    assert await store.alerts.failing() == []


async def test_a_test_that_arrives_ends_the_warning(store):
    await hand_over(store, reach=Reach(has_webhook=True))
    [hook] = await store.alerts.take()
    await store.alerts.settle(hook, "503")
    await store.alerts.mend(HOOK)
    assert await store.alerts.failing() == []


async def test_an_emergency_promises_an_alert_only_where_one_is_sent(store, clock):
    promised = "I have passed your message on."
    nobody, _ = await hand_over(store, Label.EMERGENCY, Reach())
    assert promised not in nobody.reply.reply.message and nobody.reply.reply.handed_over
    sent, _ = await hand_over(store, Label.EMERGENCY)
    assert promised in sent.reply.reply.message
    for alert in await store.alerts.take():
        await store.alerts.settle(alert, "503")
    broken, _ = await hand_over(store, Label.EMERGENCY, Reach((FIRST.contact,), has_webhook=True))
    assert promised not in broken.reply.reply.message
    calm, _ = await hand_over(store, Label.CLINICAL, Reach())
    assert promised in calm.reply.reply.message  # it is in the inbox: that is all it says


async def test_an_emergency_promises_an_alert_while_somebody_is_at_the_desk(store, clock):
    promised = "I have passed your message on."
    await store.staff.add("eve@clinic.example", "Eve", "editor", "quiet orchard lamp")
    await store.staff.add("sam@clinic.example", "Sam", "advocate", "quiet orchard lamp", sites=["hipcare"])
    await store.staff.add("pat@clinic.example", "Pat", "advocate", "quiet orchard lamp", sites=["kneecare"])
    for email in ("eve@clinic.example", "sam@clinic.example"):
        await store.staff.sign_in(email, "quiet orchard lamp")
    received, _ = await hand_over(store, Label.EMERGENCY, Reach())
    assert promised not in received.reply.reply.message  # an editor, and another clinic's advocate
    signed_in = await store.staff.sign_in("pat@clinic.example", "quiet orchard lamp")
    received, _ = await hand_over(store, Label.EMERGENCY, Reach())
    assert promised in received.reply.reply.message
    await store.staff.sign_out(signed_in.token)
    received, _ = await hand_over(store, Label.EMERGENCY, Reach())
    assert promised not in received.reply.reply.message


async def test_purged_with_its_conversation(store, clock):
    _, handover = await hand_over(store)
    taken = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    close = store.handovers.step(
        handover.handover_id, Step.CLOSE, version=taken.version, user=PAT, closure=Closure(Closing.SPAM)
    )
    await close
    clock.turn(days=1)
    assert await store.conversations.purge(clock.now) == 1
    assert await store.alerts.of_handover(handover.handover_id) == []
