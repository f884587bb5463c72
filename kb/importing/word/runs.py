"""The words of a Word paragraph as Word shows them, and what of them is left out: deleted, crossed out, hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kb.importing.word.numbers import symbol
from kb.importing.word.package import Package, Style, W, flag, value
from kb.shaping.words import is_sign

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_INSIDE = {
    f"{W}{name}"
    for name in ("ins", "moveTo", "hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "dir")
}
_GONE = {f"{W}del", f"{W}moveFrom"}


@dataclass(slots=True)
class Words:
    """The words of one paragraph. `boxes` are text boxes that hang on it, `notes` its footnotes in order."""

    pieces: list[tuple[str, bool]] = field(default_factory=list)  # words, and whether they are bold
    struck: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        lines = "".join(words for words, _ in self.pieces).split("\n")
        return "\n".join(line.strip() for line in lines).strip("\n")

    @property
    def is_strong(self) -> bool:
        full = [bold for words, bold in self.pieces if words.strip()]
        return bool(full) and all(full) and "\n" not in self.text

    def opening(self) -> str:
        """The bold words that the paragraph opens with, when others follow them."""
        count = next(
            (at for at, (words, bold) in enumerate(self.pieces) if words.strip() and not bold), len(self.pieces)
        )
        return "".join(words for words, _ in self.pieces[:count]).strip() if count < len(self.pieces) else ""


def words_of(paragraph: Element, package: Package, style: Style) -> Words:
    found = Words()
    _read(paragraph, package, style, found)
    return found


def _read(element: Element, package: Package, style: Style, found: Words) -> None:
    for child in element:
        if child.tag == f"{W}r":
            _read_run(child, package, style, found)
        elif child.tag in _GONE:
            words = "".join(one.text or "" for one in child.iter() if one.tag in {f"{W}delText", f"{W}t"})
            found.struck += [words] if words.strip() else []
        elif child.tag in _INSIDE:
            _read(child, package, style, found)
        elif child.tag == f"{_MC}AlternateContent":
            _read(next(iter(child), Element("none")), package, style, found)
        else:
            found.pieces += [(one.text or "", False) for one in child.iter(_MATH)]


def _read_run(run: Element, package: Package, style: Style, found: Words) -> None:
    looks = run.find(f"{W}rPr")
    own = package.styles.get(value(looks, "rStyle") or "", Style())
    bold = _first(flag(looks, "b"), own.is_bold, style.is_bold)
    text = "".join(_shown(run, found))
    if _first(flag(looks, "vanish"), own.is_hidden, style.is_hidden):
        found.hidden += [text] if text.strip() else []
    elif flag(looks, "strike") or flag(looks, "dstrike"):
        found.struck += [text] if text.strip() else []
    else:
        found.pieces.append((text, bold))


def _first(*given: bool | None) -> bool:
    return next((one for one in given if one is not None), False)


def _shown(run: Element, found: Words) -> Iterator[str]:
    for child in run:
        name = child.tag.removeprefix(W)
        if name == "t":
            yield child.text or ""
        elif name in {"tab", "ptab"}:
            yield " "
        elif name == "cr" or (name == "br" and child.get(f"{W}type") in {None, "textWrapping"}):
            yield "\n"
        elif name == "noBreakHyphen":
            yield "\u2011"
        elif name == "sym":
            code = child.get(f"{W}char", "")
            yield symbol(child.get(f"{W}font", ""), int(code, 16) if code else 0) or ""
        elif name in {"footnoteReference", "endnoteReference"}:
            found.notes.append(child)
        elif name in {"drawing", "pict", "object"} or child.tag == f"{_MC}AlternateContent":
            yield from _drawn(next(iter(child), child) if child.tag.startswith(_MC) else child, found)


def _drawn(drawing: Element, found: Words) -> Iterator[str]:
    """What a picture says when it stands for words; text boxes are noted."""
    found.boxes += drawing.iter(f"{W}txbxContent")
    for one in drawing.iter(_PICTURE):
        words = (one.get("descr") or "").strip()
        if is_sign(words):
            yield f"{words} "
