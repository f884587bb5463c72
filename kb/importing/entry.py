"""The one way in: a file or an address becomes pages of the knowledge base.

Nothing is dropped in silence: what was left out, merged, or reached no passage is listed for a person to check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from kb.content import ContentError
from kb.importing.convert import ConversionFailed
from kb.importing.coverage import uncovered_lines
from kb.importing.fetching import FetchFailed
from kb.importing.readers import READERS, Read
from kb.importing.sources import ImportFailed, open_source
from kb.layout import COPY
from kb.markdown import PageError
from kb.pages import Page

# Below this share of the words a person should look at what was left out.
_MIN_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Imported:
    """The pages of a source, and what a person should check before they go live.

    `merged` counts second copies of a question and answer; `uncovered` are lines of the source that stand in no
    passage, no heading and not in `left_out`.
    """

    pages: tuple[Page, ...]
    left_out: tuple[str, ...]
    merged: int
    uncovered: tuple[str, ...]
    warnings: tuple[str, ...]
    share: float = 1.0  # of the words that visitors see outside menus and forms: how many are read


def import_source(source: str | Path, *, url: str = "", page_id: str = "", allow_private: bool = False) -> Imported:
    """Import a file (.html, .md, .txt, .docx, .pdf, .csv, .jsonl, FAQPage .json) or an http(s) address.

    `url` is where visitors find the page, when the source does not say it or says it wrong; `page_id` its name here,
    otherwise the file's. Raises ImportFailed.
    """
    try:
        found = open_source(source, allow_private=allow_private)
        found = replace(found, url=url or found.url, page_id=page_id or found.page_id)
        read = READERS[found.suffix](found)
    except (FetchFailed, PageError, ContentError) as error:
        raise ImportFailed(str(error)) from error
    except ConversionFailed as error:
        raise ImportFailed(f"{source} {error}") from error
    page = read.page
    if not page.passages:
        raise ImportFailed(f"{source}: no text found to quote. A page needs at least one paragraph, list or answer.")
    share = _share(read)
    return Imported(
        pages=(page,),
        left_out=page.left_out,
        merged=sum(one.startswith(COPY) for one in page.left_out),
        uncovered=uncovered_lines(read.lines, [page]),
        warnings=(*read.warnings, *_warning_of(share, page)),
        share=share,
    )


def _share(read: Read) -> float:
    """The share of a source's words outside menus and forms that stand in passages and the headings above them."""
    seen = sum(len(line.split()) for line in read.lines) - read.beside
    taken = len(re.sub(r"^  (?:•|\d+\.) | \| ", " ", read.page.text, flags=re.MULTILINE).split())
    return min(taken / seen, 1.0) if seen > 0 else 1.0


def _warning_of(share: float, page: Page) -> list[str]:
    if share >= _MIN_SHARE:
        return []
    longest = sorted(page.left_out, key=len, reverse=True)[:5]
    dropped = "; ".join(one if len(one) <= 120 else f"{one[:119]}…" for one in longest)
    return [f"Only {share:.0%} of the words that visitors see can be quoted. Left out: {dropped or 'nothing by name'}."]
