"""The lines of a PDF in the order in which a person reads them: column by column, without running heads and feet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Any

from kb.importing.pdf.marks import Frame, Word, picture_before, small_pictures, without_struck

BULLETS = "•●▪◦■□○‣⁃∙·➢➤►▶–—-*\uf0b7\uf0a7\uf0d8o"
SIGNS = {
    "✓": "✓",
    "✔": "✔",
    "✗": "✗",
    "✘": "✘",
    "✕": "✕",
    "✖": "✖",
    "×": "×",
    "\uf0fc": "✓",
    "\uf0fb": "✗",
    "☑": "☑",
    "☒": "☒",
}
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"^(?:page|p\.?)?\s*[-–]?\s*\d{1,4}\s*[-–]?(?:\s*(?:of|/)\s*\d{1,4})?$", re.IGNORECASE)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00a0": " "})

_MIN_GUTTER = 12.0  # points: narrower gaps are those between words
_MAX_ROWS_BELOW = 2
_MAX_CELL_WORDS = 6  # in a table that leaves cells empty
_EDGE = 0.1  # of a page's height: where running heads, feet and page numbers stand


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one height of one column. `right` is where the column ends; `box` the frame that it stands in.

    `cells` are set for a row of a table. Measures are points from the page's upper left.
    """

    words: tuple[Word, ...]
    page: int
    column: int
    right: float
    box: int | None = None
    cells: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # marks of footnotes that it refers to
    picture: str = ""  # the name of a small picture before it

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def size(self) -> float:
        return median(word.size for word in self.words)

    @property
    def is_bold(self) -> bool:
        return all(word.is_bold for word in self.words if word.text.strip(BULLETS))


@dataclass(slots=True)
class Read:
    """The lines of a PDF; left out of them are running heads, feet and page numbers, and words that are struck out."""

    lines: list[Line] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)


def read_lines(pages: Iterable[Any]) -> Read:
    """Read pages of pdfplumber."""
    found = Read()
    rows = []
    for number, page in enumerate(pages):
        words, struck = without_struck(_words(page), page)
        found.struck += struck
        rows.append((number, float(page.height), _rows(words), _boxes(page), small_pictures(page)))
    repeated = _repeated([(height, page_rows) for _, height, page_rows, *_ in rows])
    for number, height, page_rows, boxes, pictures in rows:
        kept = []
        for row in page_rows:
            text = " ".join(word.text for word in row)
            if _is_at_edge(row, height) and (_PAGE_NUMBER.match(text) or _without_digits(text) in repeated):
                found.running.append(text)
            else:
                kept.append(row)
        lines = _in_reading_order(kept, number, boxes)
        found.lines += [replace(line, picture=picture_before(line.words, pictures)) for line in lines]
    return found


def _words(page: Any) -> list[Word]:
    words = page.extract_words(extra_attrs=["fontname", "size"], keep_blank_chars=False, x_tolerance_ratio=0.2)
    return [
        Word(
            text=one["text"].translate(_LIGATURES),
            x0=one["x0"],
            x1=one["x1"],
            top=one["top"],
            bottom=one["bottom"],
            size=one["size"],
            is_bold=bool(_BOLD.search(one["fontname"])),
        )
        for one in words
        if one["text"].strip()
    ]


