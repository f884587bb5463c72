"""A page as its clinic's website would show it: headings, paragraphs and lists, in the words that quotes link to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kb.pages import Page

BULLET = "•"


@dataclass(frozen=True, slots=True)
class PageBlock:
    """One block: a heading with its level, a paragraph (level 0), or a list's items."""

    level: int
    text: str
    items: tuple[str, ...] = ()


def page_blocks(page: Page) -> tuple[PageBlock, ...]:
    """The page's text, cut at its blank lines; none of its words is left out."""
    return tuple(_blocks(page))


def _blocks(page: Page) -> Iterator[PageBlock]:
    levels = {heading.start: heading.level for heading in page.headings}
    position = 0
    for piece in page.text.split("\n\n"):
        start = position + len(piece) - len(piece.lstrip("\n"))
        text = piece.strip("\n")
        if start in levels:
            yield PageBlock(min(levels[start], 6), text)
        elif text and all(line.lstrip().startswith(BULLET) for line in text.split("\n")):
            yield PageBlock(0, "", tuple(line.lstrip()[len(BULLET) :].strip() for line in text.split("\n")))
        elif text.strip():
            yield PageBlock(0, text)
        position += len(piece) + 2
