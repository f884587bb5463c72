"""Reads from the store what a desk page shows. Every reading of a conversation's text is written into the audit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from server.core.handover import Closure
from server.storage import Conversation, Event, Failing, Handover, InboxRow, NotFound
from server.web.desk.context import context_view
from server.web.desk.screens import DESK, DeskScreen, Notice, failing_notice, queue_view, state_of
from server.web.desk.talk import Draft, QuoteView, Reader, talk_view
from server.web.guards.problems import Problem
from server.web.guards.staff import Staff, doors_of
from server.web.parts import Parts
from server.web.words.wording import matched_words

CLOSEST = 3
EVERY_SITE = "*"
NOT_HERE = "There is no such conversation, or it is not one of your clinic’s. Go back to the queue."


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an advocate: who asks, of which parts, when."""

    parts: Parts
    staff: Staff
    now: datetime

    @classmethod
    def of(cls, parts: Parts, staff: Staff) -> Visit:
        return cls(parts, staff, datetime.now(UTC))

    @property
    def user_id(self) -> str:
        return self.staff.user.user_id

    def reader(self, site: str) -> Reader:
        return Reader(user_id=self.user_id, now=self.now, zone=self.parts.assistants.site(site).zone)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of one conversation was asked to show beyond the usual."""

    pane: str = "conversation"
    after: int = 0  # entries of the log the browser has already
    draft: Draft | None = None
    notice: Notice | None = None
    closure: Closure | None = None  # how it was to be closed, and could not be
    find: str = ""  # what passages were searched with
    found: tuple[QuoteView, ...] | None = None  # what was found, in place of the closest


async def sites_of(visit: Visit) -> tuple[str, ...]:
    """The sites this person answers for, by name."""
    sites = visit.staff.user.sites
    return tuple(await visit.parts.store.content.sites()) if EVERY_SITE in sites else tuple(sites)


async def read_inbox(visit: Visit) -> list[InboxRow]:
    return await visit.parts.desk.inbox(visit.staff.user.sites)


async def find_handover(visit: Visit, handover_id: str) -> Handover:
    """A handover of this person's sites. Raises Problem 404 for one that is not there or not theirs."""
    try:
        handover = await visit.parts.store.handovers.get(handover_id)
    except NotFound:
        raise Problem(404, NOT_HERE) from None
    if not visit.staff.user.may_see(handover.site):
        raise Problem(404, NOT_HERE)
    return handover


async def queue_screen(visit: Visit, notice: Notice | None = None) -> DeskScreen:
    """The desk with no conversation open."""
    return await _screen(visit, pane="queue", notice=notice)


async def conversation_screen(visit: Visit, handover: Handover, asked: Asked | None = None) -> DeskScreen:
    """The desk with one conversation open: its log after `asked.after`, and why it came."""
    asked = asked or Asked()
    parts, reader = visit.parts, visit.reader(handover.site)
    conversation = await parts.store.conversations.get(handover.conversation_id)
    log = await _read_log(visit, conversation, asked.after)
    passages = await _closest(parts, handover) if asked.found is None else asked.found
    state = handover_state(handover)
    url = f"{DESK}/{handover.handover_id}"
    talk = talk_view(
        handover,
        log.events,
        reader=reader,
        hides_earlier=log.hides_earlier,
        state=state,
        url=url,
        key=secrets.token_hex(16),
        last_seq=log.last_seq,
        draft=asked.draft,
    )
    context = context_view(
        handover,
        conversation,
        passages,
        find=asked.find,
        closure=asked.closure,
        matched=await _matched(parts, handover),
        clinic=parts.assistants.site(handover.site).clinic,
        reader=reader,
        state=state if asked.found is None else state_of(state, *(one.passage_id for one in asked.found)),
        url=url,
    )
    return await _screen(
        visit,
        pane=asked.pane,
        notice=asked.notice,
        handover_id=handover.handover_id,
        conversation=talk,
        context=context,
    )


