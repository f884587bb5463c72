"""Writing in a conversation: a reply in one's own words, passages beside it, and what is found to quote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from server.core.handing.handover import Status
from server.core.reply import MAX_QUOTES
from server.desk import Picked, QuoteChanged
from server.storage import Author, Handover, KeyReused, NotClaimed, NotFound, StaleView
from server.web.desk.answers import again, see
from server.web.desk.queue import DESK
from server.web.desk.reading import Showing, find_passages, read_picked
from server.web.desk.saved_views import read_saved
from server.web.desk.shift import After, HandoverDep, Shift, ShiftDep
from server.web.desk.talk import Unsent
from server.web.guards.security import refuse_cross_site
from server.web.words.notices import Notice
from server.web.words.texts import texts_in
from server.web.words.wording import counted, shortened

MAX_CHARS = 4000
TOO_MANY = f"A message quotes at most {MAX_QUOTES} passages. Take one out first."

router = APIRouter(prefix=DESK, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply as its form has it: the advocate's own words, and the passages picked beside them."""

    text: str
    picked: tuple[Picked, ...]

    @property
    def problem(self) -> str:
        """Why it cannot be sent; empty when it can."""
        if len(self.picked) > MAX_QUOTES:
            return f"Not sent. {TOO_MANY}"
        if len(self.text) > MAX_CHARS or not (self.text.strip() or self.picked):
            return f"Not sent. A message has 1 to {MAX_CHARS:,} characters; this one has {len(self.text):,}."
        return ""


def _draft(text: Annotated[str, Form()] = "", quote: Annotated[list[str], Form(max_length=20)] = []) -> Draft:  # noqa: B006
    pairs = (one.rpartition(":") for one in quote)
    return Draft(text.replace("\r\n", "\n"), tuple(Picked(passage, sha256) for passage, _, sha256 in pairs))


DraftDep = Annotated[Draft, Depends(_draft)]


@router.post("/{handover_id}/messages")
async def post_message(
    shift: ShiftDep,
    handover: HandoverDep,
    draft: DraftDep,
    seen_seq: Annotated[int, Form(ge=0)],
    key: Annotated[str, Form(pattern="^[0-9a-f]{32}$")],
    after: After = 0,
) -> Response:
    if problem := draft.problem:
        return await _unsent(shift, handover, draft, after, notice=problem, status=422)
    try:
        await shift.parts.desk.write(
            handover.conversation_id, shift.staff.user, draft.text, picked=draft.picked, seen_seq=seen_seq, key=key
        )
    except StaleView as error:
        missed = frozenset(event.seq for event in error.missed)
        return await _unsent(shift, handover, draft, after, notice=_missed_words(len(missed)), missed=missed)
    except KeyReused:
        used = "Not sent again: this form was used already. Look at the log, then press Send."
        return await _unsent(shift, handover, draft, after, notice=used)
    except QuoteChanged as error:
        return await _unsent(shift, handover, draft, after, notice=f"Not sent. {error}")
    except NotClaimed:
        lost = Notice("Not sent: this conversation is no longer yours.")
        return await again(shift, handover, Showing(unsent=Unsent(draft.text), after=after, notice=lost))
    return see(handover, after)


@router.post("/{handover_id}/insert")
async def post_insert(
    shift: ShiftDep,
    handover: HandoverDep,
    draft: DraftDep,
    passage: Annotated[str, Form(max_length=200)] = "",
    remove: Annotated[str, Form(max_length=200)] = "",
    saved: Annotated[str, Form(max_length=32)] = "",
    after: After = 0,
) -> Response:
    """Put a passage beside the reply being written, or take one out; or a saved reply after its words."""
    replies = await read_saved(shift.parts, handover.site, shift.reader(handover.site).today) if saved else ()
    words = [draft.text, *(one.reply.text for one in replies if one.reply.reply_id == saved)]
    kept = [one.passage_id for one in draft.picked if one.passage_id not in (passage, remove)]
    wanted = [Picked(one, "") for one in (*kept, passage) if one]
    fresh = await read_picked(shift.parts, handover.site, wanted[:MAX_QUOTES])
    notice = TOO_MANY if len(wanted) > MAX_QUOTES else ""
    unsent = Unsent("\n\n".join(filter(None, words)), picked=fresh, notice=notice)
    return await again(shift, handover, Showing(unsent=unsent, after=after), status=200)


@router.post("/{handover_id}/wrong")
async def post_wrong(
    shift: ShiftDep, handover: HandoverDep, seq: Annotated[int, Form(ge=2, le=2**31 - 1)], after: After = 0
) -> Response:
    """Mark an answer of the assistant wrong: the visitor reads a correction, and an editor is proposed the question."""
    texts = texts_in(handover.language)

    def word(question: str) -> str:
        return texts.was_wrong.replace("{question}", shortened(question))

    try:
        await shift.parts.desk.mark_wrong(handover.conversation_id, shift.staff.user, seq, word)
    except NotFound as error:
        return await again(shift, handover, Showing(after=after, notice=Notice(str(error))))
    return see(handover, after)


@router.post("/{handover_id}/notes")
async def post_note(
    shift: ShiftDep,
    handover: HandoverDep,
    note: Annotated[str, Form(max_length=MAX_CHARS)] = "",
    after: After = 0,
) -> Response:
    """Leave a note for colleagues. Whoever may see the conversation may leave one."""
    if not note.strip():
        empty = Notice("No note was kept: it has no words.")
        return await again(shift, handover, Showing(after=after, notice=empty), status=422)
    await shift.parts.desk.note(handover.conversation_id, shift.staff.user, note)
    return see(handover, after)


@router.post("/{handover_id}/find")
async def post_find(
    shift: ShiftDep,
    handover: HandoverDep,
    find: Annotated[str, Form(max_length=MAX_CHARS)] = "",
    after: After = 0,
) -> Response:
    """Search the page in one's own words, for a passage to quote. Posted, so that no words stand in an address."""
    found = await find_passages(shift.parts, handover.site, find) if find.strip() else None
    showing = Showing(pane="context", found=found, find=find, after=after)
    return await again(shift, handover, showing, status=200)


@router.post("/{handover_id}/typing", status_code=204)
async def post_typing(shift: ShiftDep, handover: HandoverDep) -> None:
    """Show the visitor that the person who answers is writing."""
    if handover.claimed_by == shift.user_id and handover.status is Status.CLAIMED:
        shift.parts.desk.typing(handover.conversation_id, Author.ADVOCATE)


def _missed_words(missed: int) -> str:
    what = counted(missed, "new message came", "new messages came")
    return f"Not sent yet: {what} in while you wrote. Read on, then send or change your reply."


async def _unsent(
    shift: Shift,
    handover: Handover,
    draft: Draft,
    after: int,
    *,
    notice: str,
    missed: frozenset[int] = frozenset(),
    status: int = 409,
) -> HTMLResponse:
    """The conversation with a reply that was not sent, and why."""
    picked = await read_picked(shift.parts, handover.site, draft.picked)
    unsent = Unsent(draft.text, picked=picked, missed=missed, notice=notice)
    return await again(shift, handover, Showing(unsent=unsent, after=after), status=status)
