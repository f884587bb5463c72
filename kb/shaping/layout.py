"""From blocks to a page: lays out the plain text a visitor sees and notes headings and passages as offsets.

Every importer ends here, so that a page reads the same wherever it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from kb.pages import Heading, Page, Passage, PassageKind
from kb.shaping.blocks import Block, list_text, suggest_tags
from kb.shaping.sense import with_sense
from kb.shaping.words import label_of

# How a second copy is listed among what was left out, before its question.
COPY = "second copy of: "

# A line of a list as it stands in a page's text.
LIST_LINE = re.compile(r"^  (?:•|\d+\.) ", re.MULTILINE)

# Left out of every page: what a form or a spam trap left behind in the text.
RESIDUE = re.compile(r"validation purposes|should be left unchanged|leave this field (?:blank|empty)", re.IGNORECASE)


@dataclass(slots=True)
class _Layout:
    page_id: str
    title: str
    page_tags: frozenset[str]
    parts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    path: list[tuple[int, str]] = field(default_factory=list)
    used_ids: set[str] = field(default_factory=set)

    def add(self, text: str) -> tuple[int, int]:
        """Append a block of text after a blank line; give its span."""
        gap = "\n\n" if self.parts else ""
        start = self.length + len(gap)
        self.parts += [gap, text]
        self.length = start + len(text)
        return start, self.length

    def add_heading(self, text: str, level: int) -> None:
        self.headings.append(Heading(*self.add(text), level))
        self.path = [one for one in self.path if one[0] < level]
        if level > 1 or text != self.title:  # the title itself stands in Source.title
            self.path.append((level, text))

    def add_passage(self, kind: PassageKind, start: int, text: str, block: Block) -> None:
        question = block.question if kind is PassageKind.FAQ else None
        own = question or label_of(text)
        tags = suggest_tags(text, question) if block.tags is None else block.tags
        self.passages.append(
            Passage(
                passage_id=self._new_id(block.passage_id, text),
                kind=kind,
                start=start,
                end=start + len(text),
                heading=(*(words for _, words in self.path), *([own] if own else [])),
                question=question,
                faq=block.faq,
                tags=tags | self.page_tags,
                url=block.url,
                effective=block.effective,
                expires=block.expires,
            )
        )

    def _new_id(self, given: str | None, text: str) -> str:
        seed = f"{self.page_id}\n{' › '.join(words for _, words in self.path)}\n{text}"
        fresh = given or f"p-{sha256(seed.encode()).hexdigest()[:12]}"
        number = 1
        while fresh in self.used_ids:  # the same words twice on one page, both kept
            number += 1
            fresh = f"{given or fresh.split('.')[0]}.{number}"
        self.used_ids.add(fresh)
        return fresh


def assemble(
    blocks: Sequence[Block],
    *,
    page_id: str,
    title: str,
    url: str,
    reviewed: str | None = None,
    left_out: Iterable[str] = (),
    tags: frozenset[str] = frozenset(),
    owner: str = "",
) -> Page:
    """Lay blocks out as a page. Every passage gets the page's `tags` beside its own.

    A list keeps the words that give it its sense (kb/shaping/sense.py). A question already answered in the same words is
    merged; what is dropped is listed in `left_out`.
    """
    layout = _Layout(page_id, title, tags)
    dropped = list(left_out)
    whole = _without_empty(_without_residue(blocks, dropped), dropped)
    kept = _without_bare_headings(_without_copies(with_sense(whole, dropped), dropped), dropped)
    for block in kept:
        _lay_out(layout, block)
    return Page(
        page_id=page_id,
        title=title,
        url=url,
        reviewed=reviewed,
        text="".join(layout.parts),
        headings=tuple(layout.headings),
        passages=tuple(layout.passages),
        left_out=tuple(dropped),
        owner=owner,
    )


def _lay_out(layout: _Layout, block: Block) -> None:
    if block.under is not None:
        layout.path = [one for one in layout.path if one[0] <= (block.under or 0)]
    if block.kind == "heading":
        layout.add_heading(block.text, block.level)
    elif block.kind == "faq":
        below = min((layout.path[-1][0] if layout.path else 1) + 1, 6)
        layout.headings.append(Heading(*layout.add(block.question or ""), block.level or below))
        layout.add_passage(PassageKind.FAQ, layout.add(block.text)[0], block.text, block)
    elif block.kind == "list":
        items = list_text(block.items, block.first)
        text = f"{block.text}\n\n{items}" if block.text else items
        layout.add_passage(PassageKind.LIST, layout.add(text)[0], text, block)
    else:
        kind = PassageKind.LIST if LIST_LINE.search(block.text) else PassageKind.PARAGRAPH
        layout.add_passage(kind, layout.add(block.text)[0], block.text, block)


def _without_residue(blocks: Iterable[Block], dropped: list[str]) -> list[Block]:
    kept = []
    for block in blocks:
        if block.kind == "list":
            dropped += [item for item in block.items if RESIDUE.search(item)]
            items = tuple(item for item in block.items if not RESIDUE.search(item))
            kept += [replace(block, items=items)] if items else []
        elif RESIDUE.search(block.text):
            dropped.append(block.text)
        else:
            kept.append(block)
    return kept


def _without_empty(blocks: Iterable[Block], dropped: list[str]) -> list[Block]:
    """Drop blocks without words; a question nobody answered is listed."""
    kept = []
    for block in blocks:
        items = tuple(item for item in block.items if item.strip())
        if block.kind == "faq" and not (block.text.strip() and (block.question or "").strip()):
            dropped += [f"half of a question and answer: {words}" for words in (block.question, block.text) if words]
        elif items or (block.kind != "list" and block.text.strip()):
            kept.append(replace(block, items=items))
    return kept


def _without_copies(blocks: Iterable[Block], dropped: list[str]) -> list[Block]:
    """Keep the first of each question-and-answer pair; rows of an FAQ sheet, which have ids, are never merged."""
    kept, seen = [], set()
    for block in blocks:
        pair = (_folded(block.question or ""), _folded(block.text))
        if block.kind == "faq" and block.faq is None:
            if pair in seen:
                dropped.append(f"{COPY}{block.question}")
                continue
            seen.add(pair)
        kept.append(block)
    return kept


def _without_bare_headings(blocks: Sequence[Block], dropped: list[str]) -> list[Block]:
    """Drop a heading with nothing under it at the end of the page: a button or a bare call to action."""
    kept = list(blocks)
    while kept and kept[-1].kind == "heading" and len(kept) > 1:
        dropped.append(kept.pop().text)
    return kept


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
