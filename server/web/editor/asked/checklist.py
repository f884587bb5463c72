"""The editor's pages of what visitors ask. Each choice is saved at once; they work as forms, and editor.js spares reloading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.asks import load_asks
from kb.checklist import Checklist
from server.core.editing.edits import not_said, reopened, with_answers, without_answer
from server.web.editor.asked.checklist_view import passages_screen, questions_screen, read_asked, rest_screen
from server.web.editor.reading import NOT_HERE, EditDep, Visit, VisitDep
from server.web.guards.problems import Problem
from server.web.words.wording import counted, shortened

router = APIRouter()
Id = Annotated[str, Form(max_length=200)]
Ids = Annotated[list[str] | None, Form(max_length=1000)]
Back = Annotated[str, Form(pattern="^(passages|all|open|answered|not-said|rest)$")]
Done = Annotated[str, Query(pattern="^(kept|struck|added|not-said|reopened|answered|same)?$")]
NOT_KNOWN = "Choose one of the questions in the list, word for word."

SAID = {
    "kept": "Kept.",
    "struck": "Struck. We offer it where it fits better, or leave it open.",
    "added": "Added.",
    "answered": "Saved. Visitors are quoted these words once you publish.",
    "not-said": "Saved. Visitors who ask this reach a person.",
    "reopened": "Open again.",
    "same": "Nothing was ticked, so nothing was saved.",
}


@router.get("/{site}/asks")
async def get_passages(
    visit: VisitDep, all_: Annotated[bool, Query(alias="all")] = False, done: Done = ""
) -> HTMLResponse:
    screen = passages_screen(visit, await read_asked(visit), is_all=all_, said=SAID.get(done, ""))
    return visit.parts.templates.page("editor/checklist.html", screen)


@router.get("/{site}/asks/questions")
async def get_questions(
    visit: VisitDep, show: Annotated[str, Query(pattern="^(open|answered|not-said)$")] = "open", done: Done = ""
) -> HTMLResponse:
    screen = questions_screen(visit, await read_asked(visit), show, said=SAID.get(done, ""))
    return visit.parts.templates.page("editor/checklist_questions.html", screen)


@router.get("/{site}/asks/rest")
async def get_rest(visit: VisitDep, done: Done = "") -> HTMLResponse:
    screen = rest_screen(visit, await read_asked(visit), said=SAID.get(done, ""))
    return visit.parts.templates.page("editor/checklist_rest.html", screen)


@router.post("/{site}/asks/keep")
async def post_keep(visit: EditDep, passage: Id, ask: Ids = None, back: Back = "passages") -> Response:
    """A passage answers these questions: those that were shown."""
    name = await _named(visit, ask or [], passage)
    reason = f"Kept {counted(len(ask or []), 'question', 'questions')} for {name}"
    await _choose(visit, lambda some: with_answers(some, ask or [], passage), reason)
    return _back(visit, back, "answered" if back in ("open", "answered", "not-said") else "kept", passage)


@router.post("/{site}/asks/strike")
async def post_strike(visit: EditDep, passage: Id, ask: Id, back: Back = "passages") -> Response:
    """A passage does not answer a question: it is neither quoted nor proposed for it."""
    name = await _named(visit, [ask], passage)
    reason = f"Struck “{_title(ask)}” from {name}"
    await visit.editing.saving.struck(
        visit.name, lambda some: with_answers(some, [ask], passage), by=visit.actor, reason=reason
    )
    await _choose(visit, lambda some: without_answer(some, ask, passage), reason)
    return _back(visit, back, "struck", passage)


@router.post("/{site}/asks/add")
async def post_add(
    visit: EditDep, passage: Id, title: Annotated[str, Form()] = "", back: Back = "passages"
) -> Response:
    """A passage answers a question, named by its words."""
    named = " ".join(title.split()).casefold()
    found = next((ask.id for ask in load_asks() if ask.title.casefold() == named), None)
    if found is None:
        asked = await read_asked(visit)
        screen = passages_screen(
            visit, asked, is_all=back == "all", problem=NOT_KNOWN, typed=(passage, shortened(title, 300))
        )
        return visit.parts.templates.page("editor/checklist.html", screen, status=422)
    name = await _named(visit, [found], passage)
    await _choose(visit, lambda some: with_answers(some, [found], passage), f"Added “{_title(found)}” to {name}")
    return _back(visit, back, "added", passage)


@router.post("/{site}/asks/not-said")
async def post_not_said(visit: EditDep, ask: Ids = None, back: Back = "open") -> Response:
    """The page does not say what these ask."""
    if not ask:
        return _back(visit, back, "same")
    await _named(visit, ask)
    reason = f"Not on our page: {_title(ask[0])}" if len(ask) == 1 else f"Not on our page: {len(ask)} questions"
    await _choose(visit, lambda some: not_said(some, ask), reason)
    return _back(visit, back, "not-said")


@router.post("/{site}/asks/reopen")
async def post_reopen(visit: EditDep, ask: Id, back: Back = "answered") -> Response:
    """A question is undecided again."""
    await _named(visit, [ask])
    await _choose(visit, lambda some: reopened(some, ask), f"Opened again: {_title(ask)}")
    return _back(visit, back, "reopened")


async def _choose(visit: Visit, edit: Callable[[Checklist], Checklist], reason: str) -> None:
    await visit.editing.saving.checklist(visit.name, edit, by=visit.actor, reason=reason)


async def _named(visit: Visit, asks: list[str], passage_id: str = "") -> str:
    """The passage in words. Raises Problem 404 for a question of no bank, or a passage that the site does not have now."""
    content = await visit.publisher.content(visit.name)
    found = next((place for place in content.passages() if place[1].passage_id == passage_id), None)
    if (passage_id and found is None) or not {ask.id for ask in load_asks()}.issuperset(asks):
        raise Problem(404, NOT_HERE)
    return f"“{shortened(found[1].question or found[0].text_of(found[1]), 60)}”" if found else ""


def _title(ask_id: str) -> str:
    return next(shortened(ask.title, 60) for ask in load_asks() if ask.id == ask_id)


def _back(visit: Visit, back: str, done: str, passage: str = "") -> RedirectResponse:
    """To the view that the form stood in; in the list of all passages to the passage itself."""
    base = f"{visit.url}/asks"
    path, query = {
        "passages": (base, {}),
        "all": (base, {"all": "1"}),
        "rest": (f"{base}/rest", {}),
    }.get(back, (f"{base}/questions", {"show": back}))
    anchor = f"#{passage}" if back == "all" or (back == "passages" and done in ("struck", "added")) else ""
    address = f"{path}?{urlencode({**query, 'done': done})}{anchor}"
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
