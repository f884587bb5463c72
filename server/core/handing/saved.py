"""Saved replies: words an advocate uses again, each with an owner and a day by which it is read again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from kb.errors import AdvocateError

MAX_TITLE = 80
MAX_TEXT = 4000
LONGEST = timedelta(days=366)  # until it is read again


class SavedRefused(AdvocateError):
    """A saved reply that cannot be kept as it was written."""


@dataclass(frozen=True, slots=True)
class SavedReply:
    """Staff's own words under a title. It is never a quote: sent, it stands there as the advocate's own."""

    reply_id: str
    title: str
    text: str
    owner_id: str
    owner: str  # the name they had when it was kept
    review_on: date

    @property
    def digest(self) -> str:
        """Changes with every word of it: what an edit began from."""
        return sha256(repr(self.as_json()).encode()).hexdigest()[:16]

    def is_overdue(self, today: date) -> bool:
        return today >= self.review_on

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "review_on": self.review_on.isoformat()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SavedReply:
        return cls(**{**body, "review_on": date.fromisoformat(body["review_on"])})


def with_reply(replies: Sequence[SavedReply], fresh: SavedReply, *, seen: str, today: date) -> list[SavedReply]:
    """The replies with one kept, by title. seen: the digest of what its edit began from; empty for a new one.

    Raises SavedRefused.
    """
    _refuse_changed(replies, fresh.reply_id, seen)
    tidy = replace(fresh, title=" ".join(fresh.title.split()), text=fresh.text.replace("\r\n", "\n").strip())
    others = [one for one in replies if one.reply_id != fresh.reply_id]
    if problem := _problem(tidy, others, today):
        raise SavedRefused(problem)
    return sorted([*others, tidy], key=lambda one: (one.title.casefold(), one.reply_id))


def without_reply(replies: Sequence[SavedReply], reply_id: str, *, seen: str) -> list[SavedReply]:
    """The replies without one. Raises SavedRefused when it is not what the person saw."""
    _refuse_changed(replies, reply_id, seen)
    return [one for one in replies if one.reply_id != reply_id]


def _refuse_changed(replies: Sequence[SavedReply], reply_id: str, seen: str) -> None:
    current = next((one for one in replies if one.reply_id == reply_id), None)
    if (current.digest if current else "") != seen:
        did = "changed" if current else "removed"
        raise SavedRefused(f"Somebody {did} this saved reply meanwhile. Read how it stands now, then do it again.")


def _problem(reply: SavedReply, others: Sequence[SavedReply], today: date) -> str:
    if not 1 <= len(reply.title) <= MAX_TITLE:
        return f"A title has 1 to {MAX_TITLE} characters; this one has {len(reply.title)}."
    if not 1 <= len(reply.text) <= MAX_TEXT:
        return f"A reply has 1 to {MAX_TEXT:,} characters; this one has {len(reply.text):,}."
    if any(one.title.casefold() == reply.title.casefold() for one in others):
        return f"There is a saved reply called “{reply.title}” already. Give this one another title."
    if not today < reply.review_on <= today + LONGEST:
        return "Say when it is to be read again: a day after today, within a year."
    return ""
