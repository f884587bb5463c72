"""Labels, introductions and questions stay with what they belong to, in blocks of any kind of source."""

from __future__ import annotations

import pytest

from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.markdown import parse_markdown

DONT = ("walk barefoot", "stand for long")


def read(*blocks: Block) -> list[tuple[tuple[str, ...], str]]:
    page = assemble([Block("heading", "T", level=1), *blocks], page_id="a", title="T", url="")
    return [(one.heading, page.text_of(one)) for one in page.passages]


def paragraph(text: str, **how: object) -> Block:
    return Block("paragraph", text, **how)  # type: ignore[arg-type]


def left_out(*blocks: Block) -> tuple[str, ...]:
    return assemble(blocks, page_id="a", title="T", url="").left_out


LABELS = [
    "Do",
    "Don't",
    "Don’ts",
    "Avoid",
    "Try",
    "Not safe",
    "Safe if",
    "Call us if:",
    "Do not come if:",
    "Please do not",
]
LABELS += [
    "You should not have this if:",
    "You must never",
    "Who should not have this?",
    "When not to drive",
    "Foods to avoid",
]


WAYS = {
    "heading": lambda label: Block("heading", label, level=3),
    "bold": lambda label: paragraph(label, is_strong=True),
    "plain": lambda label: paragraph(label),
}
# A paragraph that asks is no label: it is a pair with its answer.
LABELLED = [(label, way) for label in LABELS for way in WAYS if way == "heading" or not label.endswith("?")]


@pytest.mark.parametrize(("label", "way"), LABELLED)
def test_a_label_is_part_of_its_list_and_of_its_heading(label, way):
    found = read(Block("heading", "Heel pain", level=2), WAYS[way](label), Block("list", items=DONT))
    assert found == [(("Heel pain", label.rstrip(":")), f"{label}\n\n  • walk barefoot\n  • stand for long")]


def test_all_paragraphs_that_a_label_colours_are_read_with_it():
    found = read(Block("heading", "Do not", level=2), paragraph("Drive on the day."), paragraph("Swim for a week."))
    assert found == [(("Do not",), "Do not\n\nDrive on the day.\n\nSwim for a week.")]


def test_a_label_reaches_over_the_headings_below_it():
    week = Block("heading", "In the first week", level=3)
    found = read(Block("heading", "Do not", level=2), week, Block("list", items=("drive",)))
    assert found == [(("Do not",), "Do not\n\nIn the first week\n\n  • drive")]


PAYS = "You can pay by card or in cash."
BILLED = "Blood tests are billed by the laboratory."
NEGATIVE = [
    "What isn't included",
    "Who isn’t a good candidate",
    "When it doesn't work",
    "What you shouldn't worry about",
]
NEGATIVE += ["What we don't do", "Things you don't need to bring", "When not to worry", "The exceptions", "Warnings"]
NEGATIVE += ["Why it isn't painful", "If you can't come", "Parking isn't free", "We aren't a hospital", "No needles"]


@pytest.mark.parametrize("title", NEGATIVE)
def test_a_negative_heading_above_whole_statements_is_a_heading_like_any_other(title):
    section = [
        paragraph(BILLED),
        paragraph(PAYS),
        Block("heading", "By post", level=3),
        paragraph("We send a bill soon."),
    ]
    assert read(Block("heading", title, level=2), *section) == [
        ((title,), BILLED),
        ((title,), PAYS),
        ((title, "By post"), "We send a bill soon."),
    ]


@pytest.mark.parametrize("title", NEGATIVE)
def test_a_negative_heading_turns_the_list_below_it_and_not_the_statements_after_that(title):
    section = [Block("list", items=("blood tests", "parking")), paragraph(PAYS)]
    assert read(Block("heading", title, level=2), *section) == [
        ((title,), f"{title}\n\n  • blood tests\n  • parking"),
        ((), PAYS),
    ]


@pytest.mark.parametrize(
    "text", ["Drive a car.", "Use the arm your nurse has marked.", "People with a pacemaker.", "You have a fever."]
)
def test_words_that_only_a_negative_heading_completes_stay_with_it(text):
    for title in ("What not to do", "Who shouldn't have this", "When you can't come"):
        assert read(Block("heading", title, level=2), paragraph(text)) == [((title,), f"{title}\n\n{text}")]


def test_a_bold_negative_line_above_statements_is_their_heading():
    found = read(paragraph("What isn't included", is_strong=True), paragraph(BILLED), paragraph(PAYS))
    assert found == [(("What isn't included",), BILLED), (("What isn't included",), PAYS)]


