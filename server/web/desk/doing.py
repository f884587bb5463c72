"""What can be done with the open conversation now: close it, or pass it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.core.handing.handover import STEPS, Closure, Status, Step
from server.storage import Handover, User
from server.web.desk.talk import Reader
from server.web.words.wording import CLOSINGS


@dataclass(frozen=True, slots=True)
class Action:
    """A step that may be taken now, as a form with one button."""

    act: str
    name: str
    hint: str
    url: str


@dataclass(frozen=True, slots=True)
class ClosingChoice:
    value: str
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone at the desk now, to whom a conversation can be given."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DoingView:
    """The steps open to this advocate. An empty address: that step is not."""

    actions: tuple[Action, ...]
    close_url: str
    transfer_url: str
    take_over_url: str
    colleagues: tuple[Colleague, ...]
    holder: str
    version: int
    is_emergency: bool
    closure: Closure | None  # how it was to be closed, and could not be
    advised: str  # when emergency care was advised, as a time field writes it: 14:05

    @property
    def closings(self) -> tuple[ClosingChoice, ...]:
        chosen = self.closure and self.closure.closing
        return tuple(ClosingChoice(str(one), word, one is chosen) for one, word in CLOSINGS.items())

    @property
    def why(self) -> str:
        return self.closure.why if self.closure else ""

    @property
    def can_pass_on(self) -> bool:
        return bool(self.actions or self.transfer_url)


ACTIONS = {
    Step.CALL_BACK: ("Arrange a call back", "It leaves the waiting line; the visitor need not stay.", "call-back"),
    Step.RELEASE: ("Release to the queue", "A colleague can take it. The visitor keeps waiting.", "release"),
    Step.RETURN: ("Give back to the assistant", "The assistant answers the next message.", "give-back"),
}


def doing_view(
    handover: Handover, present: Sequence[User], *, reader: Reader, closure: Closure | None, url: str
) -> DoingView:
    """What `reader` may do now. `present`: who is at the desk."""
    steps = _steps(handover, reader.user_id)
    return DoingView(
        actions=tuple(
            Action(str(step), name, hint, f"{url}/{path}")
            for step, (name, hint, path) in ACTIONS.items()
            if step in steps
        ),
        close_url=f"{url}/close" if Step.CLOSE in steps else "",
        transfer_url=f"{url}/transfer" if Step.TRANSFER in steps else "",
        take_over_url=f"{url}/take-over" if Step.TAKE_OVER in steps else "",
        colleagues=tuple(Colleague(one.user_id, one.name) for one in present if one.user_id != handover.claimed_by),
        holder=handover.claimed_by_name or "",
        version=handover.version,
        is_emergency=handover.urgent,
        closure=closure,
        advised=reader.field(closure.advised_at) if closure and closure.advised_at else "",
    )


def _steps(handover: Handover, me: str) -> frozenset[Step]:
    """The steps open to this advocate: of a colleague's claim, only to take it over; of an emergency, no call back."""
    if handover.status is Status.CLAIMED and handover.claimed_by != me:
        return frozenset({Step.TAKE_OVER})
    shut = {Step.TAKE_OVER, Step.CALL_BACK} if handover.urgent else {Step.TAKE_OVER}
    return frozenset(step for status, step in STEPS if status is handover.status) - shut
