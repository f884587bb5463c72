"""A drill: called like an emergency, over real mail, measured, and never taken for a visitor's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from server.core.handing.drills import parse_drills
from server.core.handing.handover import Status, Step
from server.rounds.drilling import begin_due
from server.storage import Store
from tests.server.channels.receivers import Mailbox, free_port, mail_server
from tests.server.rounds.alerts.test_alerting import Shift, by_mail, channels
from tests.server.storage.clinic import PAT, TurnedClock
from tests.server.web.stand_in import StandIn

BOTH = ["pat@clinic.example", "sam@clinic.example"]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def store(database_url: str, clock: TurnedClock) -> AsyncIterator[Store]:
    store = await Store.open(database_url, clock=clock)
    yield store
    await store.close()


async def drill(shift: Shift) -> str:
    handover_id = await shift.store.drills.begin("kneecare", shift.desk._reach, by="test")
    assert handover_id is not None
    await shift.work()
    return handover_id


async def end(shift: Shift) -> int:
    ended = await shift.store.drills.end(lambda _site: shift.desk._reach)
    await shift.work()
    return ended


async def test_whoever_takes_a_drill_is_measured_and_it_ends(store: Store, clock: TurnedClock):
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        shift = Shift(store, channels(**by_mail(port)))
        handover_id = await drill(shift)
        assert box.recipients == BOTH[:1]
        assert box.messages[0]["Subject"] == "Drill at KneeCare: take it at the desk now"
        assert "Nobody is in danger" in box.messages[0].get_content()
        clock.turn(minutes=2)
        await shift.work()
        assert box.recipients == BOTH  # like an emergency nobody takes, it reaches the next contact
        clock.turn(seconds=12)
        assert await end(shift) == 0
        [row] = await store.handovers.inbox(["kneecare"])
        assert row.urgent and "This is a drill: nobody is in danger" in row.first_line
        await store.handovers.step(handover_id, Step.CLAIM, version=row.version, user=PAT)
        clock.turn(seconds=1)
        assert (await end(shift), await end(shift)) == (1, 0)
    [told] = await store.drills.latest(("kneecare",))
    assert (told.took, told.by, told.is_missed) == (timedelta(minutes=2, seconds=12), "Pat", False)
    assert (await store.handovers.get(handover_id)).status is Status.CLOSED
    assert len(box.messages) == 2


async def test_a_drill_nobody_takes_alarms_everyone(store: Store, clock: TurnedClock):
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        shift = Shift(store, channels(**by_mail(port)))
        await drill(shift)
        clock.turn(minutes=9, seconds=59)
        assert await end(shift) == 0
        box.messages.clear()
        box.recipients.clear()
        clock.turn(seconds=1)
        assert (await end(shift), await end(shift)) == (1, 0)
        assert sorted(box.recipients) == BOTH
        assert {one["Subject"] for one in box.messages} == {"Drill at KneeCare: nobody took the drill in time"}
        clock.turn(hours=2)
        await shift.work()
        assert len(box.messages) == 2  # and then it is quiet
    [told] = await store.drills.latest(("*",))
    assert told.is_missed and told.took is None
    assert await store.handovers.inbox(["kneecare"]) == []


async def test_a_drill_counts_nowhere_as_a_visitor_and_tells_none(store: Store, clock: TurnedClock):
    shift = Shift(store, channels())
    handover_id = await drill(shift)
    clock.turn(minutes=5)
    assert await store.handovers.tell_the_waiting(shift.desk.emergency_again) == 0
    figures = await store.handovers.today(("kneecare",), clock.now - timedelta(days=1))
    assert (figures.messages, figures.handed_over) == (0, 0)
    handover = await store.handovers.get(handover_id)
    assert handover.is_drill and handover.letter is None


async def test_a_drill_that_is_due_begins_once_whoever_looks(store: Store, clock: TurnedClock):
    clock.now = datetime(2026, 3, 2, 16, 1, tzinfo=UTC)  # Monday, a minute past ten in Chicago
    shift, sites, schedule = Shift(store, channels()), StandIn().sites, parse_drills("Mon 10:00")
    for _ in range(3):
        await begin_due(store, schedule, shift.desk._reach, sites)
    assert sorted(one.site for one in await store.drills.latest(("*",))) == ["hipcare", "kneecare"]
    clock.turn(days=7, hours=-1)  # the clocks went forward
    await begin_due(store, schedule, shift.desk._reach, {"kneecare": sites["kneecare"]})
    assert len(await store.drills.latest(("kneecare",))) == 2
