"""The blocks of a Word document, in the order in which Word shows them, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from kb.importing.word.numbers import BULLET, Mark, Numbers
from kb.importing.word.package import Package, Style, W, open_package, value
from kb.importing.word.runs import Words, words_of
from kb.shaping.blocks import Block, list_block, text_of
from kb.shaping.tables import table_blocks
from kb.shaping.words import is_label, is_question

_CONTENTS = "table of contents"
_MAX_SPAN = 50
_MAX_WORDS_BESIDE_A_SIGN = 12


@dataclass(frozen=True, slots=True)
class WordPage:
    """What a Word document says. `lines` is all text that it shows."""

    title: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def parse_word(data: bytes) -> WordPage:
    """Read a Word document. Raises what `open_package` raises on a broken one."""
    package = open_package(data)
    reader = _Reader(package, Numbers(package.numbering))
    reader.look_for_signs()
    blocks = _titled(list(reader.read(package.body)))
    for kind, parts in (("comment", package.comments), ("running head", package.running)):
        texts = (" ".join(filter(None, map(reader.plain, one.iter(f"{W}p")))) for one in parts)
        reader.left_out += [f"{kind}: {words}" for words in dict.fromkeys(texts) if words]
    title = next((one.text for one in blocks if one.kind == "heading" and one.level == 1), "")
    return WordPage(title, tuple(blocks), tuple(reader.left_out), tuple(reader.lines), tuple(reader.warnings))


def _titled(blocks: list[Block]) -> list[Block]:
    """Without a main heading, a bold line at the top is the title."""
    has_title = any(one.kind == "heading" and one.level == 1 for one in blocks)
    if blocks and not has_title and blocks[0].is_strong and _may_be_title(blocks[0].text):
        blocks[0] = Block("heading", blocks[0].text, level=1)
    return blocks


def _may_be_title(text: str) -> bool:
    return not is_question(text) and not is_label(text) and text[-1] not in ".:;,"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Blocks that stand together. A box is a cell or a text box; one that hangs `beside` the text is none of it."""

    blocks: tuple[Block, ...]
    is_box: bool = False
    is_beside: bool = False