def handover_state(handover: Handover) -> str:
    """A short digest of all that is shown of a handover besides its log."""
    return state_of(
        handover.version, handover.status, handover.urgent, handover.reason, handover.letter, handover.suspected_spam
    )


async def find_passages(parts: Parts, site: str, text: str) -> tuple[QuoteView, ...]:
    """The passages closest to an advocate's own words. Alerts nobody and stores nothing."""
    reply = await parts.assistants.reply(site, text)
    ids = [*(one.passage_id for one in reply.quotes), *(one.passage_id for one in reply.trace.candidates)]
    return await _quotes(parts, site, list(dict.fromkeys(ids))[:CLOSEST])


async def _screen(visit: Visit, *, pane: str, handover_id: str = "", **shown: Any) -> DeskScreen:
    rows = await read_inbox(visit)
    sites = await sites_of(visit)
    clinics = {site: visit.parts.assistants.site(site).clinic for site in {*sites, *(row.site for row in rows)}}
    queue = queue_view(
        rows,
        me=visit.user_id,
        clinics=clinics,
        today=await visit.parts.store.handovers.today(visit.staff.user.sites, _midnight(visit, sites)),
        open_id=handover_id,
        now=visit.now,
    )
    user, failing = visit.staff.user, await failing_targets(visit.parts)
    return DeskScreen(
        me=user.name,
        doors=doors_of(user.role, here=DESK),
        pane=pane,
        queue=queue,
        handover_id=handover_id,
        failing=failing_notice(failing, visit.parts.channels.words, visit.reader(sites[0]).clock) if sites else None,
        has_alerts=visit.parts.channels.reach.is_set,
        **shown,
    )


async def failing_targets(parts: Parts) -> list[Failing]:
    """Where alerts do not arrive, of the places they may go to now."""
    current = set(parts.channels.reach.everyone())
    return [one for one in await parts.store.alerts.failing() if one.target in current]


def _midnight(visit: Visit, sites: Sequence[str]) -> datetime:
    """When today began, where the clinic is."""
    zone = ZoneInfo(visit.parts.assistants.site(sites[0]).zone) if sites else UTC
    return datetime.combine(visit.now.astimezone(zone).date(), time(), zone)


@dataclass(frozen=True, slots=True)
class Log:
    """Entries of a conversation's log that a page shows."""

    events: tuple[Event, ...]
    last_seq: int
    hides_earlier: bool


async def _read_log(visit: Visit, conversation: Conversation, after: int) -> Log:
    """The log after a number, as far as the visitor shared it. The store audits the reading, if there is any."""
    if after >= conversation.last_seq:
        return Log((), after, hides_earlier=False)
    transcript = await visit.parts.store.conversations.transcript(conversation.conversation_id, visit.staff.user)
    events = tuple(event for event in transcript.events if event.seq > after)
    last_seq = max([transcript.conversation.last_seq, *(event.seq for event in events)])
    return Log(events, last_seq, transcript.hides_earlier)


async def _matched(parts: Parts, handover: Handover) -> tuple[str, ...]:
    """What decided the messages since the conversation came to the desk."""
    known = {rule.id for rule in parts.assistants.policy.rules.rules}
    decisions = await parts.store.conversations.decisions(handover.conversation_id)
    since = (one for seq, one in sorted(decisions.items()) if seq >= handover.message_seq)
    return matched_words((code for one in since for code in one.rules), known)


async def _closest(parts: Parts, handover: Handover) -> tuple[QuoteView, ...]:
    ids = [one.passage_id for one in handover.decision.candidates[:CLOSEST]]
    return await _quotes(parts, handover.site, ids)


async def _quotes(parts: Parts, site: str, passage_ids: Sequence[str]) -> tuple[QuoteView, ...]:
    """The passages as they may be quoted today: checked by the same function that answers visitors."""
    replies = [await parts.assistants.choose(site, passage_id) for passage_id in passage_ids]
    return tuple(QuoteView.of(quote, note=reply.note or "") for reply in replies for quote in reply.quotes)
