"""Walks the tree of a web page in reading order and notes its blocks, and what it left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kb.blocks import Block, list_text
from kb.importing.accordions import Pair
from kb.importing.webtext import BLOCKS, HEADINGS, INVISIBLE, SILENT, SPACE, Element, lines_of, why_left_out

_LISTS = ("ul", "ol", "menu")


@dataclass(frozen=True, slots=True)
class Found:
    block: Block
    parent: Element


class Reader:
    """Walks a tree in reading order and notes its blocks, and what it left out and why."""

    def __init__(self, pairs: dict[Element, Pair], taken: Iterable[Element] = ()) -> None:
        self.found: list[Found] = []
        self.left_out: list[str] = []
        self.dropped: list[Element] = []
        self._pairs = pairs
        self._taken = {*taken, *(panel for pair in pairs.values() for panel in pair.panels)} - pairs.keys()
        self._run: list[str] = []
        self._level = 1

    def read(self, element: Element) -> None:
        self._run.append(SPACE.sub(" ", element.text or ""))
        for child in element:
            self._visit(child)
            self._run.append(SPACE.sub(" ", child.tail or ""))
        if element.tag in BLOCKS:
            has_blocks = any(child.tag in BLOCKS for child in element)
            self._flush(element if has_blocks or element.getparent() is None else element.getparent())

    def _visit(self, element: Element) -> None:
        if not isinstance(element.tag, str) or element.tag in SILENT or element in self._taken:
            return
        if element.tag == "br":
            self._run.append("\n")
        elif element in self._pairs:
            self._break(element)
            self._add_pair(self._pairs[element], element.getparent())
        elif reason := why_left_out(element):
            self._break(element)
            self.dropped.append(element)
            words = " ".join(lines_of(element))
            self.left_out += [f"{reason}: {words}"] if words else []
        elif element.tag in BLOCKS:
            self._break(element)
            self._add_block(element)
        else:
            self.read(element)

    def _add_block(self, element: Element) -> None:
        is_plain = not any(one in self._pairs or one.tag in HEADINGS for one in element.iterdescendants())
        if element.tag in HEADINGS and is_plain:
            self._level = int(element.tag[1])
            self._add(Block("heading", self._inner(element), level=self._level), element)
        elif element.tag in _LISTS and is_plain and not _has_loose_text(element):
            items = tuple(filter(None, self._items(element)))
            is_numbered = element.tag == "ol" and not element.xpath(".//ul | .//ol")
            start = element.get("start", "1")
            first = int(start) if is_numbered and start.isdigit() else None
            self._add(Block("list", items=items, first=first), element)
        elif element.tag == "table" and is_plain and not element.xpath(".//table"):
            rows = ([self._inner(cell) for cell in row.xpath("./td | ./th")] for row in element.iter("tr"))
            self._add(Block("list", items=tuple(" | ".join(filter(None, row)) for row in rows)), element)
        else:
            self.read(element)

    def _add(self, block: Block, element: Element) -> None:
        self.found.append(Found(block, element.getparent()))

    def _add_pair(self, pair: Pair, parent: Element) -> None:
        question = self._inner(pair.question)
        inside = Reader({}, taken=[pair.question])
        for panel in pair.panels:
            inside.read(panel)
            inside._flush(panel)
        self.left_out += inside.left_out
        self.dropped += inside.dropped
        blocks = [one.block for one in inside.found]
        if question.endswith("?") or (question and pair.question.tag not in {"summary", "button", "a"}):
            self.found.append(Found(Block("faq", answer_of(blocks), question=question), parent))
        else:
            title = Block("heading", question, level=min(self._level + 1, 6))
            self.found += [Found(one, parent) for one in ([title, *blocks] if question else blocks)]

    def _inner(self, element: Element) -> str:
        """All that is read inside an element, on one line."""
        inside = Reader({}, taken=self._taken)
        inside.read(element)
        inside._flush(element)
        self.left_out += inside.left_out
        pieces = (piece for one in inside.found for piece in (one.block.text, *one.block.items))
        return " ".join(" ".join(pieces).split("\n")).strip()

    def _items(self, element: Element) -> Iterator[str]:
        """The items of a list; those of lists inside it follow the item they stand in."""
        for item in element:
            if item.tag in _LISTS:
                yield from self._items(item)
            elif isinstance(item.tag, str) and not why_left_out(item):
                nested = list(item.iterdescendants(*_LISTS))
                outer = [one for one in nested if not any(above in nested for above in one.iterancestors())]
                yield Reader({}, taken={*self._taken, *outer})._inner(item)
                for one in outer:
                    yield from self._items(one)

    def _break(self, element: Element) -> None:
        if element.tag in BLOCKS or element in self._pairs or element.getparent().tag in BLOCKS:
            self._flush(element.getparent())

    def _flush(self, parent: Element) -> None:
        """End the running text: a paragraph, or several where empty lines part it."""
        text = INVISIBLE.sub("", re.sub(r" *\n *", "\n", re.sub(" +", " ", "".join(self._run))))
        self._run = []
        self.found += [
            Found(Block("paragraph", one.strip()), parent) for one in re.split(r"\n{2,}", text) if one.strip()
        ]


def _has_loose_text(element: Element) -> bool:
    """Whether a list, or one inside it, holds text outside its items, as only broken pages do."""
    lists = [element, *element.iterdescendants(*_LISTS)]
    return any((text or "").strip() for one in lists for text in (one.text, *(item.tail for item in one)))


def answer_of(blocks: Iterable[Block]) -> str:
    pieces = [piece for one in blocks for piece in (one.question, one.text, list_text(one.items, one.first))]
    return "\n\n".join(piece for piece in pieces if piece)
