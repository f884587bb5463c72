"""Finds the labels of tab panels on a web page, whether the page marks them for machines or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.importing.web.text import HEADINGS, Element, lines_of

_NAMES = ("href", "data-target", "data-bs-target", "data-tab", "data-tab-target", "aria-controls", "data-w-tab", "for")
_TAB = re.compile(
    r"(?:^|[-_\s])tabs?(?:$|[-_\s])|tab[-_]?(?:nav|list|titles?|labels?|menu|heads?|headers?|links?)", re.I
)
_MAX_LABEL_WORDS = 10


def find_tabs(body: Element) -> tuple[dict[Element, str], set[Element]]:
    """The label of each panel that one names, and the elements that hold the labels."""
    labels: dict[Element, str] = {}
    holders: set[Element] = set()
    for container in body.iter("ul", "ol", "div", "nav", "menu", "section", "main", "article", "body"):
        found = list(_named_panels(container)) or list(_panels_by_place(container))
        if len(found) < 2 or len({panel for panel, _ in found}) < len(found):
            continue
        if any(panel in labels or panel is container for panel, _ in found):
            continue
        for panel, label in found:
            labels[panel] = " ".join(lines_of(label))
            holders.add(label)
    return {panel: label for panel, label in labels.items() if not _begins_with(panel, label)}, holders


def _named_panels(container: Element) -> Iterator[tuple[Element, Element]]:
    """Panels by the ids that the container's children name; all of them stand side by side, and hold no label."""
    tabs = [child for child in container if isinstance(child.tag, str)]
    if not 2 <= len(tabs) <= 12:
        return
    found = [(_target_of(tab), tab) for tab in tabs if any(lines_of(tab))]
    panels = [panel for panel, _ in found if panel is not None]
    if len(panels) < 2 or len(panels) < len(found) or any(panel.tag in HEADINGS for panel in panels):
        return
    if len({panel.getparent() for panel in panels}) > 1 or not all(any(lines_of(panel)) for panel in panels):
        return
    yield from zip(panels, (tab for _, tab in found), strict=True)


def _target_of(tab: Element) -> Element | None:
    if len(" ".join(tab.itertext()).split()) > _MAX_LABEL_WORDS:
        return None
    for one in tab.iter():
        for name in _NAMES:
            value = one.get(name, "") if isinstance(one.tag, str) else ""
            if not value or (name == "href" and not value.startswith("#")):
                continue
            key = value.lstrip("#.")
            path = "//*[@id=$key or @data-tab-content=$key or @data-w-tab=$key or @data-panel=$key]"
            panels = [
                panel for panel in tab.getroottree().xpath(path, key=key) if panel is not tab and panel is not one
            ]
            if panels and panels[0].tag not in {"input", "a", "button"} and tab not in panels[0].iterdescendants():
                return panels[0]
    return None


def _panels_by_place(container: Element) -> Iterator[tuple[Element, Element]]:
    """Labels in a container that its class calls tabs, and as many panels in the element after it, or beside labels."""
    children = [child for child in container if isinstance(child.tag, str)]
    labels = [child for child in children if child.tag == "label"]
    below = children[children.index(labels[-1]) + 1 :] if len(labels) > 1 else []
    panels = [child for child in below if child.tag in {"div", "section", "article"} and any(lines_of(child))]
    if panels and len(labels) <= len(panels) and any(child.tag == "input" for child in children):
        yield from zip(panels, labels, strict=False)
        return
    if container.tag in {"main", "article", "body"}:
        return
    beside = container.getnext()
    if beside is None or not isinstance(beside.tag, str) or not _TAB.search(container.get("class", "")):
        return
    labels = [child for child in children if any(lines_of(child))]
    panels = [child for child in beside if isinstance(child.tag, str) and any(lines_of(child))]
    is_short = all(len(" ".join(label.itertext()).split()) <= _MAX_LABEL_WORDS for label in labels)
    if is_short and 2 <= len(labels) == len(panels) and _TAB.search(f"{beside.get('class', '')} "):
        yield from zip(panels, labels, strict=True)


def _begins_with(panel: Element, label: str) -> bool:
    first = next(iter(lines_of(panel)), "")
    return first.casefold() == label.casefold()
