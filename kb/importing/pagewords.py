"""How many words stand where on a web page, and what holds so much of it that no name can leave it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.importing.webtext import SILENT, Element, lines_of

_MENUS = frozenset(["nav", "footer", "form", "dialog"])
_BESIDE = _MENUS | {"button", "select", "label"}


@dataclass(frozen=True, slots=True)
class PageWords:
    """Characters without white space inside each element, and the elements that are the page's own text."""

    counts: Mapping[Element, int] = field(default_factory=dict)
    heading: frozenset[Element] = frozenset()  # what holds the main heading or a main element
    most: frozenset[Element] = frozenset()  # what holds most of the words outside menus and forms
    main: frozenset[Element] = frozenset()

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
        in_main = frozenset(element for one in mains for element in one.iter())
        return cls(counts, frozenset(_of_the_heading(body, mains)), frozenset(_of_most(body, counts)), in_main)

    def count_beside(self) -> int:
        """Words in menus, footers and forms, by their tags alone: no name makes text one of them."""
        outer = (
            one
            for one in self.counts
            if one.tag in _BESIDE
            and not any(up.tag in _BESIDE for up in one.iterancestors())
            and one not in self.heading
        )
        return sum(len(" ".join(lines_of(one)).split()) for one in outer)

    def chars(self, element: Element) -> int:
        return self.counts.get(element, 0)


def _of_the_heading(body: Element, mains: list[Element]) -> set[Element]:
    headings = [*(one for main in mains for one in main.iter("h1")), *body.iter("h1")]
    first = next((one for one in headings if any(lines_of(one))), None)
    return {one for top in [first, *mains] if top is not None for one in (top, *top.iterancestors())}


def _of_most(body: Element, counts: Mapping[Element, int]) -> set[Element]:
    menus = sum(counts[one] for one in body.iter(*_MENUS) if not any(up.tag in _MENUS for up in one.iterancestors()))
    most = (counts[body] - menus) / 2
    found: set[Element] = set()
    place: Element | None = body
    while place is not None:  # there is one path only on which most of the words stand
        found.add(place)
        place = next((one for one in place if counts.get(one, 0) > most and one.tag not in _MENUS), None)
    return found


def _length(text: str | None) -> int:
    return len("".join((text or "").split()))
