"""Edits of a page, pure: each gives a new page in which everything that was not edited stays byte for byte.

Only line ends are made uniform; every other character stays as the editor typed it, since visitors get it word for word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import TypeVar

from kb.errors import AdvocateError
from kb.pages import Heading, Page, Passage, PassageKind
from kb.shaping.blocks import suggest_tags
from kb.shaping.words import label_of, section_of

MAX_CHARS = 20_000
MAX_OWNER = 100
_ITEM = re.compile(r"^  • ", re.MULTILINE)
_TAG = re.compile(r"[\w.-]+")
_Placed = TypeVar("_Placed", Heading, Passage)


class EditRefused(AdvocateError):
    """An edit that would leave a page nobody could quote: what is wrong, and what to do instead."""


def get_passage(page: Page, passage_id: str) -> Passage:
    """The passage with this id. Raises EditRefused when the page has none."""
    for passage in page.passages:
        if passage.passage_id == passage_id:
            return passage
    raise EditRefused(f"This passage is no longer on the page “{page.title}”. Someone may have removed it.")


def replace_text(page: Page, passage_id: str, text: str) -> Page:
    """The page with other words in one passage, which keeps its id, tags and place. Raises EditRefused."""
    passage = get_passage(page, passage_id)
    words = _checked(text, "A passage")
    kind = passage.kind if passage.kind is PassageKind.FAQ else _kind_of(words)
    own = [passage.question] if passage.kind is PassageKind.FAQ else [label_of(words)]
    changed = replace(
        passage,
        kind=kind,
        end=passage.start + len(words),
        heading=(*section_of(page, passage), *(one for one in own if one)),
    )
    return _spliced(page, passage.start, passage.end, words, passages=[changed])


def set_tags(page: Page, passage_id: str, tags: Iterable[str]) -> Page:
    """The page with exactly these tags on one passage. Raises EditRefused."""
    wanted = frozenset(tags)
    if bad := sorted(tag for tag in wanted if not _TAG.fullmatch(tag)):
        raise EditRefused(f"{bad[0]!r} cannot be a tag. Use letters, digits, dots and dashes.")
    get_passage(page, passage_id)
    passages = (replace(one, tags=wanted) if one.passage_id == passage_id else one for one in page.passages)
    return replace(page, passages=tuple(passages))


def add_paragraph(page: Page, after_passage_id: str, text: str) -> tuple[Page, str]:
    """The page with a new passage after another, in the same section, and the new passage's id. Raises EditRefused.

    Its tags are those its words suggest, as when a page is imported.
    """
    after = get_passage(page, after_passage_id)
    if after.kind is PassageKind.FAQ:
        raise EditRefused("A paragraph after an answer would read as part of it. Edit the answer itself instead.")
    words = _checked(text, "A paragraph")
    start = after.end + 2
    path, label = section_of(page, after), label_of(words)
    fresh = Passage(
        passage_id=_new_id(page, path, words),
        kind=_kind_of(words),
        start=start,
        end=start + len(words),
        heading=(*path, label) if label else path,
        tags=suggest_tags(words),
    )
    return _spliced(page, after.end, after.end, f"\n\n{words}", passages=[fresh]), fresh.passage_id


def add_answer(page: Page, question: str, answer: str, *, after: str | None = None) -> tuple[Page, str]:
    """The page with a new question and its answer, and the answer's passage id. Raises EditRefused.

    They stand in the section of the passage `after` (None: the page's last), below everything up to the next
    heading: text that followed the answer without a heading of its own would read as part of it.
    """
    title, words = _checked(question, "A question").strip(), _checked(answer, "An answer")
    if "\n" in title:
        raise EditRefused("A question is one line. Put the rest into the answer.")
    beside = get_passage(page, after) if after is not None else page.passages[-1] if page.passages else None
    path = section_of(page, beside) if beside else ()
    place = _end_of_section(page, beside)
    gap = "\n\n" if place else ""
    start = place + len(gap)
    heading = Heading(start, start + len(title), _level_below(page, path, place))
    fresh = Passage(
        passage_id=_new_id(page, path, words),
        kind=PassageKind.FAQ,
        start=heading.end + 2,
        end=heading.end + 2 + len(words),
        heading=(*path, title),
        question=title,
        tags=suggest_tags(words, title),
    )
    text = f"{gap}{title}\n\n{words}"
    return _spliced(page, place, place, text, headings=[heading], passages=[fresh]), fresh.passage_id


def remove_passage(page: Page, passage_id: str) -> Page:
    """The page without a passage and, if it answers a question, without that question. Raises EditRefused."""
    passage = get_passage(page, passage_id)
    if len(page.passages) == 1:
        raise EditRefused("This is the only passage of the page. A page needs at least one.")
    question = _question_of(page, passage)
    start = question.start if question else passage.start
    places: list[Heading | Passage] = [*page.headings, *page.passages]
    below = min((one.start for one in places if one.start >= passage.end), default=None)
    if below is not None:
        return _spliced(page, start, below, "")
    above = max((one.end for one in places if one.end <= start), default=0)
    return _spliced(page, above, passage.end, "")


def set_dates(page: Page, passage_id: str, *, effective: date | None, expires: date | None) -> Page:
    """The page with the first and the last day on which a passage may be quoted; None: no such day. Raises EditRefused."""
    if effective and expires and expires < effective:
        raise EditRefused("The last day comes before the first. Give a later last day, or leave one of them empty.")
    days = (effective.isoformat() if effective else None, expires.isoformat() if expires else None)
    get_passage(page, passage_id)
    passages = (
        replace(one, effective=days[0], expires=days[1]) if one.passage_id == passage_id else one
        for one in page.passages
    )
    return replace(page, passages=tuple(passages))


def set_owner(page: Page, owner: str) -> Page:
    """The page with who looks after it, a name or a role on one line; empty: nobody. Raises EditRefused."""
    words = " ".join(owner.split())
    if len(words) > MAX_OWNER:
        raise EditRefused(f"A name has at most {MAX_OWNER} characters; this one has {len(words)}. Shorten it.")
    return replace(page, owner=words)


def set_reviewed(page: Page, day: date | None) -> Page:
    """The page with the day on which the clinic last reviewed it; None: not yet."""
    return replace(page, reviewed=day.isoformat() if day else None)


def _checked(text: str, what: str) -> str:
    """The text with uniform line ends. Raises EditRefused for one that cannot be quoted."""
    words = text.replace("\r\n", "\n").replace("\r", "\n")
    if not words.strip():
        raise EditRefused(f"{what} needs words. Type some, or remove it instead.")
    if len(words) > MAX_CHARS:
        raise EditRefused(f"{what} has at most {MAX_CHARS:,} characters; this one has {len(words):,}. Make it two.")
    if hidden := next((one for one in words if one not in "\n\t" and unicodedata.category(one) in {"Cc", "Cs"}), None):
        raise EditRefused(f"{what} holds a character that cannot be shown (U+{ord(hidden):04X}). Delete it.")
    return words


def _kind_of(words: str) -> PassageKind:
    return PassageKind.LIST if _ITEM.search(words) else PassageKind.PARAGRAPH


def _spliced(
    page: Page, start: int, end: int, text: str, *, headings: Iterable[Heading] = (), passages: Iterable[Passage] = ()
) -> Page:
    """The page with `text` in place of start:end. What stood inside is gone, what stands after moves along.

    `headings` and `passages` are new, with their offsets in the new text.
    """
    shift = len(text) - (end - start)
    return replace(
        page,
        text=page.text[:start] + text + page.text[end:],
        headings=_in_order([*_around(page.headings, start, end, shift), *headings]),
        passages=_in_order([*_around(page.passages, start, end, shift), *passages]),
    )


def _around(placed: Iterable[_Placed], start: int, end: int, shift: int) -> Iterable[_Placed]:
    for one in placed:
        if one.end <= start:
            yield one
        elif one.start >= end:
            yield replace(one, start=one.start + shift, end=one.end + shift)


def _in_order(placed: Iterable[_Placed]) -> tuple[_Placed, ...]:
    return tuple(sorted(placed, key=lambda one: one.start))


def _end_of_section(page: Page, passage: Passage | None) -> int:
    """Where the last passage before the next heading ends."""
    if passage is None:
        return len(page.text)
    next_heading = min((one.start for one in page.headings if one.start >= passage.end), default=len(page.text))
    return max(one.end for one in page.passages if passage.end <= one.end <= next_heading)


def _level_below(page: Page, path: tuple[str, ...], place: int) -> int:
    """The level of a question's heading in the section with this path."""
    for heading in reversed(page.headings):
        if path and heading.end <= place and page.text[heading.start : heading.end] == path[-1]:
            return heading.level + 1
    return 2


def _question_of(page: Page, passage: Passage) -> Heading | None:
    """The heading that asks what an FAQ's passage answers."""
    above = [one for one in page.headings if one.end <= passage.start]
    is_its_own = bool(above) and page.text[above[-1].start : above[-1].end] == passage.question
    return above[-1] if is_its_own and not page.text[above[-1].end : passage.start].strip() else None


def _new_id(page: Page, path: tuple[str, ...], words: str) -> str:
    """An id like those importers give (kb/shaping/blocks.py), different from every other on the page."""
    used = {one.passage_id for one in page.passages}
    seed = f"{page.page_id}\n{' › '.join(path)}\n{words}"
    fresh = first = f"p-{sha256(seed.encode()).hexdigest()[:12]}"
    number = 1
    while fresh in used:
        number += 1
        fresh = f"{first}.{number}"
    return fresh
