"""Finds what the pages of one site repeat, such as footers and calls to action, and keeps it once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kb.pages import Page
from kb.shaping.outline import Part, laid_out, parts_of

MIN_PAGES = 3
MIN_SHARE = 0.5  # of the pages: what fewer say may be each page's own
REPEATED = "repeated on every page: "


@dataclass(frozen=True, slots=True)
class Repeated:
    """A passage that many pages have: its words, on how many, and the title of the page that keeps it."""

    text: str
    pages: int
    kept_on: str


def without_repeated(pages: Sequence[Page]) -> tuple[list[Page], tuple[Repeated, ...]]:
    """The pages with each repeated passage on the first of them alone; it is listed among what the others left out.

    Case, punctuation and years may differ; any other number is part of the words. Answers to questions always stay, and
    so does a page's last passage.
    """
    found: dict[str, list[int]] = {}
    for number, page in enumerate(pages):
        for key in dict.fromkeys(map(_key, parts_of(page))):
            if key:
                found.setdefault(key, []).append(number)
    needed = max(MIN_PAGES, MIN_SHARE * len(pages))
    common = {key: numbers for key, numbers in found.items() if len(numbers) >= needed}
    kept = [
        _without(page, {key for key, numbers in common.items() if number != numbers[0]})
        for number, page in enumerate(pages)
    ]
    return kept, tuple(_told(key, numbers, pages) for key, numbers in common.items())


def _key(part: Part) -> str:
    """What a repeated passage has in common; empty for what is never taken out."""
    if part.passage is None or part.is_answer:
        return ""
    return " ".join(re.sub(r"\b(?:19|20)\d\d\b|[\W_]+", " ", part.text.casefold()).split())


def _without(page: Page, keys: set[str]) -> Page:
    parts = parts_of(page)
    dropped = [part for part in parts if _key(part) in keys - {""}]
    if not dropped or len(dropped) == len(page.passages):
        return page
    left = _without_bare_headings([part for part in parts if part not in dropped], parts)
    listed = tuple(f"{REPEATED}{part.text}" for part in dropped)
    return replace(laid_out(page, left), left_out=(*page.left_out, *listed))


def _without_bare_headings(parts: Sequence[Part], before: Sequence[Part]) -> list[Part]:
    """Without the headings that have nothing under them any more."""
    left = list(parts)
    for number in range(len(left) - 1, 0, -1):
        is_bare = left[number].is_heading and (
            number + 1 == len(left) or (left[number + 1].is_heading and left[number + 1].level <= left[number].level)
        )
        if is_bare and not _was_bare(left[number], before):
            del left[number]
    return left


def _was_bare(heading: Part, before: Sequence[Part]) -> bool:
    place = before.index(heading)
    return place + 1 < len(before) and before[place + 1].is_heading and before[place + 1].level <= heading.level


def _told(key: str, numbers: Sequence[int], pages: Sequence[Page]) -> Repeated:
    first = pages[numbers[0]]
    words: Mapping[str, str] = {_key(part): part.text for part in parts_of(first)}
    return Repeated(words[key], len(numbers), first.title)
