"""Coverage: what of a page cannot be quoted, and what of a source never reached it."""

from __future__ import annotations

from kb.importing.coverage import Fate, coverage, source_coverage, uncovered_lines
from kb.pages import Page
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble

TITLE = Block("heading", "Care", level=1)
PAIR = Block("faq", "A little.", question="Does it hurt?")
LIST = Block("list", items=("aching", "stiffness"))
BLOCKS = [TITLE, Block("paragraph", "We numb it. Symptoms are:"), LIST, PAIR]
PAGE = assemble(BLOCKS, page_id="a", title="Care", url="")


def test_headings_and_questions_are_counted_beside_what_can_be_quoted():
    found = coverage(PAGE)
    assert (found.headings, found.questions, found.gaps) == (len("Care"), len("Doesithurt?"), ())
    assert found.covered + found.headings + found.questions == found.total == len("".join(PAGE.text.split()))


def test_text_in_no_passage_is_a_gap():
    page = Page("a", "T", "", None, "One.\n\n Two. \n\nThree.", (), (), ())
    assert [page.text[slice(*gap)] for gap in coverage(page).gaps] == [page.text]
    page = assemble([Block("paragraph", "One.")], page_id="a", title="T", url="")
    longer = Page("a", "T", "", None, f"{page.text}\n\n Two. ", page.headings, page.passages)
    assert [longer.text[slice(*gap)] for gap in coverage(longer).gaps] == ["Two."]
    assert not coverage(longer).is_whole
    assert [one.text for one in source_coverage(longer).stretches if one.fate is Fate.NOWHERE] == ["Two."]


def test_a_line_of_the_source_is_found_across_passages_and_without_its_mark():
    source = [
        "Care",
        "We numb  it. Symptoms are:",
        " - aching",
        "• stiffness",
        "Q: Does it hurt?",
        "Answer:",
        "A little.",
        "",
    ]
    assert uncovered_lines(source, [PAGE]) == ()


def test_a_line_that_is_nowhere_is_shown():
    source = ["We numb it.", "Call us  when it is hot.", "Send"]
    assert uncovered_lines(source, [PAGE], ["form: Name Send"]) == ("Call us when it is hot.",)


def test_every_line_of_a_source_has_a_fate_and_what_was_left_out_its_reason():
    page = assemble(BLOCKS, page_id="a", title="Care", url="", left_out=["menu: Home", "form: Name Send", "Only here"])
    lines = [
        "Home",
        "Care",
        "We numb it. Symptoms are:",
        "• aching",
        "Does it hurt?",
        "A little.",
        "Call us.",
        "Send",
        "Home",
    ]
    found = source_coverage(page, lines)
    assert [(one.text, one.fate, one.why) for one in found.stretches] == [
        ("Home", Fate.LEFT_OUT, "menu"),
        ("Care", Fate.HEADING, ""),
        ("We numb it. Symptoms are:", Fate.QUOTED, ""),
        ("• aching", Fate.QUOTED, ""),
        ("Does it hurt?", Fate.QUESTION, ""),
        ("A little.", Fate.QUOTED, ""),
        ("Call us.", Fate.NOWHERE, ""),
        ("Send", Fate.LEFT_OUT, "form"),
        ("Home", Fate.LEFT_OUT, "menu"),
        ("Only here", Fate.LEFT_OUT, ""),
    ]
    assert found.count(Fate.NOWHERE) == len("Callus.")
    quoted, others = found.count(Fate.QUOTED), found.count(Fate.LEFT_OUT) + found.count(Fate.NOWHERE)
    assert found.share == quoted / (quoted + others)


def test_a_source_that_is_read_exactly_is_shown_by_its_page():
    found = source_coverage(PAGE)
    assert found.share == 1.0
    assert " ".join(one.text for one in found.stretches).split() == PAGE.text.split()
