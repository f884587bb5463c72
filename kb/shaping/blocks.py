"""What importers hand on: the blocks of a page in reading order, and the tags that their words suggest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page in reading order.

    kind "heading" has a `level`; "list" has `items`, the number of the `first` one if they are numbered, and the
    sentence that introduces them as `text`; "faq" has its `question`, and the answer as `text`. A faq's `level` is
    that of its question; 0 stands for one below the heading it is under. What stands `under` a level has left the box
    of the headings below that level: 0 is the page itself.
    """

    kind: str  # heading | paragraph | list | faq
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    first: int | None = None  # None: bullets
    question: str | None = None
    faq: str | None = None
    passage_id: str | None = None
    tags: frozenset[str] | None = None  # None: suggested from the words
    url: str | None = None
    under: int | None = None  # None: under the last heading
    is_strong: bool = False  # a line that is bold as a whole
    effective: str | None = None  # the days from and until which it holds, as Passage has them
    expires: str | None = None


# A longer line is text of its own, whatever it ends with.
_MAX_ITEM_WORDS = 12

_LAID_OUT = re.compile(r"  (?:•|\d+\.) ")

_RISK = re.compile(
    r"\b(?:side effects?|sore(?:ness)?|bruis\w+|numb(?:ness)?|swell\w*|bleed\w*|infect\w*|risks?|complications?|"
    r"mild pain|reactions?|negative)\b",
    re.IGNORECASE,
)
_AFTERCARE = re.compile(
    r"\b(?:after (?:a|an|the|your|each)? ?\w* ?(?:injection|procedure|treatment|shot)s?|afterwards?|plan to avoid|"
    r"moist heat|\bice\b|safe to drive|physical therapy after)\b",
    re.IGNORECASE,
)


def suggest_tags(text: str, question: str | None = None) -> frozenset[str]:
    """Tags an importer proposes for a passage: `risk` when it speaks of harm, `aftercare` of the time after."""
    words = f"{question or ''} {text}"
    found = {"risk"} if _RISK.search(words) else set()
    return frozenset(found | ({"aftercare"} if _AFTERCARE.search(words) else set()))


def list_text(items: Sequence[str], first: int | None = None) -> str:
    """A list's items as lines of a page's text, bulleted or numbered from `first`."""
    marks = ["•"] * len(items) if first is None else [f"{first + number}." for number in range(len(items))]
    return "\n".join(f"  {mark} {item}" for mark, item in zip(marks, items, strict=True))


def list_block(marked: Sequence[tuple[int | None, str]]) -> Block:
    """A block of items, each with its number, or None for a bullet; one with both keeps each mark as it is shown."""
    numbers = [number for number, _ in marked]
    first = numbers[0] if numbers else None
    expected = [None if first is None else first + at for at in range(len(numbers))]
    if numbers == expected:
        return Block("list", items=tuple(text for _, text in marked), first=first)
    lines = (f"  {'•' if number is None else f'{number}.'} {text}" for number, text in marked)
    return Block("paragraph", "\n".join(lines))


def text_of(blocks: Iterable[Block]) -> str:
    """What blocks say, as the text of one passage."""
    pieces = [piece for one in blocks for piece in (one.question, one.text, list_text(one.items, one.first))]
    return "\n\n".join(piece for piece in pieces if piece)


def is_laid_out(text: str) -> bool:
    """Whether a text is the lines of a list, with marks of several kinds."""
    return bool(_LAID_OUT.match(text))


def is_list(block: Block) -> bool:
    """Whether a block is a list without an introduction, also one that is laid out already, with marks of many kinds."""
    if block.kind == "list":
        return not block.text
    return block.kind == "paragraph" and is_laid_out(block.text)


def is_fragment(block: Block) -> bool:
    """A line that says nothing without what stands above: it is no sentence."""
    is_short = len(block.text.split()) <= _MAX_ITEM_WORDS
    return (
        block.kind == "paragraph"
        and is_short
        and not is_list(block)
        and block.text[-1:] not in ".!?:"
        and not block.is_strong
    )


def goes_on_with(before: Block, block: Block) -> bool:
    """Whether a list goes on with the one before it, by its mark or its numbers."""
    return block.first is None if before.first is None else block.first == before.first + len(before.items)


def joined_tags(introduction: Block, block: Block, words: str) -> frozenset[str] | None:
    """Tags of a list with its introduction: what a person gave to either is kept; without any they are suggested."""
    if not introduction.tags:
        return block.tags
    suggested = suggest_tags(f"{words} {' '.join(block.items)}")
    return introduction.tags | (suggested if block.tags is None else block.tags)
