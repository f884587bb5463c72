"""The blocks of a PDF: headings by size and weight, lists by their bullets, paragraphs joined from their lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import groupby, pairwise

import pdfplumber

from kb.importing.pdf.lines import BULLETS, SIGNS, Line, read_lines
from kb.reading.english import english_words
from kb.shaping.blocks import Block
from kb.shaping.plaintext import reads_as_heading
from kb.shaping.tables import table_blocks
from kb.shaping.words import is_label

_MAX_HEADING_WORDS = 15
_MAX_TITLE_WORDS = 10
_LARGER = 1.12  # times the size of the text: a heading
_SMALLER = 0.9  # times that size: a footnote, if it stands below and begins with a mark
_NUMBERED = re.compile(r"^(\d{1,3})[.)]\s+(?=\S)")
_LETTERED = re.compile(r"^\(?(?:[a-h]|i{1,3}|iv|vi{0,3})[.)]\s+(?=\S)")
# A line that ends so goes on, however much room there was.
_OPEN_END = re.compile(
    r"\b(?:not|and|or|but|the|an?|of|to|at|in|on|by|for|from|with|must|should|can|may|will|your|our|if|when|because|than|is|are)$"
)
_NOTE = re.compile(r"^(\d{1,2}|[*†‡])[.)]?\s*(\S.*)$")
_STARS = "*†‡"
_UNREAD = re.compile(r"\(cid:\d+\)|�")


@dataclass(frozen=True, slots=True)
class PdfPage:
    """What a PDF says. `lines` is all text that it shows."""

    title: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def parse_pdf(data: bytes) -> PdfPage:
    """Read a PDF. Raises what pdfplumber raises on a broken or locked one."""
    with pdfplumber.open(BytesIO(data)) as document:
        read = read_lines(document.pages)
    reader = _Reader(left_out=[f"running head or foot: {one}" for one in dict.fromkeys(read.running)])
    reader.left_out += [f"struck out: {one}" for one in read.struck]
    lines = reader.without_unread(read.lines)
    blocks = reader.read(lines)
    title = next((one.text for one in blocks if one.kind == "heading" and one.level == 1), "")
    return PdfPage(title, tuple(blocks), tuple(reader.left_out), tuple(reader.shown), tuple(reader.warnings))


@dataclass(slots=True)
class _Reader:
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)  # of headings, largest first
    text_size: float = 0.0
    has_signs: bool = False  # pictures of several kinds stand before lines: one may say “yes”, another “no”

    def without_unread(self, lines: Sequence[Line]) -> list[Line]:
        unread = [line.text for line in lines if _UNREAD.search(line.text)]
        if unread:
            self.warnings.append(
                f"{len(unread)} lines use a font that cannot be read, and were left out. Type them in."
            )
        return [line for line in lines if not _UNREAD.search(line.text)]

    def read(self, lines: Sequence[Line]) -> list[Block]:
        if not lines:
            return []
        counts: Counter[float] = Counter()
        for line in lines:
            counts[round(line.size * 2) / 2] += len(line.text)
        self.text_size = counts.most_common(1)[0][0]
        lines, notes = self._without_notes(lines)
        self.has_signs = len({line.picture for line in lines if line.picture}) > 1
        larger = {round(line.size * 2) / 2 for line in lines if self._is_larger(line)}
        self.sizes = sorted(larger, reverse=True)
        blocks: list[Block] = []
        for is_table, run in groupby(lines, key=lambda line: bool(line.cells)):
            together = list(run)
            blocks += self._tables(together) if is_table else self._texts(together, notes)
        return _titled(_joined_over_breaks(blocks))

    def _is_larger(self, line: Line) -> bool:
        return line.size >= _LARGER * self.text_size and len(line.text.split()) <= _MAX_HEADING_WORDS

    def _without_notes(self, lines: Sequence[Line]) -> tuple[list[Line], dict[tuple[int, str], str]]:
        """The lines without footnotes, and those by page and mark; a note goes on over lines of its size."""
        lines = [_with_stars(line) for line in lines]
        referred = {(line.page, mark) for line in lines for mark in line.notes}
        notes: dict[tuple[int, str], str] = {}
        kept: list[Line] = []
        key: tuple[int, str] | None = None
        for line in lines:
            is_small = line.size <= _SMALLER * self.text_size
            found = _NOTE.match(line.text) if is_small or line.text[0] in _STARS else None
            if found and (line.page, found[1]) in referred:
                key = (line.page, found[1])
                notes[key] = found[2]
            elif key is not None and line.page == key[0] and (is_small or line.text[:1].islower()):
                notes[key] += f" {line.text}"
            else:
                key = None
                kept.append(line)
        return kept, notes

    def _tables(self, lines: Sequence[Line]) -> list[Block]:
        self.shown += [cell for line in lines for cell in line.cells if cell]
        return table_blocks(_with_wrapped(lines))

    def _texts(self, lines: Sequence[Line], notes: dict[tuple[int, str], str]) -> Iterator[Block]:
        open_box: tuple[int, int] | None = None
        level_in_box = 7
        for group in _groups(lines):
            if self.has_signs and group[0].picture:
                self._ask(self._joined(group))
                continue
            box = None if group[0].box is None else (group[0].page, group[0].box)
            block = self._block(group, notes)
            if open_box is not None and box != open_box and level_in_box < 7:
                block = replace(block, under=level_in_box - 1)
                level_in_box = 7
            if box is not None and (block.kind == "heading" or block.is_strong):
                level_in_box = min(level_in_box, block.level or 2)
            open_box = box
            yield block

    def _ask(self, words: str) -> None:
        self.left_out.append(f"signs that cannot be read: {words}")
        self.warnings.append(f"“{words[:80]}”: pictures beside these words may turn their sense. Write them as words.")

    def _block(self, group: Sequence[Line], notes: dict[tuple[int, str], str]) -> Block:
        first = group[0]
        text = self._joined(group)
        below = [notes[line.page, mark] for line in group for mark in line.notes if (line.page, mark) in notes]
        self.shown += [text, *below]
        if self._is_larger(first):
            level = self.sizes.index(round(first.size * 2) / 2) + 1
            return Block("heading", text, level=min(level, 6))
        mark, words = _marked(text)
        if mark is not None:
            item = " ".join([words, *below])
            number = _NUMBERED.match(mark + " x")
            return Block("list", items=(item,), first=int(number[1]) if number else None)
        is_strong = all(line.is_bold for line in group)
        return Block("paragraph", "\n".join([text, *below]), is_strong=is_strong)

    def _joined(self, group: Sequence[Line]) -> str:
        """The lines of a paragraph as one, words that were parted at a line's end put together again."""
        text = group[0].text
        for line in group[1:]:
            last, first = text.rpartition(" ")[2], line.text.partition(" ")[0]
            if last.endswith("\u00ad"):
                text = text[:-1] + line.text
            elif last.endswith("-") and len(last) > 2 and first[:1].islower():
                whole = _put_together(last, first)
                self.warnings.append(f"word joined at the end of a line: {last} {first} → {whole}")
                text = text[: len(text) - len(last)] + whole + line.text[len(first) :]
            else:
                text = f"{text} {line.text}"
        return text