def _boxes(page: Any) -> list[Frame]:
    """Frames and coloured areas that hold text, smallest first; one as large as the page holds nothing by itself."""
    whole = float(page.width) * float(page.height)
    found = [(one["x0"], one["top"], one["x1"], one["bottom"]) for one in page.rects]
    sized = [
        (box, (box[2] - box[0]) * (box[3] - box[1])) for box in found if box[2] - box[0] > 60 and box[3] - box[1] > 20
    ]
    return [box for box, area in sorted(sized, key=lambda one: one[1]) if area < 0.8 * whole]


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Words by height, each row from left to right; a raised number stands in the row of the word before it."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: (one.bottom, one.x0)):
        row = next((one for one in reversed(rows[-6:]) if _is_level(one, word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    for row in rows:
        row.sort(key=lambda one: one.x0)
    return sorted(rows, key=lambda row: median(word.bottom for word in row))


def _is_level(row: Sequence[Word], word: Word) -> bool:
    top, bottom = min(one.top for one in row), max(one.bottom for one in row)
    height = min(word.bottom - word.top, bottom - top)
    return min(bottom, word.bottom) - max(top, word.top) > 0.5 * height


def _repeated(pages: Sequence[tuple[float, Sequence[Sequence[Word]]]]) -> set[str]:
    counts: Counter[str] = Counter()
    for height, rows in pages:
        counts.update(
            {_without_digits(" ".join(word.text for word in row)) for row in rows if _is_at_edge(row, height)}
        )
    return {text for text, count in counts.items() if count > 1 and 2 * count >= len(pages)}


def _is_at_edge(row: Sequence[Word], height: float) -> bool:
    return row[0].bottom < _EDGE * height or row[0].top > (1 - _EDGE) * height


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _in_reading_order(rows: Sequence[list[Word]], page: int, boxes: Sequence[Frame]) -> Iterator[Line]:
    """Bands of rows that share a gutter are read column by column, or row by row when they are a table."""
    column = 0
    for band, gutters in _bands(rows):
        if gutters and _is_table(band, gutters):
            for row in band:
                cells = tuple(" ".join(word.text for word in part) for part in _parts(row, gutters))
                yield Line(tuple(row), page, column, max(word.x1 for word in row), _box_of(row, boxes), cells)
            column += 1
            continue
        edges = [*gutters, float("inf")]
        for at, edge in enumerate(edges):
            start = edges[at - 1] if at else float("-inf")
            parts = [[word for word in row if start <= (word.x0 + word.x1) / 2 < edge] for row in band]
            full = [part for part in parts if part]
            right = max((word.x1 for part in full for word in part), default=0.0)
            for part in full:
                text, notes = _without_references(part)
                if text:
                    yield Line(tuple(text), page, column, right, _box_of(part, boxes), notes=notes)
            column += 1


def _bands(rows: Sequence[list[Word]]) -> Iterator[tuple[list[list[Word]], list[float]]]:
    """Runs of rows with the gutters that part all of them; none for rows that go right across."""
    waiting = list(rows)
    while waiting:
        end = 1
        while end < len(waiting):
            is_parted = _sides(waiting[:end]) > 1
            if is_parted and _sides(waiting[: end + 1]) == 1:
                break
            if not is_parted and _sides(waiting[end : end + 2]) > 1:
                break
            end += 1
        end -= _rows_below(waiting[:end])
        band, waiting = waiting[:end], waiting[end:]
        yield band, _shared(_gutters(band), band) if len(band) > 1 else []


def _rows_below(band: Sequence[list[Word]]) -> int:
    """How many rows at the end are no part of the columns above: a line or two apart from them on the left, or a table."""
    gutters = _shared(_gutters(band), band)
    if not gutters:
        return 0
    count = 0
    while count < len(band) - 1 and all(word.x1 <= gutters[-1] for word in band[-1 - count]):
        count += 1
    if count == 0:
        return 0
    tail = band[-count:]
    if count > _MAX_ROWS_BELOW and not any(_sides(pair) > 1 for pair in pairwise(tail)):
        return 0
    usual = median([_gap(above, row) for above, row in pairwise(band[:-count])] or [0.0])
    return count if _gap(band[-1 - count], tail[0]) > max(1.5 * usual, 0.7 * tail[0][0].size) else 0


def _gap(above: Sequence[Word], row: Sequence[Word]) -> float:
    return min(word.top for word in row) - max(word.bottom for word in above)


def _sides(rows: Sequence[Sequence[Word]]) -> int:
    return len(_shared(_gutters(rows), rows)) + 1


def _shared(gutters: Sequence[float], rows: Sequence[Sequence[Word]]) -> list[float]:
    """The gutters with words on both sides."""
    return [
        one
        for one in gutters
        if any(word.x1 <= one for row in rows for word in row) and any(word.x0 >= one for row in rows for word in row)
    ]


def _gutters(rows: Sequence[Sequence[Word]]) -> list[float]:
    """Middles of the gaps that no word of these rows crosses."""
    spans = sorted((word.x0, word.x1) for row in rows for word in row)
    found, right = [], spans[0][1]
    for start, end in spans[1:]:
        if start - right >= _MIN_GUTTER and not _is_bullet_gap(rows, right):
            found.append((start + right) / 2)
        right = max(right, end)
    return found


def _is_bullet_gap(rows: Sequence[Sequence[Word]], right: float) -> bool:
    """Whether all that stands left of a gap are bullets and numbers of a list."""
    left = [word.text for row in rows for word in row if word.x1 <= right + 0.1]
    return all(one in SIGNS or one in BULLETS or re.fullmatch(r"\(?\w{1,3}[.)]", one) for one in left)


def _parts(row: Sequence[Word], gutters: Sequence[float]) -> list[list[Word]]:
    edges = [float("-inf"), *gutters, float("inf")]
    return [
        [word for word in row if edges[at] <= (word.x0 + word.x1) / 2 < edges[at + 1]] for at in range(len(edges) - 1)
    ]


def _is_table(band: Sequence[list[Word]], gutters: Sequence[float]) -> bool:
    """Whether rows are those of a table: cells on one height in all columns, few words each, and no bullets."""
    parts = [_parts(row, gutters) for row in band]
    if any(
        part and (part[0].text in SIGNS or (part[0].text in BULLETS and len(part) > 1)) for row in parts for part in row
    ):
        return False
    whole = sum(all(row) for row in parts)
    first = [len(row[0]) for row in parts if row[0]]
    is_short = all(parts[0]) and all(len(part) <= _MAX_CELL_WORDS for row in parts for part in row)
    return whole >= 2 and whole >= (0.5 if is_short else 0.7) * len(parts) and median(first) <= 4


def _without_references(words: Sequence[Word]) -> tuple[list[Word], tuple[str, ...]]:
    """A line without the raised numbers that refer to footnotes, and those."""
    size = max(word.size for word in words)
    base = max(word.bottom for word in words)
    raised = [
        word
        for word in words[1:]
        if word.size <= 0.8 * size and word.bottom < base - 0.1 * size and re.fullmatch(r"\d{1,2}|[*†‡]", word.text)
    ]
    return [word for word in words if word not in raised], tuple(word.text for word in raised)


def _box_of(words: Sequence[Word], boxes: Sequence[Frame]) -> int | None:
    x, y = words[0].x0, (words[0].top + words[0].bottom) / 2
    return next(
        (at for at, (x0, top, x1, bottom) in enumerate(boxes) if x0 - 1 <= x <= x1 and top <= y <= bottom), None
    )
