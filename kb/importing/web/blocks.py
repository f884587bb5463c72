"""Walks the tree of a web page in reading order and notes its blocks, and what it left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kb.importing.web.accordions import Pair
from kb.importing.web.numbers import Counter
from kb.importing.web.pagewords import PageWords
from kb.importing.web.residue import day_of, is_title_of_residue, why_residue
from kb.importing.web.signs import mark_of_list, sign_of, unread_name
from kb.importing.web.tables import rows_of
from kb.importing.web.text import (
    BLOCKS,
    HEADINGS,
    INVISIBLE,
    SILENT,
    SPACE,
    Element,
    is_bold,
    lines_of,
    why_left_out,
)
from kb.shaping.blocks import Block, list_block, text_of
from kb.shaping.tables import table_blocks
from kb.shaping.words import is_label, is_question

_LISTS = ("ul", "ol", "menu")

# A heading inside one of these labels nothing after it.
_BOXES = frozenset(
    ["div", "section", "article", "aside", "li", "td", "th", "dd", "dl", "blockquote", "figure", "details", "fieldset"]
)


@dataclass(frozen=True, slots=True)
class Found:
    """A block and the element that it stands in; `signs` are the pictures beside its words that could not be read."""

    block: Block
    parent: Element
    signs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """What was found out about a page before it is read: its folds, its tabs, and how many words stand where."""

    pairs: Mapping[Element, Pair] = field(default_factory=dict)
    tabs: Mapping[Element, str] = field(default_factory=dict)
    words: PageWords = field(default_factory=PageWords)
    notes: Mapping[Element, str | None] = field(default_factory=dict)


class Reader:
    """Walks a tree in reading order and notes its blocks, and what it left out and why."""

    def __init__(self, marks: Marks, taken: Iterable[Element] = ()) -> None:
        self.found: list[Found] = []
        self.left_out: list[str] = []
        self.dropped: list[Element] = []
        self.reviewed: str | None = None
        self._marks = marks
        panels = {panel for pair in marks.pairs.values() for panel in pair.panels}
        self._taken = {*taken, *panels} - marks.pairs.keys()
        self._run: list[tuple[str, bool]] = []  # words, and whether they are bold
        self._bold = 0
        self._signs: set[str] = set()
        self._notes: list[str] = []  # footnotes of the running text
        self._level = 1
        self._under: int | None = None

    def read(self, element: Element) -> None:
        start, level = len(self.found), self._level
        self._say(element.text or "")
        for child in element:
            self._visit(child)
            self._say(child.tail or "")
        if element.tag in BLOCKS:
            has_blocks = any(child.tag in BLOCKS for child in element)
            self._flush(element if has_blocks or element.getparent() is None else element.getparent())
        if element.tag in _BOXES:
            self._close(start, level)

    def _say(self, text: str) -> None:
        self._run.append((SPACE.sub(" ", text), self._bold > 0))

    def _visit(self, element: Element) -> None:
        if not isinstance(element.tag, str) or element in self._taken:
            return
        if (sign := sign_of(element)) is not None:
            self._say(f" {sign} ")
        elif element.tag in SILENT or element.tag == "img":
            self._signs.update(filter(None, [unread_name(element)]))
        elif element in self._marks.notes:
            self._notes += filter(None, [self._marks.notes[element]])
        elif "mso-list:ignore" in element.get("style", "").replace(" ", "").lower():
            self._say(_mark_of_office("".join(element.itertext()).strip()))
        elif element.tag == "hr":
            self._flush(element.getparent())
            self._end_label()
        elif element.tag == "br":
            self._run.append(("\n", self._bold > 0))
        elif element in self._marks.pairs:
            self._break(element)
            self._add_pair(self._marks.pairs[element], element.getparent())
        elif reason := self._why_left_out(element):
            self._leave_out(element, reason)
        elif element in self._marks.tabs:
            self._break(element)
            self._add_panel(element)
        elif element.tag in BLOCKS:
            self._break(element)
            self._add_block(element)
        else:
            self._signs.update(filter(None, [unread_name(element)]))
            bold = is_bold(element)
            self._bold += bold
            self.read(element)
            self._bold -= bold

    def _why_left_out(self, element: Element) -> str | None:
        words = self._marks.words
        if element in words.heading:
            return None
        by_name = element not in words.most
        named = why_left_out(element)
        if not by_name and named not in {"banner", "struck out"}:  # told by what it holds, or by how it looks
            named = None
        return named or why_residue(element, words.chars(element), by_name=by_name)

    def _leave_out(self, element: Element, reason: str) -> None:
        if reason != "struck out":
            self._break(element)
            self.dropped.append(element)
        if reason == "page list" and self.found and is_title_of_residue(self.found[-1].block.text):
            self.left_out.append(f"{reason}: {self.found.pop().block.text}")
        words = " ".join(lines_of(element)) or " ".join("".join(element.itertext()).split())
        if reason == "date":
            self.reviewed = self.reviewed or day_of(words) or None
        self.left_out += [f"{reason}: {words}"] if words else []

    def _add_block(self, element: Element) -> None:
        if label := _spoken_label(element):
            self._note(Block("paragraph", label, is_strong=True), element.getparent())
        is_plain = not any(
            one in self._marks.pairs or one in self._marks.tabs or one.tag in HEADINGS
            for one in element.iterdescendants()
        )
        if element.tag in HEADINGS and is_plain:
            self._add(Block("heading", self._inner(element), level=int(element.tag[1])), element)
        elif element.tag in _LISTS and is_plain and not _has_loose_text(element) and not _has_boxes(element):
            self._add_lists(element)
        elif element.tag == "table" and is_plain and not element.xpath(".//table | .//ul | .//ol"):
            rows = rows_of(element)
            said = {cell: self._lines(cell) for cell in dict.fromkeys(cell for row in rows for cell in row)}
            blocks = table_blocks([[said[cell] for cell in row] for row in rows])
            caption = " ".join(self._inner(one) for one in element.iter("caption"))
            if caption and blocks and blocks[0].kind == "list" and not blocks[0].text:
                blocks[0] = replace(blocks[0], text=caption)
            elif caption:
                self._add(Block("paragraph", caption, is_strong=True), element)
            for block in blocks:
                self._add(block, element)
        elif element.tag == "table" and not element.xpath(".//table"):
            self._read_cells(element)
        elif element.tag in {"dt", "dd"} and is_plain and not element.xpath(".//ul | .//ol | .//p"):
            self._bold += element.tag == "dt"
            self.read(element)
            self._bold -= element.tag == "dt"
        else:
            self.read(element)

    def _add_lists(self, element: Element) -> None:
        """A list; one whose items are all labels with a list of their own is as many lists."""
        items = [one for one in element if one.tag == "li"]
        nested = [one.xpath("./ul | ./ol") for one in items]
        if not items or not all(len(inner) == 1 and not (inner[0].tail or "").strip() for inner in nested):
            self._add_list(element)
            return
        for item, (inner,) in zip(items, nested, strict=True):
            words = Reader(self._marks, taken={*self._taken, inner})._inner_of(item, self)
            self._add_list(inner, words)

    def _add_list(self, element: Element, label: str = "") -> None:
        items = [(number, text) for number, text in self._items(element) if text]
        if not items:
            return
        block = list_block(items)
        if label:
            block = replace(block, text=label if block.kind == "list" else f"{label}\n\n{block.text}")
        self._add(block, element)

    def _read_cells(self, table: Element) -> None:
        """A table for layout, or one with lists in its cells: column by column below labels, else cell by cell."""
        rows = rows_of(table)
        heads = [self._inner(cell) for cell in rows[0]] if rows else []
        has_heads = len(rows) > 1 and all(heads) and not any(cell.xpath(".//ul | .//ol | .//p[2]") for cell in rows[0])
        if not has_heads:
            self.read(table)
            return
        for at, head in enumerate(heads):
            self._add(Block("paragraph", head, is_strong=True), table)
            for row in rows[1:]:
                if len(row) > at:
                    self.read(row[at])
            self._under = self._level

    def _add(self, block: Block, element: Element) -> None:
        if block.kind == "heading":
            self._level = block.level
        self._note(block, element.getparent())

    def _note(self, block: Block, parent: Element) -> None:
        block = replace(block, under=self._under) if block.under is None else block
        self._under = None
        self.found.append(Found(block, parent, frozenset(self._signs)))
        self._signs = set()

    def _end_label(self) -> None:
        """A line across ends what a label colours."""
        titles = [one.block for one in self.found if one.block.kind == "heading"]
        if titles and is_label(titles[-1].text):
            self._under = titles[-1].level - 1

    def _close(self, start: int, level: int) -> None:
        """End the reach of the headings in a box, if the box holds what they label too."""
        inside = [one.block for one in self.found[start:]]
        while inside and inside[-1].kind == "heading":
            inside.pop()
        titles = [one.level for one in inside if one.kind == "heading"]
        if any(one.kind == "paragraph" and (one.is_strong or is_label(one.text)) for one in inside[:-1]):
            titles.append(level + 1)
        if titles:
            self._under = min(min(titles) - 1, 6 if self._under is None else self._under)
            self._level = max(min(titles) - 1, 1)

    def _add_pair(self, pair: Pair, parent: Element) -> None:
        question = self._inner(pair.question)
        blocks = self._inside(pair.panels, taken=[pair.question])
        is_title = pair.question.tag in {"summary", "button", "a", "label"} or is_label(question)
        asks = question.endswith("?") or (question and not is_title)
        if asks and not any(is_question(one.question or "") for one in blocks):
            self._note(Block("faq", text_of(blocks), question=question), parent)
        else:
            self._add_titled(question, blocks, parent)

    def _add_panel(self, panel: Element) -> None:
        self._add_titled(self._marks.tabs[panel], self._inside([panel], taken=self._taken), panel.getparent())

    def _add_titled(self, title: str, blocks: list[Block], parent: Element) -> None:
        """A fold or a panel that asks nothing: a heading whose reach ends with it."""
        level = min(self._level + 1, 6)
        if title:
            self._note(Block("heading", title, level=level), parent)
        for one in blocks:
            deeper = replace(one, level=min(max(one.level, level + 1), 6)) if one.kind == "heading" else one
            self._note(deeper if title else one, parent)
        if title:
            self._under = level - 1

    def _inside(self, panels: Iterable[Element], taken: Iterable[Element]) -> list[Block]:
        inside = Reader(replace(self._marks, pairs={}, tabs={}), taken=taken)
        for panel in panels:
            inside.read(panel)
            inside._flush(panel)
        self.left_out += inside.left_out
        self.dropped += inside.dropped
        self._signs |= {sign for one in inside.found for sign in one.signs}
        return [one.block for one in inside.found]

    def _inner(self, element: Element) -> str:
        """All that is read inside an element, on one line."""
        return " ".join(self._lines(element).split("\n"))

    def _lines(self, element: Element) -> str:
        """All that is read inside an element; lines stay lines."""
        inside = Reader(replace(self._marks, pairs={}, tabs={}), taken=self._taken)
        inside.read(element)
        inside._flush(element)
        self.left_out += inside.left_out
        self._signs |= {*inside._signs, *(sign for one in inside.found for sign in one.signs)}
        pieces = (piece for one in inside.found for piece in (one.block.text, *one.block.items))
        return "\n".join(filter(None, pieces)).strip()

    def _items(self, element: Element) -> Iterator[tuple[int | None, str]]:
        """The items of a list with their numbers; those of lists inside it follow the item they stand in."""
        mark = mark_of_list(element)
        counter = Counter.of(element)
        for item in element:
            if not isinstance(item.tag, str) or item in self._taken:
                continue
            if item.tag in _LISTS:
                yield from self._items(item)
            elif reason := self._why_left_out(item):
                self._leave_out(item, reason)
            else:
                nested = list(item.iterdescendants(*_LISTS))
                outer = [one for one in nested if not any(above in nested for above in one.iterancestors())]
                sign = mark_of_list(item) or mark
                words = Reader(self._marks, taken={*self._taken, *outer})._inner_of(item, self)
                number, shown = counter.next(item)
                yield number, f"{sign or shown} {words}" if (sign or shown) and words else words
                for one in outer:
                    yield from self._items(one)

    def _inner_of(self, item: Element, outer: Reader) -> str:
        words = self._inner(item)
        outer.left_out += self.left_out
        outer._signs |= self._signs or {""}
        return words

    def _break(self, element: Element) -> None:
        if element.tag in BLOCKS or element in self._marks.pairs or element.getparent().tag in BLOCKS:
            self._flush(element.getparent())

    def _flush(self, parent: Element) -> None:
        """End the running text: a paragraph, or several where empty lines part it."""
        run = [(INVISIBLE.sub("", text), bold) for text, bold in self._run]
        self._run = []
        opening = _opening_question(run)
        if opening:
            run = [*run[:opening], ("\n", False), *run[opening:]]
        text = re.sub(r" *\n *", "\n", re.sub(" +", " ", "".join(words for words, _ in run)))
        is_strong = any(words.strip() for words, _ in run) and all(bold for words, bold in run if words.strip())
        pieces = [one.strip() for one in re.split(r"\n{2,}", text) if one.strip()]
        if pieces:
            pieces[-1] = "\n".join([pieces[-1], *self._notes])
            self._notes = []
        for one in pieces:
            is_line = is_strong or one in _bold_lines(run)
            self._note(Block("paragraph", one, is_strong=is_line and "\n" not in one), parent)


def _spoken_label(element: Element) -> str:
    """The label of a box that only screen readers are told, and that says how to take what is in it."""
    label = " ".join(element.get("aria-label", "").split())
    is_box = element.tag in _BOXES or element.tag in _LISTS
    if not is_box or not is_label(label):
        return ""
    return "" if label.casefold().rstrip(":") in " ".join(lines_of(element)).casefold() else label


def _mark_of_office(mark: str) -> str:
    """The mark before an item of a list that Word wrote as a web page."""
    if re.fullmatch(r"\(?\w{1,3}[.)]", mark):
        return f"{mark} "
    return {"ü": "✓ ", "û": "✗ "}.get(mark, "• ")


def _opening_question(run: list[tuple[str, bool]]) -> int:
    """How many pieces of a run are a bold question that opens it; 0 when none is, or when nothing follows."""
    count = next((at for at, (words, bold) in enumerate(run) if words.strip() and not bold), len(run))
    opening = "".join(words for words, _ in run[:count]).strip()
    return count if count < len(run) and is_question(opening) else 0


def _bold_lines(run: list[tuple[str, bool]]) -> set[str]:
    return {" ".join(words.split()) for words, bold in run if bold and words.strip()}


def _has_boxes(element: Element) -> bool:
    """Whether the items of a list are boxes with a title and text of their own."""
    items = [one for one in element if one.tag == "li"]
    return bool(items) and all(
        len(one.xpath("./p | ./div | .//div/p")) > 1 or _opens_with_question(one) for one in items
    )


def _opens_with_question(item: Element) -> bool:
    first = next((one for one in item if isinstance(one.tag, str)), None)
    if first is None or (item.text or "").strip() or not is_bold(first):
        return False
    words = " ".join("".join(first.itertext()).split())
    return is_question(words) and len(" ".join("".join(item.itertext()).split())) > len(words)


def _has_loose_text(element: Element) -> bool:
    """Whether a list, or one inside it, holds text outside its items, as only broken pages do."""
    lists = [element, *element.iterdescendants(*_LISTS)]
    return any((text or "").strip() for one in lists for text in (one.text, *(item.tail for item in one)))