@dataclass(slots=True)
class _Reader:
    package: Package
    numbers: Numbers
    left_out: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    has_signs: bool = False  # pictures of several kinds beside short lines: one may say “yes”, another “no”

    def look_for_signs(self) -> None:
        """See whether different pictures that cannot be read stand beside short lines."""
        every = (words_of(one, self.package, self._style(one)) for one in self.package.body.iter(f"{W}p"))
        self.has_signs = len({words.pictures[0] for words in every if _has_sign(words)}) > 1

    def read(self, parent: Element) -> Iterator[Block]:
        """The blocks inside an element: a body, a cell, a text box. What labels a box labels nothing after it."""
        level, has_ended = 1, False  # of the last heading outside of boxes; whether a box with a title has ended
        for piece in self._pieces(parent):
            for at, block in enumerate(piece.blocks):
                if has_ended or (piece.is_beside and at == 0):
                    block = replace(block, under=min(level, 6 if block.under is None else block.under))
                    has_ended = False
                if not piece.is_box and block.kind == "heading":
                    level = block.level
                yield block
            has_ended = has_ended or (piece.is_box and any(map(_is_title, piece.blocks)))

    def _pieces(self, parent: Element) -> Iterator[_Piece]:
        items: list[tuple[Mark, str]] = []
        beside: list[Block] = []  # text boxes that hang on what was read, and stand beside it
        for element in _elements(parent):
            if _is_contents(element):
                words = " ".join(filter(None, map(self.plain, element.iter(f"{W}p"))))
                self.left_out += [f"contents: {words}"] if words else []
                continue
            hanging: list[Block] = []
            is_table = element.tag != f"{W}p"
            found = [] if is_table else self._paragraph(element, hanging)
            if isinstance(found, tuple):
                items.append(found)
            else:
                yield _Piece(tuple(self._lists(items)))
                items = []
                if is_table or (found and _begins_anew(found[0])):
                    yield _Piece(tuple(beside), is_box=True, is_beside=True)
                    beside = []
                yield from self._table(element) if is_table else [_Piece(tuple(found))]
            beside += hanging
        yield _Piece(tuple(self._lists(items)))
        yield _Piece(tuple(beside), is_box=True, is_beside=True)

    def plain(self, paragraph: Element) -> str:
        """The words of a paragraph that is not read as text."""
        return " ".join(words_of(paragraph, self.package, self._style(paragraph)).text.split())

    def _style(self, paragraph: Element) -> Style:
        return self.package.styles.get(value(paragraph.find(f"{W}pPr"), "pStyle") or "", Style())

    def _paragraph(self, paragraph: Element, hanging: list[Block]) -> list[Block] | tuple[Mark, str]:
        """What a paragraph says, or an item with its mark; text boxes that hang on it go to `hanging`."""
        style = self._style(paragraph)
        words = words_of(paragraph, self.package, style)
        self.left_out += [f"struck out: {one.strip()}" for one in words.struck]
        self.left_out += [f"hidden: {one.strip()}" for one in words.hidden]
        text = words.text
        hanging += [block for box in words.boxes for block in self.read(box)]
        if not text:
            return []
        self.lines += text.split("\n")
        if self.has_signs and _has_sign(words):
            self._ask(" ".join(text.split()), "pictures")
            return []
        if style.name.startswith("toc "):
            self.left_out.append(f"contents: {' '.join(text.split())}")
            return []
        place = paragraph.find(f"{W}pPr")
        level = _heading_level(place, style)
        mark = self._mark(place, style)
        notes = [note for one in words.notes if (note := self._note(one))]
        if mark is not None and level is None:
            return mark, " ".join([" ".join(text.split("\n")), *notes])
        if level is not None:
            return [Block("heading", " ".join(text.split("\n")), level=level)]
        if (opening := words.opening()) and is_question(opening) and text.startswith(opening):
            text = f"{opening}\n{text[len(opening) :].lstrip()}"
        return [Block("paragraph", "\n".join([text, *notes]), is_strong=words.is_strong)]

    def _mark(self, place: Element | None, style: Style) -> Mark | None:
        number = place.find(f"{W}numPr") if place is not None else None
        number = style.number if number is None else number
        return None if number is None else self.numbers.mark(number)

    def _note(self, reference: Element) -> str:
        kind = reference.tag.removeprefix(W).removesuffix("Reference")
        note = self.package.notes.get((kind, reference.get(f"{W}id", "")))
        return " ".join(filter(None, map(self.plain, note.iter(f"{W}p")))) if note is not None else ""

    def _lists(self, items: Sequence[tuple[Mark, str]]) -> Iterator[Block]:
        """Lists of paragraphs that stand together; those with other signs or new numbers are lists of their own."""
        run: list[tuple[Mark, str]] = []
        for mark, text in items:
            if run and not _belongs(mark, run):
                yield from self._list(run)
                run = []
            run.append((mark, text))
        yield from self._list(run)

    def _list(self, run: Sequence[tuple[Mark, str]]) -> Iterator[Block]:
        if not run:
            return
        marks = [mark for mark, _ in run]
        if len({mark.is_unread for mark in marks if mark.level == 0}) > 1:
            self._ask(" ".join(text for _, text in run), "bullets")
            return
        yield list_block(
            [(mark.number, text if mark.number is not None else f"{_sign(mark)}{text}") for mark, text in run]
        )

    def _ask(self, words: str, signs: str) -> None:
        """Leave out words beside which there are signs that cannot be read, and ask for them."""
        self.left_out.append(f"signs that cannot be read: {words}")
        self.warnings.append(f"“{words[:80]}”: {signs} beside these words may turn their sense. Write them as words.")

    def _table(self, table: Element) -> Iterator[_Piece]:
        rows = [list(_cells(row)) for row in _rows(table)]
        filled = _with_merged(rows)
        if _is_layout(rows):
            yield from self._by_cells(filled)
        else:
            said = {cell: self._cell(cell) for row in rows for cell in row}  # once, however many places one covers
            yield _Piece(tuple(table_blocks([[said[cell] for cell in row] for row in filled])))

    def _cell(self, cell: Element) -> str:
        lines = text_of(_bare(self.read(cell))).split("\n")
        return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))

    def _by_cells(self, rows: Sequence[Sequence[Element]]) -> Iterator[_Piece]:
        """A table for layout, or one with lists in its cells: column by column below its heads, else cell by cell."""
        heads = [self._cell(cell) for cell in rows[0]] if rows else []
        has_heads = len(rows) > 1 and all(heads) and not any(_holds_lists(cell) for cell in rows[0])
        if not has_heads:
            yield from (_Piece(tuple(self.read(cell)), is_box=True) for row in rows for cell in dict.fromkeys(row))
            return
        for at, head in enumerate(heads):
            cells = (block for row in rows[1:] if at < len(row) for block in self.read(row[at]))
            yield _Piece((Block("paragraph", " ".join(head.split("\n")), is_strong=True), *cells), is_box=True)


