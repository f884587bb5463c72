"""Sheets of questions and answers, as Excel, Google, LibreOffice and plugins save them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from kb.importing import Imported, ImportFailed, import_source

ROWS = [("question", "answer"), ("Where do I park?", "Behind the house; it’s free."), ("Open, too?", "Yes.")]
PAIRS = [(question, answer) for question, answer in ROWS[1:]]


def pairs(imported: Imported) -> list[tuple[str | None, str]]:
    (page,) = imported.pages
    return [(one.question, page.text_of(one)) for one in page.passages]


def delimited(rows: Sequence[tuple[str, ...]], separator: str) -> str:
    return "".join(separator.join('"{}"'.format(cell.replace('"', '""')) for cell in row) + "\r\n" for row in rows)


@pytest.fixture
def read(tmp_path: Path):
    def read(data: bytes | str, name: str = "faq.csv", **named) -> Imported:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return import_source(tmp_path / name, **named)

    return read


def workbook(*rows: tuple[object, ...], change=lambda _: None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_separator_and_encoding_gives_the_same_words(read, separator, encoding):
    text = delimited(ROWS, separator)
    data = (
        "\ufeff".encode("utf-16-le") + text.encode("utf-16-le") if encoding.endswith("bom") else text.encode(encoding)
    )
    imported = read(data)
    assert pairs(imported) == PAIRS
    assert any("Windows-1252" in one for one in imported.warnings) == (encoding == "cp1252")


def test_excel_s_own_line_about_the_separator_is_no_row(read):
    assert pairs(read("sep=;\r\n" + delimited(ROWS, ";"))) == PAIRS
    assert pairs(read(delimited(ROWS, "\t"), "faq.tsv")) == PAIRS


@pytest.mark.parametrize(
    "heads",
    [
        ("Question", "ANSWER"),
        (" Q ", "A"),
        ("Question text", "Answer_Text"),
        ("Frage", "Antwort"),
        ("post_title", "post_content"),
    ],
)
def test_the_usual_heads_are_known_in_any_case(read, heads):
    assert pairs(read(delimited([heads, *PAIRS], ","))) == PAIRS


def test_other_heads_are_asked_for(read):
    data = delimited([("Topic", "What we say"), *PAIRS], ";")
    with pytest.raises(
        ImportFailed, match="'question' and 'answer' not found; row 1 has “Topic”, “What we say”.*--columns"
    ):
        read(data)
    assert pairs(read(data, columns=("Topic", "What we say"))) == PAIRS
    with pytest.raises(ImportFailed, match="'Subject' not found"):
        read(data, columns=("Subject", "What we say"))


def test_titles_above_and_empty_rows_anywhere_are_no_questions_and_other_columns_are_told(read):
    rows = [
        ("Our FAQ", "", ""),
        ("", "", ""),
        ("Question", "Answer", "Owner"),
        ("", "", ""),
        (*PAIRS[0], "Ann"),
        ("", "", ""),
    ]
    imported = read(delimited([*rows, (*PAIRS[1], "")], ","))
    assert pairs(imported) == PAIRS
    assert [one.faq for one in imported.pages[0].passages] == ["1", "2"]
    assert any("row 1, above the columns' names: “Our FAQ”" in one for one in imported.warnings)
    assert "columns not read: Owner" in imported.warnings


def test_html_in_a_cell_becomes_the_text_it_shows_and_other_signs_stay(read):
    rows = [
        ROWS[0],
        ("<b>Bring&nbsp;what?</b>", "<p>Bring:</p><ul><li>a card<li>shorts</ul>"),
        ("Fever?", "Call if < 40 & > 38."),
    ]
    (question, answer), plain = pairs(read(delimited(rows, ",")))
    assert question and question.split() == ["Bring", "what?"]
    assert "<" not in answer and "• a card" in answer and "• shorts" in answer
    assert plain == ("Fever?", "Call if < 40 & > 38.")


def test_formulas_and_half_rows_are_listed_with_their_row_and_not_imported(read):
    rows = [
        *ROWS,
        ("Cost?", '=HYPERLINK("x")'),
        ("Billing", ""),
        ("Phone?", "+1 (555) 010-0100"),
        ("Tea?", "- yes\n- milk"),
    ]
    imported = read(delimited(rows, ","))
    assert [one for one, _ in pairs(imported)] == [*(one for one, _ in PAIRS), "Phone?", "Tea?"]
    assert imported.left_out == (
        'row 4: the answer is a formula, =HYPERLINK("x"). Put its text there instead.',
        "row 5: no answer beside “Billing”. Fill it in or delete the row.",
    )


def test_rows_that_ask_the_same_stay_and_are_listed(read):
    rows = [*ROWS, ("where do I PARK?", PAIRS[0][1]), ("Open, too?", "No.")]
    imported = read(delimited(rows, ","))
    assert len(pairs(imported)) == 4
    assert [one.split(":")[0] for one in imported.warnings] == [
        "row 2 and row 4 ask the same with the same answer",
        "row 3 and row 5 ask the same with different answers",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'question,answer\na,b\nc,"d\n', r"row 3: cannot be read as CSV .*quotation mark"),
        (b'question,answer\n"a\nb",c\nd,"e" f\n', r"row 3 \(line 4\): cannot be read"),
        (b"question,answer\na,caf\x81\n", "line 2: neither UTF-8 nor Windows-1252"),
        (b"question;answer\n;\n", "no row below"),
        (b"question,answer\na,\n", "no row with a question and an answer. row 2: no answer"),
        (b"\n,\n", "no row with words"),
    ],
)
def test_a_sheet_that_cannot_be_read_says_where_and_what_to_change(read, data, message):
    with pytest.raises(ImportFailed, match=message):
        read(data)


def test_a_workbook_is_read_sheet_by_sheet_without_what_is_hidden_struck_or_counted(read):
    def change(book: Workbook) -> None:
        sheet = book.active
        sheet.title = "Visits"
        sheet["B4"].font = Font(strike=True)
        half = CellRichText("Wait ", TextBlock(InlineFont(strike=True), "24 "), "48 hours.")
        sheet["B5"] = half
        sheet.row_dimensions[6].hidden = True
        sheet["B7"].number_format = "0%"
        notes = book.create_sheet("Notes")
        notes.append(("remember the milk",))
        draft = book.create_sheet("Draft")
        draft.append(("question", "answer"))
        draft.sheet_state = "hidden"
        more = book.create_sheet("More")
        for row in (("Frage", "Antwort"), ("Tea?", "Yes."), ("Sum?", "=A1&A2")):
            more.append(row)

    rows = [*ROWS, ("Old?", "No longer."), ("Drive?", ""), ("Secret?", "Yes."), ("Share?", 0.1)]
    imported = read(workbook(*rows, change=change), "faq.xlsx")
    assert pairs(imported) == [*PAIRS, ("Drive?", "Wait 48 hours."), ("Tea?", "Yes.")]
    told = "\n".join([*imported.warnings, *imported.left_out])
    for words in (
        "row 4: struck out and not read: No longer.",
        "row 5: struck out and not read: 24",
        "row 6 is hidden and was not read: Secret? Yes.",
        "row 7: 0.1 is shown as a number",
        "row 7: no answer beside “Share?”",
        "sheet “Draft” is hidden",
        "sheet “Notes” not read",
        "is a formula, =A1&A2",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("faq.xlsx", b"question,answer\na,b\n", "it is no XLSX"),
        ("faq.csv", workbook(*ROWS), "ends in .csv, but it is an XLSX. Give it its right ending"),
        ("faq.xlsx", workbook(("a", "b")), "columns question and answer expected"),
        (
            "faq.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "locked with a password.*save it without a password",
        ),
        ("faq.xls", b"x", "found .xls. Save it as .xlsx or CSV UTF-8"),
        ("faq.doc", b"x", "found .doc. Save it as .docx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_of_another_kind_is_told_what_it_is_and_how_to_save_it(read, name, data, message):
    with pytest.raises(ImportFailed, match=message):
        read(data, name)
