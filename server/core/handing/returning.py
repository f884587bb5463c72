"""When a visitor who left is told by mail that a person answered: once, until they have looked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

GONE_AFTER = timedelta(seconds=60)  # whoever is still there has the answer on their screen well within it
LINK_GOOD_FOR = timedelta(days=7)  # an answer given on a Friday is read on the Monday, and whoever was away returns
GIVEN_UP_AFTER_TRIES = 8  # with the waits between an alert's tries: about an hour


@dataclass(frozen=True, slots=True)
class Unread:
    """What a visitor has not seen: a person's first message since they looked. mailed_seq: what the last mail told of."""

    first_at: datetime
    seen_seq: int
    mailed_seq: int


def is_mail_due(unread: Unread, now: datetime) -> bool:
    """Whether to write: they had time to see it here, and no mail has gone out since they last looked."""
    return unread.mailed_seq <= unread.seen_seq and now - unread.first_at >= GONE_AFTER
