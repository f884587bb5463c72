"""Figures of a day, for an inbox with nobody in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, Table, func, select, true

from kb.labels import Label
from server.core.handing.handover import Closing
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.talks.events import Author, Kind


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since a moment. `median_wait_s` is from handover to first claim; None when none was claimed."""

    messages: int
    quoted: int
    handed_over: int
    median_wait_s: float | None


def today(transaction: Transaction, sites: Sequence[str], since: datetime) -> Today:
    event, handover = schema.event, schema.handover
    is_message = (event.c.author == Author.VISITOR) & (event.c.kind == Kind.MESSAGE)
    counted = select(
        func.count().filter(is_message).label("messages"),
        func.count().filter(event.c.kind == Kind.QUOTE).label("quoted"),
    ).where(of_sites(event, sites), event.c.at >= since)
    events = transaction.first(counted)
    opened = select(handover.c.waiting_since, handover.c.first_claimed_at).where(
        among_sites(handover, sites), handover.c.waiting_since >= since, handover.c.drill_due_at.is_(None)
    )
    rows = transaction.all(opened)
    waits = [(row.first_claimed_at - row.waiting_since).total_seconds() for row in rows if row.first_claimed_at]
    return Today(
        messages=events.messages if events else 0,
        quoted=events.quoted if events else 0,
        handed_over=len(rows),
        median_wait_s=median(waits) if waits else None,
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A handover by its times; None: not yet, or never."""

    site: str
    reason: Label
    came_at: datetime
    claimed_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None


def served(transaction: Transaction, sites: Sequence[str], since: datetime) -> list[Served]:
    """Handovers that came since a moment, in that order; no drills, and none that was spam."""
    handover, reply = schema.handover, schema.event.alias()
    replied_at = (
        select(func.min(reply.c.at))
        .where(reply.c.site == handover.c.site, reply.c.conversation_id == handover.c.conversation_id)
        .where(reply.c.seq > handover.c.message_seq)
        .where(reply.c.author == Author.ADVOCATE, reply.c.kind == Kind.MESSAGE)
    )
    is_spam = func.coalesce(handover.c.closing, "") == Closing.SPAM
    came = select(
        handover.c.site,
        handover.c.reason,
        handover.c.waiting_since,
        handover.c.first_claimed_at,
        handover.c.closed_at,
        replied_at.scalar_subquery().label("replied_at"),
    ).where(
        among_sites(handover, sites), handover.c.waiting_since >= since, handover.c.drill_due_at.is_(None), ~is_spam
    )
    return [
        Served(row.site, Label(row.reason), row.waiting_since, row.first_claimed_at, row.replied_at, row.closed_at)
        for row in transaction.all(came.order_by(handover.c.waiting_since))
    ]


def of_sites(table: Table, sites: Sequence[str]) -> ColumnElement[bool]:
    """Rows of these sites; of all of them for "*"."""
    return true() if "*" in sites else table.c.site.in_(sites)


def among_sites(table: Table, sites: Sequence[str]) -> ColumnElement[bool]:
    """The same, of rows that something else finds: an expression, so that no index of sites is read, which has years of them."""
    return true() if "*" in sites else table.c.site.concat("").in_(sites)
