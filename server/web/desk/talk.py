"""The open conversation as the desk shows it: the log that the visitor reads too, and what may be done below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from server.core.handing.handover import Closing, Status, Step
from server.core.reply import Quote
from server.storage import AWAY, Author, Event, Handover, Kind, Note, NoteKind
from server.web.words.drills import drill_words
from server.web.words.moments import clock
from server.web.words.texts import ENGLISH
from server.web.words.wording import CLOSINGS, REASONS, Occasion

ERASED = "Every word was erased at the visitor’s wish"
LETTER = "The visitor left their name or a way to be reached"
NOT_SHARED = "Earlier messages are not shown: the visitor has not shared them."


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A passage: its text in three parts, the middle one being the sentence that answers; and where it stands."""

    heading: str
    before: str
    marked: str
    after: str
    passage_id: str = ""
    sha256: str = ""
    link: str = ""
    note: str = ""
    score: float | None = None  # how likely it is the right answer; staff alone see it

    @property
    def text(self) -> str:
        return self.before + self.marked + self.after

    @property
    def closeness(self) -> str:
        return "" if self.score is None else f"{self.score:.0%} sure"

    @property
    def link_words(self) -> str:
        return ENGLISH.read_on_page

    @property
    def field(self) -> str:
        """How a form names it: the passage, and the bytes that were read."""
        return f"{self.passage_id}:{self.sha256}"

    @classmethod
    def of(cls, quote: Quote, *, note: str = "") -> QuoteView:
        start, end = quote.highlight
        text, source = quote.text, quote.source
        return cls(
            heading=source.heading or source.title,
            before=text[:start],
            marked=text[start:end],
            after=text[end:],
            passage_id=quote.passage_id,
            sha256=quote.sha256,
            link=source.link,
            note=note,
        )


@dataclass(frozen=True, slots=True)
class LogItem:
    """One entry of the log. `side`: visitor (left) | staff (right) | line (centred)."""

    seq: int
    kind: str  # visitor | advocate | assistant | emergency | line
    side: str
    author: str
    text: str
    at: str
    clock: str
    quotes: tuple[QuoteView, ...] = ()
    note: str = ""
    offered: tuple[str, ...] = ()
    is_missed: bool = False
    can_be_wrong: bool = False  # an answer of the assistant, which can be marked wrong


@dataclass(frozen=True, slots=True)
class NoteView:
    """What a member of staff told colleagues. `head` says who, to whom, and why there is a note."""

    head: str
    text: str
    at: str
    clock: str


@dataclass(frozen=True, slots=True)
class TalkView:
    """A conversation. `composer` is what stands below it: claim | write | none."""

    visitor: str
    reason: Occasion
    standing: str
    invitation: str
    composer: str
    items: tuple[LogItem, ...]
    hidden_line: str
    notes: tuple[NoteView, ...]
    last_seq: int
    version: int
    state: str
    url: str
    key: str
    draft: str = ""
    picked: tuple[QuoteView, ...] = ()
    composer_notice: str = ""

    @property
    def picked_state(self) -> str:
        return " ".join(one.field for one in self.picked)

    @property
    def claim_url(self) -> str:
        return f"{self.url}/claim"

    @property
    def wrong_url(self) -> str:
        return f"{self.url}/wrong"

    @property
    def note_url(self) -> str:
        return f"{self.url}/notes"

    @property
    def write_url(self) -> str:
        return f"{self.url}/messages"

    @property
    def find_url(self) -> str:
        return f"{self.url}/find"

    @property
    def insert_url(self) -> str:
        return f"{self.url}/insert"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A reply that is being written: what it says and quotes, what was missed meanwhile, and why it was not sent."""

    text: str = ""
    picked: tuple[QuoteView, ...] = ()
    missed: frozenset[int] = field(default_factory=frozenset)
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, when, and in which zone."""

    user_id: str
    now: datetime
    zone: str

    def clock(self, at: datetime) -> str:
        return clock(at, now=self.now, zone=self.zone)

    @property
    def today(self) -> date:
        """The clinic's own."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def field(self, at: datetime) -> str:
        """A time as a form's field holds it."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%H:%M}"


def talk_view(
    handover: Handover,
    events: Sequence[Event],
    *,
    reader: Reader,
    hides_earlier: bool,
    is_holder_there: bool,
    notes: Sequence[Note],
    state: str,
    url: str,
    key: str,
    last_seq: int,
    unsent: Unsent | None = None,
) -> TalkView:
    """The conversation as `reader` sees it. `hides_earlier`: the visitor has not shared what was said before."""
    unsent = unsent or Unsent()
    visitor = handover.visitor
    standing, invitation, composer = _standing(handover, reader, is_holder_there=is_holder_there)
    return TalkView(
        visitor=visitor,
        reason=REASONS[handover.reason],
        standing=standing,
        invitation=invitation,
        composer=composer,
        items=tuple(log_item(one, visitor=visitor, reader=reader, missed=unsent.missed) for one in events),
        hidden_line=NOT_SHARED if hides_earlier else "",
        notes=tuple(_note_view(one, reader) for one in notes),
        last_seq=last_seq,
        version=handover.version,
        state=state,
        url=url,
        key=key,
        draft=unsent.text,
        picked=unsent.picked,
        composer_notice=unsent.notice,
    )


