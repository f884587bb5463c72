"""The marks that Word shows before the paragraphs of its lists: bullets, signs and numbers, counted as Word counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kb.importing.word.package import W, value
from kb.shaping.words import GLYPHS

BULLET = "•"

# Characters of fonts that hold pictures, by what they show.
_SIGNS = {
    "wingdings": {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0x4F: "⚐", 0x46: "☞"},
    "wingdings 2": {0x50: "✓", 0x4F: "✗", 0x52: "☑", 0x51: "☒", 0x53: "☒", 0x54: "☒", 0x55: "⊘"},
    "webdings": {0x61: "✓", 0x72: "✗"},
}
_NEUTRAL = set("•·▪■□o◦-–—*➢➤►→§●○‣⁃♦❖q") | {"\u00b7", ""}
_NEUTRAL_CODES = {0xA7, 0xB7, 0xD8, 0x76, 0x71, 0x6E, 0x6C, 0x6F, 0xA8, 0x9F, 0xE0, 0xF0, 0x75}


@dataclass(frozen=True, slots=True)
class Mark:
    """How a paragraph of a list begins. `number` is that of a plain 1. 2. 3.; `text` is what is shown."""

    text: str
    level: int
    number: int | None = None
    is_unread: bool = False


@dataclass(slots=True)
class Numbers:
    """Counts the lists of one document, in reading order."""

    part: Element | None
    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    started: set[tuple[str, int]] = field(default_factory=set)

    def mark(self, number: Element) -> Mark | None:
        """The mark of the next paragraph with this numPr; None when it is in no list."""
        num_id, given = value(number, "numId"), value(number, "ilvl") or "0"
        level = int(given) if given.isdigit() else 0
        if num_id in {None, "", "0"} or (found := self._level(str(num_id), level)) is None:
            return None
        abstract, shape, start = found
        kind = value(shape, "numFmt") or "decimal"
        if kind == "bullet":
            return _bullet(shape, level)
        count = self._count(str(num_id), abstract, level, start)
        shown = self._shown(str(num_id), abstract, value(shape, "lvlText") or "", level)
        is_plain = kind == "decimal" and shown.strip() in {f"{count}.", f"{count})", f"{count}"}
        if kind == "none" or not shown.strip():
            return Mark(BULLET, level)
        return Mark(shown.strip(), level, count if is_plain else None)

    def _count(self, num_id: str, abstract: str, level: int, start: int) -> int:
        restarts = self._override(num_id, level)
        if restarts is not None and (num_id, level) not in self.started:
            self.counts[abstract, level] = restarts - 1
        self.started.add((num_id, level))
        count = self.counts.get((abstract, level), start - 1) + 1
        self.counts[abstract, level] = count
        for key in [key for key in self.counts if key[0] == abstract and key[1] > level]:
            del self.counts[key]
        return count

    def _shown(self, num_id: str, abstract: str, pattern: str, level: int) -> str:
        for at in range(level + 1):
            found = self._level(num_id, at)
            kind = value(found[1], "numFmt") or "decimal" if found else "decimal"
            pattern = pattern.replace(f"%{at + 1}", written(self.counts.get((abstract, at), 1), kind))
        return pattern

    def _level(self, num_id: str, level: int) -> tuple[str, Element, int] | None:
        """The id of the list's definition, its level, and where that starts."""
        for num in self.part.iter(f"{W}num") if self.part is not None else ():
            if num.get(f"{W}numId") == num_id:
                abstract = value(num, "abstractNumId") or ""
                shapes = [one for own in num.iter(f"{W}lvlOverride") for one in own.iter(f"{W}lvl")]
                for definition in self.part.iter(f"{W}abstractNum") if self.part is not None else ():
                    if definition.get(f"{W}abstractNumId") == abstract:
                        shapes += definition.iter(f"{W}lvl")
                for shape in shapes:
                    if shape.get(f"{W}ilvl") == str(level):
                        start = value(shape, "start") or "1"
                        return abstract, shape, int(start) if start.isdigit() else 1
        return None

    def _override(self, num_id: str, level: int) -> int | None:
        for num in self.part.iter(f"{W}num") if self.part is not None else ():
            if num.get(f"{W}numId") == num_id:
                for one in num.iter(f"{W}lvlOverride"):
                    start = value(one, "startOverride")
                    if one.get(f"{W}ilvl") == str(level) and start and start.isdigit():
                        return int(start)
        return None


def symbol(font: str, code: int) -> str | None:
    """What a character of a picture font shows, if it is a sign that says how to take words."""
    return _SIGNS.get(font.casefold(), {}).get(code & 0xFF)


def _bullet(shape: Element, level: int) -> Mark:
    fonts = shape.find(f"{W}rPr/{W}rFonts")
    font = fonts.get(f"{W}ascii", "") if fonts is not None else ""
    text = (value(shape, "lvlText") or "").strip()
    code = ord(text[0]) if text else 0
    if sign := symbol(font, code):
        return Mark(sign, level)
    if GLYPHS.fullmatch(text) and text:
        return Mark(text, level)
    is_picture = shape.find(f"{W}lvlPicBulletId") is not None
    is_neutral = text in _NEUTRAL or (code & 0xFF in _NEUTRAL_CODES and (code >= 0xF000 or "dings" in font.casefold()))
    return Mark(BULLET, level, is_unread=is_picture or not is_neutral)


def written(count: int, kind: str) -> str:
    """A number as lists show it; `kind` is lowerLetter, upperLetter, lowerRoman, upperRoman, decimalZero or decimal."""
    if kind in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in {"lowerRoman", "upperRoman"}:
        roman, rest = "", count
        for number, letters in ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
            while rest >= number:
                roman, rest = roman + letters, rest - number
        return roman if kind == "lowerRoman" else roman.upper()
    return f"{count:02}" if kind == "decimalZero" else str(count)
