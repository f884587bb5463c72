"""A reply, everywhere the same: quotes with their source, or a fixed text. No caller can build any other.

One shape: `as_json` is what every door gives and every log keeps, `from_json` reads it back, and the API's description
is drawn from these very types. What is marked INSIDE stays with us.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, computed_field

from kb.labels import DUTIES, Label, Outcome

MAX_QUOTES = 2
INSIDE = Field(exclude=True)
EVERY_FIELD = ConfigDict(json_schema_serialization_defaults_required=True)  # what is given is given whole


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quote stands: the page, the heading path above it, and a link that opens the page at the passage."""

    title: str
    url: str
    heading: str
    reviewed: str | None
    link: str = field(
        compare=False
    )  # how a browser finds the words, no part of them: a turn replayed later says the same


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage, word for word. `highlight` marks the answering sentence, in code points of `text`."""

    text: str
    sha256: str
    passage_id: str
    faq: str | None
    highlight: tuple[int, int]
    source: Source
    # It speaks of harm or aftercare. Not kept: of a quote that is read back nobody asks it.
    needs_note: Annotated[bool, INSIDE] = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if sha256(self.text.encode()).hexdigest() != self.sha256:
            raise ValueError(f"{self.passage_id}: the quoted text is not the text that was approved")
        start, end = self.highlight
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"{self.passage_id}: highlight {self.highlight} lies outside a text of {len(self.text)}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A heading close to a question the page does not answer, offered as a button; and the question it answers."""

    __pydantic_config__: ClassVar[ConfigDict] = EVERY_FIELD

    passage_id: str
    heading: str
    question: str | None = None

    @property
    def words(self) -> str:
        """What the button says."""
        return self.question or self.heading


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was considered, with its calibrated score: the chance that quoting it is right."""

    passage_id: str
    faq: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a message was decided as it was. `rules` holds codes of causes (reasons.py), the deciding one last."""

    rules: tuple[str, ...] = ()
    gate: Mapping[str, float] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    threshold: float | None = None

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = _TRACES.dump_python(self, mode="json")
        return body


@dataclass(frozen=True, slots=True)
class Decision(Trace):
    """A trace as it is kept: with label and build, enough to explain the message a year later."""

    label: Label | None = None
    build: str = ""

    @classmethod
    def of(cls, reply: Reply) -> Decision:
        trace = reply.trace
        return cls(trace.rules, trace.gate, trace.candidates, trace.threshold, reply.label, reply.build)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Decision:
        """Read one back; all empty once its words were erased. Raises ValueError."""
        return _DECISIONS.validate_python(body)

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = _DECISIONS.dump_python(self, mode="json")
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """What a visitor is shown for one message.

    Only an `answer` holds quotes, one or two, with the standing note where one needs it; only `out_of_kb` holds
    suggestions. Two replies are equal when a visitor is shown the same.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EVERY_FIELD

    label: Label
    message: str
    handed_over: bool = field(default=False, kw_only=True)
    note: str | None = field(default=None, kw_only=True)
    quotes: tuple[Quote, ...] = field(default=(), kw_only=True)
    suggestions: tuple[Suggestion, ...] = field(default=(), kw_only=True)
    build: str
    # What is added to the message once a handover is stored: see `once_handed_over`.
    sent_line: Annotated[str, INSIDE] = field(default="", kw_only=True, compare=False)
    trace: Annotated[Trace, INSIDE] = field(default_factory=Trace, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        if self.quotes and self.label is not Label.ANSWER:
            raise ValueError(f"a {self.label} message never gets a quote")
        if self.label is Label.ANSWER and not 1 <= len(self.quotes) <= MAX_QUOTES:
            raise ValueError(f"an answer holds one or {MAX_QUOTES} quotes, not {len(self.quotes)}")
        if not self.note and (bare := [one.passage_id for one in self.quotes if one.needs_note]):
            raise ValueError(f"{', '.join(bare)}: speaks of harm or aftercare and is never quoted without a note")
        if self.suggestions and self.label is not Label.OUT_OF_KB:
            raise ValueError(f"a {self.label} message never gets suggestions")
        if self.handed_over and not DUTIES[self.label].alerts:
            raise ValueError(f"a {self.label} message is not handed over")

    @computed_field  # type: ignore[prop-decorator]  # mypy: a decorated property
    @property
    def outcome(self) -> Outcome:
        return DUTIES[self.label].outcome

    @property
    def needs_handover(self) -> bool:
        return DUTIES[self.label].alerts

    def once_handed_over(self, *, says_so: bool = True) -> Reply:
        """The same reply after its handover is committed: only now may it say that the message was passed on.

        says_so: whether what its sent line says was done.
        """
        message = f"{self.message} {self.sent_line}".strip() if says_so else self.message
        return replace(self, handed_over=True, message=message)

    @classmethod
    def of_quotes(cls, replies: Sequence[Reply]) -> Reply:
        """One reply with the quotes of several answers of the same build, each once. Raises ValueError past MAX_QUOTES."""
        quotes = {quote.passage_id: quote for reply in replies for quote in reply.quotes}
        note = next((reply.note for reply in replies if reply.note), None)
        return replace(replies[0], quotes=tuple(quotes.values()), note=note, trace=Trace())

    def as_json(self, *, trace: bool = False) -> dict[str, Any]:
        """The reply as every door gives it."""
        shown: dict[str, Any] = _REPLIES.dump_python(self, mode="json")
        body = {"label": shown.pop("label"), "outcome": shown.pop("outcome"), **shown}
        return {**body, "trace": self.trace.as_json()} if trace else body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Reply:
        """Read back what `as_json` gave, by this version or an earlier one. Raises ValueError."""
        return _REPLIES.validate_python(body)


_TRACES = TypeAdapter(Trace)
_DECISIONS = TypeAdapter(Decision)
_REPLIES = TypeAdapter(Reply)
