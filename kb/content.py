"""Everything a site's index is built from: pages, phrasings, checklist, examples, golden questions; read from a folder."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from kb.asks import load_asks
from kb.checklist import Checklist, load_checklist
from kb.labels import Label
from kb.lines import ContentError, read_lines
from kb.pages import Page, Passage
from kb.reading.messages import after
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.markdown import PAGE_SUFFIXES, load_page, parse_front, read_text, with_passages
from kb.shaping.plaintext import parse_text

STARTER = Path(__file__).parent / "starter"
FAQ_TITLE = "Frequently asked questions"


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Another way visitors ask what a passage answers. `quote` is the sentence of the passage that answers it."""

    text: str
    passage_id: str
    quote: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, str]) -> Phrasing:
        return cls(body["text"], body["passage_id"], body.get("quote"))

    def as_json(self) -> dict[str, str]:
        return {"text": self.text, "passage_id": self.passage_id} | ({"quote": self.quote} if self.quote else {})


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message that teaches the gate; `history` is the visitor's message before it, when it needs one."""

    text: str
    label: Label
    history: str = ""

    @property
    def as_read(self) -> str:
        """The text as the gate reads it: after the message before."""
        return after(self.history, self.text)

    def as_json(self) -> dict[str, str]:
        return {"text": self.text, "label": str(self.label)} | ({"history": self.history} if self.history else {})


@dataclass(frozen=True, slots=True)
class Content:
    """What a build is made from. Passage ids are unique across pages; order is the order of the files."""

    pages: tuple[Page, ...]
    phrasings: tuple[Phrasing, ...] = ()
    examples: tuple[Example, ...] = ()
    golden: tuple[Mapping[str, Any], ...] = ()
    checklist: Checklist = field(default_factory=dict)  # what an editor chose of the asks that ship

    def passages(self) -> Iterator[tuple[Page, Passage]]:
        for page in self.pages:
            for passage in page.passages:
                yield page, passage

    def asked_phrasings(self) -> Iterator[Phrasing]:
        """What the checklist adds to `phrasings`: an answered ask's own, for each of the passages that answer it."""
        for ask in load_asks():
            for passage_id in self.checklist.get(ask.id, ()):
                yield from (Phrasing(text, passage_id) for text in ask.texts)

    def unsaid_examples(self) -> Iterator[Example]:
        """What the checklist adds to `examples`: questions that this site's pages do not answer."""
        for ask in load_asks():
            if self.checklist.get(ask.id) == ():
                yield from (Example(text, Label.OUT_OF_KB) for text in ask.texts)


def load_content(folder: Path) -> Content:
    """Read a folder with `pages/` and/or `faq.csv`; `phrasings`, `asks`, `examples` and `golden.jsonl` are optional.

    Raises ContentError or PageError at the first file that cannot be used; nothing is left out silently.
    """
    if not folder.is_dir():
        raise ContentError(f"{folder}: no such folder. Give one with pages/ and/or faq.csv (see README.md).")
    pages = _load_pages(folder)
    if not pages:
        raise ContentError(f"{folder}: neither pages/ with .md or .txt files nor faq.csv found. Add one of them.")
    _refuse_shared_ids(pages)
    examples = [_example(one, where) for one, where in read_lines(folder / "examples.jsonl")]
    places = _Places.of(pages)
    phrasings = [_placed(one, places, where) for one, where in read_lines(folder / "phrasings.jsonl")]
    golden = [one for one, _ in read_lines(folder / "golden.jsonl")]
    checklist = load_checklist(folder / "asks.jsonl", places.passage_ids)
    return Content(tuple(pages), tuple(phrasings), tuple(examples), tuple(golden), checklist)


def load_starter() -> tuple[Example, ...]:
    """The gate examples every clinic begins with."""
    return tuple(_example(one, where) for path in _starter_files() for one, where in read_lines(path))


def _starter_files() -> list[Path]:
    return [*sorted(STARTER.glob("*.jsonl")), *sorted(STARTER.glob("people/*.jsonl"))]


def place(line: Mapping[str, Any], pages: Sequence[Page], where: str = "phrasing") -> Phrasing:
    """The phrasing a line describes, tied to its passage by `passage_id`, `faq` or `quote`. Raises ContentError."""
    return _placed(line, _Places.of(pages), where)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where passages are found: by id, by row of the FAQ sheet, and by their words, white space collapsed."""

    passage_ids: frozenset[str]
    by_faq: Mapping[str, str]
    words: str  # of all passages, a line each
    starts: Sequence[int]  # of the lines
    ids: Sequence[str]  # of the lines

    @classmethod
    def of(cls, pages: Sequence[Page]) -> _Places:
        ids, starts, lines = [], [], []
        by_faq: dict[str, str] = {}
        position = 0
        for page in pages:
            for passage in page.passages:
                ids.append(passage.passage_id)
                starts.append(position)
                lines.append(_spaced(page.text_of(passage)))
                position += len(lines[-1]) + 1
                if passage.faq is not None:
                    by_faq.setdefault(passage.faq, passage.passage_id)
        return cls(frozenset(ids), by_faq, "\n".join(lines), starts, ids)

    def find(self, key: str, value: str) -> str | None:
        """The id of the first passage that fits."""
        if key == "passage_id":
            return value if value in self.passage_ids else None
        if key == "faq":
            return self.by_faq.get(value)
        found = self.words.find(words) if (words := _spaced(value)) else -1
        return self.ids[bisect_right(self.starts, found) - 1] if found >= 0 else None


def _placed(line: Mapping[str, Any], places: _Places, where: str) -> Phrasing:
    text = _text(line, where)
    key = next((key for key in ("passage_id", "faq", "quote") if line.get(key) is not None), None)
    if key is None:
        raise ContentError(f'{where}: a phrasing needs "passage_id", "faq" or "quote" beside its "text".')
    passage_id = places.find(key, str(line[key]))
    if passage_id is None:
        raise ContentError(f"{where}: no passage fits {key} = {line[key]!r}. Copy the words exactly from the page.")
    quote = line.get("quote")
    return Phrasing(text, passage_id, quote if isinstance(quote, str) else None)


def load_faq(path: Path) -> Page:
    """Read a sheet of questions and answers, columns `question`, `answer` and optionally `id`, `url`, as one page.

    Rows are never merged. Raises ContentError with the row's number.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(f"{path}: cannot be read ({error.strerror}). Check the file and its permissions.") from error
    return parse_faq(data, str(path))


