"""A whole conversation without JavaScript: forms, redirects and a cookie, through the same desk as the widget."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from pydantic import BeforeValidator

from kb.policy import Language
from server.core.typed import mended
from server.desk import Choice, NotStored, Pass, Taken, Typed
from server.storage.database.faults import StorageUnavailable
from server.storage.handing.handed_over import Letter
from server.storage.talks.conversations import Started
from server.storage.talks.events import NotFound
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import is_https
from server.web.parts import Parts, PartsDep, parts_of
from server.web.visitor.ask_screen import (
    COOKIE,
    NOTHING,
    Caller,
    Refused,
    Ticket,
    ask_screen,
    find_caller,
    ticket_of,
)
from server.web.visitor.callers import SiteName, admit
from server.web.visitor.screens import LetterForm
from server.web.visitor.stamps import is_too_fast
from server.web.visitor.wrong import error_of, wait_words, wrong_in
from server.web.words.lines import as_file, lines_of
from server.web.words.site import site_texts

router = APIRouter(prefix="/sites/{site}/ask", include_in_schema=False, dependencies=[Depends(refuse_cross_site)])
Field = Annotated[str, BeforeValidator(mended), Form()]
TicketDep = Annotated[Ticket | None, Depends(ticket_of)]


@router.get("", response_class=HTMLResponse)
async def show(site: SiteName, parts: PartsDep, ticket: TicketDep, lang: Language = "en") -> HTMLResponse:
    """The conversation so far, and a form to go on."""
    caller = await find_caller(parts, site, ticket, lang)
    if caller.conversation is not None:
        with suppress(StorageUnavailable):
            await parts.store.returning.saw(caller.conversation.conversation_id, caller.last_seq)
    return _page(parts, caller)


@router.post("/download", response_class=PlainTextResponse)
async def download(site: SiteName, parts: PartsDep, request: Request, ticket: TicketDep) -> Response:
    """The conversation as a text file."""
    caller = await find_caller(parts, site, ticket, "en")
    if caller.conversation is None:
        return back_to(request, site, None)
    texts = site_texts(caller.site, caller.language)
    return as_file(lines_of(caller.events, texts, caller.site.advocate))


@router.post("", response_class=HTMLResponse)
async def send(
    site: SiteName,
    parts: PartsDep,
    request: Request,
    ticket: TicketDep,
    key: Field = "",
    text: Field = "",
    choose: Field = "",
    lang: Annotated[Language, Form()] = "en",
) -> Response:
    """Send a question, or choose a heading that was offered. The first one begins the conversation."""
    text = text.replace("\r\n", "\n")
    key = key or secrets.token_hex(16)
    caller = await find_caller(parts, site, ticket, lang)
    if not choose and (error := error_of(text, caller)):
        is_urgent = parts.desk.emergency(text) is not None
        refused = Refused(error=error, draft=text, key=key, is_urgent=is_urgent)
        return _page(parts, caller, refused, status=422)
    try:
        admit(parts, request, visitor=caller.visitor, is_new=caller.ticket is None, text=text)
    except Problem as problem:
        return _too_many(parts, caller, Refused(error=wait_words(problem, caller), draft=text, key=key), problem)
    try:
        message = Choice(choose) if choose else Typed(text)
        ticket, taken = await _send(parts, caller, message, key)
    except NotStored as error:
        return _page(parts, caller, Refused(unsent=error.reply, draft=text, key=key), status=503)
    _count(parts, taken)
    return back_to(request, site, ticket)


@router.post("/person", response_class=HTMLResponse)
async def ask_for_person(
    site: SiteName,
    parts: PartsDep,
    request: Request,
    ticket: TicketDep,
    key: Field = "",
    lang: Annotated[Language, Form()] = "en",
    seq: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    passage_id: Annotated[str, Form(max_length=128)] = "",
) -> Response:
    """Ask for a person, as the first thing too, or because the quote of a reply was not what was needed."""
    key = key or secrets.token_hex(16)
    caller = await find_caller(parts, site, ticket, lang)
    admit(parts, request, visitor=caller.visitor, is_new=caller.ticket is None)
    try:
        ticket = await _ticket_for(parts, caller, key)
        _count(parts, await parts.desk.ask_for_person(ticket.visitor, _key(key, "person")))
    except (NotStored, StorageUnavailable):
        return _page(parts, caller, Refused(unsent=parts.desk.unreachable(caller.language), key=key), status=503)
    if passage_id:
        with suppress(NotFound, StorageUnavailable):  # a person is on the way all the same
            await _judge(parts, ticket, seq, passage_id, helpful=False, key=key)
    return back_to(request, site, ticket)


@router.post("/letter", response_class=HTMLResponse)
async def add_letter(
    site: SiteName,
    parts: PartsDep,
    request: Request,
    ticket: TicketDep,
    key: Field = "",
    name: Field = "",
    contact: Field = "",
    text: Field = "",
    share_earlier: Field = "",
    mail_me: Field = "",
    website: Field = "",
    stamp: Field = "",
) -> Response:
    """Add name, contact and words to the handover. A filled trap or a form filled too fast is sorted, never dropped."""
    caller = await find_caller(parts, site, ticket, "en")
    if ticket is None or caller.conversation is None:
        return back_to(request, site, None)
    form = LetterForm(
        stamp,
        name,
        contact,
        text.replace("\r\n", "\n"),
        may_share=bool(share_earlier),
        can_mail=parts.can_mail,
        mail_me=bool(mail_me),
    )
    if (wrong := wrong_in(form, caller)).wrong:
        form = wrong
        is_urgent = parts.desk.emergency(text) is not None
        return _page(parts, caller, Refused(key=key, letter=form, is_urgent=is_urgent), status=422)
    try:
        admit(parts, request, visitor=ticket.visitor, text=text)
    except Problem as problem:
        form = replace(form, wrong="text", error=wait_words(problem, caller))
        return _too_many(parts, caller, Refused(key=key, letter=form), problem)
    letter = Letter(
        name=name,
        contact=contact,
        text=form.text,
        share_earlier=bool(share_earlier),
        mail_me=form.mail_me,
        suspected_spam=bool(website) or is_too_fast(stamp, ticket.visitor.token, time.time()),
    )
    try:
        await parts.desk.complete_letter(ticket.visitor, letter, _key(key, "letter", letter.text))
    except NotStored as error:
        return _page(parts, caller, Refused(unsent=error.reply, letter=form), status=503)
    return back_to(request, site, ticket)


@router.post("/feedback", response_class=HTMLResponse)
async def leave_feedback(
    site: SiteName,
    parts: PartsDep,
    request: Request,
    ticket: TicketDep,
    seq: Annotated[int, Form(ge=1, le=2**31 - 1)],
    passage_id: Annotated[str, Form(max_length=128)],
    key: Field = "",
) -> Response:
    """A quote was what the visitor needed."""
    if ticket is not None:
        admit(parts, request, visitor=ticket.visitor)
        await _judge(parts, ticket, seq, passage_id, helpful=True, key=key)
    return back_to(request, site, ticket)


@router.post("/clear", response_class=HTMLResponse)
async def clear(site: SiteName) -> Response:
    """Forget the conversation on this device: the next person at it does not see it."""
    response = RedirectResponse(f"/sites/{site}/ask", status_code=303)
    response.delete_cookie(COOKIE, path=f"/sites/{site}/ask")
    return response


def _key(of_form: str, *content: str) -> str:
    """The Idempotency-Key of a form's content: sent twice it is one message, changed after Back it is another."""
    return sha256("\0".join((of_form or secrets.token_hex(16), *content)).encode("utf-8", "replace")).hexdigest()


