"""Rebuilding a site in the background, one at a time for each site, and how far it has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fastapi import Request

from kb.errors import AdvocateError
from server.web.editor.screens import GoldenRow
from server.web.editor.terms import stage_words

log = logging.getLogger(__name__)
FAULT = "Something failed on our side while rebuilding, and it is logged. Try again; if it fails again, tell your administrator."
Progress = Callable[[str, int, int], Awaitable[None]]
Build = Callable[[Progress], Awaitable[str]]  # builds, telling its progress, and gives the build's id


@dataclass(frozen=True, slots=True)
class Job:
    """A rebuild: running, done or failed. `done` of `total` are the parts of the present stage, if it has any."""

    state: str
    by: str
    started_at: datetime
    stage: str = "Getting ready"
    done: int = 0
    total: int = 0
    build: str = ""
    problem: str = ""

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    @property
    def percent(self) -> int | None:
        """How much of this stage is done; None where it cannot be counted."""
        return round(100 * self.done / self.total) if self.total > 1 else None

    @property
    def words(self) -> str:
        return f"{self.stage}: {self.percent}% done" if self.percent is not None else self.stage


class Jobs:
    """The latest rebuild of each site of this process; and `golden`, how its draft answered the test questions."""

    def __init__(self) -> None:
        self.golden: dict[str, tuple[str, tuple[GoldenRow, ...]]] = {}
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def of(self, site: str) -> Job | None:
        return self._jobs.get(site)

    def start(self, site: str, build: Build, *, by: str, then: Callable[[str], Awaitable[None]]) -> bool:
        """Begin a rebuild, unless one runs; `then` gets the build's id. Whether this call began it."""
        running = self._jobs.get(site)
        if running is not None and running.is_running:
            return False
        self._jobs[site] = Job("running", by, datetime.now(UTC))
        self._tasks[site] = asyncio.create_task(self._run(site, build, then))
        return True

    async def wait(self, site: str) -> None:
        """Return once no rebuild of this site runs."""
        if site in self._tasks:
            await asyncio.wait([self._tasks[site]])

    async def _run(self, site: str, build: Build, then: Callable[[str], Awaitable[None]]) -> None:
        async def tell(stage: str, done: int, total: int) -> None:
            self._jobs[site] = replace(self._jobs[site], stage=stage_words(stage), done=done, total=total)

        try:
            made = await build(tell)
            await then(made)
            self._jobs[site] = replace(self._jobs[site], state="done", build=made)
        except AdvocateError as error:
            self._jobs[site] = replace(self._jobs[site], state="failed", problem=str(error))
        except asyncio.CancelledError:
            self._jobs[site] = replace(self._jobs[site], state="failed", problem="The server stopped. Rebuild again.")
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor is told and the page goes on
            log.error("site %s: rebuilding failed with %s", site, type(error).__name__)
            self._jobs[site] = replace(self._jobs[site], state="failed", problem=FAULT)


def jobs_of(request: Request) -> Jobs:
    """The rebuilds of this server, kept beside its parts."""
    state = request.app.state
    if not hasattr(state, "editor_jobs"):
        state.editor_jobs = Jobs()
    jobs: Jobs = state.editor_jobs
    return jobs