def test_a_label_stands_below_the_headings_above_its_own_level_only():
    found = read(
        Block("heading", "Risks", level=2),
        paragraph(BILLED),
        Block("heading", "Don't", level=2),
        Block("list", items=DONT),
    )
    assert [heading for heading, _ in found] == [("Risks",), ("Don't",)]


def test_a_label_ends_with_its_box():
    found = read(
        Block("heading", "Don't", level=3), Block("list", items=("drive",)), paragraph("You can eat.", under=2)
    )
    assert found == [(("Don't",), "Don't\n\n  • drive"), ((), "You can eat.")]


def test_a_label_in_the_text_colours_its_list_and_not_the_paragraph_after_it():
    found = read(paragraph("You should not:"), Block("list", items=("drive",)), paragraph("You can eat as usual."))
    assert [text for _, text in found] == ["You should not:\n\n  • drive", "You can eat as usual."]


def test_the_next_label_ends_the_last():
    found = read(paragraph("Do"), Block("list", items=("rest",)), paragraph("Don't"), Block("list", items=DONT))
    assert [heading for heading, _ in found] == [("Do",), ("Don't",)]


def test_a_sentence_that_forbids_introduces_the_list_below():
    found = read(paragraph("We are open. Please do not do any of these."), Block("list", items=("drive", "swim")))
    assert [text for _, text in found] == ["We are open. Please do not do any of these.\n\n  • drive\n  • swim"]


def test_lists_that_follow_one_with_an_introduction_belong_to_it():
    found = read(paragraph("You should not:"), Block("list", items=("drive",)), Block("list", items=("swim",)))
    assert [text for _, text in found] == ["You should not:\n\n  • drive\n  • swim"]
    found = read(paragraph("You should not:"), Block("list", items=("drive",)), Block("list", items=("swim",), first=1))
    assert [text for _, text in found] == ["You should not:\n\n  • drive\n\n  1. swim"]


@pytest.mark.parametrize(
    "lines", [["- drive", "- swim"], ["• drive", "• swim"], ["● drive\n● swim"], ["* drive", "* swim"]]
)
def test_lines_typed_with_a_mark_are_a_list(lines):
    found = read(paragraph("You should not:"), *map(paragraph, lines))
    assert [text for _, text in found] == ["You should not:\n\n  • drive\n  • swim"]


def test_lines_below_a_colon_belong_to_it():
    found = read(paragraph("Our address:"), paragraph("12 Main St"), paragraph("St. Louis"), paragraph("We are near."))
    assert [text for _, text in found] == ["Our address:\n\n12 Main St\n\nSt. Louis", "We are near."]


@pytest.mark.parametrize(
    "blocks",
    [
        [paragraph("1. Where do I park?"), paragraph("Behind.")],
        [paragraph("Where do I park?", is_strong=True), paragraph("Behind.")],
        [paragraph("Where do I park?"), paragraph("Behind.")],
        [paragraph("Where do I park?\nBehind.")],
        [paragraph("Q: Where do I park?\nA: Behind.")],
        [paragraph("Q1. Where do I park?"), paragraph("A. Behind.")],
        [Block("list", items=("Where do I park?",), first=4), paragraph("Behind.")],
    ],
    ids=lambda blocks: blocks[0].text[:16] or "list",
)
def test_a_question_marked_by_style_is_a_pair_with_its_answer(blocks):
    assert read(*blocks) == [(("Where do I park?",), "Behind.")]


def test_answers_end_where_the_next_question_begins():
    first = [paragraph("Does it hurt?"), paragraph("A little."), paragraph("Not for long.")]
    assert read(*first, paragraph("Can I drive?"), paragraph("Yes."), paragraph("Bring a friend.")) == [
        (("Does it hurt?",), "A little.\n\nNot for long."),
        (("Can I drive?",), "Yes."),
        ((), "Bring a friend."),
    ]


def test_a_short_bold_line_above_text_is_a_heading():
    assert read(paragraph("What to bring", is_strong=True), paragraph("A card.")) == [(("What to bring",), "A card.")]
    assert read(paragraph("Do not drive.", is_strong=True), paragraph("A card."))[0] == ((), "Do not drive.")


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (paragraph("You should not have this if:"), "label with nothing below it: "),
        (paragraph("Here is what we bring to you:"), "introduces nothing: "),
        (paragraph("Does it hurt?"), "question without an answer: "),
        (Block("list", items=("Does it hurt?", "Can I drive?")), "questions without their answers: "),
        (Block("faq", "You should not:", question="What then?"), "answer that says nothing: "),
    ],
)
def test_what_says_nothing_alone_is_left_out_and_listed(block, why):
    assert read(block) == []
    assert [one for one in left_out(block, Block("heading", "H", level=2), paragraph("Text.")) if one.startswith(why)]


