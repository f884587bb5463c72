"""Finds the questions and answers in schema.org FAQPage data, as web pages carry it in JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any


def parse_faqpage(text: str) -> list[tuple[str, str]]:
    """Pairs of question and answer, in order; either may hold HTML. Raises ValueError when the text is not JSON."""
    text = text.strip().removeprefix("//<![CDATA[").removeprefix("<![CDATA[").removesuffix("//]]>").removesuffix("]]>")
    try:
        value = json.loads(text, strict=False)
    except json.JSONDecodeError:
        value = json.loads(unescape(text), strict=False)  # some editors escape what stands in a script
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return [pair for page in _nodes(value, "FAQPage") for pair in _pairs(page)]


def faqpage_of(pairs: Iterable[tuple[str, str]]) -> str:
    """FAQPage data of these pairs, as https://schema.org/FAQPage defines it: what `parse_faqpage` reads back."""
    questions = [
        {"@type": "Question", "name": question, "acceptedAnswer": {"@type": "Answer", "text": answer}}
        for question, answer in pairs
    ]
    data = json.dumps({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions})
    return data.replace("</", "<\\/")  # it may stand within a page's <script>


def _nodes(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every object of this type, however deep inside `@graph`, lists or other objects, in order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and kind in _types(one):
            yield one
        elif isinstance(one, dict | list):
            waiting += reversed(one if isinstance(one, list) else list(one.values()))


def _types(node: dict[str, Any]) -> list[str]:
    return [str(one).rpartition("/")[2] for one in _listed(node.get("@type"))]


def _pairs(page: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for question in [*_listed(page.get("mainEntity")), *_listed(page.get("hasPart"))]:
        if isinstance(question, dict) and "Question" in _types(question):
            name = question.get("name") or question.get("text")
            answers = [one.get("text") for one in _listed(question.get("acceptedAnswer")) if isinstance(one, dict)]
            answer = next((one for one in answers if isinstance(one, str) and one.strip()), None)
            if isinstance(name, str) and name.strip() and answer:
                yield name, answer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