def parse_faq(data: bytes, where: str) -> Page:
    """The page that the bytes of a CSV sheet describe. Raises ContentError naming `where` and the row."""
    try:
        sheet = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(sheet)
    except UnicodeDecodeError as error:
        raise ContentError(f"{where}: not UTF-8 (byte {error.start}). Save the sheet as CSV UTF-8.") from error
    except csv.Error as error:
        raise ContentError(f"{where}: cannot be read as CSV: {error}. Save the sheet as CSV UTF-8.") from error
    missing = {"question", "answer"} - {_column(name) for name in sheet.fieldnames or []}
    if missing:
        raise ContentError(f"{where}: columns question and answer expected, {sorted(missing)} not found in row 1.")
    if not rows:
        raise ContentError(f"{where}: no row below the columns' names. Write a question and its answer in each.")
    return faq_page([faq_block(row, f"{where}, row {number}", number - 1) for number, row in enumerate(rows, 2)])


def faq_page(blocks: Sequence[Block], *, url: str = "") -> Page:
    """A page of questions and answers."""
    title = Block("heading", FAQ_TITLE, level=1)
    return assemble([title, *blocks], page_id="faq", title=FAQ_TITLE, url=url)


def faq_block(row: Mapping[str | None, Any], where: str, number: int) -> Block:
    """One row of a sheet; `number` is its id when it has none. Raises ContentError naming `where`."""
    values = {_column(name): _cell(value) for name, value in row.items()}
    question, answer = values.get("question", ""), values.get("answer", "")
    if not question or not answer:
        raise ContentError(f"{where}: a row needs both a question and an answer. Fill it in or delete the row.")
    faq = values.get("id") or str(number)
    # The question becomes a heading, which is one line.
    return Block(
        "faq", answer, question=_spaced(question), faq=faq, passage_id=f"faq-{faq}", url=values.get("url") or None
    )


def _column(name: str | None) -> str:
    return (name or "").strip().casefold()


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else ""


def _load_pages(folder: Path) -> list[Page]:
    pages: dict[str, Page] = {}
    for path in sorted((folder / "pages").glob("**/*")):
        suffix = path.suffix.lower()
        if suffix in PAGE_SUFFIXES | {".txt"}:
            page_id = "-".join(path.relative_to(folder / "pages").with_suffix("").parts)
            if page_id in pages:
                raise ContentError(f"{path}: another page is called {page_id} too. Rename one of the two files.")
            pages[page_id] = (load_text_page if suffix == ".txt" else load_page)(path, page_id)
    sheet = folder / "faq.csv"
    if sheet.exists():
        page = load_faq(sheet)
        page_id = page.page_id if page.page_id not in pages else f"{page.page_id}-sheet"
        pages[page_id] = replace(page, page_id=page_id)
    return list(pages.values())


def load_text_page(path: Path, page_id: str | None = None) -> Page:
    """Read a plain text page, with or without front matter. Raises PageError when it is unreadable or says nothing."""
    front, body = parse_front(read_text(path), str(path))
    title, blocks = parse_text(body, front.title)
    page = assemble(
        blocks,
        page_id=page_id or path.stem,
        title=title or path.stem,
        url=front.url,
        reviewed=front.reviewed,
        left_out=front.left_out,
        tags=front.tags,
        owner=front.owner,
    )
    return with_passages(page, path)


def _refuse_shared_ids(pages: Sequence[Page]) -> None:
    owner: dict[str, str] = {}
    for page in pages:
        for passage in page.passages:
            if passage.passage_id in owner:
                raise ContentError(
                    f"{page.page_id}: passage id {passage.passage_id} is also used by {owner[passage.passage_id]}. "
                    "Give one of them another id."
                )
            owner[passage.passage_id] = page.page_id


def _text(line: Mapping[str, Any], where: str) -> str:
    text = line.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ContentError(f'{where}: "text" should hold what the visitor says.')
    return text


def _example(line: Mapping[str, Any], where: str) -> Example:
    try:
        return Example(_text(line, where), Label(str(line.get("label"))), str(line.get("history") or ""))
    except ValueError as error:
        raise ContentError(f"{where}: label {line.get('label')!r} is none of {', '.join(Label)}.") from error


def _spaced(text: str) -> str:
    return " ".join(text.split())
