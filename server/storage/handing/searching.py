"""Looks among conversations: those that were closed, and those in which something was said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Text, and_, func, or_, select, type_coerce

from server.core.handing.finding import has_words
from server.core.handing.handover import Status
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.handing.figures import among_sites
from server.storage.handing.handed_over import InboxRow, first_shared_seq, inbox
from server.storage.talks.events import Author

NEWEST = 500  # closed conversations that are looked through: an older one is found by its link alone


def closed(transaction: Transaction, sites: Sequence[str], reader: str) -> list[InboxRow]:
    """The newest closed conversations of these sites, newest first; no drills."""
    table = schema.handover
    is_closed = table.c.status.concat("") == Status.CLOSED  # no index of states is read, which has years of them
    newest = (
        select(table.c.handover_id)
        .where(among_sites(table, sites), is_closed, table.c.drill_due_at.is_(None))
        .order_by(table.c.waiting_since.desc())
        .limit(NEWEST)
    )
    found = inbox(transaction, table.c.handover_id.in_(newest), reader)
    return sorted(found, key=lambda row: row.waiting_since, reverse=True)


def saying(transaction: Transaction, rows: Sequence[InboxRow], words: str) -> frozenset[str]:
    """The handovers among these in which visitor and staff said all of these words, as far as staff may read."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    table = schema.event
    body = func.lower(type_coerce(table.c.body, Text))
    holds_one = or_(*(body.like(_pattern(word), escape="\\") for word in words.split()))
    among = table.c.conversation_id.in_([row.conversation_id for row in rows])
    by_people = table.c.author.in_((Author.VISITOR, Author.ADVOCATE))
    said = select(table.c.conversation_id, table.c.seq, table.c.body).where(and_(among, by_people, holds_one))
    for event in transaction.all(said):
        if event.seq >= first_shared_seq(transaction, event.conversation_id):
            letter = event.body.get("letter") or {}
            texts[event.conversation_id] += [str(event.body.get("text", "")), str(letter.get("text", ""))]
    return frozenset(row.handover_id for row in rows if has_words(words, [row.visitor, *texts[row.conversation_id]]))


def _pattern(word: str) -> str:
    """What a word looks like in stored JSON, where anything but plain letters and digits may be written otherwise."""
    return f"%{re.sub('[^a-z0-9]+', '%', word.lower())}%"
