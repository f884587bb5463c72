"""Pages as Markdown: what is written is read back as the same page, and hand-written files are understood."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.pages import PassageKind
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.markdown import PageError, load_page, parse_markdown, render_markdown
from kb.sites import SITES

KNEECARE = SITES / "kneecare" / "pages" / "trigger-point-injections.md"

AWKWARD = ["FAQ", "Does it hurt?", "Bring:", "1. one", "- x", "{.risk}", "{#a .faq}", "---", "&amp; &#32;", "<b>x</b>"]
AWKWARD += [
    "[a](b)",
    "a_b_c",
    "__a__",
    "\\*",
    "    code",
    "> q",
    "a | b",
    "--|--",
    "\\",
    "Title",
    "## x ##",
    "```",
    "a\tb ",
]

words = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30).filter(str.strip),
    st.text(st.sampled_from(" \\`*_{}[]()#+-.!<>&|~:;=?aB1\u00a0•’\t"), min_size=1, max_size=20).filter(str.strip),
    st.sampled_from(AWKWARD),
)
lines = st.lists(words, min_size=1, max_size=3).map("\n".join)
items = st.lists(words, min_size=1, max_size=3).map(tuple)
number = st.one_of(st.none(), st.integers(0, 20))
tags = st.one_of(st.none(), st.frozensets(st.sampled_from(["risk", "aftercare", "opening hours"])))
under = st.one_of(st.none(), st.integers(0, 3))  # the box that a block has left
labels = st.sampled_from(["Don't", "Call us if:", "Is it safe?", "Q: Who?\nA: You.", "What to avoid"])
blocks = st.one_of(
    st.builds(lambda text, tags, under: Block("paragraph", text, tags=tags, under=under), lines, tags, under),
    st.builds(lambda text, strong: Block("paragraph", text, is_strong=strong), labels, st.booleans()),
    st.builds(
        lambda text, level, under: Block("heading", text, level=level, under=under),
        st.one_of(words, labels.filter(lambda one: "\n" not in one)),
        st.integers(1, 6),
        under,
    ),
    st.builds(lambda text, items, first: Block("list", text, items=items, first=first), words, items, number),
    st.builds(lambda items, first: Block("list", items=items, first=first), items, number),
    st.builds(
        lambda question, text, faq: Block("faq", text, question=question, faq=faq, passage_id=faq, url=faq),
        words,
        st.lists(lines, min_size=1, max_size=2).map("\n\n".join),
        st.one_of(st.none(), words),
    ),
)
pages = (
    st.lists(blocks, min_size=1, max_size=6)
    .map(lambda some: assemble(some, page_id="a", title="Title", url="/a", reviewed="2026-01-31", left_out=["x: y"]))
    .filter(lambda page: bool(page.passages))
)


def read(source: str):
    return parse_markdown(source, page_id="a", where="a.md")


def texts(page) -> list[str]:
    return [page.text_of(one) for one in page.passages]


def test_the_name_of_a_sign_that_stands_on_a_page_stays_a_name():
    page = assemble(
        [Block("paragraph", "Write :no_entry_sign: or"), Block("list", items=(":NO_ENTRY_SIGN:", "a :warning:"))],
        page_id="a", title="Title", url="/a", reviewed="2026-01-31",
    )  # fmt: skip
    assert read(render_markdown(page)) == page


@settings(deadline=None)
@given(pages)
def test_a_page_written_and_read_back_is_the_same_page(page):
    assert read(render_markdown(page)) == page


def test_the_kneecare_page_is_kept_as_it_would_be_written():
    assert render_markdown(load_page(KNEECARE)) == KNEECARE.read_text(encoding="utf-8")


def test_marks_give_a_passage_its_id_and_tags():
    page = read("# Care\n\nIt may be sore. {#p-1 .risk}\n\nBring:\n\n- a card\n- shorts\n\n{#p-2 .plain}\n")
    assert [(one.passage_id, one.kind, one.tags) for one in page.passages] == [
        ("p-1", PassageKind.PARAGRAPH, {"risk"}),
        ("p-2", PassageKind.LIST, frozenset()),
    ]
    assert texts(page) == ["It may be sore.", "Bring:\n\n  • a card\n  • shorts"]


def test_words_written_by_hand_get_tags_that_they_suggest_beside_those_of_the_page():
    page = read("---\ntags: [visits]\n---\n# Care\n\nIt may be sore afterwards.\n\nParking is free. {.plain}\n")
    assert [one.tags for one in page.passages] == [{"visits", "risk", "aftercare"}, {"visits"}]


def test_questions_under_a_heading_that_says_so_are_answered_up_to_the_next():
    page = read("# Care\n\n## FAQ\n\n### Does it hurt?\n\nA little.\n\n- a day\n- or two\n\n### Can I drive?\n\nYes.\n")
    assert [(one.question, one.kind) for one in page.passages] == [("Does it hurt?", "faq"), ("Can I drive?", "faq")]
    assert texts(page) == ["A little.\n\n  • a day\n  • or two", "Yes."]
    assert page.passages[0].heading == ("FAQ", "Does it hurt?")


def test_a_question_nobody_answered_is_listed_not_kept():
    page = read("# Care\n\nText.\n\n## Does it hurt? {.faq}\n\n## More\n\nText two.\n")
    assert page.left_out == ("half of a question and answer: Does it hurt?",)


def test_only_what_a_visitor_reads_is_text():
    page = read("**Bold**, [a link](http://x.org), `code` and ![a picture](b.png)here.<br>Next line.\n")
    assert texts(page) == ["Bold, a link, code and here.\nNext line."]


def test_text_in_raw_html_is_left_out_and_listed_and_code_and_tables_are_kept():
    table = "| Day | Hours |\n|---|---|\n| Mon | 9-5 |\n"
    source = f"Text.\n\n<div>Call <b>now</b></div>\n\n<!-- note -->\n\n    Dose: ask us\n\n{table}"
    page = read(source)
    assert texts(page) == ["Text.", "Dose: ask us", "  • Day | Hours\n  • Mon | 9-5"]
    assert page.left_out == ("raw HTML: Call now",)


def test_numbered_lists_keep_their_numbers():
    page = read("1. Sit down\n2. Breathe\n   slowly\n")
    assert texts(page) == ["  1. Sit down\n  2. Breathe slowly"]


def test_sections_under_headings_of_the_first_level_are_in_the_path():
    page = read("---\ntitle: Care\n---\n# Care\n\nText.\n\n# Parking\n\nFree.\n\n## Bicycles\n\nToo.\n")
    assert [one.heading for one in page.passages] == [(), ("Parking",), ("Parking", "Bicycles")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("---\ntitle: [a\n---\nText.", "not YAML"),
        ("---\nreviewed: soon\n---\nText.", "`reviewed` should be a date"),
        ("---\ntags: risk\n---\nText.", "`tags` should be a list"),
        ("---\nleft_out: x\n---\nText.", "`left_out` should be a list"),
    ],
)
def test_front_matter_that_cannot_be_used_is_refused_with_the_file_s_name(source, message):
    with pytest.raises(PageError, match=message) as refused:
        read(source)
    assert "a.md" in str(refused.value)


@pytest.mark.parametrize(
    ("data", "message"), [(b"caf\xe9", "not UTF-8"), (b"# Only a title\n", "no passage"), (None, "cannot be read")]
)
def test_a_file_without_a_page_is_refused(tmp_path, data, message):
    path = tmp_path / "page.md"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(PageError, match=message):
        load_page(path)


def test_a_file_from_windows_reads_the_same(tmp_path):
    path = tmp_path / "page.md"
    path.write_bytes(b"\xef\xbb\xbf---\r\ntitle: Care\r\nreviewed: 2026-01-31\r\n---\r\n\r\nText\r\ngoes on.\r\n")
    page = load_page(path)
    assert (page.page_id, page.title, page.reviewed, texts(page)) == ("page", "Care", "2026-01-31", ["Text goes on."])
