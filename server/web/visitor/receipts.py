"""What a receipt code opens, without JavaScript: read a conversation, download it, erase it, go on with it.

The code travels in a form's body, never in an address. It is no less than a key: whoever has it has the conversation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from kb.policy import Language
from server.desk import Pass, UnknownConversation
from server.storage.talks.conversations import Conversation
from server.web.guards.security import refuse_cross_site
from server.web.parts import Parts, PartsDep
from server.web.visitor.ask import Field, back_to
from server.web.visitor.ask_screen import Ticket
from server.web.visitor.callers import admit
from server.web.visitor.screens import ReceiptScreen
from server.web.words.lines import Line, as_file, lines_of
from server.web.words.site import site_texts
from server.web.words.texts import texts_in

router = APIRouter(prefix="/receipts", include_in_schema=False, dependencies=[Depends(refuse_cross_site)])
FormLanguage = Annotated[Language, Form()]


@router.get("", response_class=HTMLResponse)
async def enter(parts: PartsDep, lang: Language = "en") -> HTMLResponse:
    """A form for the code."""
    return _page(parts, lang)


@router.post("", response_class=HTMLResponse)
async def read(parts: PartsDep, request: Request, code: Field = "", lang: FormLanguage = "en") -> HTMLResponse:
    """The conversation, and what can be done with it."""
    found = await _find(parts, request, code)
    return _opened(parts, lang, code, found, await _lines(parts, found)) if found else _unknown(parts, lang, code)


@router.post("/download", response_class=PlainTextResponse)
async def download(parts: PartsDep, request: Request, code: Field = "", lang: FormLanguage = "en") -> Response:
    """The conversation as a text file."""
    found = await _find(parts, request, code)
    if found is None:
        return _unknown(parts, lang, code)
    return as_file(await _lines(parts, found))


@router.post("/erase", response_class=HTMLResponse)
async def erase(
    parts: PartsDep, request: Request, code: Field = "", sure: Field = "", lang: FormLanguage = "en"
) -> HTMLResponse:
    """Erase every word of the conversation, once it is asked twice."""
    found = await _find(parts, request, code)
    if found is None:
        return _unknown(parts, lang, code)
    if not sure:
        return _opened(parts, lang, code, found, await _lines(parts, found), asks_if_sure=True)
    await parts.desk.erase(found.conversation_id)
    return _opened(parts, lang, code, replace(found, is_erased=True), ())


@router.post("/resume", response_class=HTMLResponse)
async def resume(parts: PartsDep, request: Request, code: Field = "", lang: FormLanguage = "en") -> Response:
    """Go on with the conversation, on the page without JavaScript."""
    found = await _find(parts, request, code)
    if found is None or found.is_erased:
        return _unknown(parts, lang, code)
    return back_to(request, found.site, Ticket(Pass(found.conversation_id, code.strip()), code.strip()))


async def _find(parts: Parts, request: Request, code: str) -> Conversation | None:
    admit(parts, request)
    try:
        return await parts.desk.by_receipt(code[:100])
    except UnknownConversation:
        return None


async def _lines(parts: Parts, found: Conversation) -> tuple[Line, ...]:
    site = parts.assistants.site(found.site)
    texts = site_texts(site, found.language)
    return lines_of(await parts.desk.said(found.conversation_id), texts, site.advocate)


def _unknown(parts: Parts, lang: str, code: str) -> HTMLResponse:
    texts = texts_in(lang)
    return _page(parts, lang, code=code, error=texts.receipt_unknown, status=404)


def _opened(
    parts: Parts, lang: str, code: str, found: Conversation, lines: tuple[Line, ...], *, asks_if_sure: bool = False
) -> HTMLResponse:
    site = parts.assistants.site(found.site)
    screen = ReceiptScreen(
        texts=site_texts(site, lang),
        clinic=site.clinic,
        code=code,
        is_open=True,
        lines=lines,
        is_erased=found.is_erased,
        asks_if_sure=asks_if_sure,
    )
    return parts.templates.page("visitor/receipts.html", screen)


def _page(parts: Parts, lang: str, *, code: str = "", error: str = "", status: int = 200) -> HTMLResponse:
    screen = ReceiptScreen(texts=texts_in(lang), code=code, error=error)
    return parts.templates.page("visitor/receipts.html", screen, status=status)
