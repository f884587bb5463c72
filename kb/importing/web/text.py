"""What counts as text on a web page, and what is left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kb.shaping.words import GLYPHS, is_sign

# An element of an lxml tree; lxml has no types of its own.
Element = Any

SILENT = frozenset(
    ["script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "audio", "video", "head"]
)
BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary table
    tbody td tfoot th thead tr ul""".split()  # noqa: SIM905
)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_FIELDS = frozenset(["label", "input", "select", "textarea", "fieldset", "legend", "option"])

# Characters that nobody sees and that can hide or turn round what is read.
INVISIBLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")

_COOKIES = re.compile(r"cookie|gdpr|onetrust|consent[-_]?(?:banner|manager|popup|bar|modal)", re.IGNORECASE)
_PATH_OR_SKIP = re.compile(r"breadcrumb|skip-(?:link|to|nav)", re.IGNORECASE)
_UNSEEN_CLASS = re.compile(
    r"\b(?:sr-only|screen-reader-text|visually-?hidden|elementor-screen-only|u-hidden-visually|offscreen|"
    r"honeypot|gform_validation_container)\b"
)
# What pages tell screen readers about themselves, and not of their subject.
_OF_THE_PAGE = re.compile(
    r"open(?:s|ed)? in|new (?:tab|window)|external (?:link|site)|^skip to|"
    r"^(?:link|button|menu|toggle|icon|image|current|previous|next)\b|^\(?(?:current|expand|collapse|open|close)",
    re.IGNORECASE,
)
_INLINE = frozenset(["span", "b", "strong", "em", "i", "small", "abbr", "mark"])
_STRUCK_STYLE = re.compile(r"text-decoration[^;]*line-through")
_STRUCK_CLASS = re.compile(
    r"(?:^|[\s_-])(?:strike|strikethrough|struck|line-through|del|text-strike)(?:$|\s)", re.IGNORECASE
)
# Bars and boxes that a page lays over its text go by name; they must also speak of what they are for.
_OF_COOKIES = re.compile(r"cookie|consent|privacy|gdpr|track", re.IGNORECASE)
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top)\s*:\s*-\d{3,}")


def lines_of(element: Element) -> Iterator[str]:
    """The lines of text inside an element, whether they are shown at once or not."""
    run: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            run.append(one)
        elif isinstance(one.tag, str) and one.tag not in SILENT and not is_struck(one):
            edge = "\n" if one.tag in BLOCKS or one.tag in _FIELDS or one.tag == "br" else ""
            inside = [piece for child in one for piece in (child, SPACE.sub(" ", child.tail or ""))]
            waiting += reversed([edge, SPACE.sub(" ", one.text or ""), *inside, edge])
    lines = (" ".join(line.split()) for line in INVISIBLE.sub("", "".join(run)).split("\n"))
    yield from (line for line in lines if line)


def why_left_out(element: Element) -> str | None:
    """Why an element is no part of the text by its tag, its role or its name, if it is none."""
    tag, role = element.tag, element.get("role", "")
    named = f"{element.get('class', '')} {element.get('id', '')}"
    if is_struck(element):
        return "struck out"
    if (tag == "nav" or role in {"navigation", "menu", "menubar"}) and not holds_sentences(element):
        return "menu"
    if _PATH_OR_SKIP.search(named):
        return "menu"
    if tag in _FIELDS and not (tag in {"fieldset", "legend"} and _is_box(element)):
        return "form"
    if role == "search" or (tag == "form" and not element.xpath(".//h1 | .//main | .//article")):
        return "form"
    if tag in {"dialog", "div", "section", "aside"}:
        if role in {"dialog", "alertdialog"}:
            return "banner"
        if _COOKIES.search(named) and _speaks_of_cookies(element):
            return "banner"
    if (tag == "footer" and not is_inside(element, {"main", "article"})) or role == "contentinfo":
        return "footer"
    if is_unseen(element):
        return "hidden"
    return "button" if tag == "button" or role == "button" else None


def _is_box(element: Element) -> bool:
    """Whether a group of fields, or the title of one, is a box around text: nothing in it can be filled in."""
    group = element if element.tag == "fieldset" else element.getparent()
    return not group.xpath(".//input | .//select | .//textarea")


def _speaks_of_cookies(element: Element) -> bool:
    words = " ".join(lines_of(element))
    return 60 * len(_OF_COOKIES.findall(words)) >= len(words.split())


def holds_sentences(element: Element) -> bool:
    """Whether a menu is none: most of what it holds are sentences outside of links."""
    words = " ".join(lines_of(element))
    linked = sum(len("".join("".join(one.itertext()).split())) for one in element.iter("a"))
    return len(re.findall(r"[a-z]{2}[.!?](?:\s|$)", words)) >= 2 and linked < 0.4 * len("".join(words.split()))


def is_struck(element: Element) -> bool:
    """Whether words are crossed out: no longer valid."""
    name, style = element.get("class", ""), element.get("style", "")
    return element.tag in {"del", "s", "strike"} or bool(_STRUCK_CLASS.search(name) or _STRUCK_STYLE.search(style))


def is_bold(element: Element) -> bool:
    """Whether an element makes what it holds bold."""
    style, name = element.get("style", ""), element.get("class", "")
    return element.tag in {"b", "strong"} or bool(
        re.search(r"font-weight\s*:\s*(?:bold|[6-9]00)", style)
        or re.search(r"(?:^|\s)(?:bold|fw-bold|font-bold|font-weight-bold|has-bold-font)(?:\s|$)", name)
    )


def is_unseen(element: Element) -> bool:
    """Whether nobody sees it, and no screen reader reads it out in the middle of a sentence."""
    if element.get("role") == "tabpanel" or element.tag in {"main", "article", "body"}:
        return False
    if _UNSEEN_STYLE.search(element.get("style", "")) or element.get("hidden", "until-found") != "until-found":
        return True
    if element.get("aria-hidden") == "true":
        return not (element.tag in _INLINE and GLYPHS.fullmatch("".join(element.itertext())))
    if not _UNSEEN_CLASS.search(element.get("class", "")):
        return False
    words = " ".join("".join(element.itertext()).split())
    if is_sign(words):  # what a colour or a picture says to those who see
        return False
    return element.tag not in _INLINE or not _stands_in_text(element) or bool(_OF_THE_PAGE.search(words))


def _stands_in_text(element: Element) -> bool:
    """Whether an element stands beside other words of the same block."""
    block = next((one for one in element.iterancestors() if one.tag in BLOCKS), None)
    if block is None or block.tag in {"body", "main", "nav", "header", "footer"}:
        return False
    return len("".join(block.itertext()).strip()) > len("".join(element.itertext()).strip())


def is_inside(element: Element, tags: set[str]) -> bool:
    return any(one.tag in tags for one in element.iterancestors())
