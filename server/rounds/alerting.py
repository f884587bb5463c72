"""Empties the outbox: climbs the ladders that are due, and sends what they wrote. One for a process, as many as there are.

Nothing is kept here that a kill could lose: what is to be sent stands in the store, and comes back when a try was cut off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from server.channels import Channels, NotSent
from server.core.handing.alerts import About, AlertText, Channel, Target, alert_text, drill_text
from server.storage.database.faults import StorageUnavailable
from server.storage.handing.alerts import TOPIC, Alert
from server.storage.store import Store

LOOK_S = 1.0  # a wake-up may be lost, and rungs come due without one
AT_ONCE = 20  # tries

log = logging.getLogger(__name__)
Counted = Callable[[Channel, bool], None]


class Alerting:
    """The worker. `clinic_of` names a site's clinic; `count` hears how each try went."""

    def __init__(
        self, store: Store, channels: Channels, address: str, clinic_of: Callable[[str], str], count: Counted
    ) -> None:
        self._store = store
        self._channels = channels
        self._address = address
        self._clinic_of = clinic_of
        self._count = count
        self._trying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled. A try that hangs keeps nobody else waiting."""
        try:
            with self._store.wakeups.listen(TOPIC) as waiter:
                while True:
                    await self._work_on()
                    await waiter.wait(LOOK_S)
        finally:
            for task in self._trying:
                task.cancel()

    async def work(self) -> list[asyncio.Task[None]]:
        """Climb what is due, and begin to try what is waiting. Returns the tries begun."""
        await self._store.alerts.climb_due(lambda _site: self._channels.reach)
        room = AT_ONCE - len(self._trying)
        taken = await self._store.alerts.take(room) if room else []
        begun = [asyncio.create_task(self._try(alert)) for alert in taken]
        self._trying.update(begun)
        for task in begun:
            task.add_done_callback(self._trying.discard)
        return begun

    async def _work_on(self) -> None:
        try:
            await self.work()
        except StorageUnavailable as error:
            log.warning("alerts wait for the store: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next alert is tried
            log.error("alerting failed: %s", type(error).__name__)

    async def _try(self, alert: Alert) -> None:
        error = await attempt(self._channels, self._text(alert), alert.target)
        self._count(alert.target.channel, error is None)
        if error is not None:
            log.warning("alert %s by %s, try %d: %s", alert.alert_id, alert.target.channel, alert.tries, error)
        try:
            await self._store.alerts.settle(alert, error)
        except StorageUnavailable as fault:  # it comes back when its lease is over
            log.warning("how alert %s went could not be kept: %s", alert.alert_id, fault)

    def _text(self, alert: Alert) -> AlertText:
        clinic, link = self._clinic_of(alert.site), f"{self._address}/desk/{alert.handover_id}"
        told = {"alert_id": alert.alert_id, "site": alert.site, "clinic": clinic, "link": link}
        if alert.about is About.VISITOR:
            return alert_text(**told, label=alert.reason, nth=alert.nth)
        return drill_text(**told, about=alert.about, nth=alert.nth)


async def attempt(channels: Channels, text: AlertText, target: Target) -> str | None:
    """Send once. Why it did not leave, in words for staff; None when it did."""
    sender = channels.senders.get(target.channel)
    if sender is None:
        return f"{target.channel} is not set any more"
    try:
        await sender.send(text, target.contact)
    except NotSent as error:
        return str(error)
    return None
