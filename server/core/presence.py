"""Who counts as being at the desk, when a claim goes back because nobody is, and when a visitor is told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# A desk page gives a sign each 20 s, in a window that is hidden each minute: two of those may be lost.
PRESENT_FOR = timedelta(seconds=150)
QUIET_AFTER = timedelta(minutes=5)  # nothing pressed or moved while a visitor waits: the page is open, the chair empty

OFFERED_AFTER: Mapping[bool, timedelta] = {  # a visitor nobody took is offered a call back; by whether anyone is there
    True: timedelta(minutes=10),
    False: timedelta(minutes=2),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed handover, and what is known of whoever claimed it. Times are None where there was nothing."""

    is_urgent: bool
    last_sign_at: datetime | None  # of a page or a person; None: signed out, timed out or disabled
    last_act_at: datetime | None  # of the person
    visitor_waits_since: datetime | None  # the first message nobody has answered


def is_offered_a_call_back(waiting_since: datetime, now: datetime, *, is_anyone_there: bool) -> bool:
    """Whether a visitor who left no way to be reached has waited so long that they are told, and asked for one."""
    return now - waiting_since >= OFFERED_AFTER[is_anyone_there]


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
