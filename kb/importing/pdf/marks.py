"""What is drawn over or beside the words of a PDF: lines that strike them out, small pictures that say how to take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Frame = tuple[float, float, float, float]  # x0, top, x1, bottom
Picture = tuple[Frame, str]  # and its name

_MAX_STROKE = 2.0  # points: the height of a line
_MAX_PICTURE = 30.0


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    is_bold: bool


def without_struck(words: Sequence[Word], page: Any) -> tuple[list[Word], list[str]]:
    """The words of a page that no line crosses at half their height, and those that one does."""
    lines = list(_strokes(page))
    kept: list[Word] = []
    struck: list[str] = []
    for is_struck, run in groupby(words, key=lambda word: any(_crosses(line, word) for line in lines)):
        together = list(run)
        kept += [] if is_struck else together
        struck += [" ".join(word.text for word in together)] if is_struck else []
    return kept, struck


def _strokes(page: Any) -> Iterator[Frame]:
    for one in (*page.lines, *page.rects):
        if one["bottom"] - one["top"] <= _MAX_STROKE:
            yield one["x0"], one["top"], one["x1"], one["bottom"]
    for one in page.annots:
        if "StrikeOut" in str(one.get("data", {}).get("Subtype")):
            middle = (one["top"] + one["bottom"]) / 2
            yield one["x0"], middle, one["x1"], middle


def _crosses(line: Frame, word: Word) -> bool:
    """Whether a line strikes a word out; one at its foot underlines it, and may be that of a table."""
    x0, top, x1, bottom = line
    height = ((top + bottom) / 2 - word.top) / max(word.bottom - word.top, 1.0)
    return 0.3 < height < 0.7 and min(x1, word.x1) - max(x0, word.x0) > 0.7 * (word.x1 - word.x0)


def small_pictures(page: Any) -> list[Picture]:
    """Pictures of the size of a letter."""
    return [
        ((one["x0"], one["top"], one["x1"], one["bottom"]), str(one["name"]))
        for one in page.images
        if one["x1"] - one["x0"] <= _MAX_PICTURE and one["bottom"] - one["top"] <= _MAX_PICTURE
    ]


def picture_before(words: Sequence[Word], pictures: Iterable[Picture]) -> str:
    """The name of the picture that stands right before a line; "" for none."""
    first = words[0]
    middle = (first.top + first.bottom) / 2
    for (_, top, x1, bottom), name in pictures:
        if top <= middle <= bottom and -2 <= first.x0 - x1 <= _MAX_PICTURE:
            return name
    return ""
