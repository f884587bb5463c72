"""Rebuilds a site in the background, one at a time for each site, and tells how far it has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kb.errors import AdvocateError
from server.editing.actors import Actor
from server.publishing import Publisher
from server.storage import Store

log = logging.getLogger(__name__)
FAULT = "Something failed on our side, and it is logged. Try again; if it fails again, tell your administrator."


@dataclass(frozen=True, slots=True)
class Job:
    """A rebuild: running, done, failed or stopped. `done` of `total` are the parts of the present stage, if it has any."""

    state: str
    by: str
    started_at: datetime
    stage: str = ""  # as index/builds/build.py names it; empty before the first
    done: int = 0
    total: int = 0
    build: str = ""
    problem: str = ""
    last_s: float | None = None  # how long the rebuild before this took, where there was one here

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    @property
    def percent(self) -> int | None:
        """How much of this stage is done; None where it cannot be counted."""
        return round(100 * self.done / self.total) if self.total > 1 else None


class Rebuilding:
    """The latest rebuild of each site in this process."""

    def __init__(
        self, store: Store, publisher: Publisher, then: Callable[[str, str], object] = lambda *_: None
    ) -> None:
        """then: what is begun with the site and the build of a rebuild that is done."""
        self._then = then
        self._store = store
        self._publisher = publisher
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._took_s: dict[str, float] = {}
        self._distrusted: set[str] = set()
        self._checks: dict[str, asyncio.Task[None]] = {}

    def of(self, site: str) -> Job | None:
        return self._jobs.get(site)

    def is_running(self, site: str) -> bool:
        job = self._jobs.get(site)
        return job is not None and job.is_running

    def distrusts(self, build: str) -> bool:
        """Whether what was embedded quickly for a build was found not to be what the model makes of it."""
        return build in self._distrusted

    def start(self, site: str, by: Actor) -> bool:
        """Begin a rebuild of the latest text, unless one runs; whether this call began it. Its end is audited."""
        if self.is_running(site):
            return False
        self._jobs[site] = Job("running", by.name, datetime.now(UTC), last_s=self._took_s.get(site))
        self._tasks[site] = asyncio.create_task(self._run(site, by))
        return True

    async def stop(self, site: str, by: Actor) -> None:
        """End the rebuild that runs, if one does, as if it had not been begun."""
        if self.is_running(site):
            self._update(site, state="stopped")
            self._tasks[site].cancel()
            await self._store.audit(site, by.id, "stopped rebuilding", site)

    async def wait(self, site: str) -> None:
        """Return once no rebuild of this site runs."""
        if site in self._tasks:
            await asyncio.wait([self._tasks[site]])

    async def checked(self, site: str) -> None:
        """Return once what the last rebuild embedded was looked over."""
        await self.wait(site)
        if site in self._checks:
            await asyncio.wait([self._checks[site]])

    async def _run(self, site: str, by: Actor) -> None:
        async def tell(stage: str, done: int, total: int) -> None:
            self._update(site, stage=stage, done=done, total=total)

        try:
            made = await self._publisher.build_in_child(site, tell)
            await self._store.audit(site, by.id, "built", made)
            self._took_s[site] = (datetime.now(UTC) - self._jobs[site].started_at).total_seconds()
            self._update(site, state="done", build=made)
            self._then(site, made)
            self._checks[site] = asyncio.create_task(self._check(site, made))
        except AdvocateError as error:
            self._update(site, state="failed", problem=str(error))
        except asyncio.CancelledError:
            if self.is_running(site):  # else somebody stopped it
                self._update(site, state="failed", problem="The server stopped. Begin again.")
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor is told and the page goes on
            log.error("site %s: rebuilding failed with %s", site, type(error).__name__)
            self._update(site, state="failed", problem=FAULT)

    async def _check(self, site: str, made: str) -> None:
        """Look over what was embedded quickly. What does not agree fails the rebuild, which is then not published."""
        try:
            await self._publisher.check_in_child(site)
        except AdvocateError as error:
            log.error("site %s: build %s does not agree with the reference encoder: %s", site, made[:12], error)
            self._distrusted.add(made)
            if self._jobs[site].build == made:
                self._update(site, state="failed", problem=str(error))

    def _update(self, site: str, **changes: str | int) -> None:
        self._jobs[site] = replace(self._jobs[site], **changes)  # type: ignore[arg-type]
