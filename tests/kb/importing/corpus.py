"""The corpus: small sources of every kind that clinics have, in tests/kb/data, read without a process of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook

from kb.importing.pdf.page import parse_pdf
from kb.importing.readers import READERS
from kb.importing.sources import Source
from kb.importing.web.page import parse_page
from kb.importing.word.page import parse_word
from kb.pages import Page
from kb.shaping.layout import assemble
from kb.shaping.markdown import parse_markdown
from tests.kb.importing.paper import Sheet, paper
from tests.kb.importing.word import HANGING, p, r, table, word

DATA = Path(__file__).parents[1] / "data"
KINDS = ("html", "markdown", "word", "paper", "sheets", "exports")


@dataclass(frozen=True)
class Asked:
    """A visitor's question, and the number of the passage that answers it; 0: the source does not say."""

    text: str
    passage: int


@dataclass(frozen=True)
class Case:
    """A source, and what is to be read from it: passages as (heading, text), in order."""

    kind: str
    name: str
    source: Any
    page_id: str
    title: str
    passages: list[tuple[str, str]]
    left_out: list[str]
    reviewed: str | None
    asked: list[Asked]

    @cached_property
    def page(self) -> Page:
        return _READERS[self.kind](self.source, self.page_id)

    @property
    def found(self) -> list[tuple[str, str]]:
        return [(" › ".join(one.heading), self.page.text_of(one)) for one in self.page.passages]


def load_cases(kind: str) -> Iterator[Case]:
    for number, one in enumerate(yaml.safe_load((DATA / f"{kind}.yaml").read_text(encoding="utf-8"))):
        wanted = [(each["heading"], each["text"].rstrip("\n")) for each in one["passages"]]
        asked = [line.partition(" ") for line in one.get("asks", [])]
        yield Case(
            kind,
            one["name"],
            one["source"],
            f"{kind}-{number}",
            one["title"],
            wanted,
            one["left_out"],
            one.get("reviewed"),
            [Asked(text, int(passage)) for passage, _, text in asked],
        )


def _assembled(found: Any, page_id: str) -> Page:
    return assemble(
        found.blocks,
        page_id=page_id,
        title=found.title or "page",
        url="",
        reviewed=getattr(found, "reviewed", None),
        left_out=found.left_out,
    )


def _of_html(source: str, page_id: str) -> Page:
    return _assembled(parse_page(source), page_id)


def _of_markdown(source: str, page_id: str) -> Page:
    return parse_markdown(source, page_id=page_id, where="page.md")


def _of_file(suffix: str, data: bytes, page_id: str) -> Page:
    """A sheet or an export, by the reader of its kind."""
    return READERS[f".{suffix}"](Source(data, f".{suffix}", where="the source", page_id=page_id, url="")).page


def _of_text(source: Mapping[str, str], page_id: str) -> Page:
    """A source given as the text of a file: {suffix, text, encoding}."""
    return _of_file(source["suffix"], source["text"].encode(source.get("encoding", "utf-8")), page_id)


def _of_sheet(source: Mapping[str, Any], page_id: str) -> Page:
    """A sheet: as the text of a file, or {suffix: xlsx, rows}."""
    if "rows" not in source:
        return _of_text(source, page_id)
    book = Workbook()
    for row in source["rows"]:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return _of_file(source["suffix"], file.getvalue(), page_id)


# What one line of a Word source is: {h1: words}, {item: words}, {table: rows}, …
_PARTS: Mapping[str, Callable[[Any], str]] = {
    "title": lambda words: p(words, "Titel"),
    "h1": lambda words: p(words, "Heading1"),
    "h2": lambda words: p(words, "berschrift2"),
    "p": lambda words: p(words),
    "b": lambda words: p(words, looks="b"),
    "u": lambda words: f'<w:p><w:r><w:rPr><w:u w:val="single"/></w:rPr><w:t>{words}</w:t></w:r></w:p>',
    "large": lambda words: f'<w:p><w:r><w:rPr><w:sz w:val="32"/></w:rPr><w:t>{words}</w:t></w:r></w:p>',
    "runs": lambda runs: p("".join(r(words, looks) for words, looks in runs)),
    "lines": lambda lines: p("<w:r><w:br/></w:r>".join(r(line) for line in lines)),
    "item": lambda words: p(words, num=1),
    "tick": lambda words: p(words, num=2),
    "cross": lambda words: p(words, num=3),
    "step": lambda words: p(words, num=4),
    "letter": lambda words: p(words, num=5),
    "inner": lambda words: p(words, num=1, level=1),
    "contents": lambda words: p(words, "TOC1"),
    "table": lambda rows: table(
        *(tuple(cell if isinstance(cell, str) else _word(cell) for cell in row) for row in rows)
    ),
    "box": lambda lines: table((_word(lines),)),
    "hanging": lambda lines: HANGING.format(_word(lines)),
    "noted": lambda words: p(f'{r(words)}<w:r><w:footnoteReference w:id="1"/></w:r>'),
    "online": lambda lines: f"<w:sdt><w:sdtContent>{_word(lines)}</w:sdtContent></w:sdt>",
}


def _word(lines: list[dict[str, Any]]) -> str:
    return "".join(_PARTS[kind](value) for line in lines for kind, value in line.items())


def _of_word(source: Mapping[str, Any], page_id: str) -> Page:
    """A Word file: {body: lines, note, comment, header, footer, main}."""
    note, comment = source.get("note"), source.get("comment")
    parts = {kind: p(source[kind]) for kind in ("header", "footer") if kind in source}
    parts |= {"footnotes": f'<w:footnote w:id="1">{p(note)}</w:footnote>'} if note else {}
    parts |= {"comments": f'<w:comment w:id="0">{p(comment)}</w:comment>'} if comment else {}
    data = word(_word(source["body"]), parts=parts, main=source.get("main", "document"))
    return _assembled(parse_word(data), page_id)


def _of_paper(source: list[list[dict[str, Any]]], page_id: str) -> Page:
    """A PDF: for each page lines such as {b: words, x: 320}, drawn below each other."""
    return _assembled(parse_pdf(paper(*map(_drawn, source))), page_id)


_SIZES = {"title": (22, True), "h": (15, True), "b": (11, True), "t": (11, False), "small": (8, False)}


def _drawn(lines: list[dict[str, Any]]) -> Sheet:
    sheet = Sheet()
    for line in lines:
        if "at" in line:
            sheet.at(line["at"])
        for kind, (size, is_bold) in _SIZES.items():
            if kind in line:
                sheet.text(line[kind], x=line.get("x", 60), size=size, bold=is_bold)
        if "row" in line:
            top = sheet.y
            for at, cell in enumerate(line["row"]):
                if cell:
                    sheet.text(cell, x=60 + 150 * at, y=top)
            sheet.gap(16)
        if "box" in line:
            sheet.box(*line["box"])
        if "struck" in line:
            sheet.strike(line["struck"][0], sheet.y - 14.3, line["struck"][1])
        sheet.gap(line.get("gap", 0))
    return sheet


_READERS: Mapping[str, Callable[[Any, str], Page]] = {
    "html": _of_html,
    "markdown": _of_markdown,
    "word": _of_word,
    "paper": _of_paper,
    "sheets": _of_sheet,
    "exports": _of_text,
}
