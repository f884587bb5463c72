"""What may be published, and what one may go back to: decided from how text, builds and golden questions stand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why nothing was published, in words."""

    LIVE = "There is nothing to publish: visitors get exactly this text."
    REBUILDING = "Your changes are being made ready. Come back when that is done."
    NO_PAGES = "There is no page to publish yet. Bring one in first."
    NOT_REBUILT = (
        "This text has not been made ready since it was last changed, so what you would publish is not what you see here. "
        "Make it ready, try a few questions, then publish."
    )
    DISTRUSTED = (
        "This text was made ready with a damaged copy of the model. Nothing was published. Make it ready again; "
        "if that does not help, tell your administrator."
    )
    NOT_COMPARED = "What visitors will read differently is not known yet. Wait until it is shown here, then publish."
    NOT_TICKED = "Tick every change to safety text as read, each by itself, then publish."
    NOT_APPROVED = (
        "Safety text changed, and nobody but those who wrote it has approved it. Ask a reviewer to read this page and "
        "approve, then publish."
    )
    MOVED_ON = "The text was changed after you opened this page. Look through it again, then publish."
    BUSY = "Someone else put another version live just now. Look at the list, then choose again."
    TODAY = "Choose a day after today, or publish now."
    OVERTAKEN = "Another text went live after this was planned, so what visitors would read differently is not known."
    NEVER_LIVE = "This version was never live, so there is no going back to it."


@dataclass(frozen=True, slots=True)
class TextStanding:
    """Where a site's latest text stands on its way to visitors. Builds are ids."""

    has_pages: bool
    built: str | None  # the build of exactly this text
    current: str | None  # the build visitors are answered from
    is_rebuilding: bool = False

    @property
    def is_live(self) -> bool:
        """Whether visitors get exactly this text."""
        return self.current is not None and self.current == self.built


def refuse_text(standing: TextStanding) -> Refusal | None:
    """Why the text cannot be published now; None when it can."""
    if standing.is_live:
        return Refusal.LIVE
    if standing.built is not None:
        return None
    if standing.is_rebuilding:
        return Refusal.REBUILDING
    return Refusal.NOT_REBUILT if standing.has_pages else Refusal.NO_PAGES


def refuse_draft(standing: TextStanding, seen: str) -> Refusal | None:
    """Why the draft that someone looked through cannot be published now; None when it can."""
    refusal = refuse_text(standing)
    return Refusal.MOVED_ON if refusal is None and standing.built != seen else refusal


def refuse_unread(
    risky: Collection[str], ticked: Collection[str], *, is_compared: bool, lacks_approval: bool
) -> Refusal | None:
    """Why a draft that was looked through may not go live yet; None when it may. risky, ticked: passages, by id."""
    if not is_compared:
        return Refusal.NOT_COMPARED
    if lacks_approval:
        return Refusal.NOT_APPROVED
    return Refusal.NOT_TICKED if set(risky) - set(ticked) else None


def refuse_return(to: str, *, seen: str | None, current: str | None, published: Collection[str]) -> Refusal | None:
    """Why one cannot go back to a build; None when one can. `seen` is what was live when it was chosen."""
    if current != seen:
        return Refusal.BUSY
    return None if to in published else Refusal.NEVER_LIVE


def golden_fault(wrong: Sequence[str], *, total: int, problem: str = "") -> str:
    """What the golden questions hold against a build, in words; empty when nothing. Only a reason waives it.

    wrong: the questions that go wrong, of `total`. problem: why they could not be asked at all.
    """
    if problem:
        return f"The golden questions could not be asked: {problem}"
    if not wrong:
        return ""
    listed = "; ".join(f"“{' '.join(one.split())}”" for one in wrong)
    return f"{len(wrong)} of {total} golden questions {'goes' if len(wrong) == 1 else 'go'} wrong: {listed}."
