"""Figures of a day, for an inbox with nobody in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, Table, func, select, true

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


def of_sites(table: Table, sites: Sequence[str]) -> ColumnElement[bool]:
    """Rows of these sites; of all of them for "*"."""
    return true() if "*" in sites else table.c.site.in_(sites)


def among_sites(table: Table, sites: Sequence[str]) -> ColumnElement[bool]:
    """The same, of rows that something else finds: an expression, so that no index of sites is read, which has years of them."""
    return true() if "*" in sites else table.c.site.concat("").in_(sites)
