"""The policy's seven labels, their ranking, and what each must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a visitor's message is, ranked: when more than one fits, the first of these wins (policy, order)."""

    EMERGENCY = "emergency"
    OTHER_LANGUAGE = "other_language"
    CLINICAL = "clinical"
    HUMAN = "human"
    OUT_OF_KB = "out_of_kb"
    ANSWER = "answer"
    SMALLTALK = "smalltalk"


RANKING: tuple[Label, ...] = tuple(Label)


class Outcome(StrEnum):
    """What the visitor gets."""

    QUOTE = "quote"
    HANDOVER = "handover"
    EMERGENCY = "emergency"
    SMALLTALK = "smalltalk"


@dataclass(frozen=True, slots=True)
class Duty:
    """What a label must do (policy, duties)."""

    outcome: Outcome
    alerts: bool  # the patient advocate is told, with the message as typed
    urgent: bool = False
    quotes: bool = False


DUTIES: Mapping[Label, Duty] = {
    Label.EMERGENCY: Duty(Outcome.EMERGENCY, alerts=True, urgent=True),
    Label.OTHER_LANGUAGE: Duty(Outcome.HANDOVER, alerts=True),
    Label.CLINICAL: Duty(Outcome.HANDOVER, alerts=True),
    Label.HUMAN: Duty(Outcome.HANDOVER, alerts=True),
    Label.OUT_OF_KB: Duty(Outcome.HANDOVER, alerts=True),
    Label.ANSWER: Duty(Outcome.QUOTE, alerts=False, quotes=True),
    Label.SMALLTALK: Duty(Outcome.SMALLTALK, alerts=False),
}
