"""What a visitor is told follows from what was done: in each state of the desk and of its alerts, over real mail."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from server.core.handing.presence import TOLD_AFTER, Hearing
from server.desk import Desk
from server.storage import Handover, Store, VisitorMessage
from tests.server.channels.receivers import Mailbox, free_port, mail_server
from tests.server.rounds.alerts.test_alerting import URGENT, WORDS, Shift, by_mail, channels
from tests.server.storage.clinic import TurnedClock
from tests.server.web.stand_in import StandIn

ALARM = "Our patient advocate is being alerted too."
NOT_REACHED = "I could not reach our patient advocate."
PASSWORD = "quiet orchard lamp"


async def open_shift(store: Store, stack: AsyncExitStack, *, alerts: str, is_there: bool) -> tuple[Shift, str]:
    """A clinic whose alerts are none, leave, fail, or are known to fail; and the token of whoever is at the desk."""
    port, box = free_port(), Mailbox(answer="250 OK" if alerts == "leave" else "451 later")
    if alerts != "none":
        stack.enter_context(mail_server(box, port))
    shift = Shift(store, channels(**by_mail(port)) if alerts != "none" else channels())
    if alerts == "known to fail":
        await shift.visitor_says(WORDS)
        await shift.work()
    token = ""
    if is_there:
        await store.staff.add("pat@clinic.example", "Pat", "advocate", PASSWORD)
        signed_in = await store.staff.sign_in("pat@clinic.example", PASSWORD)
        assert signed_in is not None
        token = signed_in.token
    return shift, token


async def said(shift: Shift, handover: Handover) -> list[str]:
    """What the visitor read since their message, each as its text, or as what it tells."""
    events = await shift.store.conversations.events(handover.conversation_id, after=1)
    return [one.reply.message if one.reply else f"told: {one.body.get('to')}" for one in events]


async def wait(shift: Shift, clock: TurnedClock, token: str, for_s: float) -> None:
    """Time passes at an open desk, with the worker at its work."""
    passed = 0.0
    while passed < for_s:
        step = 5.0 if passed < 30 else 60.0
        passed += step
        clock.turn(seconds=step)
        if token:
            await shift.store.staff.user_of(token)
        await shift.work()
        await shift.store.handovers.tell_the_waiting(shift.desk.emergency_again)


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    ("alerts", "hearing", "promised"),
    [
        ("none", Hearing.NOBODY, False),
        ("leave", Hearing.SENT_FOR, True),
        ("fail", Hearing.NOBODY, True),  # nobody could know yet; the promise is taken back
        ("known to fail", Hearing.NOBODY, False),
    ],
)
async def test_an_emergency_is_promised_an_alert_only_where_one_is_sent_and_told_where_none_arrived(
    store: Store, clock: TurnedClock, alerts: str, hearing: Hearing, promised: bool, is_there: bool
):
    async with AsyncExitStack() as stack:
        shift, token = await open_shift(store, stack, alerts=alerts, is_there=is_there)
        handover = await shift.visitor_says(URGENT)
        [card] = await said(shift, handover)
        assert card.startswith("This may be an emergency. Call 911 now")
        assert (ALARM in card) is (promised or is_there)
        hearing = Hearing.THERE if is_there else hearing
        await wait(shift, clock, token, TOLD_AFTER[hearing].total_seconds())
        told = (await said(shift, handover))[1:]
        assert len(told) == 1 and told[0].startswith("This may be an emergency. Call 911 now")
        assert (NOT_REACHED in told[0]) is (hearing is Hearing.NOBODY) and ALARM not in told[0]


@pytest.mark.parametrize(
    ("alerts", "is_there", "hearing"),
    [
        ("none", False, Hearing.NOBODY),
        ("fail", False, Hearing.NOBODY),
        ("leave", False, Hearing.SENT_FOR),
        ("none", True, Hearing.THERE),
    ],
)
async def test_whoever_waits_is_told_that_nobody_came_the_sooner_the_fewer_heard(
    store: Store, clock: TurnedClock, alerts: str, is_there: bool, hearing: Hearing
):
    async with AsyncExitStack() as stack:
        shift, token = await open_shift(store, stack, alerts=alerts, is_there=is_there)
        handover = await shift.visitor_says(WORDS)
        [reply] = await said(shift, handover)
        assert "I have passed your message on." in reply and ALARM not in reply
        await wait(shift, clock, token, TOLD_AFTER[hearing].total_seconds())
        assert (await said(shift, handover))[1:] == ["told: call_back"]


async def test_an_emergency_in_a_conversation_that_was_told_already_is_told_anew(store: Store, clock: TurnedClock):
    shift = Shift(store, channels())
    handover = await shift.visitor_says(WORDS)
    await wait(shift, clock, "", 25)
    reply = await shift.desk.ask("kneecare", URGENT)
    await store.conversations.receive(handover.conversation_id, VisitorMessage(URGENT, "later"), reply)
    clock.turn(seconds=19)
    assert await store.handovers.tell_the_waiting(shift.desk.emergency_again) == 0
    clock.turn(seconds=1)
    assert await store.handovers.tell_the_waiting(shift.desk.emergency_again) == 1
    assert NOT_REACHED in (await said(shift, handover))[-1]


async def test_where_the_clinic_has_a_number_it_is_given_to_whom_nobody_heard(store: Store):
    assistants = StandIn()
    knees = assistants.sites["kneecare"]
    assistants.sites["kneecare"] = knees.model_copy(update={"phone": "+1 555 0100"})
    told = Desk(store, assistants).emergency_again("kneecare", "es", is_reached=False).message
    assert told.startswith("Esto puede ser una emergencia.") and told.endswith("KneeCare Clinics: +1 555 0100")


def test_nobody_at_all_is_owned_up_to_soonest():
    assert timedelta(0) < TOLD_AFTER[Hearing.NOBODY] < TOLD_AFTER[Hearing.SENT_FOR] < TOLD_AFTER[Hearing.THERE]
