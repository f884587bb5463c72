"""Cuts a quote out of a page, checked against the page, with a link that opens the page at that very passage."""

from __future__ import annotations

from hashlib import sha256

from kb.pages import Page, Passage
from kb.reading.sentences import Span, is_question, is_restricting, sentence_spans
from server.core.linking import link_to
from server.core.reply import Quote, Source


def cut_quote(page: Page, passage: Passage, span: Span | None, *, own_page: str = "") -> Quote:
    """The whole passage, word for word, with the answering part (in code points of the passage) highlighted.

    A sentence that asks is not highlighted where another one is. In a text on risk or aftercare what holds a patient back is
    inside the highlight: "safe to drive" alone would reassure. `own_page` is where this server shows the text, linked where the
    clinic's page has no address, such as a document.
    """
    text = page.text_of(passage)
    highlight = span if span is not None and 0 <= span[0] < span[1] <= len(text) else (0, len(text))
    if highlight != (0, len(text)):
        highlight = _highlight(text, highlight, is_noted=passage.needs_note)
    url = passage.url or page.url
    return Quote(
        text=text,
        sha256=sha256(text.encode()).hexdigest(),
        passage_id=passage.passage_id,
        faq=passage.faq,
        highlight=highlight,
        source=Source(
            title=page.title,
            url=url,
            heading=passage.heading_path,
            reviewed=page.reviewed,
            link=link_to(url or own_page, page.text, (passage.start + highlight[0], passage.start + highlight[1])),
        ),
        needs_note=passage.needs_note,
    )


def _highlight(text: str, span: Span, *, is_noted: bool) -> Span:
    spans = sentence_spans(text)
    answering = [one for one in spans if one[0] < span[1] and span[0] < one[1]]
    if answering and all(is_question(text[slice(*one)]) for one in answering):
        return 0, len(text)
    restricting = [one for one in spans if is_noted and is_restricting(text[slice(*one)])]
    if any(text[slice(*one)].endswith(":") for one in restricting):
        restricting.append(spans[-1])  # a label holds for the list below it
    ends = [span, *restricting]
    return min(start for start, _ in ends), max(end for _, end in ends)
