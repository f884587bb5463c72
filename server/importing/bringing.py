"""What happens at an import: a source's page meets the page as it was edited here, and what differs in both waits.

The store holds, beside each imported page, what its source last gave (`import:<page id>`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kb.editing import EditRefused
from kb.importing import (
    Imported,
    ImportFailed,
    Politeness,
    Repeated,
    Skipped,
    address_key,
    follow,
    open_source,
    read_source,
    without_repeated,
)
from kb.lines import ContentError
from kb.merging import LastImport, Merged, Waiting, Wording, compare, merge, settle, undecided
from kb.pages import Page
from server.editing.actors import Actor
from server.editing.saving import IMPORT, PAGE, TRIES, SavingBusy
from server.publishing import SEEDER
from server.storage import EditConflict, Revision, Store

IMPORTER = Actor("import", "import")
GONE = frozenset({404, 410})  # what a site answers where a page is no longer


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of one source: the page it became, what to check in it, and what waits for a person."""

    imported: Imported
    merged: Merged
    is_new: bool

    @property
    def page(self) -> Page:
        return self.merged.page


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a web site: its pages, what they repeat, and the addresses that were not read."""

    pages: tuple[BroughtIn, ...]
    repeated: tuple[Repeated, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A passage that waits for a person; `here` is what it says on the page now, None when it was removed."""

    page: Page
    waiting: Waiting
    here: Wording | None


