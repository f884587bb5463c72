"""The states of a handover and the steps between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    TRANSFER = "transfer"  # whoever has it gives it to a colleague who is there
    TAKE_OVER = "take over"  # a colleague takes it from whoever has it


STEPS: Mapping[tuple[Status, Step], Status] = {
    (Status.WAITING, Step.CLAIM): Status.CLAIMED,
    (Status.WAITING, Step.CALL_BACK): Status.CALL_BACK,
    (Status.CALL_BACK, Step.CLAIM): Status.CLAIMED,
    (Status.CLAIMED, Step.RELEASE): Status.WAITING,
    (Status.CLAIMED, Step.RETURN): Status.ASSISTANT,
    (Status.CLAIMED, Step.CLOSE): Status.CLOSED,
    (Status.CLAIMED, Step.TRANSFER): Status.CLAIMED,
    (Status.CLAIMED, Step.TAKE_OVER): Status.CLAIMED,
}
MOVES = frozenset({Step.TRANSFER, Step.TAKE_OVER})  # from one person to another, with a word of why

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


class ClosingRefused(StepRefused):
    """An emergency that would be closed without a word of why."""


@dataclass(frozen=True, slots=True)
class Closure:
    """How a handover ends. `why`: in the advocate's words; `is_sure`: asked again, they said so.

    `advised_at`: when they told the visitor to get emergency care.
    """

    closing: Closing
    why: str = ""
    is_sure: bool = False
    advised_at: datetime | None = None


def check_closure(closure: Closure, *, is_urgent: bool, since: datetime) -> None:
    """Whether a handover that waited since then may end so. Raises ClosingRefused, which says what is missing.

    An emergency ends when emergency care was advised, and at what time, or when someone writes why it needed none; as
    spam only when they are asked twice.
    """
    if closure.closing is Closing.EMERGENCY_ADVISED:
        _check_advice(closure, since)
        return
    if not is_urgent:
        return
    if not closure.why.strip():
        raise ClosingRefused(
            "Not closed: this came as an emergency. Advise emergency care and close it so, or write why it needed none."
        )
    if closure.closing is Closing.SPAM and not closure.is_sure:
        raise ClosingRefused(
            "Not closed: this came as an emergency. To close it as spam, also tick that you are sure nobody is in danger."
        )


def check_move(step: Step, why: str, *, is_to_holder: bool, is_there: bool) -> None:
    """Whether a claim may pass to someone else. Raises StepRefused, which says what is missing.

    is_to_holder: they have it already; is_there: they are at the desk now.
    """
    if is_to_holder:
        raise StepRefused("Nothing was done: they have this conversation already.")
    if not why.strip():
        raise StepRefused("Not done: write in a few words why, for whoever has it next.")
    if step is Step.TRANSFER and not is_there:
        raise StepRefused("Not done: they are not at the desk now. Choose someone who is, or release it to the queue.")


def _check_advice(closure: Closure, since: datetime) -> None:
    if closure.advised_at is None:
        raise ClosingRefused("Not closed: write at what time you advised emergency care, such as 14:05.")
    if closure.advised_at < since.replace(second=0, microsecond=0):  # as a clock shows it
        raise ClosingRefused("Not closed: that time is before they wrote. Write when you advised emergency care.")


def next_status(status: Status, step: Step) -> Status:
    """The state a step leads to. Raises StepRefused when the table has no such step."""
    try:
        return STEPS[status, step]
    except KeyError:
        allowed = ", ".join(sorted(str(known) for current, known in STEPS if current is status)) or "nothing"
        raise StepRefused(
            f"A handover that is {status} cannot {step}; it allows {allowed}. Reload to see it."
        ) from None