def test_what_has_an_id_stays_as_a_person_left_it():
    blocks = [paragraph("Don't", passage_id="a"), Block("list", items=("drive",), passage_id="b")]
    assert [text for _, text in read(*blocks)] == ["Don't", "  • drive"]


def markdown(source: str) -> list[tuple[tuple[str, ...], str]]:
    page = parse_markdown(source, page_id="a", where="a.md")
    return [(one.heading, page.text_of(one)) for one in page.passages]


@pytest.mark.parametrize(
    "source",
    [
        "**Where do I park?**\n\nBehind.",
        "**Where do I park?**\nBehind.",
        "**Where do I park?** Behind.",
        "**Where do I park?**<br>Behind.",
        "Q: Where do I park?\nA: Behind.",
        "Where do I park?\n: Behind.",
        "1. **Where do I park?**\n\n   Behind.",
        "1. Where do I park?\n\nBehind.",
        "<details><summary>Where do I park?</summary>\n\nBehind.\n\n</details>",
        "| Question | Answer |\n|---|---|\n| Where do I park? | Behind. |",
    ],
)
def test_a_question_in_markdown_is_a_pair(source):
    assert markdown(f"# Visits\n\n{source}\n") == [(("Where do I park?",), "Behind.")]


@pytest.mark.parametrize("struck", ["~~24~~", "<del>24</del>", "<s>24</s>", "<strike>24</strike>"])
def test_struck_words_of_markdown_are_left_out_and_listed(struck):
    page = parse_markdown(f"You may drive {struck} 48 hours after.", page_id="a", where="a")
    assert page.text == "You may drive 48 hours after."
    assert page.left_out == ("struck out: 24",)


def test_a_footnote_goes_with_its_words():
    source = "You may drive.[^1] Eat.\n\n## Later\n\n- swim[^b]\n- walk[^gone]\n\n[^1]: Not if you had\n    a sedative.\n[^b]: In a week."
    assert [text for _, text in markdown(source)] == [
        "You may drive. Eat.\nNot if you had a sedative.",
        "  • swim In a week.\n  • walk",
    ]


def test_empty_cells_keep_their_place_and_column_labels_their_column():
    assert markdown("| Medicine | Before | After |\n|-|-|-|\n| Warfarin | | 2 days |")[0][1].endswith(
        "Warfarin | – | 2 days"
    )
    assert markdown("| Do | Don't |\n|-|-|\n| Walk | Drive |\n| Rest | |") == [
        (("Do",), "Do\n\n  • Walk\n  • Rest"),
        (("Don't",), "Don't\n\n  • Drive"),
    ]


@pytest.mark.parametrize(
    ("source", "passages"),
    [
        ("- :x: Drive\n- :white_check_mark: Park", [((), "  • ❌ Drive\n  • ✅ Park")]),
        ('- <img src="x.png" alt="Do not"> Drive\n- Park', [((), "  • Do not Drive\n  • Park")]),
        (
            "> [!WARNING]\n> You may be sleepy for a day.\n\nYou can eat.",
            [(("Warning",), "You may be sleepy for a day."), ((), "You can eat.")],
        ),
        ("> [!danger] Do not\n> - drive\n\nYou can eat.", [(("Do not",), "Do not\n\n  • drive"), ((), "You can eat.")]),
        (
            ":::danger Do not\n- drive\n:::\n\nYou can eat.",
            [(("Do not",), "Do not\n\n  • drive"), ((), "You can eat.")],
        ),
        ("## ~~Old~~ New hours\n\n9 to 5. <!-- still right? -->", [(("New hours",), "9 to 5.")]),
        ("- ![Do not](x.png) Drive\n- ![A car](c.png) Park", [((), "  • Do not Drive\n  • Park")]),
        ("- Do not:\n  - run\n- Do:\n  - rest", [(("Do not",), "Do not:\n\n  • run"), (("Do",), "Do:\n\n  • rest")]),
        ("- **Can I drive?** No.\n- **Can I walk?** Yes.", [(("Can I drive?",), "No."), (("Can I walk?",), "Yes.")]),
        ("## Don't\n\n- run\n\n---\n\nYou can eat.", [(("Don't",), "Don't\n\n  • run"), ((), "You can eat.")]),
        ("<div>Do not</div>\n\n- run", [(("Do not",), "Do not\n\n  • run")]),
        (
            "## What not to do\n\n### At home\n\n- lift",
            [(("What not to do",), "What not to do\n\nAt home\n\n  • lift")],
        ),
        ("1. Wash\n   - with soap\n2. Rest", [((), "  1. Wash\n  • with soap\n  2. Rest")]),
    ],
)
def test_markdown_keeps_what_gives_words_their_sense(source, passages):
    assert markdown(f"# Visits\n\n{source}\n") == passages


