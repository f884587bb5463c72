"""Why a conversation came to the desk, and what could be quoted: the right-hand pane."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.sites import Site
from server.storage import Conversation, Handover
from server.storage.talks.events import MAX_SEQ
from server.storage.talks.returning import Wish
from server.web.desk.talk import QuoteView, Reader
from server.web.words.playbook import Playbook, playbook_of
from server.web.words.wording import REASONS, Occasion


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str

    @property
    def pieces(self) -> tuple[str, ...]:
        """The value in pieces between which a line may break: after each slash of an address."""
        return tuple(re.findall("[^/]*/|[^/]+", self.value))


@dataclass(frozen=True, slots=True)
class ContextView:
    """Why it came, who the visitor is, and the passages closest to the question."""

    reason: Occasion
    matched: tuple[str, ...]
    facts: tuple[Fact, ...]
    letter_text: str
    passages: tuple[QuoteView, ...]
    find: str  # what passages were searched with; empty: these are the closest to the visitor's message
    state: str
    playbook: Playbook | None  # of an emergency that is not over
    script_key: str
    transcript_url: str

    @property
    def seen_all(self) -> int:
        """The fixed words of an emergency are sent whatever the visitor wrote meanwhile."""
        return MAX_SEQ


def context_view(
    handover: Handover,
    conversation: Conversation,
    passages: Sequence[QuoteView],
    *,
    find: str,
    matched: tuple[str, ...],
    site: Site,
    script: str,
    script_key: str,
    wish: Wish | None,
    url: str,
    reader: Reader,
    state: str,
) -> ContextView:
    return ContextView(
        reason=REASONS[handover.reason],
        matched=matched,
        facts=_facts(handover, conversation, site.clinic, wish, reader),
        letter_text=(handover.letter.text if handover.letter else "") or "",
        passages=tuple(passages),
        find=find,
        state=state,
        playbook=_playbook(handover, site, script, reader),
        script_key=script_key,
        transcript_url=f"{url}/transcript.txt",
    )


def _playbook(handover: Handover, site: Site, script: str, reader: Reader) -> Playbook | None:
    if handover.is_drill or not (handover.urgent and handover.is_open):
        return None
    return playbook_of(site, script, is_mine=handover.claimed_by == reader.user_id)


def _facts(
    handover: Handover, conversation: Conversation, clinic: str, wish: Wish | None, reader: Reader
) -> tuple[Fact, ...]:
    letter = handover.letter
    found = (
        ("Name", letter and letter.name),
        ("Reach at", letter and letter.contact),
        ("Email", wish and _mail_words(wish, reader)),
        ("Page", _short_address(conversation.page_url or "")),
        ("Clinic", clinic),
        ("Chat since", reader.clock(conversation.created_at)),
        ("Note", "Looks like spam" if handover.suspected_spam else ""),
    )
    return tuple(Fact(name, str(value)) for name, value in found if value)


def _mail_words(wish: Wish, reader: Reader) -> str:
    """That the visitor is told by email when they are gone and somebody answers, and how that went."""
    if wish.error:
        return f"Your answer could not be emailed to {wish.address}: {wish.error}"
    if wish.mailed_at:
        return f"Told at {reader.clock(wish.mailed_at)} that there is an answer"
    return "Told when you answer, if they have left"


def _short_address(url: str) -> str:
    """A page's address as people say it."""
    return url.partition("?")[0].partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/") or url
