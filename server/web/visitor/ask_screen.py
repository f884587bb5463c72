"""What the page without JavaScript shows: who is visiting, what was said, and which forms fit now."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from kb.sites import Site
from server.core.reply import Reply
from server.desk import Pass, UnknownConversation, in_language
from server.storage.database.faults import StorageUnavailable
from server.storage.talks.conversations import Conversation
from server.storage.talks.events import ConversationStatus, Event, Kind
from server.translating import LANGUAGES, own_name
from server.web.parts import Parts
from server.web.visitor.screens import AskScreen, LetterForm
from server.web.visitor.stamps import make_stamp
from server.web.words.lines import lines_of
from server.web.words.site import answer_by, site_texts

COOKIE = "advocate_chat"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the cookie holds: the visitor's pass, and the receipt code to show."""

    visitor: Pass
    receipt: str

    def __str__(self) -> str:
        return f"{self.visitor.conversation_id}.{self.visitor.token}.{self.receipt}"


def ticket_of(request: Request) -> Ticket | None:
    """The visitor's ticket, if the cookie holds one."""
    pieces = request.cookies.get(COOKIE, "").split(".")
    return Ticket(Pass(pieces[0], pieces[1]), pieces[2]) if len(pieces) == 3 else None


@dataclass(frozen=True, slots=True)
class Caller:
    """A visitor on this page: where, with which ticket, and what was said so far."""

    site: Site
    language: str
    ticket: Ticket | None = None
    conversation: Conversation | None = None
    events: tuple[Event, ...] = ()
    before: int = 0  # who waits for a person before this visitor

    @property
    def visitor(self) -> Pass | None:
        return self.ticket.visitor if self.ticket else None

    @property
    def asked_at(self) -> datetime | None:
        """When what now waits for a person was handed over."""
        since = max((one.seq for one in self.events if one.kind in (Kind.CLAIMED, Kind.CLOSED)), default=0)
        waiting = (one.at for one in self.events if one.seq > since and one.reply and one.reply.handed_over)
        return next(waiting, None)

    @property
    def last_seq(self) -> int:
        return self.events[-1].seq if self.events else 0


@dataclass(frozen=True, slots=True)
class Refused:
    """What was sent and could not be taken: all of it is shown again, with the reason beside it."""

    error: str = ""  # beside the question
    draft: str = ""
    key: str = ""
    unsent: Reply | None = None  # said where nothing could be stored
    is_urgent: bool = False  # the emergency rules find a sign in it, sent or not
    letter: LetterForm | None = None


NOTHING = Refused()


async def find_caller(parts: Parts, site: str, ticket: Ticket | None, language: str) -> Caller:
    """The caller, with what can be read: a store in trouble shows an empty conversation, never an error page."""
    known = parts.assistants.site(site)
    if ticket is None:
        return Caller(known, language)
    try:
        conversation = await parts.desk.find(ticket.visitor)
        events = tuple(await parts.desk.said(conversation.conversation_id))
        before = await parts.desk.waiting_before(conversation)
    except UnknownConversation:
        return Caller(known, language)
    except StorageUnavailable:
        return Caller(known, language, ticket)
    if conversation.site != site or conversation.is_erased:
        return Caller(known, language)
    return Caller(known, conversation.language, ticket, conversation, events, before)


def ask_screen(parts: Parts, caller: Caller, refused: Refused = NOTHING) -> AskScreen:
    """The page's screen, with what was just refused on it."""
    texts, now = site_texts(caller.site, caller.language), datetime.now(UTC)
    replies = parts.assistants.policy.replies
    urgent_seq = max((event.seq for event in caller.events if event.kind is Kind.EMERGENCY), default=0)
    return AskScreen(
        site=caller.site.site,
        clinic=caller.site.clinic,
        phone=caller.site.phone,
        greeting=caller.site.fill(in_language(replies.greeting, caller.language)),
        crisis_line=in_language(replies.crisis_line, caller.language),
        texts=texts,
        lines=lines_of(caller.events, texts, caller.site.advocate),
        starters=() if caller.events else caller.site.starters,
        key=refused.key or secrets.token_hex(16),
        error=refused.error,
        draft=refused.draft,
        unsent=refused.unsent.message if refused.unsent else "",
        letter=refused.letter or _letter(caller, can_mail=parts.can_mail),
        answer_by=answer_by(caller.site, now, caller.language, asked_at=caller.asked_at),
        before_you=texts.before_you.replace("{count}", str(caller.before)) if caller.before else "",
        receipt=caller.ticket.receipt if caller.ticket and caller.events else "",
        can_ask_for_person=caller.conversation is None or caller.conversation.status is ConversationStatus.ASSISTANT,
        is_urgent_above=refused.is_urgent or 0 < urgent_seq < caller.last_seq,
        other_languages=tuple((one, own_name(one)) for one in LANGUAGES if one != caller.language),
    )


def _letter(caller: Caller, *, can_mail: bool) -> LetterForm | None:
    """The letter's form, while a handover waits and nothing was added to it."""
    is_waiting = caller.conversation is not None and caller.conversation.status is ConversationStatus.WAITING
    if caller.ticket is None or not is_waiting or any("letter" in event.body for event in caller.events):
        return None
    return LetterForm(stamp=make_stamp(caller.ticket.visitor.token, time.time()), can_mail=can_mail)
