"""What lint finds in a site's latest text, and what an editor accepted as it is, with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kb.editing import EditRefused
from kb.lint import Finding, lint
from kb.pages import Page
from server.editing.actors import Actor
from server.editing.saving import ACCEPTED, Saving
from server.storage import Content

MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Accepted:
    """Why a finding was accepted, and by whom: the account's id."""

    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Linted:
    """The findings that are open, and those that were accepted."""

    open: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, Accepted], ...]


class Linting:
    """Lint of the sites' texts. What was read once is kept until the text changes."""

    def __init__(self, content: Content, saving: Saving) -> None:
        self._content = content
        self._saving = saving
        self._kept: dict[str, tuple[object, tuple[Finding, ...]]] = {}

    async def of(self, site: str, pages: Sequence[Page], *, clinic: str, today: date) -> Linted:
        latest = await self._content.latest(site, ACCEPTED)
        accepted = {one["key"]: Accepted(one["why"], one["by"]) for one in (latest.body if latest else ())}
        key = (tuple(pages), clinic, today)
        if site not in self._kept or self._kept[site][0] != key:
            found = await asyncio.to_thread(lint, pages, clinic=clinic, today=today)
            self._kept[site] = (key, found)
        findings = self._kept[site][1]
        return Linted(
            tuple(one for one in findings if one.key not in accepted),
            tuple((one, accepted[one.key]) for one in findings if one.key in accepted),
        )

    async def accept(self, site: str, key: str, why: str, by: Actor) -> None:
        """Take a finding as it is. Raises EditRefused without a reason."""
        reason = " ".join(why.split())
        if not reason:
            raise EditRefused("Say why it may stay as it is: your colleagues will ask.")
        line = {"key": key, "why": reason[:MAX_REASON], "by": by.id}
        await self._saving.accepted(
            site, lambda some: [*(one for one in some if one["key"] != key), line], by=by, reason=f"accepted: {reason}"
        )

    async def reopen(self, site: str, key: str, by: Actor) -> None:
        await self._saving.accepted(
            site, lambda some: [one for one in some if one["key"] != key], by=by, reason="to look at again"
        )
