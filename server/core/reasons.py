"""Why a message was decided as it was, and the words for it that staff read.

Three kinds of cause: what the decision itself found (a Reason), a rule of the policy, the passages that answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What decides besides rules and passages: its code, as traces keep it, and its words."""

    words: str

    def __new__(cls, code: str, words: str) -> Reason:
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.words = words
        return reason

    GATE = "gate", "How the message reads as a whole"
    PART = "gate, a part of it", "How a part of the message reads"
    AFTER_BEFORE = "gate, with the message before", "How it reads after the message before"
    LANGUAGE = "language", "The language it is written in"
    ALARMED = "a danger sign in an earlier message", "A danger sign in an earlier message"
    TOO_LONG = "too long to be read in full", "It is longer than the assistant reads in full, so a person reads it"
    UNCOVERED = "nothing on the page answers it", "No passage of the page answers it surely enough"
    WITHHELD = (
        "changed on the clinic's page",
        "The clinic’s page says something else by now, and no editor has looked at it yet",
    )
    NO_BUILD = "no build to answer from", "No page could be quoted at that moment"


@dataclass(frozen=True, slots=True)
class ByRule:
    """A rule of the policy, by its id."""

    rule_id: str

    def __str__(self) -> str:
        return self.rule_id


@dataclass(frozen=True, slots=True)
class ByPassages:
    """The passages that answer, by their ids."""

    passage_ids: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.passage_ids)


Cause = Reason | ByRule | ByPassages


def cause_of(code: str, rule_ids: Collection[str]) -> Cause:
    """The cause a trace keeps as `code`. `rule_ids`: the policy's rules; what is neither one nor a Reason is passages."""
    if code in rule_ids:
        return ByRule(code)
    reason = next((one for one in Reason if one == code), None)
    return reason or ByPassages(tuple(code.split(", ")))
