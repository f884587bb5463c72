"""From a visitor's message to a mailbox and a web server: real ones, that fail, hang and recover; and a worker that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pytest

from server.channels import Channels, open_channels
from server.core.handing.alerts import Channel, Target
from server.core.handing.handover import Step
from server.desk import Desk, Pass, Typed
from server.doctor import examine_alerts
from server.examined import Standing
from server.first_run import alert_lines
from server.rounds.alerting import Alerting
from server.settings import Settings
from server.storage import Store
from server.storage.handing.alerts import LEASE
from tests.server.channels.receivers import Hook, Mailbox, free_port, mail_server, web_server
from tests.server.storage.clinic import PAT, TurnedClock
from tests.server.web.stand_in import StandIn

WORDS = "Is my knee all right? Call me, Walter Quill."
URGENT = "I can't breathe, says Walter Quill"
ADDRESS = "https://chat.clinic.example"


def channels(**settings: str) -> Channels:
    return open_channels(Settings(**settings))  # type: ignore[arg-type]


def by_mail(port: int, to: str = "pat@clinic.example, sam@clinic.example") -> dict[str, str]:
    return {"smtp_url": f"smtp://127.0.0.1:{port}", "alert_to": to}


class Shift:
    """A clinic's visitors and the worker that tells its staff."""

    def __init__(self, store: Store, channels: Channels) -> None:
        self.store = store
        self.desk = Desk(store, StandIn(), reach=channels.reach)
        self.counted: list[tuple[Channel, bool]] = []
        self.worker = Alerting(
            store, channels, ADDRESS, lambda _site: "KneeCare", lambda *went: self.counted.append(went)
        )

    async def visitor_says(self, text: str) -> Any:
        started = await self.desk.start("kneecare")
        taken = await self.desk.receive(Pass(started.conversation_id, started.token), Typed(text), "1")
        return await self.store.handovers.get(str(taken.received.handover_id))

    async def work(self) -> None:
        while begun := await self.worker.work():
            await asyncio.gather(*begun)


async def test_a_handover_reaches_mailbox_and_webhook_without_a_word_of_the_visitor(store: Store):
    box, hook, port = Mailbox(), Hook(), free_port()
    with mail_server(box, port):
        async with web_server(hook) as url:
            shift = Shift(store, channels(**by_mail(port), webhook_url=url))
            handover = await shift.visitor_says(WORDS)
            await shift.work()
    link = f"{ADDRESS}/desk/{handover.handover_id}"
    assert box.recipients == ["pat@clinic.example"] and link in box.messages[0].get_content()
    [(_, headers, body)] = hook.requests
    assert json.loads(body)["data"]["link"] == link
    sent = box.messages[0].as_string() + body.decode() + str(headers)
    assert not any(word in sent for word in ("Quill", "Walter", "all right", handover.conversation_id))
    assert sorted(shift.counted) == [(Channel.EMAIL, True), (Channel.WEBHOOK, True)]


async def test_an_urgent_one_nobody_takes_reaches_the_next_contact(store: Store, clock: TurnedClock):
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        shift = Shift(store, channels(**by_mail(port)))
        handover = await shift.visitor_says(URGENT)
        await shift.work()
        clock.turn(minutes=2)
        await shift.work()
        assert box.recipients == ["pat@clinic.example", "sam@clinic.example"]
        assert "(still waiting)" in box.messages[1]["Subject"]
        await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
        clock.turn(hours=2)
        await shift.work()
    assert len(box.messages) == 2


async def test_a_receiver_that_fails_and_recovers_gets_it_later_with_the_same_id(store: Store, clock: TurnedClock):
    hook = Hook(status=500)
    async with web_server(hook) as url:
        shift = Shift(store, channels(webhook_url=url))
        await shift.visitor_says(WORDS)
        await shift.work()
        [failing] = await store.alerts.failing()
        assert failing.target == Target(Channel.WEBHOOK) and "answered 500" in failing.error
        hook.status = 204
        clock.turn(seconds=5)
        await shift.work()
        clock.turn(minutes=10)
        await shift.work()
    ids = [headers["webhook-id"] for _, headers, _ in hook.requests]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert await store.alerts.failing() == []
    assert shift.counted == [(Channel.WEBHOOK, False), (Channel.WEBHOOK, True)]