def _has_sign(words: Words) -> bool:
    return bool(words.pictures) and 0 < len(words.text.split()) <= _MAX_WORDS_BESIDE_A_SIGN


def _is_title(block: Block) -> bool:
    return block.kind == "heading" or (block.kind == "paragraph" and (block.is_strong or is_label(block.text)))


def _begins_anew(block: Block) -> bool:
    """Whether a block begins something of its own, so that boxes beside what stands before it come first."""
    return _is_title(block) or block.text[-1:] in ".!?"


def _elements(parent: Element) -> Iterator[Element]:
    """Paragraphs and tables inside an element, those in content controls and insertions included."""
    for child in parent:
        if child.tag in {f"{W}p", f"{W}tbl"} or _is_contents(child):
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"}:
            yield from _elements(child)


def _is_contents(element: Element) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery") if element.tag == f"{W}sdt" else None
    return gallery is not None and gallery.get(f"{W}val", "").casefold() == _CONTENTS


def _heading_level(place: Element | None, style: Style) -> int | None:
    outline = value(place, "outlineLvl")
    if outline is not None and outline.isdigit() and int(outline) < 9:
        return min(int(outline) + 1, 6)
    return style.level


def _belongs(mark: Mark, run: Sequence[tuple[Mark, str]]) -> bool:
    if mark.level > 0:
        return True
    top = next((one for one, _ in reversed(run) if one.level == 0), run[-1][0])
    if (mark.number is None) != (top.number is None):
        return False
    return (
        mark.number == (top.number or 0) + 1
        if mark.number is not None
        else _sign(mark) == _sign(top) or _is_lettered(mark)
    )


def _is_lettered(mark: Mark) -> bool:
    return mark.text[:-1].isalnum()


def _sign(mark: Mark) -> str:
    return "" if mark.text == BULLET else f"{mark.text} "


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if child.tag == f"{W}tr":
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins"}:
            yield from _rows(child)


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent"}:
            yield from _cells(child)


def _with_merged(rows: Iterable[Sequence[Element]]) -> list[list[Element]]:
    """The cells of each row, those that cover several columns or rows repeated in each."""
    filled: list[list[Element]] = []
    for row in rows:
        cells: list[Element] = []
        for cell in row:
            place = cell.find(f"{W}tcPr")
            span = value(place, "gridSpan") or "1"
            goes_on = place is not None and place.find(f"{W}vMerge") is not None and value(place, "vMerge") != "restart"
            above = filled[-1][len(cells)] if goes_on and filled and len(cells) < len(filled[-1]) else cell
            cells += [above] * min(int(span) if span.isdigit() else 1, _MAX_SPAN)
        filled.append(cells)
    return filled


def _is_layout(rows: Sequence[Sequence[Element]]) -> bool:
    is_one = len(rows) == 1 and (len(rows[0]) > 1 or any(len(_full(cell)) > 1 for cell in rows[0]))
    return is_one or any(_holds_lists(cell) for row in rows for cell in row)


def _holds_lists(cell: Element) -> bool:
    paragraphs = _full(cell)
    return (len(paragraphs) > 1 and any(one.find(f"{W}pPr/{W}numPr") is not None for one in paragraphs)) or len(
        paragraphs
    ) > 3


def _bare(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks of a cell without the bullets of lists: the words of one line."""
    for one in blocks:
        yield replace(one, kind="paragraph", text=" ".join([one.text, *one.items]).strip(), items=())


def _full(cell: Element) -> list[Element]:
    return [one for one in cell.iter(f"{W}p") if any((text.text or "").strip() for text in one.iter(f"{W}t"))]
