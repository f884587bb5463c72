"""The editor's pages for one passage: add beside it, remove it, and other ways visitors ask what it answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.content import Phrasing
from kb.editing import EditRefused, get_passage, remove_passage
from kb.pages import Page, Passage, PassageKind
from kb.reading.sentences import sentence_spans
from server.core.editing.edits import with_phrasing
from server.editing import SavedMeanwhile, Seen
from server.web.editor.frame import frame_of
from server.web.editor.reading import NOT_HERE, EditDep, SiteText, Visit, VisitDep, read_text
from server.web.editor.screens import AddScreen, Link, PhrasingRow, PhrasingsScreen, RemoveScreen
from server.web.editor.text.adding import (
    ANSWER,
    PARAGRAPH,
    Adding,
    added,
    found_ways,
    last_answer,
    offered_ways,
    ways_in,
)
from server.web.editor.text.changes import heading_of
from server.web.editor.text.view import ON_ONE_SCREEN, phrasing_words
from server.web.guards.problems import Problem
from server.web.words.wording import shortened

router = APIRouter()
Text = Annotated[str, Form()]
AFTER_ANSWER = "A new paragraph would read as part of the answer above it."


@router.get("/{site}/pages/{page_id}/add")
async def get_add(
    visit: VisitDep,
    page_id: str,
    after: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(pattern="^(paragraph|answer)$")] = PARAGRAPH,
    question: Annotated[str, Query(max_length=500)] = "",
) -> HTMLResponse:
    text = await read_text(visit)
    return await _add_page(visit, text, text.page(page_id), Adding(kind, after, question))


@router.post("/{site}/pages/{page_id}/add")
async def post_add(
    visit: EditDep,
    page_id: str,
    kind: Annotated[str, Form(pattern="^(paragraph|answer)$")],
    after: Text = "",
    question: Text = "",
    text: Text = "",
    ways: Annotated[str, Form(max_length=20_000)] = "",
    check: Annotated[bool, Form()] = False,
) -> Response:
    """Add a paragraph after a passage, or a question and its answer to that passage's section.

    ways: other ways visitors ask it, a line each. check: say how surely it will be found, and save nothing.
    """
    adding = Adding(kind, after, question, text.replace("\r\n", "\n"), ways=ways, is_checked=check)
    if check:
        now = await read_text(visit)
        return await _add_page(visit, now, now.page(page_id), adding)

    def edit(page: Page) -> Page:
        return added(page, adding)[0]

    before = {one.passage_id for one in (await read_text(visit)).page(page_id).passages}
    try:
        reason = f"Added “{shortened(question if kind == ANSWER else text, 60)}”"
        await visit.editing.saving.page(visit.name, page_id, edit, by=visit.actor, reason=reason)
    except EditRefused as error:
        now = await read_text(visit)
        return await _add_page(visit, now, now.page(page_id), replace(adding, problem=str(error)), status=422)
    ids = [one.passage_id for one in (await read_text(visit)).page(page_id).passages]
    at, fresh = next(((at, one) for at, one in enumerate(ids) if one not in before), (0, ""))
    if fresh:
        await _save_ways(visit, adding, fresh)
    return _see(f"{visit.url}/pages/{page_id}?done=added&start={at // ON_ONE_SCREEN * ON_ONE_SCREEN}#{fresh}")


@router.get("/{site}/pages/{page_id}/passages/{passage_id}/remove")
async def get_remove(visit: VisitDep, page_id: str, passage_id: str) -> HTMLResponse:
    return await _remove_page(visit, page_id, passage_id)


@router.post("/{site}/pages/{page_id}/passages/{passage_id}/remove")
async def post_remove(
    visit: EditDep, page_id: str, passage_id: str, revision: Annotated[int, Form(ge=0, le=2**31 - 1)]
) -> Response:
    """Remove a passage, and with it the ways to ask for it."""
    text = await read_text(visit)
    page, passage = _place(text, page_id, passage_id)
    reason = f"Removed “{shortened(passage.question or page.text_of(passage), 60)}”"
    try:
        await visit.editing.saving.page(
            visit.name,
            page_id,
            lambda latest: remove_passage(latest, passage_id),
            by=visit.actor,
            reason=reason,
            seen=Seen(revision, passage_id),
        )
    except SavedMeanwhile:
        problem = "Someone changed this passage just now. Read it again before you remove it."
        return await _remove_page(visit, page_id, passage_id, problem=problem, status=409)
    except EditRefused as error:
        return await _remove_page(visit, page_id, passage_id, problem=str(error), status=422)
    await _save_phrasings(visit, lambda some: [one for one in some if one.passage_id != passage_id], reason=reason)
    return _see(f"{visit.url}/pages/{page_id}?done=removed")


@router.get("/{site}/pages/{page_id}/passages/{passage_id}/phrasings")
async def get_phrasings(
    visit: VisitDep, page_id: str, passage_id: str, done: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    return await _phrasings_page(visit, page_id, passage_id, done=done)


@router.post("/{site}/pages/{page_id}/passages/{passage_id}/phrasings")
async def post_phrasing(
    visit: EditDep, page_id: str, passage_id: str, text: Text = "", sentence: Text = ""
) -> Response:
    """Add another way visitors ask it; `sentence` is the sentence that answers it, empty for the whole."""
    now = await read_text(visit)
    page, passage = _place(now, page_id, passage_id)
    quote = sentence.replace("\r\n", "\n") if sentence in _sentences(page, passage) else None

    def place_of(other: str) -> str:
        place = now.place(other)
        return heading_of(*place) if place else "a passage that is gone"

    fresh = Phrasing(text, passage_id, quote)
    try:
        reason = f"Added “{shortened(text, 60)}”"
        await _save_phrasings(visit, lambda some: with_phrasing(some, fresh, place_of=place_of), reason=reason)
    except EditRefused as error:
        return await _phrasings_page(visit, page_id, passage_id, draft=text, problem=str(error), status=422)
    return _see(f"{visit.url}/pages/{page_id}/passages/{passage_id}/phrasings?done=phrasing-added")


@router.post("/{site}/pages/{page_id}/passages/{passage_id}/phrasings/remove")
async def post_remove_phrasing(visit: EditDep, page_id: str, passage_id: str, text: Text = "") -> Response:
    def edit(some: list[Phrasing]) -> list[Phrasing]:
        return [one for one in some if (one.passage_id, one.text) != (passage_id, text)]

    await _save_phrasings(visit, edit, reason=f"Removed “{shortened(text, 60)}”")
    return _see(f"{visit.url}/pages/{page_id}/passages/{passage_id}/phrasings?done=phrasing-removed")


async def _save_phrasings(visit: Visit, edit: Callable[[list[Phrasing]], list[Phrasing]], *, reason: str) -> None:
    await visit.editing.saving.phrasings(visit.name, edit, by=visit.actor, reason=reason)


def _place(text: SiteText, page_id: str, passage_id: str) -> tuple[Page, Passage]:
    """Raises Problem 404 for a passage that the page does not have."""
    page = text.page(page_id)
    try:
        return page, get_passage(page, passage_id)
    except EditRefused:
        raise Problem(404, NOT_HERE) from None


async def _save_ways(visit: Visit, adding: Adding, passage_id: str) -> None:
    """Keep the other ways to ask of what was just added; those that lead elsewhere already are passed over."""

    def edit(some: list[Phrasing]) -> list[Phrasing]:
        for way in ways_in(adding):
            with suppress(EditRefused):
                some = with_phrasing(some, Phrasing(way, passage_id, None), place_of=lambda _: "another passage")
        return some

    await _save_phrasings(visit, edit, reason=f"Other ways to ask “{shortened(adding.question or adding.text, 60)}”")


async def _add_page(visit: Visit, text: SiteText, page: Page, adding: Adding, *, status: int = 200) -> HTMLResponse:
    url = f"{visit.url}/pages/{page.page_id}"
    is_answer = adding.kind == ANSWER
    after = adding.after or (last_answer(page) or "" if is_answer else page.passages[-1].passage_id)
    beside = _place(text, page.page_id, after)[1] if after else None
    can_be_paragraph = beside is not None and beside.kind is not PassageKind.FAQ
    other_kind = PARAGRAPH if is_answer else ANSWER
    other_name = "Add a paragraph instead" if is_answer else "Add a question and its answer instead"
    screen = AddScreen(
        frame=frame_of(visit, text, here="Text"),
        title="Add a question and its answer" if is_answer else "Add a paragraph",
        action=f"{url}/add",
        is_answer=is_answer,
        place=_place_words(page, beside, is_answer=is_answer),
        after=after,
        question=adding.question,
        text=adding.text,
        ways=adding.ways,
        offered=await offered_ways(visit, adding.question, ways_in(adding)),
        found=await found_ways(visit, page.page_id, adding) if adding.is_checked else None,
        problem=adding.problem or ("" if is_answer or can_be_paragraph else AFTER_ANSWER),
        wrong="question" if adding.problem.startswith("A question") else "text",
        other=Link(other_name, f"{url}/add?after={after}&kind={other_kind}")
        if can_be_paragraph or not is_answer
        else None,
        back_url=f"{url}#{after}",
    )
    return visit.parts.templates.page("editor/add.html", screen, status=status)


def _place_words(page: Page, beside: Passage | None, *, is_answer: bool) -> str:
    if beside is None:
        return f"It will stand at the end of “{page.title}”."
    if not is_answer:
        return f"It will stand after “{shortened(page.text_of(beside), 60)}”."
    if beside.kind is PassageKind.FAQ:
        return f"It will stand after the question “{beside.question}”."
    return f"It will stand at the end of the section “{heading_of(page, beside)}”."


async def _remove_page(
    visit: Visit, page_id: str, passage_id: str, *, problem: str = "", status: int = 200
) -> HTMLResponse:
    text = await read_text(visit)
    page, passage = _place(text, page_id, passage_id)
    count = sum(one.passage_id == passage_id for one in text.phrasings)
    screen = RemoveScreen(
        frame=frame_of(visit, text, here="Text"),
        action=f"{visit.url}/pages/{page_id}/passages/{passage_id}/remove",
        heading=heading_of(page, passage),
        text=page.text_of(passage),
        phrasings=phrasing_words(count) if count else "",
        revision=text.revision(page_id),
        problem=problem,
        back_url=f"{visit.url}/pages/{page_id}#{passage_id}",
    )
    return visit.parts.templates.page("editor/remove.html", screen, status=status)


async def _phrasings_page(
    visit: Visit,
    page_id: str,
    passage_id: str,
    *,
    done: str = "",
    draft: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    text = await read_text(visit)
    page, passage = _place(text, page_id, passage_id)
    mine = [one for one in text.phrasings if one.passage_id == passage_id]
    screen = PhrasingsScreen(
        frame=frame_of(visit, text, here="Text", done=done),
        action=f"{visit.url}/pages/{page_id}/passages/{passage_id}/phrasings",
        heading=heading_of(page, passage),
        question=passage.question or "",
        text=page.text_of(passage),
        rows=tuple(PhrasingRow(one.text, one.quote or "") for one in mine),
        sentences=_sentences(page, passage),
        draft=draft,
        problem=problem,
        back_url=f"{visit.url}/pages/{page_id}#{passage_id}",
    )
    return visit.parts.templates.page("editor/phrasings.html", screen, status=status)


def _sentences(page: Page, passage: Passage) -> tuple[str, ...]:
    text = page.text_of(passage)
    return tuple(text[start:end] for start, end in sentence_spans(text))


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
