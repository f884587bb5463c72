"""Publications for a later day: a text that was looked through goes live by itself when that day begins at the clinic."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from zoneinfo import ZoneInfo

from kb.errors import AdvocateError
from server.core.editing.publication import Refusal
from server.editing.actors import Actor
from server.editing.releasing import PublicationRefused, Releasing
from server.publishing import Publisher
from server.storage import Store

log = logging.getLogger(__name__)
PLANNED = "planned"  # the document of what is to go live, and when


@dataclass(frozen=True, slots=True)
class Plan:
    """A build to go live on a day, ISO, in the place of `live`. `problem` says why it did not; empty: it is still to come."""

    build: str
    live: str | None
    day: str
    by: str  # the account's id
    name: str
    waiver: str = ""
    problem: str = ""


class Planning:
    """What the sites have planned: at most one publication each."""

    def __init__(self, store: Store, publisher: Publisher, releasing: Releasing) -> None:
        self._store = store
        self._publisher = publisher
        self._releasing = releasing

    async def of(self, site: str) -> Plan | None:
        latest = await self._store.content.latest(site, PLANNED)
        return Plan(**latest.body) if latest and latest.body else None

    async def plan(
        self, site: str, seen: str, day: date, by: Actor, *, waiver: str = "", ticked: Collection[str] = ()
    ) -> None:
        """Have the draft that someone looked through go live on a later day. All that publishing asks for is asked now.

        Raises what `publish_draft` raises.
        """
        if day <= await self._today(site):
            raise PublicationRefused(Refusal.TODAY)
        await self._releasing.check_draft(site, seen, ticked=ticked)
        await self._releasing.check_golden(site, seen, waiver)
        live = self._publisher.current(site)
        plan = Plan(seen, live, day.isoformat(), by.id, by.name, waiver)
        await self._save(site, plan, by, f"to be published on {day.isoformat()}")

    async def cancel(self, site: str, by: Actor) -> None:
        """Publish nothing by itself."""
        if await self.of(site) is not None:
            await self._save(site, None, by, "not to be published by itself")

    async def publish_due(self) -> None:
        """Publish what was planned for today or before. What may not be published any more says why, and stays as it is."""
        for latest in await self._store.content.everywhere(PLANNED):
            plan = Plan(**latest.body) if latest.body else None
            if plan is None or plan.problem or plan.day > (await self._today(latest.site)).isoformat():
                continue
            by = Actor(plan.by, plan.name)
            try:
                await self._publish(latest.site, plan, by)
                await self._save(latest.site, None, by, "published as planned")
            except AdvocateError as error:
                log.error("site %s: what was planned for %s was not published: %s", latest.site, plan.day, error)
                failed = {**asdict(plan), "problem": str(error)}
                await self._save(latest.site, Plan(**failed), by, "not published as planned")

    async def _publish(self, site: str, plan: Plan, by: Actor) -> None:
        await self._publisher.travelling.follow()
        current = self._publisher.current(site)
        if current == plan.build:
            return  # another process has done it
        if current != plan.live:
            raise PublicationRefused(Refusal.OVERTAKEN)
        await self._releasing.check_second(site, plan.build)
        await self._releasing.publish(site, plan.build, by, waiver=plan.waiver)

    async def _today(self, site: str) -> date:
        return self._store.database.clock().astimezone(await self._zone(site)).date()

    async def _zone(self, site: str) -> ZoneInfo:
        latest = await self._store.content.latest(site, "site")
        return ZoneInfo(latest.body["zone"] if latest else "UTC")

    async def _save(self, site: str, plan: Plan | None, by: Actor, reason: str) -> None:
        body = asdict(plan) if plan else {}
        await self._store.content.save(site, PLANNED, body, author=by.id, reason=reason)
