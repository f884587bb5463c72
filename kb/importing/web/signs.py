"""Reads the signs beside words on a web page: ticks, crosses and pictures that say how to take the words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kb.importing.web.text import Element
from kb.shaping.words import GLYPHS, is_sign

YES, NO = "✓", "✗"

_EDGE = r"(?:^|[-_/.#\s])"
_END = r"(?=$|[-_/.\s\d])"
_IS_NO = re.compile(
    rf"{_EDGE}(?:times|xmark|cross|close|cancel|ban|block|no|not|dont|don-t|x|remove|wrong|forbidden|prohibited|negative|"
    rf"thumbs-down|thumb-down|do-not\w*){_END}",
    re.IGNORECASE,
)
_IS_YES = re.compile(
    rf"{_EDGE}(?:check|checked|checkmark|tick|ticked|yes|ok|correct|done|right-sign|positive|thumbs-up|thumb-up|accept){_END}",
    re.IGNORECASE,
)
# A list whose class says with what it is marked.
_MARKED_LIST = re.compile(
    r"(?:^|[-_\s])(?:list|bullets?|icons?|ul|li|items?)[-_]+(?P<a>\w+)|(?P<b>\w+)[-_]*(?:list|bullets?|items?|marks?)(?:$|[-_\s])",
    re.IGNORECASE,
)
_LISTS = {"cross": NO, "crosses": NO, "x": NO, "times": NO, "no": NO, "dont": NO, "donts": NO, "negative": NO}
_LISTS |= {"tick": YES, "ticks": YES, "check": YES, "checks": YES, "yes": YES, "do": YES, "dos": YES, "positive": YES}

_NAMED_LISTS = {"dont": NO, "donts": NO, "do-not": NO, "do-nots": NO, "dos": YES}
_MAX_RULES, _MAX_RULE_CHARS = 100, 2000  # of a style sheet: what has more is none that a person wrote
_STYLED = "data-sign-by-style"

_ICON_CLASS = re.compile(
    r"(?:^|[\s_-])(?:icons?|fa[srlbd]?|glyphicon|bi|mdi|dashicons|material-\w+|ti|la[srb]?)(?:$|[\s_-])", re.I
)
# Pictures that only decorate, whatever stands beside them.
_DECORATES = re.compile(
    rf"{_EDGE}(?:phone|tel|call|envelope|e?mail|map|marker|pin|location|clock|time|calendar|car|bus|home|house|user|person|"
    rf"arrow|chevron|angle|caret|circle|dot|bullet|star|heart|plus|minus|info|facebook|twitter|instagram|youtube|search|"
    rf"download|file|pdf|print|share|link|external|globe|wheelchair|parking){_END}",
    re.IGNORECASE,
)


def sign_of(element: Element) -> str | None:
    """What an icon or picture says beside words: its own words, else ✓ or ✗ by its name; None when it says nothing."""
    if not is_icon(element):
        return None
    words = _words_of(element)
    if is_sign(words):
        return words
    name = name_of(element)
    if element.tag not in {"img", "svg"} and (ligature := " ".join(element.itertext()).strip()):
        name = ligature.replace("_", "-")
    if _IS_NO.search(name):
        return NO
    return YES if _IS_YES.search(name) else None


def is_icon(element: Element) -> bool:
    """Whether an element is a picture: an image, a drawing, or an empty element with an icon's class."""
    if element.tag in {"img", "svg"}:
        return True
    if element.tag not in {"i", "span", "em", "b", "svg-icon", "ion-icon", "iconify-icon"}:
        return False
    name = element.get("class", "")
    is_empty = not "".join(element.itertext()).strip()
    is_named = bool(_ICON_CLASS.search(name)) or "-icon" in element.tag
    return (is_empty and (is_named or element.tag == "i")) or (is_named and "material" in name)


def unread_name(element: Element) -> str | None:
    """The name of a picture that may say something and cannot be read; None for one that decorates."""
    if not is_icon(element) or element.get("alt") is not None or _words_of(element) or sign_of(element):
        return None
    name = name_of(element)
    return None if not name or _DECORATES.search(name) else name


def mark_of_list(element: Element) -> str | None:
    """The sign that a list's or item's style or class gives to its items."""
    if sign := _sign_of_style(element.get("style", "")) or element.get(_STYLED):
        return sign
    for token in element.get("class", "").lower().split():
        if token in _NAMED_LISTS:
            return _NAMED_LISTS[token]
    for found in _MARKED_LIST.finditer(element.get("class", "")):
        name = (found["a"] or found["b"] or "").lower().rpartition("_")[2]
        if name in _LISTS:
            return _LISTS[name]
    return None


def mark_by_styles(document: Element) -> None:
    """Note at lists and items the signs that the page's own style sheet puts before them, by their class."""
    rules = [rule for style in document.iter("style") for rule in (style.text or "").split("}")]
    for selectors, sign in list(_signs_of(rules))[:_MAX_RULES]:
        for selector in selectors.split(","):
            if name := re.search(r"\.([\w-]+)[^.]*$", selector):
                path = (
                    "//*[self::ul or self::ol or self::li][contains(concat(' ', normalize-space(@class), ' '), $name)]"
                )
                for element in document.xpath(path, name=f" {name[1]} "):
                    element.set(_STYLED, sign)


def _signs_of(rules: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The selectors of a style sheet's rules that give a sign, each with it."""
    for rule in rules:
        selectors, _, body = rule.partition("{")
        if len(rule) < _MAX_RULE_CHARS and (sign := _sign_of_style(body)):
            yield selectors.strip(), sign


def _sign_of_style(rules: str) -> str | None:
    """The sign that rules of a style give: as content before an item, or as its bullet."""
    for words in re.findall(r"""(?:content|list-style(?:-type)?)\s*:[^;"']*["']([^"']*)["']""", rules):
        shown = re.sub(r"\\([0-9a-fA-F]{4,6})\s?", lambda code: chr(int(code[1], 16)), words).strip()
        if shown and GLYPHS.fullmatch(shown):
            return shown
    for name in re.findall(r"list-style(?:-image)?\s*:[^;]*url\(([^)]*)\)", rules):
        if _IS_NO.search(name):
            return NO
        if _IS_YES.search(name):
            return YES
    return None


def name_of(element: Element) -> str:
    """By what a picture goes: its classes, its file, what it uses."""
    names: list[str] = []
    for one in element.iter():
        if isinstance(one.tag, str):
            for key in (
                "class",
                "src",
                "href",
                "{http://www.w3.org/1999/xlink}href",
                "xlink:href",
                "data-icon",
                "name",
                "icon",
            ):
                names += [one.get(key, "").rpartition("/")[2]]
    return " ".join(filter(None, names))


def _words_of(element: Element) -> str:
    given = element.get("alt") or element.get("aria-label") or element.get("title") or ""
    if not given and element.tag == "svg":
        given = next((one.text or "" for one in element.iter("title")), "")
    return " ".join(given.split())
