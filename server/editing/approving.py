"""The second person: whoever changed safety text cannot put it live alone, unless a one-person clinic switched that off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from index.builds.manifest import BuildRefused, read_manifest
from kb.content import Content as Text
from kb.errors import AdvocateError
from kb.pages import Page
from server.core.editing.differences import risky_changes
from server.editing.actors import Actor
from server.editing.saving import PAGE
from server.publishing import Publisher
from server.storage import Content

APPROVAL = "approval:"  # who approved a build: this and its id
RULE = "second-person"  # whether this clinic asks for one


class ApprovalRefused(AdvocateError):
    """An approval that would be none: of one's own text, of a text that moved on, or where none is asked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who said something of a text, when and why."""

    by: str  # the account's id
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Second:
    """What a build needs of a second person. `risky`: the passages of safety text that it changes, by id."""

    risky: tuple[str, ...] = ()
    is_policy_new: bool = False
    authors: frozenset[str] = frozenset()
    approval: Said | None = None
    switched_off: Said | None = None

    @property
    def is_asked(self) -> bool:
        """Whether what changes is for two persons to see."""
        return bool(self.risky) or self.is_policy_new

    @property
    def is_missing(self) -> bool:
        return self.is_asked and self.approval is None and self.switched_off is None


class Approving:
    """Approvals of the sites' builds. A build's id names its text, so an approval is of exactly these words."""

    def __init__(self, content: Content, publisher: Publisher) -> None:
        self._content = content
        self._publisher = publisher

    async def of(self, site: str, build: str) -> Second:
        """What a build needs before it may take the place of what is live; nothing where nothing is live yet."""
        live = self._publisher.current(site)
        if live is None or live == build:
            return Second()
        try:
            before, after = (self._publisher.built_content(site, one) for one in (live, build))
            manifests = [read_manifest(self._publisher.builds(site).path(one)) for one in (live, build)]
        except BuildRefused:
            return Second(is_policy_new=True)  # what is live cannot be read, so nobody knows what changes
        return Second(
            risky=risky_changes(before.pages, after.pages),
            is_policy_new=manifests[0].policy_version != manifests[1].policy_version,
            authors=await self._authors(site, before),
            approval=await self._said(site, APPROVAL + build),
            switched_off=await self.switched_off(site),
        )

    async def approve(self, site: str, build: str, by: Actor, note: str) -> None:
        """Keep that a second person read a build's changes. Raises ApprovalRefused."""
        second = await self.of(site, build)
        if not second.is_asked:
            raise ApprovalRefused("Nothing in this text needs a second person.")
        if by.id in second.authors:
            raise ApprovalRefused("You wrote some of these changes yourself. Someone else has to approve them.")
        await self._content.save(site, APPROVAL + build, {"is_given": True}, author=by.id, reason=note.strip())

    async def switched_off(self, site: str) -> Said | None:
        """Who switched the second person off, and why; None where one is asked for."""
        return await self._said(site, RULE)

    async def switch(self, site: str, *, off: bool, by: Actor, reason: str) -> None:
        """Ask for a second person at this clinic, or no longer. Raises ApprovalRefused without a reason to stop."""
        if off and not reason.strip():
            raise ApprovalRefused("Say why one person may publish safety text alone here.")
        await self._content.save(site, RULE, {"is_given": off}, author=by.id, reason=reason.strip())

    async def _said(self, site: str, document: str) -> Said | None:
        latest = await self._content.latest(site, document)
        return Said(latest.author, latest.at, latest.reason) if latest and latest.body["is_given"] else None

    async def _authors(self, site: str, live: Text) -> frozenset[str]:
        """Everyone who saved a page since it was as it is live."""
        published = {page.page_id: page for page in live.pages}
        authors: set[str] = set()
        for latest in await self._content.documents(site):
            if latest.document.startswith(PAGE):
                was = published.get(latest.document.removeprefix(PAGE))
                for one in await self._content.history(site, latest.document):
                    if was is not None and one.body and Page.from_json(one.body) == was:
                        break
                    authors.add(one.author)
        return frozenset(authors)