def _note_view(note: Note, reader: Reader) -> NoteView:
    head = {
        NoteKind.NOTE: note.author,
        NoteKind.TRANSFER: f"{note.author} gave it to {note.to_name}",
        NoteKind.TAKE_OVER: f"{note.author} took it over",
    }[note.kind]
    return NoteView(head, note.text, note.at.isoformat(timespec="seconds"), reader.clock(note.at))


def _standing(handover: Handover, reader: Reader, *, is_holder_there: bool) -> tuple[str, str, str]:
    """Where it stands in a few words, the sentence below the log, and what stands there."""
    who = handover.claimed_by_name or "A colleague"
    match handover.status:
        case Status.WAITING:
            return f"since {reader.clock(handover.waiting_since)}", "No one has taken this conversation yet.", "claim"
        case Status.CALL_BACK:
            return "wants a call back", "The visitor waits for a call back, not in the chat.", "claim"
        case Status.CLAIMED if handover.claimed_by == reader.user_id:
            return "with you", "", "write"
        case Status.CLAIMED if not is_holder_there:
            return f"with {who}, away", f"{who} has this conversation, but is not at the desk now.", "none"
        case Status.CLAIMED:
            return f"with {who}", f"{who} is answering this conversation.", "none"
        case Status.ASSISTANT:
            return "given back", "The assistant answers again. A later message may bring it back here.", "none"
        case Status.CLOSED:
            return "closed", _closed_line(handover, reader), "none"


def _closed_line(handover: Handover, reader: Reader) -> str:
    if handover.is_drill:
        return drill_words(handover.waiting_since, handover.first_claimed_at, handover.claimed_by_name or "")
    outcome = CLOSINGS[Closing(handover.closing)] if handover.closing else "Closed"
    outcome += f", {reader.clock(handover.advised_at)}" if handover.advised_at else ""
    by = f" {handover.claimed_by_name} closed it." if handover.claimed_by_name else ""
    return f"Closed: {outcome.lower()}.{by}"


def log_item(event: Event, *, visitor: str, reader: Reader, missed: frozenset[int] = frozenset()) -> LogItem:
    """One event as an entry of the log."""
    reply = event.reply
    kind, side, author, text = _shown(event, visitor)
    return LogItem(
        seq=event.seq,
        kind=kind,
        side=side,
        author=author,
        text=text,
        at=event.at.isoformat(timespec="seconds"),
        clock=reader.clock(event.at),
        quotes=tuple(QuoteView.of(one) for one in reply.quotes) if reply else (),
        note=(reply.note or "") if reply else "",
        offered=tuple(one.words for one in reply.suggestions) if reply else (),
        is_missed=event.seq in missed,
        can_be_wrong=event.author is Author.ASSISTANT and event.kind is Kind.QUOTE,
    )


def _shown(event: Event, visitor: str) -> tuple[str, str, str, str]:
    """(kind, side, author, text) of an event."""
    body = event.body
    text = str(body.get("text") or (event.reply.message if event.reply else ""))
    if event.kind is Kind.EMERGENCY:
        return "emergency", "staff", "Assistant", text
    if event.kind is Kind.HANDOVER and event.author is Author.VISITOR:
        letter = str(body.get("letter", {}).get("text") or "")
        return ("visitor", "visitor", f"{visitor}, by letter", letter) if letter else ("line", "line", "", LETTER)
    if event.author is Author.VISITOR:
        return "visitor", "visitor", visitor, text
    if event.author is Author.ADVOCATE and event.kind is Kind.MESSAGE:
        return "advocate", "staff", str(body.get("name") or "Advocate"), text
    if event.author is Author.ASSISTANT:
        return "assistant", "staff", "Assistant", text
    return "line", "line", "", _line(event)


def _line(event: Event) -> str:
    body = event.body
    match event.kind:
        case Kind.CLAIMED if body.get("by") == Step.TRANSFER:
            return f"{body.get('from')} gave the conversation to {body.get('name')}"
        case Kind.CLAIMED if body.get("by") == Step.TAKE_OVER:
            return f"{body.get('name')} took the conversation over from {body.get('from')}"
        case Kind.CLAIMED:
            return f"{body.get('name') or 'An advocate'} took the conversation"
        case Kind.RELEASED if body.get("reason") == AWAY:
            return "Back in the queue by itself: whoever had it was away"
        case Kind.RELEASED if body.get("to") == Status.CALL_BACK:
            return "Nobody had taken it: the visitor was told so, and asked for a way to be reached"
        case Kind.RELEASED:
            whom = "the assistant" if body.get("to") == Status.ASSISTANT else "the queue"
            return f"Given back to {whom}"
        case Kind.CORRECTION:
            return f"Correction, shown to the visitor: {body.get('text', '')}"
        case Kind.CLOSED:
            return "Conversation closed"
        case Kind.RESET:
            return ERASED
        case _:
            return str(body.get("text") or f"{event.kind}".capitalize())
