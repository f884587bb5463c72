"""Reads from the store what a desk page shows. Every reading of a conversation's text is written into the audit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from server.core.handing.handover import Closure
from server.desk import Picked, in_language
from server.storage import Conversation, Drill, Event, Failing, Handover, InboxRow, Role
from server.web.desk.context import context_view
from server.web.desk.doing import doing_view
from server.web.desk.queue import DESK, Eyes, Found, queue_view, state_of
from server.web.desk.saved_views import read_saved
from server.web.desk.screens import (
    DeskScreen,
    Trouble,
    failing_trouble,
    missed_trouble,
    troubles_state,
    unstored_trouble,
)
from server.web.desk.shift import Shift, sites_of
from server.web.desk.talk import QuoteView, Unsent, talk_view
from server.web.guards.staff import doors_of
from server.web.parts import Parts
from server.web.words.moments import moment
from server.web.words.notices import Notice
from server.web.words.wording import matched_words

CLOSEST = 3


@dataclass(frozen=True, slots=True)
class Showing:
    """What a page of one conversation was asked to show beyond the usual."""

    pane: str = "conversation"
    after: int = 0  # entries of the log the browser has already
    unsent: Unsent | None = None
    notice: Notice | None = None
    closure: Closure | None = None  # how it was to be closed, and could not be
    find: str = ""  # what passages were searched with
    found: tuple[QuoteView, ...] | None = None  # what was found, in place of the closest


async def read_inbox(shift: Shift) -> list[InboxRow]:
    return await shift.parts.desk.inbox(shift.staff.user.sites, shift.user_id)


async def read_present(shift: Shift) -> frozenset[str]:
    """Who is at the desk of any site this person answers for, by user's id."""
    present = [await shift.parts.store.handovers.present(site) for site in await sites_of(shift)]
    return frozenset(user.user_id for users in present for user in users)


async def queue_screen(shift: Shift, notice: Notice | None = None) -> DeskScreen:
    """The desk with no conversation open."""
    return await _screen(shift, pane="queue", notice=notice)


async def conversation_screen(shift: Shift, handover: Handover, showing: Showing | None = None) -> DeskScreen:
    """The desk with one conversation open: its log after `showing.after`, and why it came."""
    showing = showing or Showing()
    parts, reader = shift.parts, shift.reader(handover.site)
    conversation = await parts.store.conversations.get(handover.conversation_id)
    log = await _read_log(shift, conversation, showing.after)
    state = await conversation_state(parts, handover)
    url = f"{DESK}/{handover.handover_id}"
    present = tuple(await parts.store.handovers.present(handover.site))
    talk = talk_view(
        handover,
        log.events,
        reader=reader,
        hides_earlier=log.hides_earlier,
        is_holder_there=handover.claimed_by in {user.user_id for user in present},
        notes=await parts.store.notes.of_conversation(handover.conversation_id),
        state=state,
        url=url,
        key=secrets.token_hex(16),
        last_seq=log.last_seq,
        unsent=showing.unsent,
    )
    doing = doing_view(handover, present, reader=reader, closure=showing.closure, url=url)
    context = context_view(
        handover,
        conversation,
        await _closest(parts, handover) if showing.found is None else showing.found,
        find=showing.find,
        matched=await _matched(parts, handover),
        site=parts.assistants.site(handover.site),
        script=in_language(parts.assistants.policy.replies.emergency, handover.language),
        wish=await parts.store.returning.wish_of(handover.conversation_id),
        url=url,
        script_key=secrets.token_hex(16),
        reader=reader,
        state=state if showing.found is None else state_of(state, *(one.passage_id for one in showing.found)),
    )
    return await _screen(
        shift,
        pane=showing.pane,
        notice=showing.notice,
        handover_id=handover.handover_id,
        conversation=talk,
        doing=doing,
        context=context,
        saved=await read_saved(parts, handover.site, reader.today) if talk.composer == "write" else (),
    )


async def conversation_state(parts: Parts, handover: Handover) -> str:
    """A short digest of all that is shown of a conversation besides its log."""
    present = await parts.store.handovers.present(handover.site)
    notes = await parts.store.notes.of_conversation(handover.conversation_id)
    wish = await parts.store.returning.wish_of(handover.conversation_id)
    return state_of(handover_state(handover), len(notes), wish, *(user.user_id for user in present))


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


async def read_picked(parts: Parts, site: str, picked: Sequence[Picked]) -> tuple[QuoteView, ...]:
    """The passages picked for a reply, as they stand today."""
    return await _quotes(parts, site, [one.passage_id for one in picked])


