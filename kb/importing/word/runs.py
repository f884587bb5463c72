"""The words of a Word paragraph as Word shows them, and what of them is left out: deleted, crossed out, hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kb.importing.word.numbers import symbol
from kb.importing.word.package import Package, Style, W, flag, value
from kb.shaping.words import is_sign

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
# Between a picture that stands for words and the words after it; a private character until then.
_GAP = "\ue004"
_GAPS = re.compile(f"{_GAP} *")
_INLINE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}inline"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
# What Word's own icons and the names it gives to pictures say: “Close with solid fill”, “Checkmark”.
_ICONS = {
    re.compile(r"(?:badge )?(?:close|cross|no sign|stop|thumbs down)\b", re.IGNORECASE): "✗",
    re.compile(r"(?:badge )?(?:checkmark|check mark|tick|thumbs up)\b", re.IGNORECASE): "✓",
}
_INSIDE = {
    f"{W}{name}"
    for name in ("ins", "moveTo", "hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "dir")
}
_GONE = {f"{W}del", f"{W}moveFrom"}


@dataclass(slots=True)
class Words:
    """The words of one paragraph. `boxes` are text boxes that hang on it, `notes` its footnotes."""

    pieces: list[tuple[str, bool]] = field(default_factory=list)  # words, and whether they are bold
    struck: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)  # in the line, that say nothing that can be read

    @property
    def text(self) -> str:
        lines = _GAPS.sub(" ", "".join(words for words, _ in self.pieces)).split("\n")
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
    is_underlined = looks is not None and looks.find(f"{W}u") is not None and flag(looks, "u") is not False
    bold = is_underlined or _first(flag(looks, "b"), own.is_bold, style.is_bold) or _is_large(looks, package)
    text = _in_picture_font("".join(_shown(run, found)), looks)
    if _first(flag(looks, "vanish"), own.is_hidden, style.is_hidden):
        found.hidden += [text] if text.strip() else []
    elif flag(looks, "strike") or flag(looks, "dstrike"):
        found.struck += [text] if text.strip() else []
    else:
        found.pieces.append((text, bold))


def _is_large(looks: Element | None, package: Package) -> bool:
    """Whether a run is much larger than the document's text: a heading without a style."""
    size = value(looks, "sz") or ""
    return size.isdigit() and int(size) >= 1.25 * package.text_size


def _in_picture_font(text: str, looks: Element | None) -> str:
    """A text in a font of pictures, as its signs show; what is none of them stays."""
    fonts = looks.find(f"{W}rFonts") if looks is not None else None
    font = fonts.get(f"{W}ascii", "") if fonts is not None else ""
    return "".join(symbol(font, ord(one)) or one for one in text) if font else text


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
            yield f"{words}{_GAP}"
        elif sign := next((sign for name, sign in _ICONS.items() if name.match(words)), ""):
            yield f"{sign}{_GAP}"
        elif drawing.tag == f"{W}drawing" and drawing.find(f"{_INLINE}") is not None:
            found.pictures.append(next((blip.get(_EMBED, "") for blip in drawing.iter(_BLIP)), words))
