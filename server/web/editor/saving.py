"""Saves edits: each becomes a revision with author and reason. Two people's edits meet here, and neither is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kb.content import Phrasing
from kb.editing import EditRefused, get_passage
from kb.errors import AdvocateError
from kb.pages import Page
from server.storage import EditConflict, Revision
from server.web.editor.reading import NOT_HERE, PAGE, Visit
from server.web.guards.problems import Problem

TRIES = 5
MAX_PHRASING = 300


class SavedMeanwhile(AdvocateError):
    """Someone else changed the same passage since this edit began. `latest` is the page as they left it."""

    def __init__(self, latest: Revision) -> None:
        super().__init__("Someone else changed this passage while you were writing.")
        self.latest = latest


async def save_page(
    visit: Visit,
    page_id: str,
    edit: Callable[[Page], Page],
    *,
    reason: str,
    began: int | None = None,
    passage_id: str | None = None,
) -> Revision:
    """Apply an edit to the latest revision of a page. Edits of other passages made meanwhile are kept.

    began: the revision the editor saw. passage_id: the passage that must still be what it was then.
    Raises SavedMeanwhile, EditRefused.
    """
    document = PAGE + page_id
    for _ in range(TRIES):
        latest = await visit.parts.store.content.latest(visit.name, document)
        if latest is None:
            raise Problem(404, NOT_HERE)
        if began is not None and passage_id is not None and latest.revision != began:
            await _refuse_changed(visit, latest, began, passage_id)
        before = Page.from_json(latest.body)
        after = edit(before)
        if after == before:
            return latest
        try:
            return await _save(visit, document, after.as_json(), reason, latest.revision)
        except EditConflict:
            continue
    raise Problem(503, "This page is being saved by others at this moment. Go back and save again.")


async def _refuse_changed(visit: Visit, latest: Revision, began: int, passage_id: str) -> None:
    history = await visit.parts.store.content.history(visit.name, latest.document)
    seen = next((one for one in history if one.revision == began), None)
    if seen is None or _told(Page.from_json(seen.body), passage_id) != _told(Page.from_json(latest.body), passage_id):
        raise SavedMeanwhile(latest)


def _told(page: Page, passage_id: str) -> tuple[str, frozenset[str]] | None:
    try:
        passage = get_passage(page, passage_id)
    except EditRefused:
        return None
    return page.text_of(passage), passage.tags


async def save_phrasings(
    visit: Visit, edit: Callable[[list[Phrasing]], list[Phrasing]], *, reason: str
) -> Revision | None:
    """Apply an edit to the latest phrasings; None when it changed nothing. Raises EditRefused."""
    for _ in range(TRIES):
        latest = await visit.parts.store.content.latest(visit.name, "phrasings")
        before = [_phrasing(one) for one in latest.body] if latest else []
        after = edit(before)
        if after == before:
            return latest
        try:
            body = [_phrasing_json(one) for one in after]
            return await _save(visit, "phrasings", body, reason, latest.revision if latest else 0)
        except EditConflict:
            continue
    raise Problem(503, "These are being saved by others at this moment. Go back and save again.")


def with_phrasing(phrasings: list[Phrasing], fresh: Phrasing, *, place_of: Callable[[str], str]) -> list[Phrasing]:
    """The phrasings with one more. `place_of` names a passage in words. Raises EditRefused."""
    text = " ".join(fresh.text.split())
    if not text:
        raise EditRefused("Type how a visitor might ask it.")
    if len(text) > MAX_PHRASING:
        raise EditRefused(f"A question has at most {MAX_PHRASING} characters; this one has {len(text)}. Shorten it.")
    for one in phrasings:
        if one.text.casefold() == text.casefold():
            where = (
                "is in this list already"
                if one.passage_id == fresh.passage_id
                else (f"leads to “{place_of(one.passage_id)}” already. Remove it there first")
            )
            raise EditRefused(f"“{one.text}” {where}.")
    return [*phrasings, Phrasing(text, fresh.passage_id, fresh.quote)]


async def _save(visit: Visit, document: str, body: Any, reason: str, began: int) -> Revision:
    return await visit.parts.store.content.save(
        visit.name, document, body, author=visit.staff.user.user_id, reason=reason, expected_revision=began
    )


def _phrasing(one: dict[str, str]) -> Phrasing:
    return Phrasing(one["text"], one["passage_id"], one.get("quote"))


def _phrasing_json(one: Phrasing) -> dict[str, str]:
    return {"text": one.text, "passage_id": one.passage_id, **({"quote": one.quote} if one.quote else {})}
