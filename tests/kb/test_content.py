"""A folder of content: pages, the sheet of questions and answers, phrasings, examples."""

from __future__ import annotations

import json
import time

import pytest

from kb.content import load_content, load_faq, load_starter, place
from kb.errors import AdvocateError
from kb.labels import Label
from kb.lines import ContentError
from kb.pages import PassageKind
from kb.reading.sentences import sentence_spans

SHEET = "id,question,answer,url\nneedle,Does it hurt?,A little.,https://a.org/needle\n,Can I drive?,Yes.,\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pages").mkdir()
    return tmp_path


def write_lines(path, *lines):
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")


def texts(page) -> list[str]:
    return [page.text_of(one) for one in page.passages]


def test_rows_become_passages_with_their_ids_and_addresses(folder):
    (folder / "faq.csv").write_text(SHEET)
    page = load_faq(folder / "faq.csv")
    assert [(one.faq, one.passage_id, one.question, one.url) for one in page.passages] == [
        ("needle", "faq-needle", "Does it hurt?", "https://a.org/needle"),
        ("2", "faq-2", "Can I drive?", None),
    ]
    assert texts(page) == ["A little.", "Yes."]
    assert {one.kind for one in page.passages} == {PassageKind.FAQ}


def test_thousands_of_rows_are_read_in_a_moment_and_none_is_merged(folder):
    rows = [f"Question {number % 10}?,Answer {number % 10}. Nothing more." for number in range(5000)]
    (folder / "faq.csv").write_text("\n".join(["question,answer", *rows]))
    write_lines(folder / "phrasings.jsonl", *({"text": f"ask {row}", "faq": row} for row in range(1, 5001)))
    started = time.monotonic()
    content = load_content(folder)
    assert time.monotonic() - started < 10  # under 1 s on an idle machine; minutes if each row searched all
    assert len({passage.passage_id for _, passage in content.passages()}) == 5000
    assert [one.passage_id for one in content.phrasings] == [f"faq-{row}" for row in range(1, 5001)]


def test_rows_with_the_same_id_stay_two_passages(folder):
    (folder / "faq.csv").write_text("id,question,answer\na,Does it hurt?,No.\na,Does it hurt?,No.\n")
    assert [one.passage_id for one in load_faq(folder / "faq.csv").passages] == ["faq-a", "faq-a.2"]


def test_quotes_commas_and_lines_within_a_cell_are_kept(folder):
    answer = 'We say "no", mostly.\n\n  • ask us\n  • call'
    cell = '"{}"'.format(answer.replace('"', '""').replace("\n", "\r\n"))
    (folder / "faq.csv").write_bytes(f"\ufeffQuestion , ANSWER\r\n Does it hurt? ,{cell}\r\n".encode())
    page = load_faq(folder / "faq.csv")
    assert (page.passages[0].question, texts(page)) == ("Does it hurt?", [answer])
    said = [answer[start:end] for start, end in sentence_spans(answer)]
    assert said == ['We say "no", mostly.', "ask us", "call"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"question,reply\na,b\n", "'answer'.*row 1"),
        (b"", "columns question and answer"),
        (b"question,answer\n", "no row"),
        (b"question,answer\na,b\nc,\n", "row 3.*both a question and an answer"),
        (b"question,answer\n ,b\n", "row 2"),
        (b"question,answer\ncaf\xe9,b\n", "not UTF-8"),
        (b'question,answer\na,"b\n', "CSV"),
        (None, "cannot be read"),
    ],
)
def test_a_sheet_that_cannot_be_used_is_refused_with_its_place(folder, data, message):
    if data is not None:
        (folder / "faq.csv").write_bytes(data)
    with pytest.raises(ContentError, match=message) as refused:
        load_faq(folder / "faq.csv")
    assert "faq.csv" in str(refused.value)


