"""A reader for each kind of source: web page, Markdown, text, DOCX, PDF, sheet, FAQPage data. Each makes one page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from kb.content import faq_block, faq_page
from kb.importing.convert import convert
from kb.importing.sheets import read_sheet
from kb.importing.sources import ImportFailed, Source, decoded, decoded_html
from kb.pages import Page
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.markdown import parse_front, parse_markdown
from kb.shaping.plaintext import parse_text


@dataclass(frozen=True, slots=True)
class Read:
    """The page made of a source. `lines` are the source's own, to check the page against; none where it is read exactly."""

    page: Page
    lines: Iterable[str] = ()
    warnings: tuple[str, ...] = ()


def _read_html(source: Source) -> Read:
    text = decoded_html(source)
    found = convert(text.encode(errors="replace"), ".html")
    page = assemble(
        _blocks(found["blocks"]),
        page_id=source.page_id,
        title=found["title"] or source.page_id,
        url=_best_url(source, found["url"]),
        reviewed=found["reviewed"],
        left_out=found["left_out"],
    )
    return Read(page, found["lines"], tuple(found["warnings"]))


def _blocks(found: Iterable[Mapping[str, Any]]) -> list[Block]:
    return [Block(**{**one, "items": tuple(one["items"])}) for one in found]


def _best_url(source: Source, canonical: str) -> str:
    """The address the page gives itself counts if it is whole, and of the host it was fetched from."""
    parts = urlsplit(canonical)
    is_whole = parts.scheme in {"http", "https"} and bool(parts.netloc)
    is_foreign = source.is_fetched and parts.netloc != urlsplit(source.url).netloc
    given = "" if source.is_fetched else source.url
    return given or (canonical if is_whole and not is_foreign else source.url)


def _read_markdown(source: Source) -> Read:
    text = decoded(source)
    page = parse_markdown(text, page_id=source.page_id, where=source.where)
    return Read(replace(page, url=source.url or page.url))


def _read_text(source: Source) -> Read:
    front, body = parse_front(decoded(source), source.where)
    title, blocks = parse_text(body, front.title)
    page = assemble(
        blocks,
        page_id=source.page_id,
        title=title or source.page_id,
        url=source.url or front.url,
        reviewed=front.reviewed,
        left_out=front.left_out,
        tags=front.tags,
        owner=front.owner,
    )
    return Read(page, body.splitlines())


def _read_document(source: Source) -> Read:
    found = convert(source.data, source.suffix)
    page = assemble(
        _blocks(found["blocks"]),
        page_id=source.page_id,
        title=found["title"] or source.page_id,
        url=source.url,
        left_out=found["left_out"],
    )
    return Read(page, found["lines"], tuple(found["warnings"]))


def _read_pdf(source: Source) -> Read:
    read = _read_document(source)
    warning = "A PDF keeps no headings or lists for certain: compare the passages with the document."
    return replace(read, warnings=(warning, *read.warnings))


def _read_sheet(source: Source) -> Read:
    found = read_sheet(source)
    return Read(_sheet(found.page, source), warnings=found.warnings)


def _read_jsonl(source: Source) -> Read:
    rows: list[Block] = []
    for number, line in enumerate(decoded(source).split("\n"), start=1):
        if line.strip():
            where = f"{source.where}, line {number}"
            rows.append(faq_block(_object(line, where), where, len(rows) + 1))
    return Read(_sheet(faq_page(rows, url=source.url), source))


def _sheet(page: Page, source: Source) -> Page:
    """The page of a sheet under the sheet's own name, so that two sheets of one site never share an id."""
    if source.page_id == page.page_id:
        return page
    passages = (
        replace(one, passage_id=one.passage_id.replace("faq-", f"{source.page_id}-", 1)) for one in page.passages
    )
    return replace(page, page_id=source.page_id, passages=tuple(passages))


def _read_json(source: Source) -> Read:
    from kb.importing.web.page import pairs_of

    left_out: list[str] = []
    try:
        pairs = pairs_of(decoded(source), left_out)
    except ValueError as error:
        raise ImportFailed(f"{source.where}: not JSON ({error}). FAQPage data was expected.") from error
    if not pairs:
        raise ImportFailed(
            f"{source.where}: no FAQPage with questions and acceptedAnswer in it. Check what was exported."
        )
    page = faq_page(pairs, url=source.url)
    return Read(replace(page, page_id=source.page_id, left_out=(*page.left_out, *left_out)))


def _object(line: str, where: str) -> Mapping[str | None, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ImportFailed(f"{where}: not JSON ({error}). One object a line, with question and answer.") from error
    if not isinstance(value, dict):
        raise ImportFailed(f"{where}: an object with question and answer was expected, found {type(value).__name__}.")
    return value


READERS: Mapping[str, Callable[[Source], Read]] = {
    ".html": _read_html,
    ".md": _read_markdown,
    ".txt": _read_text,
    ".docx": _read_document,
    ".pdf": _read_pdf,
    ".csv": _read_sheet,
    ".tsv": _read_sheet,
    ".xlsx": _read_sheet,
    ".jsonl": _read_jsonl,
    ".json": _read_json,
}
