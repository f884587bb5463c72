"""The parts of a Word file: its document, wherever that stands, and its styles, numbers, notes and running heads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says of its paragraphs or runs, what it is based on included; None where it says nothing."""

    name: str = ""
    level: int | None = None  # of a heading
    number: Element | None = None  # its numPr
    is_bold: bool | None = None
    is_hidden: bool | None = None


@dataclass(frozen=True, slots=True)
class Package:
    body: Element
    styles: dict[str, Style]
    numbering: Element | None
    notes: dict[tuple[str, str], Element] = field(default_factory=dict)  # by kind and id
    comments: tuple[Element, ...] = ()
    running: tuple[Element, ...] = ()  # headers and footers
    text_size: int = 22  # in half points, of text whose size nothing says


def open_package(data: bytes) -> Package:
    """Raises KeyError when a part is missing, and what zipfile and ElementTree raise on a broken one."""
    with ZipFile(BytesIO(data)) as archive:
        names = set(archive.namelist())

        def parsed(name: str) -> Element:
            return ElementTree.fromstring(archive.read(name).replace(_STRICT.encode(), W[1:-1].encode()))

        main = next(target for kind, target in _relations(archive, "") if kind == "officeDocument")
        parts: dict[str, list[Element]] = {}
        for kind, target in _relations(archive, main):
            if target in names and kind in {
                "styles",
                "numbering",
                "footnotes",
                "endnotes",
                "comments",
                "header",
                "footer",
            }:
                parts.setdefault(kind, []).append(parsed(target))
        document = parsed(main)
    body = document.find(f"{W}body")
    if body is None:
        raise KeyError("w:body")
    notes = {
        (kind, note.get(f"{W}id", "")): note
        for kind in ("footnote", "endnote")
        for part in parts.get(f"{kind}s", [])
        for note in part.iter(f"{W}{kind}")
        if note.get(f"{W}type") in {None, "normal"}
    }
    return Package(
        body=body,
        styles=_styles(next(iter(parts.get("styles", [])), None)),
        numbering=next(iter(parts.get("numbering", [])), None),
        notes=notes,
        comments=tuple(one for part in parts.get("comments", []) for one in part.iter(f"{W}comment")),
        text_size=_text_size(next(iter(parts.get("styles", [])), None)),
        running=(*parts.get("header", []), *parts.get("footer", [])),
    )


def value(element: Element | None, name: str) -> str | None:
    """The w:val of a child; None when there is none."""
    child = element.find(f"{W}{name}") if element is not None else None
    return None if child is None else child.get(f"{W}val", "")


def flag(element: Element | None, name: str) -> bool | None:
    """What an on-off child says; None when there is none."""
    given = value(element, name)
    return None if given is None else given not in {"0", "false", "off", "none"}


def _relations(archive: ZipFile, part: str) -> Iterator[tuple[str, str]]:
    """Kind and name of each part that a part refers to."""
    folder, name = posixpath.split(part)
    place = posixpath.join(folder, "_rels", f"{name}.rels")
    if part and place not in archive.namelist():
        return
    for one in ElementTree.fromstring(archive.read(place)).iter(_RELATION):
        if one.get("TargetMode") != "External":
            target = one.get("Target", "")
            full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            yield one.get("Type", "").rpartition("/")[2], full


def _text_size(part: Element | None) -> int:
    """The size of the style of ordinary text, else of the document's defaults."""
    normal = [one for one in part.iter(f"{W}style") if one.get(f"{W}default") == "1"] if part is not None else []
    defaults = part.findall(f"{W}docDefaults/{W}rPrDefault") if part is not None else []
    sizes = [value(one.find(f"{W}rPr"), "sz") or "" for one in (*normal, *defaults)]
    return next((int(size) for size in sizes if size.isdigit()), 22)


def _styles(part: Element | None) -> dict[str, Style]:
    if part is None:
        return {}
    given = {one.get(f"{W}styleId", ""): one for one in part.iter(f"{W}style")}
    return {style_id: _style(style_id, given, depth=0) for style_id in given}


def _style(style_id: str, given: dict[str, Element], depth: int) -> Style:
    element = given.get(style_id)
    if element is None or depth > 20:  # based on itself
        return Style()
    base = _style(value(element, "basedOn") or "", given, depth + 1)
    name = (value(element, "name") or style_id).casefold()
    looks, place = element.find(f"{W}rPr"), element.find(f"{W}pPr")
    number = place.find(f"{W}numPr") if place is not None else None
    own = (flag(looks, "b"), flag(looks, "vanish"))
    return Style(
        name=name,
        level=_level(name, value(place, "outlineLvl"), base.level),
        number=number if number is not None else base.number,
        is_bold=base.is_bold if own[0] is None else own[0],
        is_hidden=base.is_hidden if own[1] is None else own[1],
    )


def _level(name: str, outline: str | None, inherited: int | None) -> int | None:
    if name == "title":
        return 1
    kind, _, number = name.partition(" ")
    if kind == "heading" and number.isdigit():
        return min(int(number), 6)
    if outline is not None and outline.isdigit():
        return min(int(outline) + 1, 6) if int(outline) < 9 else None
    return inherited
