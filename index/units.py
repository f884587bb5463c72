"""What is embedded of each passage: its questions, its phrasings, its sentences, and the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from kb.content import Content, Phrasing
from kb.pages import Page, Passage
from kb.reading.sentences import Span, sentence_spans

# How like an answering sentence a phrasing's remembered words must be to point at it after an edit, 0 to 100.
_STILL_THE_SAME = 60.0


class Kind(StrEnum):
    """What an embedded text is: the page's own question, another way to ask, a sentence, or a passage under its heading."""

    QUESTION = "question"
    PHRASING = "phrasing"
    SENTENCE = "sentence"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Unit:
    """One embedded text. `passage` is its passage's position; `span` the part of the passage it speaks of."""

    text: str
    passage: int
    kind: Kind
    span: Span | None = None

    @property
    def asks(self) -> bool:
        """Whether it is a question; otherwise it is the page's own words."""
        return self.kind in {Kind.QUESTION, Kind.PHRASING}


def units_of(content: Content) -> list[Unit]:
    """The units of every passage, in passage order, then the phrasings, those of the checklist last."""
    passages = list(content.passages())
    units = [unit for position, (page, passage) in enumerate(passages) for unit in _own_units(page, passage, position)]
    positions = {passage.passage_id: position for position, (_, passage) in enumerate(passages)}
    own = {(one.text, one.passage_id) for one in content.phrasings}
    asked = [one for one in content.asked_phrasings() if (one.text, one.passage_id) not in own]
    for phrasing in [*content.phrasings, *asked]:
        position = positions.get(phrasing.passage_id)
        if position is not None:  # its passage was removed by an edit
            page, passage = passages[position]
            units.append(Unit(phrasing.text, position, Kind.PHRASING, answering_span(page.text_of(passage), phrasing)))
    return units


def answering_span(text: str, phrasing: Phrasing) -> Span | None:
    """The sentence of a passage that a phrasing is answered by: the one that holds, or most resembles, its quote."""
    if not phrasing.quote:
        return None
    quote = " ".join(phrasing.quote.split())
    spans = sentence_spans(text)
    for start, end in spans:
        if quote in " ".join(text[start:end].split()):
            return start, end
    likeness = [
        (max(fuzz.ratio(quote, text[start:end]), fuzz.partial_ratio(quote, text[start:end]) - 10), start, end)
        for start, end in spans
    ]
    best, start, end = max(likeness, default=(0.0, 0, 0))
    return (start, end) if best >= _STILL_THE_SAME else None


def _own_units(page: Page, passage: Passage, position: int) -> Iterator[Unit]:
    text = page.text_of(passage)
    if passage.question:
        yield Unit(passage.question, position, Kind.QUESTION)
    for span in sentence_spans(text):
        yield Unit(text[slice(*span)], position, Kind.SENTENCE, span)
    heading = passage.heading[-1] if passage.heading else page.title
    yield Unit(f"{heading}: {text}", position, Kind.WHOLE)
