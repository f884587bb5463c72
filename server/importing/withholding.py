"""What may not be quoted because the clinic's own page says something else by now, until a person has looked at it.

The store's document says so (WITHHELD); a file beside the builds of each data folder follows it, which is what answers read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import asdict
from hashlib import sha256

from index.builds.manifest import BuildRefused
from index.builds.withheld import write_withheld
from kb.merging import Cause
from server.core.editing.withheld import Held, held_now, held_of
from server.editing.saving import TRIES, WITHHELD, SavingBusy
from server.importing.bringing import Importing, Undecided
from server.publishing import Publisher
from server.storage import EditConflict, Store

WATCHER = "comparison"  # the author of what a comparison keeps
CHANGED = frozenset({Cause.THERE, Cause.BOTH, Cause.VANISHED})


class Withholding:
    """What the sites withhold. One for a process."""

    def __init__(self, store: Store, publisher: Publisher, importing: Importing) -> None:
        self._store = store
        self._publisher = publisher
        self._importing = importing
        self._followed: dict[str, tuple[int, str | None]] = {}

    async def refresh(self, site: str, *, kept: Collection[str] = ()) -> None:
        """Bring it in line with what waits for a person and what is live. kept: passages that a person left as they are here.

        Raises SavingBusy.
        """
        for _ in range(TRIES):
            latest = await self._store.content.latest(site, WITHHELD)
            before = held_of(latest.body if latest else None)
            live = await asyncio.to_thread(self._live, site)
            if live is None:
                await asyncio.to_thread(self._write, site, before)
                return
            waiting = await self._importing.undecided(site)
            there = {one: _digest(text) for one, text in (await self._importing.given(site)).items()}
            after = held_now(before, _changed(waiting), there, live, kept)
            try:
                if after != before:
                    body = {passage_id: asdict(one) for passage_id, one in after.items()}
                    reason = "compared with the clinic’s page"
                    began = latest.revision if latest else 0
                    await self._store.content.save(
                        site, WITHHELD, body, author=WATCHER, reason=reason, expected_revision=began
                    )
            except EditConflict:
                continue
            await asyncio.to_thread(self._write, site, after)
            return
        raise SavingBusy("What is not quoted is being saved by others at this moment. Try again.")

    async def follow(self) -> None:
        """Have this data folder say what the store says, also where something else went live meanwhile."""
        for latest in await self._store.content.everywhere(WITHHELD):
            standing = latest.revision, self._publisher.current(latest.site)
            if self._followed.get(latest.site) != standing:
                await asyncio.to_thread(self._write, latest.site, held_of(latest.body))
                if latest.body:
                    await self.refresh(latest.site)
                self._followed[latest.site] = standing

    def _live(self, site: str) -> dict[str, str] | None:
        """The digest of each passage's text as it is live; None where nothing is, or its build is not here (yet)."""
        build = self._publisher.current(site)
        try:
            content = self._publisher.built_content(site, build) if build else None
        except BuildRefused:
            return None
        if content is None:
            return None
        return {one.passage_id: _digest(page.text_of(one)) for page, one in content.passages()}

    def _write(self, site: str, held: Mapping[str, Held]) -> None:
        write_withheld(self._publisher.builds(site).folder, {one: held[one].may for one in held})


def _changed(waiting: Collection[Undecided]) -> dict[str, tuple[str, str | None]]:
    """What is known to have changed at its source: its page, and the digest of what it says there."""
    return {
        one.waiting.passage_id: (one.page.page_id, _digest(one.waiting.new.text) if one.waiting.new else None)
        for one in waiting
        if one.waiting.cause in CHANGED and one.waiting.last is not None
    }


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