def test_statements_after_the_list_of_a_label_are_none_of_it_and_further_lists_are():
    label, week = Block("heading", "Do not", level=2), Block("heading", "In the car", level=3)
    drive, rest = Block("list", items=("drive",)), Block("list", items=("sit in the back",))
    assert read(label, drive, paragraph(PAYS)) == [(("Do not",), "Do not\n\n  • drive"), ((), PAYS)]
    assert read(label, drive, paragraph(PAYS), week, rest) == [
        (("Do not",), f"Do not\n\n  • drive\n\n{PAYS}\n\nIn the car\n\n  • sit in the back")
    ]


@pytest.mark.parametrize("part", [paragraph, lambda text: Block("heading", text, level=4)], ids=["lines", "headings"])
def test_an_introduction_reaches_over_the_parts_of_its_list(part):
    day, week = Block("list", items=("drive",)), Block("list", items=("swim",))
    found = read(
        paragraph("You should not:"), part("For the first day"), day, part("For the first week"), week, paragraph(PAYS)
    )
    assert found[0][1] == "You should not:\n\nFor the first day\n\n  • drive\n\nFor the first week\n\n  • swim"
    assert [text for _, text in found[1:]] == [PAYS]


def test_a_heading_with_text_of_its_own_ends_an_introduction_s_list():
    parts = [
        Block("heading", "First day", level=4),
        Block("list", items=("drive",)),
        Block("heading", "Paying", level=4),
    ]
    found = read(paragraph("You should not:"), *parts, paragraph(PAYS))
    assert [text for _, text in found] == ["You should not:\n\nFirst day\n\n  • drive", PAYS]


def test_a_list_goes_on_after_a_word_that_joins():
    found = read(
        paragraph("You should not:"), Block("list", items=("drive",)), paragraph("or"), Block("list", items=("swim",))
    )
    assert [text for _, text in found] == ["You should not:\n\n  • drive\n\nor\n\n  • swim"]


def test_a_note_marked_by_hand_goes_with_every_text_that_refers_to_it():
    note = paragraph("* Not if you had a sedative.")
    found = read(Block("list", items=("walk", "swim*")), paragraph("You may drive.*"), paragraph("You may eat."), note)
    assert [text for _, text in found] == [
        "  • walk\n  • swim* * Not if you had a sedative.",
        "You may drive.*\n* Not if you had a sedative.",
        "You may eat.",
    ]


def test_a_line_in_capitals_is_a_heading_and_a_label_in_capitals_a_label():
    assert read(paragraph("WHAT TO BRING"), paragraph("A card.")) == [(("WHAT TO BRING",), "A card.")]
    assert read(paragraph("DO NOT"), Block("list", items=("drive",))) == [(("DO NOT",), "DO NOT\n\n  • drive")]


def test_what_somebody_cut_is_left_out_and_a_short_command_is_not():
    assert read(paragraph("You may eat, but you must not")) == []
    assert "breaks off: You may eat, but you must not" in left_out(
        paragraph("You may eat, but you must not"), paragraph(PAYS)
    )
    assert [text for _, text in read(paragraph("Do not drive"), paragraph("Before: one two three."))] != []


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (
            "| Do not take | Do not take |\n|-|-|\n| Aspirin | 7 days |\n| Take | Take |\n| Iron | daily |",
            ["Do not take\n\n  • Aspirin | 7 days", "Take\n\n  • Iron | daily"],
        ),
        (
            "| Do | Do not |\n|-|-|\n| walk<br>rest | drive<br>swim |",
            ["Do\n\n  • walk\n  • rest", "Do not\n\n  • drive\n  • swim"],
        ),
        ("| Day | Open |\n|-|-|\n| Monday<br>Friday | 9 to 5 |", ["  • Day | Open\n  • Monday Friday | 9 to 5"]),
    ],
    ids=["titles across", "lines in cells", "rows"],
)
def test_titles_and_lines_in_the_cells_of_a_table_stay_what_they_are(rows, texts):
    assert [text for _, text in markdown(f"# Visits\n\n{rows}\n")] == texts
