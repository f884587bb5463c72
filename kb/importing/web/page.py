"""Reads the main text of a web page: headings, paragraphs, lists, and questions with their answers.

The words are the page's own, block by block; trafilatura only judges which blocks are the main text. Whatever is not
taken (menus, forms, banners, hidden lines, text beside the main text) is listed, so that a person can check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import lxml.etree
import lxml.html
import trafilatura

from kb.importing.faqpage import parse_faqpage
from kb.importing.web.accordions import find_pairs
from kb.importing.web.blocks import Found, Marks, Reader
from kb.importing.web.notes import find_notes
from kb.importing.web.pagewords import PageWords
from kb.importing.web.signs import mark_by_styles
from kb.importing.web.tabs import find_tabs
from kb.importing.web.text import Element, lines_of
from kb.shaping.blocks import Block, text_of
from kb.shaping.pairs import with_pairs

# Shorter blocks count as main text only when they stand there as a line of their own: "Home" is part of many words.
_MIN_CHARS = 25

# Browsers put what follows these into the body all the same.
_EARLY_END = re.compile(r"</\s*(?:body|html)\s*>", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a web page says. `url` is the address it gives itself; `lines` is all its text, menus and forms included."""

    title: str
    url: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]
    reviewed: str | None = None  # the day that a line of the page names as its last review


def parse_page(source: str) -> WebPage:
    """Read a page of HTML. A page without any text has no blocks."""
    document = _parsed(source)
    body = document.find("body") if document is not None else None
    if body is None:
        return WebPage("", "", (), (), (), ())
    mark_by_styles(document)
    _name_tables(body)
    lines = tuple(lines_of(body))
    stated, warnings = _stated_pairs(document)
    words = PageWords.of(body)
    tabs, labels = find_tabs(body)
    pairs = {one: pair for one, pair in find_pairs(body).items() if one not in labels}
    notes = find_notes(body)
    reader = Reader(Marks(pairs, tabs, words, notes.words), taken={*labels, *notes.bodies})
    reader.left_out += notes.comments
    reader.read(body)
    main = _main_text(document, reader.dropped)
    if not main and not words.main:
        warnings.append("The main text could not be told from the rest: everything but menus and forms was taken.")
    read = _without_unread_signs(reader.found, reader.left_out, warnings)
    kept = _judged(read, main, words.main, reader.left_out)
    blocks = _with_stated_pairs(with_pairs(kept), stated, "".join("".join(lines).split()), warnings)
    return WebPage(
        title=_title_of(document),
        url=_attribute(document, "//link[@rel='canonical']/@href") or "",
        blocks=tuple(blocks),
        left_out=tuple(reader.left_out),
        lines=lines,
        warnings=tuple(warnings),
        reviewed=reader.reviewed,
    )


def pairs_of(text: str, left_out: list[str] | None = None) -> list[Block]:
    """The questions and answers of FAQPage data; what of their HTML is no text is added to `left_out`.

    Raises ValueError when the text is not JSON.
    """
    told = [] if left_out is None else left_out
    pairs = parse_faqpage(text)
    return [Block("faq", _text_of_html(answer, told), question=_line_of_html(name, told)) for name, answer in pairs]


def _name_tables(body: Element) -> None:
    """Make tables of the elements that say by their role that they are some."""
    roles = {"table": "table", "grid": "table", "row": "tr", "cell": "td", "gridcell": "td"}
    roles |= {"columnheader": "th", "rowheader": "th"}
    for element in body.xpath(".//*[@role='table' or @role='grid']//*[@role] | .//*[@role='table' or @role='grid']"):
        element.tag = roles.get(element.get("role"), element.tag)


def _main_text(document: Element, dropped: Iterable[Element]) -> str:
    """What trafilatura takes for the main text, once what was left out and what hides an answer are gone."""
    for element in dropped:
        element.clear(keep_tail=True)
    for element in document.iter(lxml.etree.Element):
        for name in ("hidden", "aria-hidden", "style"):
            element.attrib.pop(name, None)
    source = lxml.html.tostring(document, encoding="unicode")
    return trafilatura.extract(source, favor_recall=True, include_comments=False, include_tables=True) or ""


def _without_unread_signs(found: Sequence[Found], left_out: list[str], warnings: list[str]) -> list[Found]:
    """Leave out lists and tables whose pictures differ and cannot be read: one may say “yes”, the other “no”."""
    kept = []
    signs: dict[Element, set[str]] = {}
    for one in found:
        if one.block.kind == "list":
            signs.setdefault(one.parent, set()).update(one.signs)
    for one in found:
        named = {name for name in one.signs if name}
        others = signs.get(one.parent, set()) if one.block.kind == "list" else set(one.signs)
        if named and len(others) > 1:
            words = " ".join(" ".join((one.block.text, *one.block.items)).split())
            left_out.append(f"signs that cannot be read: {words}")
            warnings.append(f"“{words[:80]}”: pictures beside these words may turn their sense. Write them as words.")
        else:
            kept.append(one)
    return kept


