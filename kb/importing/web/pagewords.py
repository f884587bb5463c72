"""How many words stand where on a web page, and what holds so much of it that no name can leave it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kb.importing.web.text import SILENT, Element, lines_of

_MENUS = frozenset(["nav", "footer", "form", "dialog"])
_SIDES = frozenset(["header", "aside", "footer", "nav"])
_SIDE_NAMES = re.compile(
    r"(?:^|[-_\s])(?:sidebar|side-bar|widget-area|masthead|topbar|top-bar|site-title|colophon)(?:$|[-_\s])"
)


@dataclass(frozen=True, slots=True)
class PageWords:
    """Characters without white space inside each element, and the elements that are the page's own text."""

    counts: Mapping[Element, int] = field(default_factory=dict)
    heading: frozenset[Element] = frozenset()  # what holds the main heading or a main element
    most: frozenset[Element] = frozenset()  # what holds most of the words outside menus and forms
    main: frozenset[Element] = frozenset()  # what stands in a main element, or in the place of one

    @classmethod
    def of(cls, body: Element) -> PageWords:
        counts: dict[Element, int] = {}
        order = list(body.iter())
        for element in reversed(order):  # children before their parents
            if not isinstance(element.tag, str) or element.tag in SILENT:
                counts[element] = 0
                continue
            inside = sum(counts[child] + _length(child.tail) for child in element)
            counts[element] = _length(element.text) + inside
        mains = [one for one in order if one.tag == "main" or (isinstance(one.tag, str) and one.get("role") == "main")]
        mains = [one for one in mains if counts[one]]
        heading, most = _of_the_heading(body, mains), _of_most(body, counts)
        places = mains or [_region(body, order, heading, most)]
        in_main = frozenset(element for one in places for element in _inside(one, heading, is_named=bool(mains)))
        return cls(counts, frozenset(heading), frozenset(most), in_main)

    def chars(self, element: Element) -> int:
        return self.counts.get(element, 0)


def _region(body: Element, order: list[Element], heading: set[Element], most: set[Element]) -> Element:
    """Where a page without a main element has its text: the smallest element that holds the heading and most words."""
    places = [one for one in order if one in most and (one in heading if heading else one.find(".//h2") is not None)]
    return places[-1] if places else body


def _inside(place: Element, heading: set[Element], *, is_named: bool) -> Iterator[Element]:
    """The elements of the page's text; where no main element marks it, without heads, sides and their like."""
    waiting = [place]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [child for child in one if is_named or child in heading or not _is_beside(child)]


def _is_beside(element: Element) -> bool:
    return element.tag in _SIDES or (
        isinstance(element.tag, str) and bool(_SIDE_NAMES.search(element.get("class", "")))
    )


def _of_the_heading(body: Element, mains: list[Element]) -> set[Element]:
    headings = [*(one for main in mains for one in main.iter("h1")), *body.iter("h1")]
    first = next((one for one in headings if any(lines_of(one))), None)
    return {one for top in [first, *mains] if top is not None for one in (top, *top.iterancestors())}


def _of_most(body: Element, counts: Mapping[Element, int]) -> set[Element]:
    def is_menu(one: Element) -> bool:  # some pages are one form from their head to their foot
        return one.tag in _MENUS and not (one.tag == "form" and 2 * counts[one] > counts[body])

    menus = sum(
        counts[one] for one in body.iter(*_MENUS) if is_menu(one) and not any(map(is_menu, one.iterancestors()))
    )
    most = (counts[body] - menus) / 2
    found: set[Element] = set()
    place: Element | None = body
    while place is not None:  # there is one path only on which most of the words stand
        found.add(place)
        place = next((one for one in place if counts.get(one, 0) > most and not is_menu(one)), None)
    return found


def _length(text: str | None) -> int:
    return len("".join((text or "").split()))
