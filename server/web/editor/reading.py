"""Reads what an editor's page shows: the latest text of a site, what is published, and the build that stands between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends

from index.builds.manifest import BuildRefused, Manifest, read_manifest
from kb.checklist import Checklist
from kb.content import Content, Phrasing
from kb.lines import ContentError
from kb.pages import Page, Passage
from kb.sites import Site
from server.core.editing.publication import TextStanding
from server.core.editing.withheld import Held, held_of
from server.editing import Actor, Editing, Job
from server.editing.approving import APPROVAL, RULE
from server.editing.planning import PLANNED
from server.editing.saving import ACCEPTED, IMPORT, PAGE, SAVED, WITHHELD
from server.publishing import Publisher
from server.storage import Revision, Role
from server.web.editor.text.changes import Change, changes_between, page_details, phrasing_changes
from server.web.guards.problems import Problem
from server.web.guards.staff import Staff, signed_in
from server.web.parts import Parts, PartsDep

EDITOR = "/editor"
# Documents beside the text: nothing of them reaches a visitor.
NOT_TEXT = (IMPORT, APPROVAL, RULE, ACCEPTED, SAVED, WITHHELD, PLANNED)
NOT_HERE = "There is no such page here, or it is not one of your clinic’s. Go back to the editor."

Editor = Annotated[Staff, Depends(signed_in(Role.EDITOR, Role.REVIEWER))]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an editor about one site: who asks, of which parts."""

    parts: Parts
    staff: Staff
    publisher: Publisher
    editing: Editing
    site: Site
    sites: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.site.site

    @property
    def url(self) -> str:
        return f"{EDITOR}/{self.name}"

    @property
    def may_edit(self) -> bool:
        """A reviewer reads, tries and approves, and changes no text."""
        return self.staff.user.role is not Role.REVIEWER

    @property
    def actor(self) -> Actor:
        return Actor(self.staff.user.user_id, self.staff.user.name)


@dataclass(frozen=True)
class SiteText:
    """A site's latest text beside what is published. `built` is the build of exactly this text, if there is one."""

    revisions: Mapping[str, Revision]
    pages: tuple[Page, ...]
    phrasings: tuple[Phrasing, ...]
    checklist: Checklist
    published: Content
    current: Manifest | None
    built: Manifest | None
    job: Job | None
    held: Mapping[str, Held]  # passages that are not quoted, as the clinic's page says something else by now

    @property
    def standing(self) -> TextStanding:
        """What decides whether it can be published."""
        return TextStanding(
            has_pages=bool(self.pages),
            built=self.built.build if self.built else None,
            current=self.current.build if self.current else None,
            is_rebuilding=self.job is not None and self.job.is_running,
        )

    @property
    def is_live(self) -> bool:
        """Whether visitors get exactly this text."""
        return self.standing.is_live

    @property
    def draft(self) -> Manifest | None:
        """The build of the latest text while it is not live yet."""
        return None if self.is_live else self.built

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The passages that differ from what is published; before the first publication nothing is called changed."""
        return changes_between(self.published.pages, self.pages) if self.current else ()

    @cached_property
    def page_changes(self) -> tuple[str, ...]:
        return page_details(self.published.pages, self.pages) if self.current else ()

    @cached_property
    def phrasing_changes(self) -> tuple[tuple[Phrasing, ...], tuple[Phrasing, ...]]:
        if self.current is None:
            return (), ()
        gone = {one.passage_id for one in self.changes if one.kind == "removed"}
        return phrasing_changes(self.published.phrasings, self.phrasings, gone=gone)

    @property
    def choices_changed(self) -> int:
        """For how many of the questions that visitors ask anywhere another choice is published, or none."""
        before, after = self.published.checklist, self.checklist
        return sum(before.get(ask) != after.get(ask) for ask in {*before, *after}) if self.current else 0

    @property
    def count(self) -> int:
        """How many things differ from what is published."""
        changes = len(self.changes) + len(self.page_changes) + sum(map(len, self.phrasing_changes))
        return changes + self.choices_changed

    def page(self, page_id: str) -> Page:
        """Raises Problem 404."""
        for page in self.pages:
            if page.page_id == page_id:
                return page
        raise Problem(404, NOT_HERE)

    def revision(self, page_id: str) -> int:
        return self.revisions[PAGE + page_id].revision

    def place(self, passage_id: str) -> tuple[Page, Passage] | None:
        """Where a passage stands now, or else where it stood when it was published."""
        for page in (*self.pages, *self.published.pages):
            for passage in page.passages:
                if passage.passage_id == passage_id:
                    return page, passage
        return None


async def own_sites(parts: Parts, staff: Staff) -> tuple[str, ...]:
    """The sites this person works for, by name."""
    return tuple(name for name in await parts.store.content.sites() if staff.user.may_see(name))


async def visit_of(parts: PartsDep, staff: Editor, site: str) -> Visit:
    """A dependency: this editor at this site. Raises Problem 404 for a site that is not there or not theirs."""
    sites = await own_sites(parts, staff)
    settings = await parts.store.content.latest(site, "site") if site in sites else None
    if settings is None:
        raise Problem(404, NOT_HERE)
    return Visit(parts, staff, parts.publisher, parts.editing, Site.model_validate(settings.body), sites)


VisitDep = Annotated[Visit, Depends(visit_of)]


async def edit_of(visit: VisitDep) -> Visit:
    """A dependency: the same, of someone who may change the text. Raises Problem 403."""
    if not visit.may_edit:
        raise Problem(403, "A reviewer reads, tries and approves. Ask an editor to change the text.")
    return visit


EditDep = Annotated[Visit, Depends(edit_of)]


async def read_text(visit: Visit) -> SiteText:
    """The site's text as it stands now."""
    documents = await visit.parts.store.content.documents(visit.name)
    revisions = {one.document: one for one in documents if not one.document.startswith(NOT_TEXT)}
    content, built = await _latest(visit)
    current, published = read_published(visit)
    return SiteText(
        revisions=revisions,
        pages=content.pages,
        phrasings=content.phrasings,
        checklist=content.checklist,
        published=published,
        current=current,
        built=built,
        job=visit.editing.rebuilding.of(visit.name),
        held=held_of(next((one.body for one in documents if one.document == WITHHELD), None)),
    )


def read_published(visit: Visit) -> tuple[Manifest | None, Content]:
    """What visitors are answered from: nothing before the first publication, or when its files cannot be read."""
    try:
        build = visit.publisher.builds(visit.name).current()
        if build is None:
            return None, Content(())
        manifest = read_manifest(visit.publisher.builds(visit.name).path(build))
        return manifest, visit.publisher.built_content(visit.name, build)
    except BuildRefused:
        return None, Content(())


async def _latest(visit: Visit) -> tuple[Content, Manifest | None]:
    try:
        return await visit.publisher.content(visit.name), await visit.publisher.build_of_latest(visit.name)
    except ContentError:
        return Content(()), None  # a site without pages yet


async def changed_by(visit: Visit, text: SiteText) -> Sequence[Revision]:
    """Every saving since what is published was built, newest first."""
    since = datetime.fromisoformat(text.current.created) if text.current else None
    found: list[Revision] = []
    for document, latest in text.revisions.items():
        if since is None or latest.at > since:
            history = await visit.parts.store.content.history(visit.name, document)
            found += [one for one in history if since is None or one.at > since]
    return sorted(found, key=lambda one: one.at, reverse=True)
