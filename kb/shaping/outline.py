"""A page taken apart into its parts, and laid out again. A part that is put in stands under the headings it had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kb.pages import Heading, Page, Passage

Section = tuple[tuple[int, str], ...]  # the headings in force, outermost first, each with its level


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a page, in reading order: a passage with its question, a heading, or text in no passage.

    `level` is that of a heading, or of an answer's question, and 0 otherwise. The offsets of `passage` are those of the
    page it was taken from.
    """

    text: str
    level: int = 0
    passage: Passage | None = None

    @property
    def is_heading(self) -> bool:
        return self.passage is None and self.level > 0

    @property
    def is_answer(self) -> bool:
        return self.passage is not None and self.level > 0


def parts_of(page: Page) -> list[Part]:
    """The page's parts. White space between them is not kept."""
    placed: list[Heading | Passage] = sorted([*page.headings, *page.passages], key=lambda one: one.start)
    parts: list[Part] = []
    position = 0
    for one in placed:
        parts += _loose(page.text[position : one.start])
        words = page.text[one.start : one.end]
        if isinstance(one, Heading):
            parts.append(Part(words, level=one.level))
        elif parts and parts[-1].is_heading and parts[-1].text == one.question:
            parts[-1] = Part(words, level=parts[-1].level, passage=one)
        else:
            parts.append(Part(words, passage=one))
        position = one.end
    return [*parts, *_loose(page.text[position:])]


def laid_out(page: Page, parts: Sequence[Part]) -> Page:
    """The page with these parts in place of its own, a blank line between them."""
    texts: list[str] = []
    headings: list[Heading] = []
    passages: list[Passage] = []
    position = 0
    for part in parts:
        question = part.passage.question if part.is_answer and part.passage else None
        for text, is_question in [*([(question, True)] if question else []), (part.text, False)]:
            end = position + len(text)
            if is_question or part.is_heading:
                headings.append(Heading(position, end, part.level))
            elif part.passage is not None:
                passages.append(replace(part.passage, start=position, end=end))
            texts.append(text)
            position = end + 2
    return replace(page, text="\n\n".join(texts), headings=tuple(headings), passages=tuple(passages))


def sections_of(parts: Sequence[Part], title: str) -> list[Section]:
    """The section each part stands in; a heading stands in the one it opens."""
    found: list[Section] = []
    section: Section = ()
    for part in parts:
        if part.is_heading:
            section = tuple(one for one in section if one[0] < part.level)
            if part.level > 1 or part.text != title:
                section = (*section, (part.level, part.text))
        found.append(section)
    return found


def put_in(parts: Sequence[Part], position: int, origin: Sequence[Part], title: str) -> list[Part]:
    """The parts with one more: `origin[position]`, in the section that it stands in there.

    It comes after the nearest passage that precedes it in `origin` and is in that section here too, else first. What is
    missing of the section's headings is made, so that no words come to stand under a heading that is not theirs.
    """
    part, section = origin[position], sections_of(origin, title)[position]
    here = sections_of(parts, title)
    for before in _before(origin, position, title):
        for number, one in enumerate(parts):
            is_it = one.passage is not None and one.passage.passage_id == before
            if is_it and _texts(here[number]) == _texts(section) and (part.is_answer or not one.is_answer):
                return [*parts[: number + 1], part, *parts[number + 1 :]]
    head = _head_of(parts, section, title)
    if head is None:
        return _with_section(parts, part, section, title)
    place = head + 1
    while part.is_answer and place < len(parts) and not parts[place].level:
        place += 1  # text between a heading and its first question stays there
    return [*parts[:place], part, *parts[place:]]


def _before(origin: Sequence[Part], position: int, title: str) -> Iterator[str]:
    """The ids of the passages before a part in its own section, nearest first."""
    sections = sections_of(origin, title)
    for number in range(position - 1, -1, -1):
        passage = origin[number].passage
        if sections[number] != sections[position]:
            return
        if passage is not None:
            yield passage.passage_id


def _head_of(parts: Sequence[Part], section: Section, title: str) -> int | None:
    """Where the section's heading is; -1 for the section above every heading, None when the page has no such section."""
    for number, (part, found) in enumerate(zip(parts, sections_of(parts, title), strict=True)):
        if part.is_heading and _texts(found) == _texts(section):
            return number
    return None if section else -1


def _with_section(parts: Sequence[Part], part: Part, section: Section, title: str) -> list[Part]:
    """The parts with one more at the end of the nearest section around its own, below the headings that are missing."""
    depth, head = next(
        (depth, head)
        for depth in range(len(section) - 1, -1, -1)
        if (head := _head_of(parts, section[:depth], title)) is not None
    )
    level = parts[head].level if depth else 0
    end = next(
        (number for number in range(head + 1, len(parts)) if parts[number].is_heading and parts[number].level <= level),
        len(parts),
    )
    made = [Part(text, level=level) for level, text in section[depth:]]
    return [*parts[:end], *made, part, *parts[end:]]


def _texts(section: Section) -> tuple[str, ...]:
    return tuple(text for _, text in section)


def _loose(text: str) -> list[Part]:
    return [Part(text.strip())] if text.strip() else []
