"""The states of a handover and the steps between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kb.errors import AdvocateError


class Status(StrEnum):
    """Where a handover stands."""

    WAITING = "waiting"
    CALL_BACK = "call_back"  # the visitor left a way to be reached and need not stay
    CLAIMED = "claimed"
    ASSISTANT = "assistant"  # given back: the assistant answers again, and a later message may open a new handover
    CLOSED = "closed"


class Step(StrEnum):
    """What moves a handover on."""

    CLAIM = "claim"
    CALL_BACK = "call_back"
    RELEASE = "release"
    RETURN = "return"
    CLOSE = "close"


STEPS: Mapping[tuple[Status, Step], Status] = {
    (Status.WAITING, Step.CLAIM): Status.CLAIMED,
    (Status.WAITING, Step.CALL_BACK): Status.CALL_BACK,
    (Status.CALL_BACK, Step.CLAIM): Status.CLAIMED,
    (Status.CLAIMED, Step.RELEASE): Status.WAITING,
    (Status.CLAIMED, Step.RETURN): Status.ASSISTANT,
    (Status.CLAIMED, Step.CLOSE): Status.CLOSED,
}

OPEN = frozenset({Status.WAITING, Status.CALL_BACK, Status.CLAIMED})


class Closing(StrEnum):
    """How a handover ended, said by the advocate who closes it."""

    ANSWERED = "answered"
    BOOKED = "booked"
    TO_CLINICIAN = "passed to clinician"
    EMERGENCY_ADVISED = "emergency advised"
    CONTENT_GAP = "content gap"
    SPAM = "spam"


class StepRefused(AdvocateError):
    """A step the handover's state does not allow."""


def next_status(status: Status, step: Step) -> Status:
    """The state a step leads to. Raises StepRefused when the table has no such step."""
    try:
        return STEPS[status, step]
    except KeyError:
        allowed = ", ".join(sorted(str(known) for current, known in STEPS if current is status)) or "nothing"
        raise StepRefused(
            f"A handover that is {status} cannot {step}; it allows {allowed}. Reload to see it."
        ) from None
