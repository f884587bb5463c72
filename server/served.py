"""Reads how soon people were helped, for the desk's figures and for operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kb.labels import Label
from kb.sites import Site
from server.core.handing.handover import Status
from server.core.handing.hours import reply_by
from server.core.handing.measuring import Case
from server.storage import Store

EVERY_SITE = ("*",)
LATELY = timedelta(days=7)  # what /metrics tells of


async def read_cases(store: Store, sites: Sequence[str], since: datetime, site_of: Callable[[str], Site]) -> list[Case]:
    """Conversations of these sites ("*" for all) that came since then; no drills, no spam.

    Promises are those of the hours that the clinic has entered now.
    """
    return [
        Case(
            one.site,
            one.reason,
            one.came_at,
            one.claimed_at,
            one.replied_at or one.closed_at,
            reply_by(site_of(one.site), one.came_at),
        )
        for one in await store.handovers.served(sites, since)
    ]


async def read_backlog(store: Store, sites: Sequence[str]) -> list[tuple[str, Label]]:
    """Site and reason of each conversation that nobody has now; no drills."""
    rows = await store.handovers.inbox(sites)
    return [(row.site, row.reason) for row in rows if row.status is not Status.CLAIMED and not row.is_drill]
