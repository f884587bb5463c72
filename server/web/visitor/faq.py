"""The published questions as FAQPage markup, as https://schema.org/FAQPage defines it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kb.pages import Page, Passage


def faq_page(places: Iterable[tuple[Page, Passage]]) -> dict[str, Any]:
    """Each question that a page puts, with its answer word for word. Empty `mainEntity` where no page puts one."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": passage.question,
                "acceptedAnswer": {"@type": "Answer", "text": page.text_of(passage)},
            }
            for page, passage in places
            if passage.question
        ],
    }