def _with_stars(line: Line) -> Line:
    """The line with the stars and daggers at the ends of its words as marks of footnotes."""
    if not any(word.text[-1] in _STARS and len(word.text) > 1 for word in line.words):
        return line
    marks = tuple(word.text[-1] for word in line.words if word.text[-1] in _STARS and len(word.text) > 1)
    words = tuple(replace(word, text=word.text.rstrip(_STARS) or word.text) for word in line.words)
    return replace(line, words=words, notes=(*line.notes, *marks))


def _with_wrapped(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """The rows of a table; a line that stands close below a row and has no first cell goes on with its cells."""
    gaps = [line.top - above.bottom for above, line in pairwise(lines)]
    rows = [lines[0].cells]
    for line, gap in zip(lines[1:], gaps, strict=True):
        if not line.cells[0] and gap < 0.6 * max(gaps):
            rows[-1] = tuple(" ".join(filter(None, pair)) for pair in zip(rows[-1], line.cells, strict=True))
        else:
            rows.append(line.cells)
    return rows


def _put_together(last: str, first: str) -> str:
    """A word that was parted: without its hyphen, unless only its halves are words."""
    joined, bare = last[:-1] + first, re.sub(r"\W+$", "", first).casefold()
    left = re.sub(r"^\W+", "", last[:-1]).casefold()
    known = frozenset(english_words())
    if left + bare in known or not (left in known and bare in known):
        return joined
    return last + first


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that make one heading, item or paragraph."""
    spacing = _usual_spacing(lines)
    group: list[Line] = []
    for line in lines:
        if group and not _goes_on(group, line, spacing):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _usual_spacing(lines: Sequence[Line]) -> float:
    """The commonest distance from one line's foot to the next's, in sizes of the text."""
    found: Counter[float] = Counter()
    for above, line in pairwise(lines):
        if above.page == line.page and above.column == line.column and line.bottom > above.bottom:
            distance = round((line.bottom - above.bottom) / line.size, 1)
            if distance <= 2:
                found[distance] += 1
    return min((one for one, count in found.items() if count >= max(found.values()) * 0.5), default=1.2)


def _goes_on(group: Sequence[Line], line: Line, spacing: float) -> bool:
    last = group[-1]
    if (last.page, last.column, last.box) != (line.page, line.column, line.box) or _marked(line.text)[0] is not None:
        return False
    if abs(last.size - line.size) > 0.6 or last.is_bold != line.is_bold:
        return (
            _marked(group[0].text)[0] is not None and _is_inside_item(group, line, spacing) and last.size == line.size
        )
    if line.bottom - last.bottom > (spacing + 0.35) * line.size:
        return False
    if _marked(group[0].text)[0] is not None:
        return _is_inside_item(group, line, spacing)
    starts_small = line.text[:1].islower()
    if _OPEN_END.search(last.text) and not is_label(last.text):
        return True
    if starts_small and last.text[-1] not in ".!?:":
        return True
    if line.x0 > group[0].x0 + 2 * line.size and len(group) > 1:
        return False
    room = line.right - last.x1
    first_word = line.words[0]
    return room < (first_word.x1 - first_word.x0) + 0.4 * line.size or (starts_small and room < 0.3 * line.right)


def _is_inside_item(group: Sequence[Line], line: Line, spacing: float) -> bool:
    """Whether a line goes on with a list's item: it stands at least as far right as the item's words."""
    first = group[0]
    words = first.words[1] if len(first.words) > 1 and first.words[0].text in {*BULLETS, *SIGNS} else first.words[0]
    is_near = line.bottom - group[-1].bottom <= (spacing + 0.35) * line.size
    is_indented = line.x0 >= words.x0 - 2 and (words is not first.words[0] or line.x0 > first.x0 + 2)
    goes_on = line.text[:1].islower() and group[-1].text[-1] not in ".!?:"
    return is_near and (is_indented or goes_on)


def _marked(text: str) -> tuple[str | None, str]:
    """The mark that begins an item, and the item's words; a sign that says how to take them stays with them."""
    head, _, rest = text.partition(" ")
    if head in SIGNS and rest:
        return head, f"{SIGNS[head]} {rest}"
    if head and head in BULLETS and rest and (head not in "o-–—*" or not rest[0].isdigit()):
        return head, rest
    if text[:1] in "•●▪■‣➢\uf0b7\uf0a7" and len(text) > 1:
        return text[0], text[1:].strip()
    if _LETTERED.match(text):
        return text, text
    if (number := _NUMBERED.match(text)) and not text.endswith("?"):
        return number[0].strip(), text[number.end() :]
    return None, text


def _joined_over_breaks(blocks: Sequence[Block]) -> list[Block]:
    """Items as lists, and the two halves of a sentence that a column or a page parts as one paragraph."""
    kept: list[Block] = []
    for block in blocks:
        before = kept[-1] if kept else None
        if before is None or block.under is not None:
            kept.append(block)
        elif before.kind == block.kind == "list" and not block.text and _is_next(before, block):
            kept[-1] = replace(before, items=(*before.items, *block.items))
        elif before.kind == block.kind != "list" and _is_one_text(before, block):
            kept[-1] = replace(before, text=f"{before.text} {block.text}")
        else:
            kept.append(block)
    return kept


def _is_next(before: Block, block: Block) -> bool:
    if before.first is None:
        return block.first is None and _sign(before.items[-1]) == _sign(block.items[0])
    return block.first == before.first + len(before.items)


def _sign(item: str) -> str:
    return item[0] if item[0] in SIGNS.values() else ""


def _is_one_text(before: Block, block: Block) -> bool:
    is_alike = (before.level, before.is_strong) == (block.level, block.is_strong)
    return is_alike and _is_half(before.text, block.text)


def _is_half(text: str, following: str) -> bool:
    return text[-1] not in ".!?:" and (following[:1].islower() or (bool(_OPEN_END.search(text)) and not is_label(text)))


def _titled(blocks: list[Block]) -> list[Block]:
    """Where sizes and weights tell nothing, lines that read like headings are some; the first may be the title."""
    if any(one.kind == "heading" or one.is_strong for one in blocks):
        return blocks
    found = [
        replace(one, kind="heading", level=2)
        if one.kind == "paragraph" and one.text and "\n" not in one.text and reads_as_heading(one.text)
        else one
        for one in blocks
    ]
    if len(found) > 1 and (found[0].kind == "heading" or _reads_as_title(found[0])):
        found[0] = replace(found[0], kind="heading", level=1)
    return found


def _reads_as_title(block: Block) -> bool:
    is_line = (
        block.kind == "paragraph" and len(block.text.split()) <= _MAX_TITLE_WORDS and block.text[-1] not in ".!?:;,"
    )
    return is_line and not is_label(block.text)
