"""The editor's test questions: listed, added and removed. They are asked of every text before it is published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.editing import EditRefused
from kb.labels import Label
from server.core.editing.edits import with_golden
from server.storage import Proposal
from server.web.editor.frame import frame_of
from server.web.editor.reading import EditDep, Visit, VisitDep, read_text
from server.web.editor.release.release_screens import ProposalRow, TestRow, TestsScreen
from server.web.editor.text.trying import LABELS
from server.web.words.wording import listed, shortened

router = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
Name = Annotated[str, Form(pattern="^([0-9a-f]{32}-[0-9]{1,9})?$")]


@router.get("/{site}/tests")
async def get_tests(
    visit: VisitDep,
    done: Annotated[str, Query(max_length=40)] = "",
    use: Annotated[str, Query(pattern="^([0-9a-f]{32}-[0-9]{1,9})?$")] = "",
) -> HTMLResponse:
    """use: the proposal of the desk that the form is filled with."""
    return await _tests_page(visit, done=done, use=use)


@router.post("/{site}/tests")
async def post_test(
    visit: EditDep,
    text: Text = "",
    label: Annotated[Label, Form()] = Label.ANSWER,
    gold: Text = "",
    proposal: Name = "",
) -> Response:
    """Add a test question: what a visitor types, and what must become of it; of a proposal of the desk, its end."""
    fresh = {"text": text.strip(), "label": str(label), "gold": [gold.strip()] if gold.strip() else []}
    pages = (await read_text(visit)).pages
    words = [page.text_of(one) for page in pages for one in page.passages]
    try:
        reason = f"Added the test question “{shortened(text, 60)}”"
        await visit.editing.saving.golden(
            visit.name, lambda some: with_golden(some, fresh, words=words), by=visit.actor, reason=reason
        )
    except EditRefused as error:
        return await _tests_page(visit, typed=fresh, use=proposal, problem=str(error), status=422)
    await _decide(visit, proposal)
    return _see(f"{visit.url}/tests?done=test-added")


@router.post("/{site}/tests/remove")
async def post_remove_test(visit: EditDep, text: Text = "") -> Response:
    reason = f"Removed the test question “{shortened(text, 60)}”"
    await visit.editing.saving.golden(
        visit.name, lambda some: [one for one in some if one.get("text") != text], by=visit.actor, reason=reason
    )
    return _see(f"{visit.url}/tests?done=test-removed")


@router.post("/{site}/tests/leave")
async def post_leave(visit: EditDep, proposal: Name) -> Response:
    """Let a proposal of the desk be."""
    await _decide(visit, proposal)
    return _see(f"{visit.url}/tests")


async def _decide(visit: Visit, name: str) -> None:
    corrections = visit.parts.store.corrections
    for one in await corrections.proposed(visit.name):
        if one.name == name:
            await corrections.decide(one)


async def _tests_page(
    visit: Visit,
    *,
    done: str = "",
    typed: dict[str, Any] | None = None,
    use: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    proposed = await visit.parts.store.corrections.proposed(visit.name)
    if typed is None and (chosen := next((one for one in proposed if one.name == use), None)):
        typed = {"text": chosen.text, "label": str(Label.OUT_OF_KB), "gold": []}
    text = await read_text(visit)
    latest = text.revisions.get("golden")
    rows = tuple(_row(one) for one in (latest.body if latest else ()))
    typed = typed or {"text": "", "label": str(Label.ANSWER), "gold": []}
    screen = TestsScreen(
        frame=frame_of(visit, text, here="Publish", done=done),
        action=f"{visit.url}/tests",
        rows=rows,
        proposals=tuple(_proposal_row(one) for one in proposed),
        proposal=use,
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


def _proposal_row(proposal: Proposal) -> ProposalRow:
    got = f"“{listed([shortened(one) for one in proposal.shown])}”"
    return ProposalRow(proposal.name, proposal.text, got, proposal.author)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
