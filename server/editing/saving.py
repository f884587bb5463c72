"""Saves edits: each becomes a revision with author and reason. Two people's edits meet here, and neither is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kb.checklist import Checklist, as_choices, as_lines
from kb.content import Phrasing
from kb.errors import AdvocateError
from kb.pages import Page
from server.core.editing.edits import is_same_passage
from server.core.handing.saved import SavedReply
from server.editing.actors import Actor
from server.storage import Content, EditConflict, Revision

PAGE = "page:"  # a page's document is this and its id
IMPORT = "import:"  # what a page's source last gave: this and the page's id
PHRASINGS = "phrasings"
WITHHELD = "withheld"  # passages that are not quoted, as the clinic's page says something else by now
ACCEPTED = "lint-accepted"  # what lint found and an editor took as it is
GOLDEN = "golden"  # the document of a site's test questions
ASKS = "asks"  # the document of a site's checklist
SAVED = "saved-replies"  # what advocates write again and again: staff's words, no part of the text
STRUCK = "asks-struck"  # passages that an editor said do not answer an ask: steers what is proposed, builds nothing
TRIES = 5


class SavedMeanwhile(AdvocateError):
    """Someone else changed the same passage since this edit began. `latest` is the page as they left it."""

    def __init__(self, latest: Revision) -> None:
        super().__init__("Someone else changed this passage while you were writing.")
        self.latest = latest


class NoSuchPage(AdvocateError):
    """A page that the site does not have."""


class SavingBusy(AdvocateError):
    """Others saved the document again and again meanwhile; nothing was saved."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The passage that an edit began from: it must still be what it was in this revision of its page."""

    revision: int
    passage_id: str


class Saving:
    """Edits of the sites' documents."""

    def __init__(self, content: Content) -> None:
        self._content = content

    async def page(
        self,
        site: str,
        page_id: str,
        edit: Callable[[Page], Page],
        *,
        by: Actor,
        reason: str,
        seen: Seen | None = None,
    ) -> Revision:
        """Apply an edit to the latest revision of a page; the revision is the latest one when it changed nothing.

        Edits of other passages made meanwhile are kept. Raises SavedMeanwhile, NoSuchPage, SavingBusy, EditRefused.
        """
        document = PAGE + page_id
        for _ in range(TRIES):
            latest = await self._content.latest(site, document)
            if latest is None:
                raise NoSuchPage("There is no such page here. Go back to the site’s pages and choose another.")
            if seen is not None and latest.revision != seen.revision:
                await self._refuse_changed(latest, seen)
            before = Page.from_json(latest.body)
            after = edit(before)
            if after == before:
                return latest
            try:
                return await self._content.save(
                    site, document, after.as_json(), author=by.id, reason=reason, expected_revision=latest.revision
                )
            except EditConflict:
                continue
        raise SavingBusy("This page is being saved by others at this moment. Go back and save again.")

    async def phrasings(
        self, site: str, edit: Callable[[list[Phrasing]], list[Phrasing]], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to the latest phrasings; the latest revision, if any, when it changed nothing.

        Raises SavingBusy, EditRefused.
        """

        def edited(body: Any) -> list[Any]:
            return [one.as_json() for one in edit([Phrasing.from_json(one) for one in body])]

        return await self._list(site, PHRASINGS, edited, by=by, reason=reason)

    async def golden(
        self, site: str, edit: Callable[[list[Any]], list[Any]], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to the latest test questions; the latest revision, if any, when it changed nothing.

        Raises SavingBusy, EditRefused.
        """
        return await self._list(site, GOLDEN, edit, by=by, reason=reason)

    async def accepted(
        self, site: str, edit: Callable[[list[Any]], list[Any]], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to what lint found and an editor accepted. Raises SavingBusy."""
        return await self._list(site, ACCEPTED, edit, by=by, reason=reason)

    async def checklist(
        self, site: str, edit: Callable[[Checklist], Checklist], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to the latest choices; the latest revision, if any, when it changed nothing.

        An edit that leaves other asks as they are never overwrites what someone chose for them meanwhile. Raises SavingBusy.
        """
        return await self._choices(site, ASKS, edit, by=by, reason=reason)

    async def struck(
        self, site: str, edit: Callable[[Checklist], Checklist], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to what was struck, as `checklist` does to what was chosen. Raises SavingBusy."""
        return await self._choices(site, STRUCK, edit, by=by, reason=reason)

    async def saved_replies(
        self, site: str, edit: Callable[[list[SavedReply]], list[SavedReply]], *, by: Actor, reason: str
    ) -> Revision | None:
        """Apply an edit to the advocates' saved replies. Raises SavingBusy, and what the edit raises."""

        def edited(body: Any) -> list[Any]:
            return [one.as_json() for one in edit([SavedReply.from_json(one) for one in body])]

        return await self._list(site, SAVED, edited, by=by, reason=reason)

    async def _choices(
        self, site: str, document: str, edit: Callable[[Checklist], Checklist], *, by: Actor, reason: str
    ) -> Revision | None:
        def edited(body: Any) -> list[Any]:
            return as_lines(edit(as_choices(body)))

        return await self._list(site, document, edited, by=by, reason=reason)

    async def _list(
        self, site: str, document: str, edited: Callable[[Any], list[Any]], *, by: Actor, reason: str
    ) -> Revision | None:
        """Replace a document that is a list by what an edit makes of its latest revision, an empty one before the first."""
        for _ in range(TRIES):
            latest = await self._content.latest(site, document)
            before = latest.body if latest else []
            after = edited(before)
            if after == before:
                return latest
            began = latest.revision if latest else 0
            try:
                return await self._content.save(
                    site, document, after, author=by.id, reason=reason, expected_revision=began
                )
            except EditConflict:
                continue
        raise SavingBusy("These are being saved by others at this moment. Go back and save again.")

    async def _refuse_changed(self, latest: Revision, seen: Seen) -> None:
        history = await self._content.history(latest.site, latest.document)
        began = next((one for one in history if one.revision == seen.revision), None)
        if began is None or not is_same_passage(
            Page.from_json(began.body), Page.from_json(latest.body), seen.passage_id
        ):
            raise SavedMeanwhile(latest)