def _judged(found: Sequence[Found], main: str, inside: frozenset[Element], left_out: list[str]) -> list[Block]:
    """The blocks of the main text, those between them in the same element, and the headings above either.

    All that stands `inside` the page's own main element is main text; trafilatura judges the rest.
    """
    whole = _squashed(main)
    lines = {_squashed(line.lstrip("-| ").rstrip("| ")) for line in main.splitlines()}

    def stands_there(words: str) -> bool:
        squashed = _squashed(words)
        return squashed in lines or (len(squashed) >= _MIN_CHARS and squashed in whole)

    def is_main(one: Found) -> bool:
        if one.block.kind == "faq" or not main or one.parent in inside:
            return True
        words = one.block.items or (one.block.text,)
        return 2 * sum(stands_there(line) for line in words) >= len(words)

    judged = (one for one in found if one.block.kind not in {"heading", "faq"} and one.parent.tag != "body")
    parents = {one.parent for one in judged if is_main(one)}
    kept: list[bool] = []
    needed = 0  # level up to which a heading above what was kept is kept too
    for one in reversed(found):
        if one.block.kind == "heading":
            kept.append(one.block.level <= needed)
            needed = one.block.level - 1 if kept[-1] else needed
        else:
            kept.append(is_main(one) or one.parent in parents)
            needed = 6 if kept[-1] else needed
    return _chosen([one.block for one in found], kept[::-1], left_out)


def _chosen(blocks: Sequence[Block], kept: Sequence[bool], left_out: list[str]) -> list[Block]:
    """The blocks that are kept; the end of a box that one of the others told is told by the next."""
    chosen: list[Block] = []
    under: int | None = None
    for block, is_kept in zip(blocks, kept, strict=True):
        levels = [level for level in (under, block.under) if level is not None]
        under = min(levels, default=None)
        if is_kept:
            chosen.append(replace(block, under=under))
            under = None
        else:
            words = " ".join(" ".join((block.text, *block.items)).split())
            left_out.append(f"beside the main text: {words}")
    return chosen


def _stated_pairs(document: Element) -> tuple[list[Block], list[str]]:
    """The pairs of the page's FAQPage data, and what could not be read of it."""
    pairs, warnings = [], []
    for script in document.iter("script"):
        if "ld+json" in script.get("type", "").lower():
            try:
                pairs += pairs_of(script.text or "")
            except ValueError as error:
                warnings.append(f"JSON-LD data on the page cannot be read ({error}); it was passed over.")
    return pairs, warnings


def _with_stated_pairs(blocks: list[Block], stated: Sequence[Block], seen: str, warnings: list[str]) -> list[Block]:
    """Check the pairs of FAQPage data against what visitors see, which counts; add those that the page shows nowhere."""
    asked = {_folded(one.question or ""): one for one in blocks if one.kind == "faq"}
    unseen: dict[str, Block] = {}
    for pair in stated:
        question = _folded(pair.question or "")
        place = next((at for at, one in enumerate(blocks) if one.kind != "faq" and _folded(one.text) == question), None)
        if question in asked:
            is_same = _squashed(asked[question].text) == _squashed(pair.text)
        elif place is not None:
            is_same = _make_pair(blocks, place, pair)
        else:
            is_same = True
            unseen.setdefault(question, pair)
            if _squashed(pair.text) not in seen:
                warnings.append(f"“{pair.question}” stands only in the page's FAQPage data, not in its text. Check it.")
        if not is_same:
            warnings.append(
                f"“{pair.question}”: the answer in the FAQPage data differs from the page's text, which was taken."
            )
    at = next((number for number, one in enumerate(blocks, 1) if one.kind == "heading" and one.level == 1), 0)
    return [*blocks[:at], *unseen.values(), *blocks[at:]]


def _make_pair(blocks: list[Block], place: int, pair: Block) -> bool:
    """Turn a heading and the blocks under it into a pair, if they are its answer; whether they are."""
    for end in range(place + 2, len(blocks) + 1):
        if blocks[end - 1].kind in {"heading", "faq"}:
            return False
        if _squashed(answer := text_of(blocks[place + 1 : end])) == _squashed(pair.text):
            blocks[place:end] = [Block("faq", answer, question=blocks[place].text)]
            return True
    return False


def _text_of_html(html: str, left_out: list[str]) -> str:
    reader = Reader(Marks())
    element = lxml.html.fragment_fromstring(_CONTROLS.sub("", html).encode(), create_parent="div", parser=_parser())
    reader.read(element)
    left_out += reader.left_out
    return text_of(one.block for one in reader.found)


def _line_of_html(html: str, left_out: list[str]) -> str:
    return " ".join(_text_of_html(html, left_out).split())


def _parsed(source: str) -> Element | None:
    source = _EARLY_END.sub("", source)
    try:
        return lxml.html.document_fromstring(_CONTROLS.sub("", source).encode(), parser=_parser())
    except lxml.etree.ParserError:  # nothing in it
        return None


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)


def _title_of(document: Element) -> str:
    """The main heading; without one the title the page gives itself."""
    for path in ("//main//h1 | //article//h1", "//h1", "//title", "//h2"):
        for element in document.xpath(path):
            if words := " ".join(lines_of(element)):
                return words
    return _attribute(document, "//meta[@property='og:title']/@content") or ""


def _attribute(document: Element, path: str) -> str | None:
    return next((str(one).strip() for one in document.xpath(path)), None)


def _squashed(text: str) -> str:
    return "".join(text.split())


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
