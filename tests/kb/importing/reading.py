"""Reads small sources as `import_source` does, without a process of their own, for tests that read many."""

from __future__ import annotations

from dataclasses import dataclass

from kb.importing.web.page import parse_page
from kb.pages import Page
from kb.shaping.layout import assemble

Passages = list[tuple[tuple[str, ...], str]]


@dataclass(frozen=True)
class Reading:
    """A page, and what its reader warned of. `passages` are (headings, text), in order."""

    page: Page
    warnings: tuple[str, ...] = ()

    @property
    def passages(self) -> Passages:
        return [(one.heading, self.page.text_of(one)) for one in self.page.passages]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.passages]


def read_html(source: str) -> Reading:
    found = parse_page(source)
    page = assemble(
        found.blocks,
        page_id="page",
        title=found.title or "page",
        url=found.url,
        reviewed=found.reviewed,
        left_out=found.left_out,
    )
    return Reading(page, found.warnings)


def main(body: str) -> Reading:
    """A page whose main element holds this."""
    return read_html(f"<html><body><main><h1>Visits</h1>{body}</main></body></html>")
