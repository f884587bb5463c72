"""Finds questions and their answers on a web page by how pages fold and mark them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb.importing.web.text import HEADINGS, Element, holds_sentences, is_inside, is_unseen, lines_of

_PANEL = re.compile(r"panel|collaps|content|answer|body|region", re.IGNORECASE)
_QUESTION_CLASS = re.compile(r"(?:^|[-_\s])question(?:[-_\s]|$)", re.IGNORECASE)
_ANSWER_CLASS = re.compile(r"(?:^|[-_\s])answer(?:[-_\s]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the elements that hold its answer."""

    question: Element
    panels: tuple[Element, ...]


def find_pairs(body: Element) -> dict[Element, Pair]:
    """Questions and answers by how pages fold them: the element where each is read, and the pair."""
    pairs: dict[Element, Pair] = {}
    for element in body.iter("details"):
        summary = element.find("summary")
        if summary is not None:
            pairs[element] = Pair(summary, (element,))
    for element in body.xpath(
        ".//button | .//*[@role='button'] | .//*[@aria-expanded] | .//a[@data-toggle or @data-bs-toggle]"
    ):
        panel = _panel_of(element, body)
        if panel is not None and not is_inside(element, {"nav", "form", "details"}):
            pairs[element] = Pair(element, (panel,))
    boxes = {one.get("id", ""): one for one in body.iter("input")}
    for element in body.iter("label"):
        panel = element.getnext()
        if _unfolds(element, boxes) and panel is not None and _may_answer(panel) and not is_inside(element, {"form"}):
            pairs[element] = Pair(element, (panel,))
    for element in body.iter("dt", "li", "div", "p", "b", "strong", "h2", "h3", "h4", "h5"):
        answers = _answers_beside(element)
        if answers and not any(one in pairs for one in (element, *element.iterdescendants(), *element.iterancestors())):
            pairs[element] = Pair(element, answers)
    return pairs


def _unfolds(label: Element, boxes: Mapping[str, Element]) -> bool:
    """Whether a label ticks a box that is there to unfold what follows, as pages without scripts do it."""
    before, following = label.getprevious(), label.getnext()
    box = boxes.get(label.get("for", "")) if label.get("for") else before
    is_box = box is not None and box.tag == "input" and box.get("type") in {"checkbox", "radio"}
    return is_box and following is not None and following.tag in {"div", "section", "article", "p", "ul"}


def _panel_of(element: Element, body: Element) -> Element | None:
    """What a button unfolds: what it names, else what follows it and looks like a panel."""
    names = [element.get(name, "") for name in ("aria-controls", "data-target", "data-bs-target", "href")]
    for name in names:
        for panel in body.xpath(".//*[@id=$name]", name=name.removeprefix("#")) if name else ():
            return panel if _may_answer(panel) and element not in panel.iterdescendants() else None
    asks = "aria-expanded" in element.attrib or "".join(element.itertext()).strip().endswith("?")
    for one in (element, *list(element.iterancestors())[:3]):
        following = one.getnext()
        if following is not None:
            looks_so = _PANEL.search(f"{following.get('class', '')} {following.get('role', '')}") or is_unseen(
                following
            )
            return following if (asks or looks_so) and _may_answer(following) else None
        if one.tag == "body" or one.getprevious() is not None:
            return None
    return None


def _may_answer(panel: Element) -> bool:
    if not isinstance(panel.tag, str) or panel.tag in HEADINGS | {"button", "form"} or not any(lines_of(panel)):
        return False
    menus = panel.xpath(".//nav | ancestor-or-self::nav")
    return not panel.xpath(".//form | ancestor::form") and all(map(holds_sentences, menus))


def _answers_beside(element: Element) -> tuple[Element, ...]:
    """The elements after a question that answer it: of a definition list, of one list item, or named so by class."""
    following = [one for one in element.itersiblings() if isinstance(one.tag, str)]
    text = " ".join(lines_of(element))
    if element.tag == "dt" and text.endswith("?"):
        answers = []
        for one in following:
            if one.tag != "dd":
                break
            answers.append(one)
        return tuple(answers)
    parent = element.getparent()
    is_first = parent is not None and element.getprevious() is None and not (parent.text or "").strip()
    if is_first and parent.tag == "li" and text.endswith("?") and any(any(lines_of(one)) for one in following):
        return tuple(following)
    names = f"{element.get('class', '')} {element.get('itemprop', '')}"
    is_question = _QUESTION_CLASS.search(names) or (element.get("itemprop") == "name" and _is_question(parent))
    if is_question and text and following:
        first = following[0]
        if _ANSWER_CLASS.search(first.get("class", "")) or first.get("itemprop") == "acceptedAnswer":
            return (first,)
    return ()


def _is_question(element: Element | None) -> bool:
    return element is not None and element.get("itemtype", "").endswith("schema.org/Question")
