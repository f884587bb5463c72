"""What is embedded of each passage: its questions, its phrasings, its sentences, and the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType

from rapidfuzz import fuzz

from kb.content import Content, Phrasing
from kb.pages import Page, Passage
from kb.reading.sentences import Span, sentence_spans

# How like an answering sentence a phrasing's remembered words must be to point at it after an edit, 0 to 100.
_STILL_THE_SAME = 60.0
WINDOW_CHARS, ASKED_CHARS = 200, 80  # some fifty tokens, and some twenty


class UnitKind(StrEnum):
    """What an embedded text is: the page's own question, another way to ask, the same from the bank of asks, a sentence, or a
    passage under its heading.
    """

    QUESTION = "question"
    PHRASING = "phrasing"
    ASK = "ask"
    SENTENCE = "sentence"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Unit:
    """One embedded text. `passage` is its passage's position; `span` the part of the passage it speaks of."""

    text: str
    passage: int
    kind: UnitKind
    span: Span | None = None

    @property
    def asks(self) -> bool:
        """Whether it is a question; otherwise it is the page's own words."""
        return self.kind in {UnitKind.QUESTION, UnitKind.PHRASING, UnitKind.ASK}


def units_of(content: Content, known: Mapping[str, Sequence[Span]] = MappingProxyType({})) -> list[Unit]:
    """The units of every passage, in passage order, then the phrasings, those of the checklist last.

    known: the sentences of texts that were split before (`spans_by_text`): splitting takes some thousandths of a second.
    """
    passages = list(content.passages())
    texts = [page.text_of(passage) for page, passage in passages]
    split = [known[text] if text in known else sentence_spans(text) for text in texts]
    units = [unit for at, place in enumerate(passages) for unit in _own_units(*place, at, split[at])]
    positions = {passage.passage_id: position for position, (_, passage) in enumerate(passages)}
    own = {(one.text, one.passage_id) for one in content.phrasings}
    asked = [one for one in content.asked_phrasings() if (one.text, one.passage_id) not in own]
    kinds = ((UnitKind.PHRASING, content.phrasings), (UnitKind.ASK, asked))
    for kind, phrasing in ((kind, one) for kind, some in kinds for one in some):
        position = positions.get(phrasing.passage_id)
        if position is not None:  # its passage was removed by an edit
            span = answering_span(texts[position], split[position], phrasing)
            units.append(Unit(phrasing.text, position, kind, span))
    return units


def spans_by_text(pages: Iterable[Page], units: Iterable[Unit]) -> dict[str, list[Span]]:
    """The sentences of every passage of a build, by its text."""
    texts = [page.text_of(passage) for page in pages for passage in page.passages]
    spans: dict[str, list[Span]] = {text: [] for text in texts}
    for text, group in groupby((one for one in units if one.kind is UnitKind.SENTENCE), lambda one: texts[one.passage]):
        spans[text] = [one.span for one in group if one.span is not None]
    return spans


def answering_span(text: str, spans: Sequence[Span], phrasing: Phrasing) -> Span | None:
    """The sentence of a passage, of `spans`, that a phrasing is answered by: the one that holds, or most resembles, its quote."""
    if not phrasing.quote:
        return None
    quote = " ".join(phrasing.quote.split())
    for start, end in spans:
        if quote in " ".join(text[start:end].split()):
            return start, end
    likeness = [
        (max(fuzz.ratio(quote, text[start:end]), fuzz.partial_ratio(quote, text[start:end]) - 10), start, end)
        for start, end in spans
    ]
    best, start, end = max(likeness, default=(0.0, 0, 0))
    return (start, end) if best >= _STILL_THE_SAME else None


def _own_units(page: Page, passage: Passage, position: int, spans: Iterable[Span]) -> Iterator[Unit]:
    text = page.text_of(passage)
    if passage.question:
        yield Unit(passage.question, position, UnitKind.QUESTION)
    for span in spans:
        yield Unit(text[slice(*span)], position, UnitKind.SENTENCE, span)
    heading = passage.heading[-1] if passage.heading else page.title
    yield Unit(f"{heading}: {text}", position, UnitKind.WHOLE, (0, len(text)))


def window(whole: Unit, spans: Sequence[Span], span: Span | None, asked: str = "") -> str:
    """What is read of a passage together with a question: its heading, what else it is known to answer, and the sentence at
    `span`, else the first, with as many of its neighbours as WINDOW_CHARS hold, what follows it before what stands before it.

    whole: the passage under its heading; spans: of its sentences; asked: the nearest of the questions it answers.
    """
    if whole.span is None or not spans:
        return whole.text
    text = whole.text[-whole.span[1] :]
    head = whole.text[: -len(text)] + (f"{asked[:ASKED_CHARS]} " if asked else "")
    first = last = next((at for at, (start, end) in enumerate(spans) if span and start < span[1] and span[0] < end), 0)
    while True:
        if last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= WINDOW_CHARS:
            last += 1
        elif first > 0 and spans[last][1] - spans[first - 1][0] <= WINDOW_CHARS:
            first -= 1
        else:
            return head + text[spans[first][0] : spans[last][1]]
