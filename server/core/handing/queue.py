"""The order of the queue: who needs a person most, then who has waited longest; and what a visitor is called in it."""

from __future__ import annotations

from datetime import datetime

from kb.labels import Label
from server.core.handing.handover import Status

# By danger, then by how little the assistant could do. A call back waits elsewhere than in the chat, so it comes after.
BY_NEED = (Label.EMERGENCY, Label.CLINICAL, Label.OTHER_LANGUAGE, Label.HUMAN, Label.OUT_OF_KB)
LETTERS = "BCDFGHJKLMNPRSTVWXZ"  # no vowels: a name spells nothing


def place_in_queue(
    reason: Label, status: Status, waiting_since: datetime, *, urgent: bool, suspected_spam: bool
) -> tuple[bool, bool, bool, int, datetime]:
    """What the queue is sorted by, lowest first: what nobody has, no spam, no call back, danger, wait.

    An emergency is neither spam nor a call back, whatever else was noted of it.
    """
    is_taken = status is Status.CLAIMED
    is_spam = suspected_spam and not urgent
    is_call_back = status is Status.CALL_BACK and not urgent
    return is_taken, is_spam, is_call_back, 0 if urgent else BY_NEED.index(reason), waiting_since


def short_name(conversation_id: str) -> str:
    """What a visitor who gave no name is called, the same each time: "Visitor K214"."""
    number = int(conversation_id[:12], 16)
    return f"Visitor {LETTERS[number // 1000 % len(LETTERS)]}{number % 1000:03}"
