"""The visitor's doors: what the widget calls. Routes translate between HTTP and the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from kb.importing.faqpage import faqpage_of
from kb.policy import Language
from server.core.reply import Reply
from server.desk import Choice, Taken, Typed
from server.storage.handing.handed_over import Letter
from server.storage.talks.events import Author
from server.web.guards.bodies import json_only
from server.web.guards.origins import note_site
from server.web.guards.problems import PROBLEMS
from server.web.guards.reading import ForgivingRoute
from server.web.parts import Parts, PartsDep
from server.web.visitor import shapes
from server.web.visitor.callers import ConversationDep, IdempotencyKey, PassDep, ReceiptCode, SiteName, admit
from server.web.visitor.views import event_json, received_body
from server.web.words.site import site_body

JSON_LD = "application/ld+json"
BEING_ERASED = "being erased"

router = APIRouter(
    prefix="/api/v1",
    tags=["visitors"],
    dependencies=[Depends(json_only)],
    responses=PROBLEMS,
    route_class=ForgivingRoute,
)


@router.get("/sites/{site}", response_model=shapes.SiteBody)
async def site_info(site: SiteName, parts: PartsDep, lang: Language = "en") -> Any:
    """What a widget shows before anything is asked."""
    known, policy, now = parts.assistants.site(site), parts.assistants.policy, datetime.now(UTC)
    body = site_body(known, policy, language=lang, now=now, can_mail=parts.can_mail)
    return JSONResponse(body, headers={"Cache-Control": "public, max-age=60"})


@router.get("/sites/{site}/faq.jsonld", response_class=Response, responses={200: {"content": {JSON_LD: {}}}})
async def faq_markup(site: SiteName, parts: PartsDep) -> Response:
    """The published questions and answers as FAQPage markup (schema.org), word for word, for the clinic's own page."""
    parts.assistants.site(site)
    places = parts.assistants.quotable(site)
    markup = faqpage_of((one.question, page.text_of(one)) for page, one in places if one.question)
    return Response(markup, media_type=JSON_LD, headers={"Cache-Control": "public, max-age=300"})


@router.post("/sites/{site}/ask")
async def ask(site: SiteName, question: shapes.Question, parts: PartsDep, request: Request) -> Reply:
    """Answer one question without a conversation: nothing is stored and nobody is told."""
    parts.assistants.site(site)
    admit(parts, request, text=question.text, history=question.history)
    reply = await parts.desk.ask(site, question.text, question.history)
    parts.measures.asked(site, reply)
    return reply


@router.post("/sites/{site}/conversations", status_code=201, response_model=shapes.StartedBody)
async def start(
    site: SiteName, parts: PartsDep, request: Request, new: shapes.NewConversation | None = None
) -> dict[str, str]:
    """Begin a conversation."""
    admit(parts, request, is_new=True)
    new = new or shapes.NewConversation()
    started = await parts.desk.start(site, language=new.language, page_url=new.page_url)
    return {
        "id": started.conversation_id,
        "token": started.token,
        "receipt": started.receipt,
        "events": f"/api/v1/conversations/{started.conversation_id}/events",
    }


@router.post("/conversations/{conversation_id}/messages", status_code=201)
async def post_message(
    visitor: PassDep, message: shapes.NewMessage, idempotency_key: IdempotencyKey, parts: PartsDep, request: Request
) -> shapes.ReceivedBody:
    """Send a message. Once this answers it is durable, and handed over where it must be; a retry gets the same."""
    admit(parts, request, visitor=visitor, text=message.text or "")
    with parts.measures.reply_time():
        sent = Typed(message.text) if message.text is not None else Choice(message.choose or "")
        taken = await parts.desk.receive(visitor, sent, idempotency_key)
    return _taken(parts, request, taken)


@router.post("/conversations/{conversation_id}/handover", status_code=201)
async def ask_for_person(
    visitor: PassDep,
    idempotency_key: IdempotencyKey,
    parts: PartsDep,
    request: Request,
    letter: shapes.NewLetter | None = None,
) -> shapes.ReceivedBody:
    """Ask for a person (an empty body), or add name, contact and words to a handover. Nothing waits for the letter."""
    admit(parts, request, visitor=visitor, text=letter.text if letter else "")
    if letter is None or letter.is_empty:
        return _taken(parts, request, await parts.desk.ask_for_person(visitor, idempotency_key))
    details = letter.model_dump(exclude={"website"})
    finished = Letter(**details, suspected_spam=bool(letter.website))
    taken = await parts.desk.complete_letter(visitor, finished, idempotency_key)
    return _taken(parts, request, taken) if taken else shapes.ReceivedBody(message=None, reply=None)


@router.post("/conversations/{conversation_id}/feedback", status_code=204, response_model=None)
async def leave_feedback(
    visitor: PassDep, feedback: shapes.NewFeedback, idempotency_key: IdempotencyKey, parts: PartsDep, request: Request
) -> None:
    """Say whether a quote was what was needed."""
    admit(parts, request, visitor=visitor)
    await parts.desk.feedback(visitor, **feedback.model_dump(), key=idempotency_key)


@router.post("/conversations/{conversation_id}/typing", status_code=204, response_model=None)
async def show_typing(conversation: ConversationDep, parts: PartsDep) -> None:
    """Tell the advocate that the visitor is writing: at most once in three seconds, and never stored."""
    parts.desk.typing(conversation.conversation_id, Author.VISITOR)


@router.get("/conversations/{conversation_id}/place")
async def place(conversation: ConversationDep, parts: PartsDep) -> shapes.PlaceBody:
    """How many visitors a person is to answer before this one, while it waits."""
    return shapes.PlaceBody(before=await parts.desk.waiting_before(conversation))


@router.get("/receipts", response_model=shapes.ReceiptBody)
async def read_receipt(receipt_code: ReceiptCode, parts: PartsDep, request: Request) -> Any:
    """Read a conversation by its receipt code."""
    admit(parts, request)
    conversation = await parts.desk.by_receipt(receipt_code)
    note_site(request, conversation.site)
    events = await parts.desk.said(conversation.conversation_id)
    body = {
        "site": conversation.site,
        "status": BEING_ERASED if parts.desk.is_erasing(conversation) else str(conversation.status),
        "started": conversation.created_at.isoformat(),
        "events": [event_json(event) for event in events],
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.delete(
    "/receipts",
    status_code=204,
    response_model=None,
    responses={202: {"model": shapes.ErasingBody, "description": "Erased, and still being overwritten in the files"}},
)
async def erase_by_receipt(receipt_code: ReceiptCode, parts: PartsDep, request: Request) -> Response | None:
    """Erase every word of a conversation by its receipt code; that it took place stays.

    204 once no file of the database holds a word of it; 202 while a backup still reads them: the receipt says when.
    """
    admit(parts, request)
    conversation = await parts.desk.by_receipt(receipt_code)
    note_site(request, conversation.site)
    await parts.desk.erase(conversation.conversation_id)
    is_erasing = parts.desk.is_erasing(replace(conversation, is_erased=True))
    return JSONResponse({"status": BEING_ERASED}, 202) if is_erasing else None


def _taken(parts: Parts, request: Request, taken: Taken) -> shapes.ReceivedBody:
    note_site(request, taken.conversation.site)
    if taken.new_reply:
        parts.measures.replied(taken.conversation.site, taken.new_reply)
    return received_body(taken.received)
