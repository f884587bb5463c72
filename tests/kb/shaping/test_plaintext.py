"""Plain text: what is a heading, a list, a question, and which lines belong together."""

from __future__ import annotations

import pytest

from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.plaintext import parse_text


def blocks_of(text: str) -> list[Block]:
    return parse_text(f"Title\n\n{text}")[1][1:]


def test_the_first_line_is_the_title_unless_it_is_a_sentence():
    assert parse_text("Knee Care\n\nText.")[0] == "Knee Care"
    assert parse_text("We open at nine.\n\nText.") == (
        "",
        [Block("paragraph", "We open at nine."), Block("paragraph", "Text.")],
    )


def test_a_title_given_elsewhere_leaves_the_first_line_alone():
    assert parse_text("We open at nine.", "Hours") == ("Hours", [Block("paragraph", "We open at nine.")])
    assert parse_text("Hours\nWe open at nine.", "Hours")[1][0] == Block("heading", "Hours", level=1)


BROKEN = """\
Trigger point injections are quick procedures and they are
performed during normal office visits. Before the procedure,
a nerve block is given."""


def test_lines_broken_because_the_next_word_did_not_fit_are_one_paragraph():
    assert [one.text for one in blocks_of(BROKEN)] == [" ".join(BROKEN.split())]


def test_lines_of_an_address_stay_apart():
    assert [one.text for one in blocks_of("12 Main Street\nSt. Louis, MO 63101")] == [
        "12 Main Street",
        "St. Louis, MO 63101",
    ]


@pytest.mark.parametrize("mark", ["•", "-", "*", "–"])
def test_bullets_of_any_kind_make_a_list(mark):
    assert blocks_of(f"  {mark} A card\n  {mark} Shorts") == [Block("list", items=("A card", "Shorts"))]


def test_numbered_lines_keep_their_numbers():
    assert blocks_of("3. Sit down\n4. Breathe") == [Block("list", items=("Sit down", "Breathe"), first=3)]


@pytest.mark.parametrize(
    "text",
    [
        "Question:\n\nDoes It Hurt?\n\nAnswer:\n\nA little.",
        "Q: Does It Hurt?\nA: A little.",
        "  • Does It Hurt?\n\n    A little.",
    ],
)
def test_questions_and_answers_in_three_ways_of_writing(text):
    assert blocks_of(text) == [Block("faq", "A little.", question="Does It Hurt?")]


def test_an_answer_keeps_the_list_it_introduces():
    (block,) = blocks_of("Q: What do I bring?\nA: Please bring:\n- a card\n- shorts")
    assert block.text == "Please bring:\n\n  • a card\n  • shorts"


@pytest.mark.parametrize(
    "line", ["Monday 9:00 - 17:00", "Call 314-555-0100", "Parking: Free", "Mon To Fri 9 AM To 5 PM"]
)
def test_hours_and_numbers_are_text_not_headings(line):
    assert blocks_of(f"{line}\n\nText.")[0] == Block("paragraph", line)


def test_a_question_without_words_is_no_passage():
    page = assemble(blocks_of("Text.\n\nQuestion:\n\nAnswer:\n\n"), page_id="a", title="T", url="")
    assert page.text_of(page.passages[0]) == "Text."
