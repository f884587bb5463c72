"""Tells staff that nothing can be stored, past the database: from what this process counts, by channels that need no disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.channels import Channels
from server.core.handing.alerts import AlertText
from server.core.handing.unstored import NOBODY, Refused, is_due, outage_text, works_again_text
from server.rounds.alerting import Counted, attempt
from server.storage.database.transactions import utc_now
from server.storage.database.trouble import Trouble
from server.storage.ids import new_id

LOOK_S = 1.0
TRY_AGAIN = timedelta(seconds=15)  # when no channel took it
OVER_AFTER = timedelta(seconds=60)  # without a failure: one that comes and goes is one outage
KEPT = 10_000  # refused messages that are told apart

log = logging.getLogger(__name__)


class Unstored:
    """What could not be stored, by its key, until the same is sent again and is: a visitor's words have no place in it."""

    def __init__(self) -> None:
        self._refused: dict[str, bool] = {}

    def refuse(self, key: str, *, is_urgent: bool) -> None:
        if key in self._refused or len(self._refused) < KEPT:
            self._refused[key] = is_urgent or self._refused.get(key, False)

    def store(self, key: str) -> None:
        self._refused.pop(key, None)

    def count(self) -> Refused:
        return Refused(len(self._refused), sum(self._refused.values()))

    def clear(self) -> None:
        self._refused.clear()


@dataclass(slots=True)
class Course:
    """How an outage goes: when it began, failed last, was told last, and was tried to tell in vain."""

    began: datetime
    failed: datetime
    told: Refused | None = None
    told_at: datetime | None = None
    tried: datetime | None = None
    nth: int = 0


class Outage:
    """The worker of one process. `link` leads to the desk; `count` hears how each try went."""

    def __init__(
        self,
        trouble: Trouble,
        unstored: Unstored,
        channels: Channels,
        link: str,
        count: Counted,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._trouble = trouble
        self._unstored = unstored
        self._channels = channels
        self._link = link
        self._count = count
        self._clock = clock
        self._course: Course | None = None
        self._seen = NOBODY  # at the last look

    async def run(self) -> None:
        """Look each second, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may do better
                log.error("telling of an outage failed: %s", type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """See whether an outage begins, lasts or is over, and tell what is due."""
        now, refused = self._clock(), self._unstored.count()
        is_failing = self._trouble.is_on or refused.count > self._seen.count
        self._seen = refused
        if is_failing:
            self._course = self._course or Course(began=now, failed=now)
            self._course.failed = now
        course = self._course
        if course is None or (course.tried and now < course.tried + TRY_AGAIN):
            return
        if now - course.failed >= OVER_AFTER:
            await self._end(course, refused, now)
        elif is_failing and is_due(refused, course.told, now - (course.told_at or course.began)):
            await self._tell(course, refused, now)

    async def _tell(self, course: Course, refused: Refused, now: datetime) -> None:
        text = outage_text(alert_id=new_id(), refused=refused, nth=course.nth + 1, link=self._link)
        if await self._send(text):
            course.told, course.told_at, course.tried, course.nth = refused, now, None, course.nth + 1
        else:
            course.tried = now

    async def _end(self, course: Course, refused: Refused, now: datetime) -> None:
        text = works_again_text(alert_id=new_id(), refused=refused, link=self._link)
        if course.told is not None and not await self._send(text):
            course.tried = now
            return
        self._unstored.clear()
        self._course, self._seen = None, NOBODY

    async def _send(self, text: AlertText) -> bool:
        """Whether it left to anyone."""
        targets = self._channels.reach.everyone()
        errors = await asyncio.gather(*(attempt(self._channels, text, target) for target in targets))
        for target, error in zip(targets, errors, strict=True):
            self._count(target.channel, error is None)
            if error is not None:
                log.warning("that nothing is stored could not be told by %s: %s", target.channel, error)
        return None in errors
