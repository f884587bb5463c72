"""Finds the footnotes of a web page, and the comments that writers left in a text which was exported from their office."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kb.importing.web.text import BLOCKS, Element, lines_of

_NOTE = re.compile(r"^#(?:_?ftn|ftnt|fn|footnote|endnote|_?edn|note|cite_note)[-_:]?\d*\w{0,12}$", re.IGNORECASE)
_BACK = re.compile(r"ref|return|back", re.IGNORECASE)
_COMMENT = re.compile(r"^#cmnt\d+$")
_TYPED = re.compile(r"\d{1,2}|[*†‡]{1,3}")
_MARK = re.compile(r"^\s*(?:\[\w{1,3}\]|\d{1,2}[.)]?|[*†‡↩^])?\s*")


@dataclass(frozen=True, slots=True)
class Notes:
    """By the element that refers to it: a footnote's words, or None for a comment. `bodies` are where they stand."""

    words: dict[Element, str | None] = field(default_factory=dict)
    bodies: frozenset[Element] = frozenset()
    comments: tuple[str, ...] = ()


def find_notes(body: Element) -> Notes:
    words: dict[Element, str | None] = {}
    bodies: set[Element] = set()
    comments: list[str] = []
    for link in body.iter("a"):
        name = link.get("href", "")
        is_comment = bool(_COMMENT.match(name))
        if not is_comment and (not _NOTE.match(name) or _BACK.search(name)):
            continue
        place = next(iter(body.xpath(".//*[@id=$name or @name=$name]", name=name[1:])), None)
        block = None if place is None else _block_of(place)
        if block is None or block in link.iterancestors():
            continue
        said = " ".join(lines_of(block)).rstrip("↩ ↑^").strip()
        said = _MARK.sub("", said, count=1)
        words[link] = None if is_comment else said
        bodies.add(block)
        comments += [f"comment: {said}"] if is_comment else []
    _find_typed(body, words, bodies)
    return Notes(words, frozenset(bodies), tuple(comments))


def _find_typed(body: Element, words: dict[Element, str | None], bodies: set[Element]) -> None:
    """Notes whose raised numbers lead nowhere: the last block that opens with the same number is the note."""
    raised: dict[str, list[Element]] = {}
    for one in body.iter("sup"):
        mark = "".join(one.itertext()).strip("[]() ")
        if _TYPED.fullmatch(mark) and not one.xpath(".//a"):
            raised.setdefault(mark, []).append(one)
    for found in raised.values():
        block = _block_of(found[-1])
        if len(found) < 2 or block is None or not _opens(block, found[-1]) or block in found[0].iterancestors():
            continue
        said = _MARK.sub("", " ".join(lines_of(block)), count=1)
        words.update(dict.fromkeys(found[:-1], said))
        bodies.add(block)


def _opens(block: Element, raised: Element) -> bool:
    """Whether no words stand in a block before a raised number."""
    for one in block.iter():
        if one is raised:
            return True
        if (one.text or "").strip() or (one is not block and one.getnext() is not None and (one.tail or "").strip()):
            return False
    return False


def _block_of(place: Element) -> Element | None:
    """The paragraph, item or box that a note stands in."""
    block = place if place.tag in BLOCKS else next((one for one in place.iterancestors() if one.tag in BLOCKS), None)
    if block is None or block.tag in {"body", "main", "article", "section"}:
        return None
    above = block.getparent()
    is_wrapped = above is not None and above.tag in {"div", "li"} and len(above) == 1
    return above if is_wrapped else block
