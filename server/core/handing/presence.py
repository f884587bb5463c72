"""Who counts as being at the desk, when a claim goes back because nobody is, and when a visitor is told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A desk page gives a sign each 20 s, in a window that is hidden each minute: two of those may be lost.
PRESENT_FOR = timedelta(seconds=150)
QUIET_AFTER = timedelta(minutes=5)  # nothing pressed or moved while a visitor waits: the page is open, the chair empty


class Hearing(StrEnum):
    """Who can have heard of a visitor who waits."""

    THERE = "there"  # somebody is at the desk
    SENT_FOR = "sent for"  # nobody is, but an alert left
    NOBODY = "nobody"  # and none did


TOLD_AFTER: Mapping[Hearing, timedelta] = {  # when a visitor nobody took is told so
    Hearing.THERE: timedelta(minutes=10),
    Hearing.SENT_FOR: timedelta(minutes=2),
    Hearing.NOBODY: timedelta(seconds=20),  # time for an alert's first three tries, and for a desk page to come back
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed handover, and what is known of whoever claimed it. Times are None where there was nothing."""

    is_urgent: bool
    last_sign_at: datetime | None  # of a page or a person; None: signed out, timed out or disabled
    last_act_at: datetime | None  # of the person
    visitor_waits_since: datetime | None  # the first message nobody has answered


def is_told(waiting_since: datetime, now: datetime, hearing: Hearing) -> bool:
    """Whether a visitor has waited so long that they are told that nobody came."""
    return now - waiting_since >= TOLD_AFTER[hearing]


def goes_back(claim: Claim, now: datetime) -> bool:
    """Whether a claim returns to the queue by itself."""
    if claim.last_sign_at is None:
        return True
    is_present = now - claim.last_sign_at < PRESENT_FOR
    if claim.is_urgent and not is_present:
        return True
    if claim.visitor_waits_since is None:
        return False
    waits_long = now - claim.visitor_waits_since >= QUIET_AFTER
    is_quiet = claim.last_act_at is None or now - claim.last_act_at >= QUIET_AFTER
    return not is_present or (waits_long and is_quiet)
