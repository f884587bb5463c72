"""A conversation's log as lines to print: what was said, by whom, and quotes as the visitor sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi.responses import PlainTextResponse

from kb.labels import Outcome
from server.core.reply import Quote, Reply, Suggestion
from server.storage.talks.events import Author, Event, Kind
from server.web.words.moments import date_in_words
from server.web.words.texts import Texts, texts_in


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote as a clipping. The three pieces of text together are the quote, byte for byte."""

    before: str
    marked: str
    after: str
    heading: str
    reviewed: str
    link: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. `look` says which: visitor, assistant, person, emergency or system."""

    seq: int
    look: str
    by: str
    text: str
    note: str = ""
    quotes: tuple[QuoteView, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    about_quotes: str = ""  # the fixed line below what a person quotes


def lines_of(events: Iterable[Event], texts: Texts, advocate: str) -> tuple[Line, ...]:
    """The log in words. Whoever took the conversation is named; `advocate` while nobody has."""
    lines: list[Line] = []
    for event in events:
        if event.author is Author.ADVOCATE or event.kind is Kind.CLAIMED:
            advocate = str(event.body.get("name") or advocate)
        lines += _lines(event, texts, advocate.split()[0])
    return tuple(lines)


def as_file(lines: Iterable[Line]) -> PlainTextResponse:
    """A conversation to keep."""
    headers = {"Content-Disposition": 'attachment; filename="chat.txt"', "Cache-Control": "no-store"}
    return PlainTextResponse(as_text(lines), headers=headers)


def as_text(lines: Iterable[Line]) -> str:
    """The log as plain text: each line with who said it; quotes word for word, with their heading and date."""
    pieces = []
    for line in lines:
        quotes = (f"{one.heading}\n{one.before}{one.marked}{one.after}\n{one.reviewed}" for one in line.quotes)
        pieces.append(
            "\n".join(
                [
                    *filter(None, [line.by and f"{line.by}:"]),
                    *quotes,
                    *filter(None, [line.note, line.about_quotes, line.text]),
                ]
            )
        )
    return "\n\n".join(pieces) + "\n"


def reviewed_line(iso: str | None, texts: Texts) -> str:
    """When the clinic reviewed a text, in words."""
    return texts.reviewed.replace("{date}", date_in_words(iso, texts.language)) if iso else texts.not_reviewed


def _lines(event: Event, texts: Texts, who: str) -> list[Line]:
    body = event.body
    if event.author is Author.ADVOCATE and "text" in body:
        return [_persons_line(event, texts)]
    if event.reply is not None:
        return [_reply_line(event.seq, event.reply, texts)]
    if event.author is Author.VISITOR and "text" in body:
        return [Line(event.seq, "visitor", texts.you, body["text"])]
    unnamed = texts_in(texts.language)
    text = _SYSTEM_LINES[event.kind](body, unnamed) if event.kind in _SYSTEM_LINES else ""
    return [Line(event.seq, "system", "", text.replace("{advocate}", who))] if text else []


def _persons_line(event: Event, texts: Texts) -> Line:
    """A person's own words; and apart from them, as a clipping, what they quote."""
    quoted, name, text = event.reply, event.body.get("name", ""), event.body["text"]
    if quoted is None:
        return Line(event.seq, "person", name, text)
    return replace(
        _reply_line(event.seq, quoted, texts), look="person", by=name, text=text, about_quotes=quoted.message
    )


def _reply_line(seq: int, reply: Reply, texts: Texts) -> Line:
    return Line(
        seq=seq,
        look="emergency" if reply.outcome is Outcome.EMERGENCY else "assistant",
        by=texts.assistant,
        text=reply.message,
        note=reply.note or "",
        quotes=tuple(_quote(one, texts) for one in reply.quotes),
        suggestions=reply.suggestions,
    )


def _quote(quote: Quote, texts: Texts) -> QuoteView:
    text, (start, end), source = quote.text, quote.highlight, quote.source
    if (start, end) == (0, len(text)):
        end = 0  # marking everything would mark nothing
    return QuoteView(
        before=text[:start],
        marked=text[start:end],
        after=text[end:],
        heading=source.heading or source.title,
        reviewed=reviewed_line(source.reviewed, texts),
        link=source.link,
        passage_id=quote.passage_id,
    )


def _released_to(texts: Texts) -> Mapping[str, str]:
    return {"assistant": texts.assistant_again, "call_back": texts.unclaimed}


_SYSTEM_LINES: Mapping[Kind, Callable[[Mapping[str, Any], Texts], str]] = {
    Kind.CLAIMED: lambda _body, texts: texts.joined,
    Kind.RELEASED: lambda body, texts: _released_to(texts).get(body.get("to", ""), texts.left),
    Kind.CLOSED: lambda _body, texts: texts.closed,
    Kind.HANDOVER: lambda _body, texts: texts.letter_done,
    Kind.CORRECTION: lambda body, texts: f"{texts.correction}: {body.get('text', '')}",
    Kind.RESET: lambda _body, texts: texts.erased,
}
