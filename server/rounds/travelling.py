"""Brings builds from the database into a replica's own data folder, and tells which build each replica serves.

On PostgreSQL the database says what is published, and each data folder follows. On SQLite there is one data folder, beside
the database: it says so itself, and nothing here does anything.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic

from index.builds.layout import pointers
from index.builds.manifest import BuildRefused, Manifest, verify
from index.builds.publish import KEPT, Builds, Publication
from kb.errors import AdvocateError
from server.storage.builds import Published, Replica, live_on
from server.storage.database.faults import StorageUnavailable
from server.storage.ids import new_id
from server.storage.store import Store

log = logging.getLogger(__name__)
REPORT_EVERY_S = 3.0
SPREADS_WITHIN_S = 5.0  # a replica that serves another build for longer than this after a publication is behind


@dataclass(frozen=True, slots=True)
class Behind:
    """A site for which this replica does not serve what is published. `why` is empty while nothing went wrong."""

    serves: str | None
    published: str
    why: str


class Travelling:
    """The way of one process's builds. `is_on` says whether they travel at all."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self.is_on = store.database.is_postgresql
        self._stored = store.builds
        self._data_dir = data_dir
        self._replica = new_id()
        self._live: dict[str, Published] = {}
        self._seen_at: dict[str, float] = {}  # when each site's latest publication was first seen here
        self._why: dict[tuple[str, str], str] = {}  # by site and build
        self._here: set[tuple[str, str]] = set()
        self._pointed: dict[str, Published] = {}
        self._reported: tuple[float, Mapping[str, str | None]] = (0.0, {})
        self._is_adopted = False

    def _builds(self, site: str) -> Builds:
        return Builds.of(self._data_dir, site)

    async def send(self, site: str, build: str) -> None:
        """Keep a build of this folder in the database, for the others. Raises BuildRefused for one that is not whole."""
        if self.is_on:
            folder = self._builds(site).path(build)
            manifest = await asyncio.to_thread(verify, folder)
            files = {digest: folder / name for name, digest in manifest.files.items()}
            await self._stored.keep(site, manifest.as_json(), files)

    async def bring(self, site: str, build: str) -> None:
        """Have a build in this folder, as the database keeps it. Raises BuildRefused when it cannot be had whole."""
        kept = await self._stored.manifest(site, build) if self.is_on else None
        if kept is None:
            return  # made here, and not sent yet
        manifest = Manifest.parse(kept, f"build {build[:12]} in the database")
        place = self._builds(site).path(build)
        if not await asyncio.to_thread(_is_here, place, manifest):
            await self._fetch(manifest, place)

    async def publish(self, site: str, build: str, by: str, *, only_first: bool = False) -> Publication | None:
        """Publish a build of this folder. only_first: None where the site has a publication already."""
        if not self.is_on:
            builds = self._builds(site)
            return None if only_first and builds.publications() else builds.publish(build, by)
        await self.send(site, build)
        published = await self._stored.publish(site, build, by, only_first=only_first)
        await self.follow()
        return None if published is None else _publication(published)

    async def follow(self) -> None:
        """Bring what is published, and each site's newest build, and point to it. What cannot be had is logged once."""
        if not self.is_on:
            return
        await self._adopt()
        for site, build in await self._stored.newest():
            await self._tried(site, build, self._bring_once(site, build))
        for published in await self._stored.live():
            if self._live.get(published.site) != published:
                self._live[published.site] = published
                self._seen_at[published.site] = monotonic()
            await self._tried(published.site, published.build, self._point(published))

    def behind(self, serves: Mapping[str, str | None]) -> dict[str, Behind]:
        """The sites for which another build than the published one is served, for longer than builds take to spread."""
        found = {}
        for site, published in self._live.items():
            is_late = monotonic() - self._seen_at[site] > SPREADS_WITHIN_S
            if is_late and serves.get(site) != published.build:
                found[site] = Behind(serves.get(site), published.build, self._why.get((site, published.build), ""))
        return found

    async def report(self, serves: Mapping[str, str | None]) -> None:
        """Say what this process serves: at once when it changed, else now and then, as a sign of life."""
        at, before = self._reported
        if self.is_on and (serves != before or monotonic() - at > REPORT_EVERY_S):
            await self._stored.report(Replica(self._replica, socket.gethostname(), serves))
            self._reported = (monotonic(), dict(serves))

    async def leave(self) -> None:
        """This process serves no longer."""
        if self.is_on:
            await self._stored.leave(self._replica)

    async def spread(self, site: str, build: str, *, within_s: float = 0.0) -> tuple[int, int]:
        """On how many replicas a build is live, and how many there are; waits a while for it to be all of them."""
        until = monotonic() + within_s
        while True:
            live, every = live_on(await self._stored.replicas() if self.is_on else [], site, build)
            if live == every or monotonic() >= until:
                return live, every
            await asyncio.sleep(0.2)

    async def _adopt(self) -> None:
        """Once: what this folder had published before builds travelled, where the database knows of nothing live yet."""
        if self._is_adopted:
            return
        known = {one.site for one in await self._stored.live()}
        for pointer in pointers(self._data_dir):
            site = pointer.parent.parent.name
            with suppress(BuildRefused):  # a pointer or a build that is not whole says nothing
                if site not in known and (published := self._builds(site).publications()):
                    await self.send(site, published[-1].build)
                    await self._stored.publish(site, published[-1].build, published[-1].by, only_first=True)
        self._is_adopted = True

    async def _tried(self, site: str, build: str, work: Awaitable[None]) -> None:
        try:
            await work
        except (AdvocateError, OSError) as error:
            if isinstance(error, StorageUnavailable):
                raise
            if self._why.get((site, build)) != str(error):
                log.error("site %s: build %s cannot be brought here: %s", site, build[:12], error)
            self._why[site, build] = str(error)

    async def _bring_once(self, site: str, build: str) -> None:
        if (site, build) not in self._here:
            await self.bring(site, build)
            self._here.add((site, build))

    async def _point(self, published: Published) -> None:
        """Have this folder point to what is published, with what was published before."""
        site = published.site
        if self._pointed.get(site) == published:
            return
        await self.bring(site, published.build)
        known = [_publication(one) for one in await self._stored.publications(site, KEPT)]
        if known[-1] == _publication(published):  # else there is a later one by now: it is next
            await asyncio.to_thread(self._builds(site).follow, known)
            self._pointed[site] = published
            self._why.pop((site, published.build), None)

    async def _fetch(self, manifest: Manifest, place: Path) -> None:
        """Write a build beside its place, check every file, and move it there. Raises BuildRefused."""
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".fetched-", dir=place.parent))
        try:
            for name, digest in manifest.files.items():
                body = await self._stored.file(digest)
                if body is None or sha256(body).hexdigest() != digest:
                    raise BuildRefused(
                        f"{name} of build {manifest.build[:12]}: the database holds {'no' if body is None else 'another'} "
                        "file for its digest. Publish it again where it was made, with `advocate publish`."
                    )
                await asyncio.to_thread(_write, aside, name, body)
            manifest.write(aside)
            await asyncio.to_thread(verify, aside)
            put_in_place(aside, place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def put_in_place(aside: Path, place: Path) -> None:
    """Move a finished build to the folder of its id; another copy of it there steps aside first."""
    if place.exists():
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=place.parent))
        place.rename(old / place.name)
        aside.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        aside.rename(place)


def _is_here(place: Path, manifest: Manifest) -> bool:
    """Whether a folder holds this build whole, byte for byte."""
    try:
        return verify(place).files == manifest.files
    except BuildRefused:
        return False


def _write(folder: Path, name: str, body: bytes) -> None:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BuildRefused(f"{name}: a build's file stands in its folder; this one would not. Build again.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _publication(one: Published) -> Publication:
    return Publication(one.build, one.at.isoformat(timespec="seconds"), one.by)
