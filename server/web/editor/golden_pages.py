"""The editor's test questions: listed, added and removed. They are asked of every text before it is published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.editing import EditRefused
from kb.labels import Label
from server.core.edits import with_golden
from server.web.editor.frame import frame_of
from server.web.editor.reading import EditDep, Visit, VisitDep, read_text
from server.web.editor.release_screens import TestRow, TestsScreen
from server.web.editor.trying import LABELS
from server.web.words.wording import shortened

router = APIRouter()
Text = Annotated[str, Form(max_length=4000)]


@router.get("/{site}/tests")
async def get_tests(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    return await _tests_page(visit, done=done)


@router.post("/{site}/tests")
async def post_test(visit: EditDep, text: Text = "", label: Label = Label.ANSWER, gold: Text = "") -> Response:
    """Add a test question: what a visitor types, and what must become of it."""
    fresh = {"text": text.strip(), "label": str(label), "gold": [gold.strip()] if gold.strip() else []}
    pages = (await read_text(visit)).pages
    words = [page.text_of(one) for page in pages for one in page.passages]
    try:
        reason = f"Added the test question “{shortened(text, 60)}”"
        await visit.editing.saving.golden(
            visit.name, lambda some: with_golden(some, fresh, words=words), by=visit.actor, reason=reason
        )
    except EditRefused as error:
        return await _tests_page(visit, typed=fresh, problem=str(error), status=422)
    return _see(f"{visit.url}/tests?done=test-added")


@router.post("/{site}/tests/remove")
async def post_remove_test(visit: EditDep, text: Text = "") -> Response:
    reason = f"Removed the test question “{shortened(text, 60)}”"
    await visit.editing.saving.golden(
        visit.name, lambda some: [one for one in some if one.get("text") != text], by=visit.actor, reason=reason
    )
    return _see(f"{visit.url}/tests?done=test-removed")


async def _tests_page(
    visit: Visit, *, done: str = "", typed: dict[str, Any] | None = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    text = await read_text(visit)
    latest = text.revisions.get("golden")
    rows = tuple(_row(one) for one in (latest.body if latest else ()))
    typed = typed or {"text": "", "label": str(Label.ANSWER), "gold": []}
    screen = TestsScreen(
        frame=frame_of(visit, text, here="Publish", done=done),
        action=f"{visit.url}/tests",
        rows=rows,
        labels=tuple((str(label), words) for label, words in LABELS.items()),
        text=typed["text"],
        label=typed["label"],
        gold=" ".join(typed["gold"]),
        problem=problem,
        may_edit=visit.may_edit,
    )
    return visit.parts.templates.page("editor/tests.html", screen, status=status)


def _row(body: dict[str, Any]) -> TestRow:
    label = body.get("label")
    expected = LABELS[Label(label)] if label in {str(one) for one in Label} else "cannot be read"
    gold = body.get("gold") or ()
    words = [gold] if isinstance(gold, str) else [str(one) for one in gold]
    return TestRow(str(body.get("text", "")), expected, " / ".join(shortened(one) for one in words))


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
