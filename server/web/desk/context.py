"""Why a conversation came to the desk, and what can be done: the right-hand pane."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.core.handover import STEPS, Step
from server.storage import Conversation, Handover
from server.web.desk.talk import QuoteView, Reader
from server.web.words.wording import CLOSINGS, REASONS, Occasion


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str

    @property
    def pieces(self) -> tuple[str, ...]:
        """The value in pieces between which a line may break: after each slash of an address."""
        return tuple(re.findall("[^/]*/|[^/]+", self.value))


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


@dataclass(frozen=True, slots=True)
class ContextView:
    """Why it came, who the visitor is, what may be done, and the passages closest to the question."""

    reason: Occasion
    matched: tuple[str, ...]
    facts: tuple[Fact, ...]
    letter_text: str
    actions: tuple[Action, ...]
    close_url: str
    passages: tuple[QuoteView, ...]
    find: str  # what passages were searched with; empty: these are the closest to the visitor's message
    version: int
    state: str

    @property
    def closings(self) -> tuple[ClosingChoice, ...]:
        return tuple(ClosingChoice(str(one), word) for one, word in CLOSINGS.items())


ACTIONS = {
    Step.CALL_BACK: ("Arrange a call back", "It leaves the waiting line; the visitor need not stay.", "call-back"),
    Step.RELEASE: ("Release to the queue", "A colleague can take it. The visitor keeps waiting.", "release"),
    Step.RETURN: ("Give back to the assistant", "The assistant answers the next message.", "give-back"),
}


def context_view(
    handover: Handover,
    conversation: Conversation,
    passages: Sequence[QuoteView],
    *,
    find: str,
    matched: tuple[str, ...],
    clinic: str,
    reader: Reader,
    state: str,
    url: str,
) -> ContextView:
    steps = _steps(handover, reader.user_id)
    return ContextView(
        reason=REASONS[handover.reason],
        matched=matched,
        facts=_facts(handover, conversation, clinic, reader),
        letter_text=(handover.letter.text if handover.letter else "") or "",
        actions=tuple(
            Action(str(step), name, hint, f"{url}/{path}")
            for step, (name, hint, path) in ACTIONS.items()
            if step in steps
        ),
        close_url=f"{url}/close" if Step.CLOSE in steps else "",
        passages=tuple(passages),
        find=find,
        version=handover.version,
        state=state,
    )


def _steps(handover: Handover, me: str) -> frozenset[Step]:
    """The steps open to this advocate: those of a claim only to whoever holds it."""
    if handover.claimed_by and handover.claimed_by != me:
        return frozenset()
    return frozenset(step for status, step in STEPS if status is handover.status)


def _facts(handover: Handover, conversation: Conversation, clinic: str, reader: Reader) -> tuple[Fact, ...]:
    letter = handover.letter
    found = (
        ("Name", letter and letter.name),
        ("Reach at", letter and letter.contact),
        ("Page", _short_address(conversation.page_url or "")),
        ("Clinic", clinic),
        ("Chat since", reader.clock(conversation.created_at)),
        ("Note", "Looks like spam" if handover.suspected_spam else ""),
    )
    return tuple(Fact(name, str(value)) for name, value in found if value)


def _short_address(url: str) -> str:
    """A page's address as people say it."""
    return url.partition("?")[0].partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/") or url
