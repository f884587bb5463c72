"""Reads a sheet of questions and answers as its program saved it: which separator, which encoding, and which columns.

Cells keep their words; HTML in them becomes the text it shows. A row that is half, or holds a formula, is listed instead.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO

from kb.content import faq_block, faq_page
from kb.importing.convert import convert
from kb.importing.faqpage import faqpage_of
from kb.importing.sources import ImportFailed, Source
from kb.importing.web.page import pairs_of
from kb.pages import Page

MAX_ROWS_ABOVE = 10  # a title, a date and a remark may stand above the heads
_SEPARATORS = (",", ";", "\t", "|")
_FORMULA = re.compile(r"=|[@+-][A-Za-z]\w*\(|\{=")
_HTML = re.compile(
    r"</?(?:p|br|ul|ol|li|a|b|strong|em|i|u|s|del|ins|div|span|h[1-6]|table|tr|t[dh]|img)\b[^<>]*>|&(?:[a-z]{2,8}|#\d+);",
    re.IGNORECASE,
)

# Heads that say what a column holds, folded. The first column of a kind counts.
_NAMES = {
    "question": "question, questions, q, question text, faq, faq question, faq title, frage, fragen, pregunta, preguntas, "
    "domanda, vraag, title, post title, heading",
    "answer": "answer, answers, a, answer text, faq answer, response, reply, antwort, antworten, respuesta, respuestas, "
    "réponse, reponse, risposta, antwoord, content, post content, body, text",
    "id": "id, faq id",
    "url": "url, link, web address",
}
HEADS: Mapping[str, frozenset[str]] = {kind: frozenset(names.split(", ")) for kind, names in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet; `place` names it as a spreadsheet numbers it, and by its line of the file where that differs."""

    place: str
    cells: tuple[str, ...]

    def __bool__(self) -> bool:
        return any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows below a sheet's heads, empty ones left out. `columns` says where "question", "answer", "id", "url" stand.

    `notes` are what a person should know of the reading.
    """

    columns: Mapping[str, int]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def cell(self, row: Row, name: str) -> str:
        """A cell's text without white space around it; empty where the sheet has no such column."""
        column = self.columns.get(name, len(row.cells))
        text = row.cells[column] if column < len(row.cells) else ""
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page of a sheet, with the rows that were left out in its `left_out`, and what to check."""

    page: Page
    warnings: tuple[str, ...]


def read_sheet(source: Source) -> Sheet:
    """The questions and answers of a CSV, TSV or XLSX source. Raises ImportFailed or ConversionFailed."""
    tables = _workbook(source) if source.suffix == ".xlsx" else [parse_table(source.data, source.where, source.columns)]
    left_out: list[str] = []
    answers = [row for table in tables for row in _answers(table, left_out)]
    if not answers:
        raise ImportFailed(f"{source.where}: no row with a question and an answer. {'; '.join(left_out[:3])}.")
    shown = _without_html([(one["question"], one["answer"]) for _, one in answers], left_out)
    blocks = []
    for number, ((place, row), (question, answer)) in enumerate(zip(answers, shown, strict=True), start=1):
        blocks.append(faq_block({**row, "question": question, "answer": answer}, f"{source.where}, {place}", number))
    page = replace(faq_page(blocks, url=source.url), left_out=tuple(left_out))
    notes = [note for table in tables for note in table.notes]
    return Sheet(page, (*notes, *_twice([(place, pair) for (place, _), pair in zip(answers, shown, strict=True)])))


def _workbook(source: Source) -> list[Table]:
    """The tables of a workbook's sheets; one without heads is noted, unless none has any."""
    sheets = convert(source.data, ".xlsx")["sheets"]
    tables: list[Table] = []
    notes: list[str] = []
    for sheet in sheets:
        rows = [Row(f"sheet “{sheet['name']}”, row {number}", tuple(cells)) for number, cells in sheet["rows"]]
        notes += sheet["notes"]
        try:
            tables.append(table_of(rows, source.where, source.columns))
        except ImportFailed:
            if len(sheets) == 1:
                raise
            notes.append(f"sheet “{sheet['name']}” not read: it has no columns for questions and answers")
    if not tables:
        names = ", ".join(f"“{one['name']}”" for one in sheets)
        raise ImportFailed(
            f"{source.where}: columns question and answer expected in the first rows of a sheet, none of {names} has them. "
            'Name two columns so, or say which they are: --columns "QUESTION COLUMN,ANSWER COLUMN".'
        )
    return [replace(tables[0], notes=(*notes, *tables[0].notes)), *tables[1:]]


def _answers(table: Table, left_out: list[str]) -> Iterator[tuple[str, dict[str | None, str]]]:
    """The rows to import; why another is not stands in `left_out`."""
    for row in table.rows:
        values: dict[str | None, str] = {name: table.cell(row, name) for name in ("question", "answer", "id", "url")}
        formula = next((name for name in ("question", "answer") if _FORMULA.match(values[name])), None)
        lacking = next((name for name in ("question", "answer") if not values[name]), None)
        if formula:
            left_out.append(f"{row.place}: the {formula} is a formula, {values[formula]}. Put its text there instead.")
        elif lacking:
            left_out.append(f"{row.place}: no {lacking} beside {_shown(row)}. Fill it in or delete the row.")
        else:
            yield row.place, values


def _without_html(pairs: Sequence[tuple[str, str]], left_out: list[str]) -> list[tuple[str, str]]:
    """The pairs with the text that HTML in them shows; what holds none stays as it is, what is no text is listed."""
    marked = [number for number, pair in enumerate(pairs) if any(_HTML.search(text) for text in pair)]
    found = list(pairs)
    for number, block in zip(marked, pairs_of(faqpage_of([pairs[one] for one in marked]), left_out), strict=True):
        texts = block.question or "", block.text
        found[number] = tuple(  # type: ignore[assignment]
            text if _HTML.search(was) else was for was, text in zip(pairs[number], texts, strict=True)
        )
    return found


