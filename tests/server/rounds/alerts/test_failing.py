"""While nothing can be stored: staff hear of it by real channels, past the database, and when it is over."""

from __future__ import annotations

import json

import pytest

from server.desk import Desk, NotStored, Pass, Typed
from server.rounds.failing import OVER_AFTER, TRY_AGAIN, Outage
from server.storage import Started, Store
from tests.server.channels.receivers import Hook, Mailbox, free_port, mail_server, web_server
from tests.server.rounds.alerts.test_alerting import ADDRESS, URGENT, WORDS, by_mail, channels
from tests.server.storage.clinic import TurnedClock, read_only
from tests.server.web.stand_in import StandIn


async def refused(desk: Desk, started: Started, text: str, key: str) -> None:
    with pytest.raises(NotStored):
        await desk.receive(Pass(started.conversation_id, started.token), Typed(text), key)


async def test_an_emergency_that_cannot_be_stored_reaches_everyone_without_a_word_of_the_visitor(
    store: Store, clock: TurnedClock
):
    box, hook, port = Mailbox(), Hook(), free_port()
    desk = Desk(store, StandIn())
    started = await desk.start("kneecare")
    with mail_server(box, port):
        async with web_server(hook) as url:
            ways = channels(**by_mail(port), webhook_url=url)
            outage = Outage(store.database.trouble, desk.unstored, ways, f"{ADDRESS}/desk", lambda *_: None, clock)
            with read_only(store):
                await refused(desk, started, URGENT, "1")
                await refused(desk, started, URGENT, "1")  # the widget sends it again
                await refused(desk, started, WORDS, "2")
                with pytest.raises(NotStored):
                    await desk.ask_for_person(Pass(started.conversation_id, started.token), "3")
                await outage.look()
                await outage.look()
            assert box.recipients == ["pat@clinic.example", "sam@clinic.example"]
            told = box.messages[0].get_content()
            assert "3 messages, chats or calls for a person were refused, 1 with an emergency" in told
            assert box.messages[0]["Subject"].startswith("Emergency: ") and f"{ADDRESS}/desk" in told
            await desk.receive(Pass(started.conversation_id, started.token), Typed(URGENT), "1")
            clock.turn(seconds=OVER_AFTER.total_seconds())
            await outage.look()
            assert "2 messages, chats or calls for a person were refused. They did not" in box.messages[2].get_content()
            clock.turn(hours=1)
            await outage.look()
    assert len(box.messages) == 4
    assert [json.loads(body)["type"] for _, _, body in hook.requests] == ["store.failing", "store.works"]
    sent = "".join(one.as_string() for one in box.messages) + str(hook.requests)
    assert not any(word in sent for word in ("Quill", "Walter", "breathe", started.conversation_id))


async def test_a_channel_that_does_not_answer_is_tried_again_while_nothing_is_stored(store: Store, clock: TurnedClock):
    hook = Hook(status=500)
    desk = Desk(store, StandIn())
    async with web_server(hook) as url:
        ways, started = channels(webhook_url=url), await desk.start("kneecare")
        outage = Outage(store.database.trouble, desk.unstored, ways, f"{ADDRESS}/desk", lambda *_: None, clock)
        with read_only(store):
            await refused(desk, started, WORDS, "1")
            await outage.look()
            hook.status = 204
            await outage.look()
            assert len(hook.requests) == 1
            clock.turn(seconds=TRY_AGAIN.total_seconds())
            await outage.look()
            clock.turn(minutes=1)
            await outage.look()
    assert len(hook.requests) == 2
