"""What visitors asked in vain: each gap with its closest passage, to be closed by other words or another way to ask."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kb.content import Phrasing
from kb.editing import EditRefused
from kb.errors import AdvocateError
from server.core.editing.edits import with_phrasing
from server.editing.closing import Effect, Standing
from server.web.editor.asked.gap_screens import EffectView, GapRow, GapsScreen, PassageChoice, ProposalScreen
from server.web.editor.frame import frame_of
from server.web.editor.reading import EditDep, SiteText, Visit, VisitDep, read_text
from server.web.editor.release.golden import golden_row
from server.web.editor.text.changes import heading_of
from server.web.editor.text.trying import LABELS
from server.web.words.moments import moment
from server.web.words.wording import counted, shortened

router = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
PassageId = Annotated[str, Form(max_length=200)]


@router.get("/{site}/gaps")
async def get_gaps(visit: VisitDep, done: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    text = await read_text(visit)
    found = await visit.editing.closing.gaps(visit.name, visit.actor)
    rows = [_row(visit, text, one) for one in found]
    screen = GapsScreen(
        frame=frame_of(visit, text, here="Asked in vain", done=done),
        rows=tuple(row for row, one in zip(rows, found, strict=True) if not one.is_closed),
        closed=tuple(row for row, one in zip(rows, found, strict=True) if one.is_closed),
        may_edit=visit.may_edit,
    )
    return visit.parts.templates.page("editor/gaps.html", screen)


@router.get("/{site}/gaps/answer")
async def get_proposal(
    visit: EditDep,
    text: Annotated[str, Query(max_length=4000)] = "",
    passage: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Choose the passage that answers a question; with one chosen, what that would do."""
    return await _proposal(visit, text.strip(), passage)


@router.post("/{site}/gaps/answer")
async def post_proposal(visit: EditDep, text: Text = "", passage: PassageId = "") -> Response:
    """Save a question as another way to ask for a passage: only now is anything kept."""
    now = await read_text(visit)
    fresh = Phrasing(" ".join(text.split()), passage, None)

    def place_of(other: str) -> str:
        place = now.place(other)
        return heading_of(*place) if place else "a passage that is gone"

    try:
        if now.place(passage) is None:
            raise EditRefused("Choose the passage that answers it.")
        await visit.editing.saving.phrasings(
            visit.name,
            lambda some: with_phrasing(some, fresh, place_of=place_of),
            by=visit.actor,
            reason=f"Asked in vain: added “{shortened(text, 60)}”",
        )
    except EditRefused as error:
        return await _proposal(visit, text, passage, problem=str(error), status=422)
    return RedirectResponse(f"{visit.url}/gaps?done=gap", status_code=303, headers={"Cache-Control": "no-store"})


async def _proposal(visit: Visit, text: str, passage: str, *, problem: str = "", status: int = 200) -> HTMLResponse:
    now = await read_text(visit)
    effect = None
    if text and passage and not problem:
        try:
            effect = await visit.editing.closing.effect(visit.name, Phrasing(text, passage, None))
        except AdvocateError as error:
            problem = str(error)
    chosen = now.place(passage) if passage else None
    screen = ProposalScreen(
        frame=frame_of(visit, now, here="Asked in vain"),
        action=f"{visit.url}/gaps/answer",
        text=text,
        passage=passage,
        chosen=chosen[0].text_of(chosen[1]) if chosen else "",
        choices=tuple(
            PassageChoice(
                one.passage_id,
                f"{heading_of(page, one)}: {shortened(page.text_of(one), 80)}",
                one.passage_id == passage,
            )
            for page in now.pages
            for one in page.passages
        ),
        effect=_effect(effect, passage) if effect else None,
        problem=problem,
        back_url=f"{visit.url}/gaps",
    )
    return visit.parts.templates.page("editor/proposal.html", screen, status=status)


def _row(visit: Visit, text: SiteText, one: Standing) -> GapRow:
    gap = one.gap
    place = text.place(gap.nearest) if gap.nearest else None
    last = moment(gap.last_at, visit.site.zone)
    helped = f" {gap.unhelpful} of them got an answer that did not help." if gap.unhelpful else ""
    page_id = place[0].page_id if place else text.pages[0].page_id if text.pages else ""
    return GapRow(
        text=gap.text,
        count=f"Asked {counted(len(gap.asked), 'time', 'times')}, last on {last}.{helped}",
        others=tuple(dict.fromkeys(asked.text for asked in gap.asked if asked.text != gap.text))[:8],
        nearest=heading_of(*place) if place else "",
        words=shortened(place[0].text_of(place[1]), 200) if place else "",
        answer_url=f"{visit.url}/gaps/answer?text={quote(gap.text)}&passage={quote(gap.nearest or '')}",
        other_url=f"{visit.url}/gaps/answer?text={quote(gap.text)}",
        write_url=f"{visit.url}/pages/{page_id}/add?kind=answer&question={quote(gap.text)}" if page_id else "",
    )


def _effect(effect: Effect, passage: str) -> EffectView:
    quoted = [one.passage_id for one in effect.reply.quotes]
    return EffectView(
        is_found=passage in quoted,
        words=_found_words(effect, passage),
        better=tuple(map(golden_row, effect.better)),
        worse=tuple(map(golden_row, effect.worse)),
        total=effect.total,
    )


def _found_words(effect: Effect, passage: str) -> str:
    if passage in [one.passage_id for one in effect.reply.quotes]:
        return "With it, whoever asks this is quoted the passage."
    if effect.reply.quotes:
        return "Even with it, another passage is quoted: " + "; ".join(
            f"“{shortened(one.text, 80)}”" for one in effect.reply.quotes
        )
    return f"Even with it, the passage is not quoted. The message is taken as: {LABELS[effect.reply.label]}."