async def test_a_receiver_that_hangs_keeps_no_other_alert_waiting(store: Store):
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        async with web_server(Hook(status=None)) as url:
            shift = Shift(store, channels(**by_mail(port), webhook_url=url))
            running = asyncio.create_task(shift.worker.run())
            for _ in range(3):
                await shift.visitor_says(WORDS)
            async with asyncio.timeout(10):
                while len(box.messages) < 3:
                    await asyncio.sleep(0.02)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


async def test_an_alert_of_a_channel_that_was_taken_away_fails_in_words(store: Store):
    shift = Shift(store, channels(webhook_url="http://127.0.0.1:9"))
    await shift.visitor_says(WORDS)
    await Shift(store, channels()).work()
    [failing] = await store.alerts.failing()
    assert failing.error == "webhook is not set any more"


async def test_with_no_channel_first_run_and_doctor_say_so_and_it_is_no_fault(store: Store):
    [line] = alert_lines(channels())
    [found] = await examine_alerts(store, channels(), ADDRESS, send=True)
    for words in (line, str(found)):
        assert "nobody hears of a visitor who needs a person unless the desk is open" in words
        assert "ADVOCATE_SMTP_URL" in words and "ADVOCATE_WEBHOOK_URL" in words
    assert found.standing is Standing.NOT_SET


async def test_the_doctor_names_each_target_and_tries_it_when_told_to(store: Store, clock: TurnedClock):
    box, hook, port = Mailbox(), Hook(status=500), free_port()
    with mail_server(box, port):
        async with web_server(hook) as url:
            both = channels(**by_mail(port), webhook_url=f"{url}/hidden")
            assert alert_lines(both)[0] == f"email to pat@clinic.example through 127.0.0.1:{port}"
            looked = await examine_alerts(store, both, ADDRESS, send=False)
            assert [one.is_fault for one in looked] == [False] * 3 and not box.messages and not hook.requests
            tried = await examine_alerts(store, both, ADDRESS, send=True)
            assert [one.standing for one in tried] == [Standing.GOOD, Standing.GOOD, Standing.FAULT]
            assert "answered 500" in tried[-1].words and "hidden" not in tried[-1].words
            assert box.recipients == ["pat@clinic.example", "sam@clinic.example"]
            assert "Nobody is waiting" in box.messages[0].get_content()

            await Shift(store, both).visitor_says(WORDS)
            await Shift(store, both).work()
            assert (await examine_alerts(store, both, ADDRESS, send=False))[-1].is_fault
            hook.status = 204
            await examine_alerts(store, both, ADDRESS, send=True)
            assert not any(one.is_fault for one in await examine_alerts(store, both, ADDRESS, send=False))


DYING = """
import asyncio, sys
from server.rounds.alerting import Alerting
from server.channels import open_channels
from server.settings import Settings
from server.storage import Store

async def main(database, hook):
    store = await Store.open(database)
    channels = open_channels(Settings(webhook_url=hook))
    await Alerting(store, channels, "http://here", lambda site: site, lambda *went: None).run()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_an_alert_survives_the_kill_of_the_worker_that_was_sending_it(database_url: str):
    hook, clock = Hook(status=None), TurnedClock()
    async with web_server(hook) as url:
        now = await Store.open(database_url)
        await Shift(now, channels(webhook_url=url)).visitor_says(WORDS)
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, database_url, url)
        try:
            async with asyncio.timeout(120):  # a busy machine takes its time to start one
                while not hook.requests:
                    await asyncio.sleep(0.02)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()
        hook.status, clock.now = 204, now.database.clock() + LEASE
        await now.close()
        later = await Store.open(database_url, clock=clock)
        await Shift(later, channels(webhook_url=url)).work()
        await later.close()
    ids = {headers["webhook-id"] for _, headers, _ in hook.requests}
    assert len(hook.requests) == 2 and len(ids) == 1