async def _screen(shift: Shift, *, pane: str, handover_id: str = "", **shown: Any) -> DeskScreen:
    rows = await read_inbox(shift)
    sites = await sites_of(shift)
    clinics = {site: shift.parts.assistants.site(site).clinic for site in {*sites, *(row.site for row in rows)}}
    eyes = Eyes(shift.user_id, shift.now, handover_id, await read_present(shift))
    today = await shift.parts.store.handovers.today(shift.staff.user.sites, _midnight(shift, sites))
    queue = queue_view(rows, await _look(shift, rows, sites), eyes, clinics=clinics, today=today)
    user = shift.staff.user
    failing, missed = await failing_targets(shift.parts), await shift.parts.store.drills.missed(user.sites)
    return DeskScreen(
        me=user.name,
        doors=doors_of(user.role, here=DESK),
        pane=pane,
        queue=queue,
        handover_id=handover_id,
        troubles=_troubles(shift, sites, failing, missed),
        troubles_state=troubles_state(failing, missed, shift.parts.store.database.trouble.since),
        has_alerts=shift.parts.channels.reach.is_set,
        **shown,
    )


async def _look(shift: Shift, rows: list[InboxRow], sites: Sequence[str]) -> Found:
    """What is looked for, of the queue or of what was closed lately."""
    search, handovers = shift.search, shift.parts.store.handovers
    users = await shift.parts.store.staff.users()
    others = [one for one in users if one.user_id != shift.user_id and any(one.may_see(site) for site in sites)]
    staff = [one for one in others if one.role in (Role.ADVOCATE, Role.ADMIN)]
    if not search.is_on:
        return Found(search, rows, staff)
    among = await handovers.closed(shift.staff.user.sites, shift.user_id) if search.is_closed else rows
    ages = ((row, shift.now - row.waiting_since) for row in among)
    found = [row for row, age in ages if search.fits(row.reason, row.claimed_by, age, me=shift.user_id)]
    if search.words:
        saying = await handovers.saying(found, search.words)
        found = [row for row in found if row.handover_id in saying]
    return Found(search, found, staff)


def _troubles(
    shift: Shift, sites: Sequence[str], failing: Sequence[Failing], missed: Sequence[Drill]
) -> tuple[Trouble, ...]:
    site_of = shift.parts.assistants.site
    said_since = shift.reader(sites[0]).clock if sites else datetime.isoformat
    unstored_since = shift.parts.store.database.trouble.since
    unstored = [unstored_trouble(said_since(unstored_since))] if unstored_since else []
    alerts = [failing_trouble(failing, shift.parts.channels.words, said_since)] if failing else []
    drills = [missed_trouble(site_of(one.site).clinic, moment(one.began_at, site_of(one.site).zone)) for one in missed]
    return (*unstored, *alerts, *drills)


async def failing_targets(parts: Parts) -> list[Failing]:
    """Where alerts do not arrive, of the places they may go to now."""
    current = set(parts.channels.reach.everyone())
    return [one for one in await parts.store.alerts.failing() if one.target in current]


def _midnight(shift: Shift, sites: Sequence[str]) -> datetime:
    """When today began, where the clinic is."""
    zone = ZoneInfo(shift.parts.assistants.site(sites[0]).zone) if sites else UTC
    return datetime.combine(shift.now.astimezone(zone).date(), time(), zone)


@dataclass(frozen=True, slots=True)
class Log:
    """Entries of a conversation's log that a page shows."""

    events: tuple[Event, ...]
    last_seq: int
    hides_earlier: bool


async def _read_log(shift: Shift, conversation: Conversation, after: int) -> Log:
    """The log after a number, as far as the visitor shared it. The store audits the reading, if there is any."""
    if after >= conversation.last_seq:
        return Log((), after, hides_earlier=False)
    transcript = await shift.parts.store.conversations.transcript(conversation.conversation_id, shift.staff.user)
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
    """The passages nearest to the message that opened it, each with its score."""
    scores = {one.passage_id: one.score for one in handover.decision.candidates[:CLOSEST]}
    found = await _quotes(parts, handover.site, list(scores))
    return tuple(replace(one, score=scores[one.passage_id]) for one in found)


async def _quotes(parts: Parts, site: str, passage_ids: Sequence[str]) -> tuple[QuoteView, ...]:
    """The passages as they may be quoted today: checked by the same function that answers visitors."""
    replies = [await parts.assistants.choose(site, passage_id) for passage_id in passage_ids]
    return tuple(QuoteView.of(quote, note=reply.note or "") for reply in replies for quote in reply.quotes)
