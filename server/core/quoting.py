"""Cuts a quote out of a page, checked against the page, with a link that opens the page at that very passage."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote as percent_encode

from kb.pages import Page, Passage
from kb.reading.sentences import Span, sentence_spans
from server.core.reply import Quote, Source

# Longer texts are linked by their first and last words: browsers match long fragments less reliably.
WHOLE_FRAGMENT_CHARS = 80
EDGE_WORDS = 4


def cut_quote(page: Page, passage: Passage, span: Span | None) -> Quote:
    """The whole passage, word for word, with the answering part (in code points of the passage) highlighted."""
    text = page.text_of(passage)
    highlight = span if span is not None and 0 <= span[0] < span[1] <= len(text) else (0, len(text))
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
            link=link_to(page, passage, highlight, url),
        ),
        needs_note=passage.needs_note,
    )


def link_to(page: Page, passage: Passage, highlight: Span, url: str) -> str:
    """A text-fragment link to the highlighted words; to the passage's first sentence when the highlight is the whole."""
    text = page.text_of(passage)
    if not url:
        return ""
    if highlight == (0, len(text)):
        highlight = next(iter(sentence_spans(text)), highlight)
    words = text[slice(*highlight)].split("\n")[0].strip()
    prefix = ""
    if page.text.casefold().count(words.casefold()) > 1:
        before = page.text[: passage.start + highlight[0]].split("\n")[-1].split()
        prefix = f"{_encoded(' '.join(before[-EDGE_WORDS:]))}-," if before else ""
    return f"{url}#:~:text={prefix}{_fragment(words)}"


def _fragment(words: str) -> str:
    pieces = words.split()
    if len(words) <= WHOLE_FRAGMENT_CHARS or len(pieces) <= 2 * EDGE_WORDS:
        return _encoded(words)
    return f"{_encoded(' '.join(pieces[:EDGE_WORDS]))},{_encoded(' '.join(pieces[-EDGE_WORDS:]))}"


def _encoded(words: str) -> str:
    return percent_encode(words, safe="").replace("-", "%2D")
