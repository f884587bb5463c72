"""Makes a build what visitors get, after the golden questions, or goes back to an earlier one; both are audited."""

from __future__ import annotations

import logging
from collections.abc import Collection

from index.builds.publish import Publication
from kb.errors import AdvocateError
from kb.lines import ContentError
from server.core.editing.publication import Refusal, TextStanding, refuse_draft, refuse_return, refuse_unread
from server.editing.actors import Actor
from server.editing.approving import Approving
from server.editing.comparing import Comparing
from server.editing.golden import Golden, GoldenCheck
from server.editing.rebuilding import Rebuilding
from server.publishing import Publisher
from server.storage import Store

log = logging.getLogger(__name__)


class PublicationRefused(AdvocateError):
    """Another build may not be made current now: why, and the way out. What is live stays live."""


class GoldenRefused(PublicationRefused):
    """A build that golden questions speak against, published without a reason that waives them."""

    def __init__(self, site: str, build: str, check: GoldenCheck) -> None:
        super().__init__(
            f"{check.fault} Build {build[:12]} was not published. Put it right, or say why it is published all the "
            f'same: `advocate publish {build[:12]} --site {site} --anyway "reason"`.'
        )
        self.check = check


class Releasing:
    """Publications of the sites' builds: the only place where a build becomes current."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        golden: Golden,
        rebuilding: Rebuilding,
        comparing: Comparing,
        approving: Approving,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._golden = golden
        self._rebuilding = rebuilding
        self._comparing = comparing
        self._approving = approving

    async def standing(self, site: str) -> TextStanding:
        """Where the site's latest text stands."""
        current, is_rebuilding = self._publisher.current(site), self._rebuilding.is_running(site)
        try:
            built = await self._publisher.build_of_latest(site)
        except ContentError:
            return TextStanding(False, None, current, is_rebuilding)  # a site without pages yet
        return TextStanding(True, built.build if built else None, current, is_rebuilding)

    async def publish_draft(
        self, site: str, seen: str, by: Actor, *, waiver: str = "", ticked: Collection[str] = ()
    ) -> Publication:
        """Publish the draft that someone looked through, as long as it is the latest text.

        ticked: the passages of safety text that were ticked as read, by id. Raises what `publish` raises, and
        PublicationRefused: also where what visitors will read differently is not known yet, or a second person is missing.
        """
        await self.check_draft(site, seen, ticked=ticked)
        return await self.publish(site, seen, by, waiver=waiver)

    async def check_draft(self, site: str, seen: str, *, ticked: Collection[str] = ()) -> None:
        """Whether the draft that someone looked through may be published. Raises PublicationRefused."""
        _raise(Refusal.DISTRUSTED if self._rebuilding.distrusts(seen) else None)
        standing = await self.standing(site)
        _raise(refuse_draft(standing, seen))
        second = await self._approving.of(site, seen)
        comparison = self._comparing.of(site, seen)
        is_compared = standing.current is None or (comparison is not None and comparison.is_done)
        _raise(refuse_unread(second.risky, ticked, is_compared=is_compared, lacks_approval=second.is_missing))

    async def check_second(self, site: str, build: str) -> None:
        """Whether a build has the second person that it needs. Raises PublicationRefused."""
        second = await self._approving.of(site, build)
        _raise(Refusal.NOT_APPROVED if second.is_missing else None)

    async def check_golden(self, site: str, build: str, waiver: str) -> GoldenCheck:
        """How a build answers the golden questions. Raises GoldenRefused where one goes wrong and nothing waives it."""
        check = await self._golden.check(site, build)
        if check.fault and not waiver.strip():
            raise GoldenRefused(site, build, check)
        return check

    async def publish(self, site: str, build: str, by: Actor, *, waiver: str = "") -> Publication:
        """Ask a build the golden questions, then make it current. `waiver` is why it is published though some go wrong.

        Raises GoldenRefused, and BuildRefused for a build that is not here or not whole.
        """
        publication = await self._ask_and_publish(site, build, by, waiver)
        assert publication is not None  # only a first one gives way to another
        return publication

    async def publish_first(self, site: str, build: str, by: Actor, *, waiver: str) -> None:
        """The same for a site with nothing live; where something is by now, that stays."""
        await self._ask_and_publish(site, build, by, waiver, only_first=True)

    async def roll_back(self, site: str, by: Actor) -> Publication:
        """Go back to the build that was current before this one. Raises BuildRefused when there is none."""
        await self._publisher.travelling.follow()
        builds = self._publisher.builds(site)
        return await self.go_back(site, builds.earlier(), by, seen=builds.current())

    async def go_back(self, site: str, to: str, by: Actor, *, seen: str | None) -> Publication:
        """Make an earlier build current again, unasked: it was live. `seen` is what was live when it was chosen.

        Raises PublicationRefused, and BuildRefused for a build that is not here or not whole.
        """
        await self._publisher.travelling.follow()
        published = {one.build for one in self._publisher.builds(site).publications()}
        _raise(refuse_return(to, seen=seen, current=self._publisher.current(site), published=published))
        await self._publisher.travelling.bring(site, to)
        publication = await self._publisher.travelling.publish(site, to, by.name)
        assert publication is not None
        await self._store.audit(site, by.id, "rolled back", to, {"from": seen or ""})
        return publication

    async def _ask_and_publish(
        self, site: str, build: str, by: Actor, waiver: str, *, only_first: bool = False
    ) -> Publication | None:
        await self._publisher.travelling.bring(site, build)  # another replica may have made it
        check = await self.check_golden(site, build, waiver)
        publication = await self._publisher.travelling.publish(site, build, by.name, only_first=only_first)
        if publication is None:
            return None
        if check.fault:
            log.warning("site %s: build %s is live although golden questions speak against it", site, build[:12])
        wrong = [one.text for one in check.answers if not one.is_right]
        detail = {"waived": waiver.strip(), "questions": wrong} if check.fault else {}
        await self._store.audit(site, by.id, "published", build, detail)
        return publication


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise PublicationRefused(refusal)