def test_phrasings_find_their_passage_by_row_by_words_and_by_id(folder):
    (folder / "faq.csv").write_text(SHEET)
    (folder / "pages" / "care.md").write_text(
        "# Care\n\nThe procedure takes  about 8 minutes. Then rest. {#p-1 .plain}\n"
    )
    write_lines(
        folder / "phrasings.jsonl",
        {"text": "ouch?", "faq": "needle"},
        {"text": "driving", "faq": 2},
        {"text": "how long", "quote": "takes about\n8 minutes."},
        {"text": "rest", "passage_id": "p-1", "faq": None},
    )
    placed = load_content(folder).phrasings
    assert [(one.passage_id, one.quote) for one in placed] == [
        ("faq-needle", None),
        ("faq-2", None),
        ("p-1", "takes about\n8 minutes."),
        ("p-1", None),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"text": "x", "faq": "gone"}, "no passage fits faq = 'gone'"),
        ({"text": "x", "quote": "No such words."}, "no passage fits quote"),
        ({"text": "x", "quote": " "}, "no passage fits quote"),
        ({"text": "x", "passage_id": "p-0"}, "no passage fits passage_id"),
        ({"text": "x"}, "needs .passage_id., .faq. or .quote."),
        ({"text": " ", "faq": "needle"}, '"text" should hold'),
        ([], "an object was expected"),
    ],
)
def test_a_phrasing_that_fits_nowhere_is_refused_with_its_line(folder, line, message):
    (folder / "faq.csv").write_text(SHEET)
    write_lines(folder / "phrasings.jsonl", {"text": "fine", "faq": "needle"}, line)
    with pytest.raises(ContentError, match=message) as refused:
        load_content(folder)
    assert "phrasings.jsonl, line 2" in str(refused.value)


def test_one_phrasing_is_placed_as_those_of_a_file(folder):
    (folder / "faq.csv").write_text(SHEET)
    page = load_faq(folder / "faq.csv")
    assert place({"text": "ouch?", "quote": "A little."}, [page]).passage_id == "faq-needle"


def test_a_quote_never_reaches_from_one_passage_into_the_next(folder):
    (folder / "pages" / "care.md").write_text("First.\n\nSecond.\n")
    write_lines(folder / "phrasings.jsonl", {"text": "x", "quote": "First. Second."})
    with pytest.raises(ContentError, match="no passage fits"):
        load_content(folder)


def test_pages_sheets_examples_and_golden_questions_make_the_content(folder):
    (folder / "faq.csv").write_text(SHEET)
    (folder / "pages" / "faq.md").write_text("# Care\n\nText.\n")
    (folder / "pages" / "b").mkdir()
    (folder / "pages" / "b" / "care.MD").write_text("More.\n")
    (folder / "pages" / "notes.docx").write_text("not read")
    (folder / "examples.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "hi", "label": "smalltalk"}\r\n\r\n')
    write_lines(folder / "golden.jsonl", {"text": "ouch?", "label": "answer"})
    content = load_content(folder)
    assert [page.page_id for page in content.pages] == ["b-care", "faq", "faq-sheet"]
    assert [(one.text, one.label) for one in content.examples] == [("hi", Label.SMALLTALK)]
    assert content.golden == ({"text": "ouch?", "label": "answer"},)
    assert len(list(content.passages())) == 4


def test_a_text_page_keeps_what_its_front_matter_says(folder):
    front = "---\ntitle: Hours\nurl: https://a.org/hours\nreviewed: 2026-01-31\ntags: [visits]\n---\n"
    (folder / "pages" / "hours.txt").write_text(f"{front}We open at nine.\n\n  • Monday\n  • Tuesday\n")
    (page,) = load_content(folder).pages
    assert (page.page_id, page.title, page.url, page.reviewed) == (
        "hours",
        "Hours",
        "https://a.org/hours",
        "2026-01-31",
    )
    assert texts(page) == ["We open at nine.", "  • Monday\n  • Tuesday"]
    assert all("visits" in one.tags for one in page.passages)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"neither pages/ .* nor faq\.csv"),
        ({"pages/a.md": "# Title only\n"}, r"a\.md: no passage"),
        ({"pages/a.txt": "\n"}, r"a\.txt: no passage"),
        ({"pages/a.md": "One.", "pages/a.txt": "Two."}, "another page is called a"),
        ({"pages/a.md": "One. {#p-1}", "pages/b.md": "Two. {#p-1}"}, "p-1 is also used by a"),
        ({"pages/a.md": "One.", "examples.jsonl": '{"text": "x", "label": "hello"}\n'}, r"line 1: label 'hello'"),
        ({"pages/a.md": "One.", "examples.jsonl": '\n{"text": "x"\n'}, r"examples\.jsonl, line 2: not JSON"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(folder, files, message):
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(AdvocateError, match=message):
        load_content(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ContentError, match="no such folder"):
        load_content(tmp_path / "nowhere")


def test_every_clinic_begins_with_examples_of_all_that_is_not_answered():
    labels = {one.label for one in load_starter()}
    assert labels >= set(Label) - {Label.ANSWER}