async def _judge(parts: Parts, ticket: Ticket, seq: int, passage_id: str, *, helpful: bool, key: str) -> None:
    key = _key(key, "feedback", str(seq), passage_id, str(helpful))
    await parts.desk.feedback(ticket.visitor, seq=seq, passage_id=passage_id, helpful=helpful, key=key)


async def _send(parts: Parts, caller: Caller, message: Choice | Typed, key: str) -> tuple[Ticket, Taken]:
    """Send a message; the first one begins the conversation, and waits for both no longer than a later one."""
    of_message = _key(key, "message", message.passage_id if isinstance(message, Choice) else message.text)
    if caller.ticket is not None:
        return caller.ticket, await parts.desk.receive(caller.ticket.visitor, message, of_message)
    started, taken = await parts.desk.receive_first(
        caller.site.site, message, of_message, language=caller.language, start_key=key
    )
    return _ticket(started), taken


async def _ticket_for(parts: Parts, caller: Caller, key: str) -> Ticket:
    if caller.ticket is not None:
        return caller.ticket
    started = await parts.desk.start(caller.site.site, language=caller.language, key=key)
    return _ticket(started)


def _ticket(started: Started) -> Ticket:
    return Ticket(Pass(started.conversation_id, started.token), started.receipt)


def _too_many(parts: Parts, caller: Caller, refused: Refused, problem: Problem) -> HTMLResponse:
    """What came too soon after others, kept whole, with when to send it again, and the emergency card where it is one."""
    page = _page(
        parts,
        caller,
        replace(refused, unsent=problem.reply, is_urgent=problem.reply is not None),
        status=problem.status,
    )
    page.headers.update(problem.headers)
    return page


def _count(parts: Parts, taken: Taken) -> None:
    if taken.new_reply:
        parts.measures.replied(taken.conversation.site, taken.new_reply)


def back_to(request: Request, site: str, ticket: Ticket | None) -> Response:
    """Back to the page by GET, at its latest line: reloading it sends nothing again."""
    response = RedirectResponse(f"/sites/{site}/ask#latest", status_code=303)
    if ticket is not None:
        response.set_cookie(
            COOKIE,
            str(ticket),
            path=f"/sites/{site}/ask",
            secure=is_https(request, parts_of(request)),
            httponly=True,
            samesite="lax",
        )
    return response


def _page(parts: Parts, caller: Caller, refused: Refused = NOTHING, *, status: int = 200) -> HTMLResponse:
    return parts.templates.page("visitor/ask.html", ask_screen(parts, caller, refused), status=status)
