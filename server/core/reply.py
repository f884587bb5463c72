"""A reply, everywhere the same: quotes with their source, or a fixed text. No caller can build any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from kb.labels import DUTIES, Label, Outcome

MAX_QUOTES = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quote stands: the page, the heading path above it, and a link that opens the page at the passage."""

    title: str
    url: str
    heading: str
    reviewed: str | None
    link: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage, word for word. `highlight` marks the answering sentence, in code points of `text`."""

    text: str
    sha256: str
    passage_id: str
    faq: str | None
    highlight: tuple[int, int]
    source: Source

    def __post_init__(self) -> None:
        if sha256(self.text.encode()).hexdigest() != self.sha256:
            raise ValueError(f"{self.passage_id}: the quoted text is not the text that was approved")
        start, end = self.highlight
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"{self.passage_id}: highlight {self.highlight} lies outside a text of {len(self.text)}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A heading close to a question the page does not answer, offered as a button."""

    passage_id: str
    heading: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was considered, with its calibrated score: the chance that quoting it is right."""

    passage_id: str
    faq: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a message was decided as it was: enough to explain it a year later."""

    rules: tuple[str, ...] = ()
    gate: Mapping[str, float] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    threshold: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "rules": list(self.rules),
            "gate": dict(self.gate),
            "candidates": [
                {"passage_id": one.passage_id, "faq": one.faq, "score": one.score} for one in self.candidates
            ],
            "threshold": self.threshold,
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """What a visitor is shown for one message.

    Only an `answer` holds quotes, one or two; only `out_of_kb` holds suggestions. `sent_line` is what is added
    to the message once a handover is stored: see `once_handed_over`.
    """

    label: Label
    message: str
    build: str
    sent_line: str = ""
    handed_over: bool = False
    note: str | None = None
    quotes: tuple[Quote, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    trace: Trace = field(default_factory=Trace)

    def __post_init__(self) -> None:
        if self.quotes and self.label is not Label.ANSWER:
            raise ValueError(f"a {self.label} message never gets a quote")
        if self.label is Label.ANSWER and not 1 <= len(self.quotes) <= MAX_QUOTES:
            raise ValueError(f"an answer holds one or {MAX_QUOTES} quotes, not {len(self.quotes)}")
        if self.suggestions and self.label is not Label.OUT_OF_KB:
            raise ValueError(f"a {self.label} message never gets suggestions")
        if self.handed_over and not DUTIES[self.label].alerts:
            raise ValueError(f"a {self.label} message is not handed over")

    @property
    def outcome(self) -> Outcome:
        return DUTIES[self.label].outcome

    @property
    def needs_handover(self) -> bool:
        return DUTIES[self.label].alerts

    def once_handed_over(self) -> Reply:
        """The same reply after its handover is committed: only now may it say that the message was passed on."""
        return replace(self, handed_over=True, message=f"{self.message} {self.sent_line}".strip())

    def as_json(self, *, trace: bool = False) -> dict[str, Any]:
        """The reply as every door gives it."""
        body: dict[str, Any] = {
            "label": str(self.label),
            "outcome": str(self.outcome),
            "message": self.message,
            "handed_over": self.handed_over,
            "note": self.note,
            "quotes": [
                {
                    "text": quote.text,
                    "sha256": quote.sha256,
                    "passage_id": quote.passage_id,
                    "faq": quote.faq,
                    "highlight": list(quote.highlight),
                    "source": {
                        "title": quote.source.title,
                        "url": quote.source.url,
                        "heading": quote.source.heading,
                        "reviewed": quote.source.reviewed,
                        "link": quote.source.link,
                    },
                }
                for quote in self.quotes
            ],
            "suggestions": [{"passage_id": one.passage_id, "heading": one.heading} for one in self.suggestions],
            "build": self.build,
        }
        if trace:
            body["trace"] = self.trace.as_json()
        return body