def _twice(rows: Iterable[tuple[str, tuple[str, str]]]) -> Iterator[str]:
    """Questions that are asked more than once, with their places. Every row stays: a person decides."""
    places: dict[str, list[str]] = {}
    answers: dict[str, set[str]] = {}
    for place, (question, answer) in rows:
        places.setdefault(_folded(question), []).append(place)
        answers.setdefault(_folded(question), set()).add(_folded(answer))
    for question, found in places.items():
        if len(found) > 1:
            alike = "with the same answer" if len(answers[question]) == 1 else "with different answers"
            yield f"{' and '.join(found)} ask the same {alike}: “{question}”"


def parse_table(data: bytes, where: str, heads: Sequence[str] = ()) -> Table:
    """The table in the bytes of a text sheet. `heads` are those of the question and answer columns, when not the usual.

    Raises ImportFailed naming `where`.
    """
    text, notes = _decoded(data, where)
    separators: Sequence[str] = _SEPARATORS
    if named := re.match(r"sep=(.)\r?\n", text):  # as Excel writes it
        separators, text = [named[1]], text[named.end() :]
    readings = [_rows(text, separator) for separator in separators]
    found = [(rows, fault) for rows, fault in readings if _head(rows, heads) is not None]
    rows, fault = max(found or readings, key=lambda one: max((len(row.cells) for row in one[0]), default=0))
    if fault:
        raise ImportFailed(f"{where}, {fault}")
    return table_of(rows, where, heads, notes)


def table_of(rows: Iterable[Row], where: str, heads: Sequence[str] = (), notes: Iterable[str] = ()) -> Table:
    """The table in rows that were read before. Raises ImportFailed."""
    filled = [row for row in rows if row]
    if not filled:
        raise ImportFailed(f"{where}: no row with words in it. Check that the right sheet was saved.")
    head = _head(filled, heads)
    if head is None:
        raise ImportFailed(_without_heads(filled, where, heads))
    columns = _columns(filled[head], heads) or {}
    if head + 1 == len(filled):
        raise ImportFailed(f"{where}: no row below the columns' names. Write a question and its answer in each.")
    above = [f"{row.place}, above the columns' names: {_shown(row)}" for row in filled[:head]]
    unread = [cell.strip() for n, cell in enumerate(filled[head].cells) if cell.strip() and n not in columns.values()]
    extra = [f"columns not read: {', '.join(unread)}"] if unread else []
    return Table(columns, tuple(filled[head + 1 :]), (*notes, *above, *extra))


def _decoded(data: bytes, where: str) -> tuple[str, list[str]]:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(name), []
            except UnicodeDecodeError as error:
                raise ImportFailed(f"{where}: damaged at byte {error.start}. Save the sheet as CSV UTF-8.") from error
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return _decoded_windows(data, where)


def _decoded_windows(data: bytes, where: str) -> tuple[str, list[str]]:
    """As older Excel saves it: Windows-1252, told from what it is not by having no byte that it does not know."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportFailed(
            f"{where}, line {line}: neither UTF-8 nor Windows-1252 (byte {data[error.start]:#04x}). "
            "Save the sheet as CSV UTF-8."
        ) from error
    return text, ["read as Windows-1252: check its accents and apostrophes, or save it as CSV UTF-8"]


def _rows(text: str, separator: str) -> tuple[list[Row], str]:
    """The rows of a text, read with this separator up to the first fault, and that fault in words."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            rows.append(Row(_place(len(rows) + 1, line), tuple(cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        place = _place(len(rows) + 1, line)
        return (
            rows,
            f"{place}: cannot be read as CSV ({error}). Look for a quotation mark that is not closed or doubled.",
        )
    return rows, ""


def _place(number: int, line: int) -> str:
    return f"row {number}" if number == line else f"row {number} (line {line})"


def _head(rows: Iterable[Row], heads: Sequence[str]) -> int | None:
    """Which of the filled rows names the columns."""
    for number, row in enumerate(one for one in rows if one):
        if number > MAX_ROWS_ABOVE:
            return None
        if _columns(row, heads):
            return number
    return None


def _columns(row: Row, heads: Sequence[str]) -> dict[str, int] | None:
    """Where each kind of column stands, when the row names both questions and answers."""
    names = [_folded(cell) for cell in row.cells]
    wanted = {**HEADS, **{kind: {_folded(name)} for kind, name in zip(("question", "answer"), heads, strict=False)}}
    found = {kind: next((n for n, name in enumerate(names) if name in known), None) for kind, known in wanted.items()}
    columns = {kind: number for kind, number in found.items() if number is not None}
    return columns if {"question", "answer"} <= columns.keys() else None


def _without_heads(rows: Sequence[Row], where: str, heads: Sequence[str]) -> str:
    names = {_folded(cell) for cell in rows[0].cells}
    wanted = {name: frozenset([_folded(name)]) for name in heads} or {
        kind: HEADS[kind] for kind in ("question", "answer")
    }
    lacking = " and ".join(f"'{name}'" for name, known in wanted.items() if not names & known)
    return (
        f"{where}: columns {' and '.join(wanted)} expected, {lacking} not found; {rows[0].place} has {_shown(rows[0])}. "
        'Name two columns so, or say which they are: --columns "QUESTION COLUMN,ANSWER COLUMN".'
    )


def _shown(row: Row) -> str:
    return ", ".join(f"“{' '.join(cell.split())[:60]}”" for cell in row.cells if cell.strip())


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())
