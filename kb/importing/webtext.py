"""What counts as text on a web page, and what is left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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
_UNSEEN_CLASS = re.compile(r"\b(?:sr-only|screen-reader-text|visually-hidden|honeypot|gform_validation_container)\b")
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top)\s*:\s*-\d{3,}")


def lines_of(element: Element) -> Iterator[str]:
    """The lines of text inside an element, whether they are shown at once or not."""
    run: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            run.append(one)
        elif isinstance(one.tag, str) and one.tag not in SILENT:
            edge = "\n" if one.tag in BLOCKS or one.tag in _FIELDS or one.tag == "br" else ""
            inside = [piece for child in one for piece in (child, SPACE.sub(" ", child.tail or ""))]
            waiting += reversed([edge, SPACE.sub(" ", one.text or ""), *inside, edge])
    lines = (" ".join(line.split()) for line in INVISIBLE.sub("", "".join(run)).split("\n"))
    yield from (line for line in lines if line)


def why_left_out(element: Element) -> str | None:
    """Why an element is no part of the text, if it is none."""
    tag, role = element.tag, element.get("role", "")
    named = f"{element.get('class', '')} {element.get('id', '')}"
    if tag == "nav" or role in {"navigation", "menu", "menubar"} or _PATH_OR_SKIP.search(named):
        return "menu"
    if tag in _FIELDS or role == "search" or (tag == "form" and not element.xpath(".//h1 | .//main | .//article")):
        return "form"
    if tag in {"dialog", "div", "section", "aside"} and (_COOKIES.search(named) or role in {"dialog", "alertdialog"}):
        return "banner"
    if (tag == "footer" and not is_inside(element, {"main", "article"})) or role == "contentinfo":
        return "footer"
    if is_unseen(element):
        return "hidden"
    return "button" if tag == "button" or role == "button" else None


def is_unseen(element: Element) -> bool:
    if element.get("role") == "tabpanel" or element.tag in {"main", "article", "body"}:
        return False
    is_marked = element.get("hidden", "until-found") != "until-found" or element.get("aria-hidden") == "true"
    return bool(
        is_marked or _UNSEEN_CLASS.search(element.get("class", "")) or _UNSEEN_STYLE.search(element.get("style", ""))
    )


def is_inside(element: Element, tags: set[str]) -> bool:
    return any(one.tag in tags for one in element.iterancestors())