class Importing:
    """Imports into the sites of one store."""

    def __init__(self, store: Store, *, allow_private: bool = False) -> None:
        self._content = store.content
        self._watched = store.watched
        self._allow_private = allow_private

    async def bring_in(
        self,
        source: str,
        site: str,
        *,
        url: str = "",
        columns: tuple[str, ...] = (),
        is_dry: bool = False,
        by: Actor = IMPORTER,
    ) -> BroughtIn:
        """Bring a page, document or sheet into a site as a draft; a dry run stores nothing. Read in a thread of its own.

        Raises ContentError for a site that is not there, ImportFailed, and SavingBusy.
        """
        await self._check_site(site)
        found = await asyncio.to_thread(open_source, source, allow_private=self._allow_private)
        imported = await asyncio.to_thread(read_source, replace(found, url=url or found.url, columns=columns))
        address = source if found.is_fetched else ""
        return await self._bring(site, imported, Path(found.where).name, address, is_dry=is_dry, by=by)

    async def follow(
        self, start: str, site: str, how: Politeness, *, progress: Callable[[int, int], None], is_dry: bool = False
    ) -> Followed:
        """Bring in the pages of one web site. Pages that cannot be read are listed. Raises as `bring_in` does."""
        await self._check_site(site)
        read: list[tuple[str, Imported]] = []
        skipped: list[Skipped] = []
        for found in follow(start, replace(how, allow_private=self._allow_private), progress):
            if isinstance(found, Skipped):
                skipped.append(found)
                continue
            try:
                read.append((found.where, read_source(found)))
            except ImportFailed as error:
                skipped.append(Skipped(found.where, str(error)))
        pages, repeated = without_repeated([one.pages[0] for _, one in read])
        brought = []
        for (where, imported), page in zip(read, pages, strict=True):
            own = replace(imported, pages=(page,), left_out=page.left_out)
            brought.append(await self._bring(site, own, where, where, is_dry=is_dry, by=IMPORTER))
        return Followed(tuple(brought), repeated, tuple(skipped))

    async def compare(self, site: str, page_id: str, address: str) -> str:
        """Read a page again where it came from. What differs waits for a person, and nothing of the text here changes.

        Gives why it could not be read, in words; empty when it was. An address that is gone has all of the page wait. Raises
        SavingBusy.
        """
        try:
            source = await asyncio.to_thread(open_source, address, allow_private=self._allow_private)
            read: Page | None = (await asyncio.to_thread(read_source, source)).pages[0]
        except ImportFailed as error:
            if error.status not in GONE:
                return str(error)
            read = None
        for _ in range(TRIES):
            latest = await self._content.latest(site, PAGE + page_id)
            last = await self._last(site, page_id)
            if latest is None or not latest.body or last is None:
                return ""
            documents = {one.document: one for one in await self._content.documents(site) if one.body}
            others = _other_pages(documents, page_id)
            empty = replace(last.page, text="", headings=(), passages=())
            found = compare(
                last,
                Page.from_json(latest.body),
                empty if read is None else replace(read, page_id=page_id, url=last.page.url),
                used_ids=[one.passage_id for page in others for one in page.passages],
                elsewhere={page.text_of(one) for page in others for one in page.passages},
            )
            try:
                await self._remember(site, found, IMPORTER, f"compared with {address}")
                return "" if read is not None else f"{address}: the site says that this page is gone."
            except EditConflict:
                continue
        raise SavingBusy("This page is being saved by others at this moment. Compare it again.")

    async def _bring(
        self, site: str, imported: Imported, name: str, address: str, *, is_dry: bool, by: Actor
    ) -> BroughtIn:
        for _ in range(TRIES):
            documents = {one.document: one for one in await self._content.documents(site) if one.body}
            (page,) = imported.pages
            page_id = _page_id(documents, page)
            latest = documents.get(PAGE + page_id)
            edited = Page.from_json(latest.body) if latest else None
            used_ids = _used_ids(documents, page_id)
            merged = merge(await self._last(site, page_id), edited, replace(page, page_id=page_id), used_ids=used_ids)
            try:
                if not is_dry:
                    await self._write(site, latest, merged.page, merged.last, by, f"imported {name}")
                    await self._watched.watch(site, page_id, address)
                return BroughtIn(imported, merged, is_new=latest is None)
            except EditConflict:
                continue  # someone saved the page meanwhile: compare with what they saved
        raise SavingBusy("This page is being saved by others at this moment. Import it again.")

    async def undecided(self, site: str) -> list[Undecided]:
        """What waits for a person, page by page."""
        await self._check_site(site)
        found = []
        documents = {one.document: one.body for one in await self._content.documents(site) if one.body}
        for document, body in documents.items():
            if document.startswith(IMPORT) and (saved := documents.get(PAGE + document.removeprefix(IMPORT))):
                page = Page.from_json(saved)
                here = {one.passage_id: Wording.of(page, one) for one in page.passages}
                waiting = undecided(LastImport.from_json(body), page)
                found += [Undecided(page, one, here.get(one.passage_id)) for one in waiting]
        return found

    async def given(self, site: str) -> dict[str, str]:
        """What the sources of a site's pages say, by the passages' ids."""
        documents = await self._content.documents(site)
        pages = [LastImport.from_json(one.body).page for one in documents if one.document.startswith(IMPORT)]
        return {passage.passage_id: page.text_of(passage) for page in pages for passage in page.passages}

    async def decide(self, site: str, passage_id: str, *, take: bool, by: Actor) -> Page:
        """Settle a waiting passage: as its source has it, or as it is here. Raises EditRefused, EditConflict."""
        page_id = next(
            (one.page.page_id for one in await self.undecided(site) if one.waiting.passage_id == passage_id), None
        )
        latest = await self._content.latest(site, PAGE + page_id) if page_id else None
        last = await self._last(site, page_id) if page_id else None
        if latest is None or last is None:
            raise EditRefused(
                f"{passage_id} does not wait for a decision. `advocate decide --site {site}` lists what does."
            )
        rest, page = settle(last, Page.from_json(latest.body), passage_id, take=take)
        reason = f"decided {passage_id}: {'as the source has it' if take else 'as it is here'}"
        await self._write(site, latest, page, rest, by, reason)
        return page

    async def _check_site(self, site: str) -> None:
        known = await self._content.sites()
        if site not in known:
            raise ContentError(f"There is no site {site!r}. `advocate init {site}` adds it. Known: {', '.join(known)}.")

    async def _last(self, site: str, page_id: str) -> LastImport | None:
        """What the source last gave; of a page that came before this was kept, the newest text no editor made."""
        latest = await self._content.latest(site, IMPORT + page_id)
        if latest is not None:
            return LastImport.from_json(latest.body)
        history = await self._content.history(site, PAGE + page_id)
        came = next((one for one in history if one.author in (IMPORTER.id, SEEDER) and one.body), None)
        return LastImport(Page.from_json(came.body)) if came else None

    async def _write(
        self, site: str, latest: Revision | None, page: Page, last: LastImport, by: Actor, reason: str
    ) -> None:
        """The page first: were only the other saved, what the source changed would look like an edit made here."""
        if latest is None or page != Page.from_json(latest.body):
            began = latest.revision if latest else 0
            await self._content.save(
                site, PAGE + page.page_id, page.as_json(), author=by.id, reason=reason, expected_revision=began
            )
        await self._remember(site, replace(last, page=replace(last.page, page_id=page.page_id)), by, reason)

    async def _remember(self, site: str, last: LastImport, by: Actor, reason: str) -> None:
        """Keep what the source gives now. Raises EditConflict."""
        document = IMPORT + last.page.page_id
        remembered = await self._content.latest(site, document)
        if remembered is None or remembered.body != last.as_json():
            began = remembered.revision if remembered else 0
            await self._content.save(
                site, document, last.as_json(), author=by.id, reason=reason, expected_revision=began
            )


def _page_id(documents: dict[str, Revision], page: Page) -> str:
    """The id of the page that this is: the one with its address, else its name, with a number if another page has it."""
    pages = [Page.from_json(one.body) for name, one in documents.items() if name.startswith(PAGE)]
    addresses = {one.page_id: address_key(one.url) for one in pages if one.url}
    own = address_key(page.url) if page.url else None
    if own is not None and addresses.get(page.page_id) != own:
        for page_id, address in addresses.items():
            if address == own:
                return page_id
    names = [page.page_id, *(f"{page.page_id}-{number}" for number in range(2, len(pages) + 3))]
    return next(name for name in names if own is None or addresses.get(name, own) == own)


def _used_ids(documents: dict[str, Revision], page_id: str) -> Sequence[str]:
    """The passage ids of the site's other pages."""
    return [passage.passage_id for page in _other_pages(documents, page_id) for passage in page.passages]


def _other_pages(documents: dict[str, Revision], page_id: str) -> list[Page]:
    pages = [Page.from_json(one.body) for name, one in documents.items() if name.startswith(PAGE)]
    return [page for page in pages if page.page_id != page_id]
