"""The one way in: a file or an address becomes pages of the knowledge base.

Nothing is dropped in silence: what was left out, merged, or reached no passage is listed for a person to check.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kb.importing.convert import ConversionFailed
from kb.importing.coverage import SourceCoverage, source_coverage, uncovered_lines
from kb.importing.readers import READERS
from kb.importing.sources import ImportFailed, Source, open_source
from kb.lines import ContentError
from kb.pages import Page
from kb.shaping.layout import COPY
from kb.shaping.markdown import PageError


@dataclass(frozen=True, slots=True)
class Imported:
    """The pages of a source, and what a person should check before they go live.

    `merged` counts second copies of a question and answer; `uncovered` are lines of the source that stand in no
    passage, no heading and not in `left_out`; `coverage` says what became of all its words.
    """

    pages: tuple[Page, ...]
    left_out: tuple[str, ...]
    merged: int
    uncovered: tuple[str, ...]
    warnings: tuple[str, ...]
    coverage: SourceCoverage


def import_source(
    source: str | Path,
    *,
    url: str = "",
    page_id: str = "",
    columns: tuple[str, ...] = (),
    allow_private: bool = False,
) -> Imported:
    """Import a file (.html, .md, .txt, .docx, .pdf, .csv, .tsv, .xlsx, .jsonl, FAQPage .json) or an http(s) address.

    `url` is where visitors find the page, when the source does not say it or says it wrong; `page_id` its name here,
    otherwise the file's; `columns` the heads of a sheet's question and answer columns. Raises ImportFailed.
    """
    found = open_source(source, allow_private=allow_private)
    return read_source(
        replace(found, url=url or found.url, page_id=page_id or found.page_id, columns=columns or found.columns)
    )


def read_source(source: Source) -> Imported:
    """The page of an opened source. Raises ImportFailed."""
    try:
        read = READERS[source.suffix](source)
    except (PageError, ContentError) as error:
        raise ImportFailed(str(error)) from error
    except ConversionFailed as error:
        raise ImportFailed(f"{source.where} {error}") from error
    page, lines = read.page, tuple(read.lines)
    if not page.passages:
        raise ImportFailed(f"{source.where}: no text found to quote. {_way_out(source)}")
    return Imported(
        pages=(page,),
        left_out=page.left_out,
        merged=sum(one.startswith(COPY) for one in page.left_out),
        uncovered=uncovered_lines(lines, [page]),
        warnings=read.warnings,
        coverage=source_coverage(page, lines),
    )


def _way_out(source: Source) -> str:
    if source.suffix == ".html" and b"<script" in source.data.lower():
        return (
            "If its scripts draw the page, open it in a browser, save it there as a whole page, and import that file."
        )
    return "A page needs at least one paragraph, list or answer."
