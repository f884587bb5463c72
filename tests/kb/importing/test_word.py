"""Word documents as Word writes them: signs, numbers, bold lines, notes, tables and what it hides."""

from __future__ import annotations

import pytest

from kb.importing import import_source
from tests.kb.importing.word import HANGING, p, r, read_word, table, word

TITLE = p("Your visit", "Heading1")
NOTE = '<w:footnote w:id="1"><w:p><w:r><w:t> Not if you had a sedative.</w:t></w:r></w:p></w:footnote>'
BOX = "<mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent>{}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent>"


def test_a_bold_line_is_the_label_of_its_list():
    found = read_word(word(TITLE, p("Do not", looks="b"), p("Drive on the first day", num=1), p("Swim", num=1)))
    assert found.passages == [(("Do not",), "Do not\n\n  • Drive on the first day\n  • Swim")]


def test_without_heading_styles_bold_lines_are_title_headings_and_questions():
    found = read_word(
        word(
            p("Knee visits", looks="b"),
            p("What to bring", "Loud"),
            p("A card."),
            p(r("Where do I park?", "b")),
            p("Behind."),
            p(f"{r('Does it hurt?', 'b')}{r(' A little.')}"),
            p(f"{r('Q: ', 'b')}{r('Can I eat?')}"),
            p("A: Yes."),
        )
    )
    assert found.page.title == "Knee visits"
    assert found.passages == [
        (("What to bring",), "A card."),
        (("What to bring", "Where do I park?"), "Behind."),
        (("What to bring", "Does it hurt?"), "A little."),
        (("What to bring", "Can I eat?"), "Yes."),
    ]


def test_headings_go_by_the_name_of_their_style_in_any_language_and_by_what_it_is_based_on():
    found = read_word(
        word(p("Care", "Titel"), p("Parking", "berschrift2"), p("Free."), p("Hours", "Ours"), p("9 to 5."))
    )
    assert (found.page.title, found.passages) == ("Care", [(("Parking",), "Free."), (("Hours",), "9 to 5.")])


def test_bullets_that_are_signs_stay_and_part_their_lists():
    found = read_word(word(TITLE, p("Walk", num=2), p("Rest", num=2), p("Drive", num=3)))
    assert found.texts == ["  • ✓ Walk\n  • ✓ Rest", "  • ✗ Drive"]


def test_bullets_that_cannot_be_read_are_asked_about():
    found = read_word(word(TITLE, p("Walk", num=1), p("Drive", num=6), p("Text.")))
    assert found.texts == ["Text."]
    assert "may turn their sense" in found.warnings[0]
    assert "signs that cannot be read: Walk Drive" in found.page.left_out


def test_a_list_goes_on_counting_after_a_paragraph():
    found = read_word(word(TITLE, p("Sit", num=4), p("Breathe", num=4), p("We wait a little."), p("Stand", num=4)))
    assert found.texts == ["  1. Sit\n  2. Breathe", "We wait a little.", "  3. Stand"]


def test_numbers_stay_beside_the_bullets_of_a_list_inside():
    found = read_word(
        word(TITLE, p("You should:", num=0), p("Bring", num=4), p("a card", num=1, level=1), p("Wait", num=4))
    )
    assert found.texts == ["You should:\n\n  1. Bring\n  • a card\n  2. Wait"]


def test_letters_stay_as_word_shows_them():
    assert read_word(word(TITLE, p("Sit", num=5), p("Stand", num=5))).texts == ["  • a) Sit\n  • b) Stand"]


def test_deleted_crossed_out_and_hidden_words_are_left_out_and_listed():
    found = read_word(
        word(
            TITLE,
            p(
                f"{r('You may drive ')}<w:del><w:r><w:delText>24</w:delText></w:r></w:del><w:ins>{r('48')}</w:ins>{r(' hours after.')}"
            ),
            p(f"{r('It costs ')}{r('20', 'strike')}{r(' 30 dollars.')}{r('secret', 'vanish')}"),
            f"<w:p><w:moveTo>{r('This was moved here.')}</w:moveTo></w:p><w:p><w:moveFrom>{r('This was moved here.')}</w:moveFrom></w:p>",
        )
    )
    assert found.texts == ["You may drive 48 hours after.", "It costs  30 dollars.", "This was moved here."]
    assert {"struck out: 24", "struck out: 20", "hidden: secret"} <= set(found.page.left_out)


def test_words_are_byte_for_byte_what_word_shows():
    found = read_word(
        word(
            TITLE,
            p(f"{r('Do not', 'b')}{r(' ', 'b')}{r('drive today.')}"),
            p("&gt; 38.5 on the first day, *call* us_now."),
            p("# 5 is the door, and [x](y) &amp;amp; more."),
            p(f"{r('12 Main St')}<w:r><w:br/></w:r>{r('St. Louis, on the left.')}"),
        )
    )
    assert found.texts == [
        "Do not drive today.",
        "> 38.5 on the first day, *call* us_now.",
        "# 5 is the door, and [x](y) &amp; more.",
        "12 Main St\nSt. Louis, on the left.",
    ]


def test_a_footnote_goes_with_its_paragraph_and_comments_are_listed():
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    comment = '<w:comment w:id="0"><w:p><w:r><w:t>Colleague, is this still right?</w:t></w:r></w:p></w:comment>'
    found = read_word(
        word(
            TITLE,
            p(f"{r('You may drive.')}{reference}"),
            p("Later", "Heading1"),
            p(f"{r('Eat')}{reference}", num=1),
            parts={"footnotes": NOTE, "comments": comment},
        )
    )
    assert found.texts == ["You may drive.\nNot if you had a sedative.", "  • Eat Not if you had a sedative."]
    assert "comment: Colleague, is this still right?" in found.page.left_out


def test_empty_and_merged_cells_keep_their_place():
    rows = [("Medicine", "Stop before", "Restart after"), ("v:Warfarin", "", "2 days"), ("^", "5 days", "never")]
    assert read_word(word(TITLE, table(*rows))).texts == [
        "  • Medicine | Stop before | Restart after\n  • Warfarin | – | 2 days\n  • Warfarin | 5 days | never"
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [(p("Do", looks="b") + p("Walk", num=1), p("Do not", looks="b") + p("Drive", num=1) + p("Swim", num=1))],
        [("Do", "Do not"), (p("Walk", num=1), p("Drive", num=1) + p("Swim", num=1))],
        [("Do", "Do not"), ("Walk", "Drive"), ("", "Swim")],
    ],
    ids=["layout", "lists below heads", "columns"],
)
def test_the_columns_of_a_table_keep_their_labels(rows):
    assert read_word(word(TITLE, table(*rows))).passages == [
        (("Do",), "Do\n\n  • Walk"),
        (("Do not",), "Do not\n\n  • Drive\n  • Swim"),
    ]


def test_a_table_of_questions_is_pairs():
    rows = [("Question", "Answer"), ("Where do I park?", "Behind."), ("Can I eat?", "Yes.")]
    assert read_word(word(TITLE, table(*rows))).passages == [
        (("Where do I park?",), "Behind."),
        (("Can I eat?",), "Yes."),
    ]


def test_contents_and_running_heads_are_left_out_and_listed():
    contents = '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr><w:sdtContent>'
    contents += p("Parking 2") + "</w:sdtContent></w:sdt>"
    found = read_word(
        word(
            TITLE,
            contents,
            p("Hours 3", "TOC1"),
            p("Text."),
            parts={"header": p("Hillside Clinic"), "footer": p("Call 314 555 0100")},
        )
    )
    assert found.texts == ["Text."]
    assert {"contents: Parking 2", "contents: Hours 3", "running head: Hillside Clinic"} <= set(found.page.left_out)
    assert "running head: Call 314 555 0100" in found.page.left_out


def test_text_boxes_are_read_once_where_they_hang():
    box = BOX.format(p("Do not drive today."), p("Do not drive today."))
    assert read_word(word(TITLE, f"<w:p><w:r>{box}</w:r></w:p>", p("Text."))).texts == ["Do not drive today.", "Text."]


def test_a_content_control_is_read():
    control = f"<w:sdt><w:sdtContent>{p('Inside a control.')}</w:sdtContent></w:sdt>"
    assert read_word(word(TITLE, control)).texts == ["Inside a control."]


def test_lines_typed_with_a_mark_keep_their_introduction():
    found = read_word(word(TITLE, p("You should not:"), p("- drive"), p("- swim")))
    assert found.texts == ["You should not:\n\n  • drive\n  • swim"]


def test_a_document_of_word_online_is_imported_without_false_alarms(tmp_path):
    body = [
        TITLE,
        p(f"{r('One line')}<w:r><w:br/></w:r>{r('and a second.')}"),
        table(("Day", "Open"), ("Saturday", "9 to 12")),
    ]
    (tmp_path / "a.docx").write_bytes(word(*body, main="document2"))
    found = import_source(tmp_path / "a.docx")
    assert (found.uncovered, found.warnings, found.pages[0].title) == ((), (), "Your visit")
    assert len(found.pages[0].passages) == 2


def test_a_label_at_the_top_is_no_title():
    found = read_word(word(p("Do not", looks="b"), p("Drive", num=1)))
    assert found.passages == [(("Do not",), "Do not\n\n  • Drive")]


EAT = "You can eat as usual on the evening of your visit."
DONT = p("Do not", looks="b") + p("drive", num=1)


@pytest.mark.parametrize(
    "box",
    [
        table((p("Do not", "berschrift2") + p("drive", num=1),)),
        table((DONT,)),
        table((p("Do not", looks="b") + p("drive"),)),
        p("Do not", "berschrift2") + table((p("drive", num=1),)),
        HANGING.format(DONT),
    ],
    ids=["heading", "bold", "lines", "heading above", "text box"],
)
def test_what_labels_a_box_labels_nothing_after_it(box):
    first, after = read_word(word(TITLE, box, p(EAT))).passages
    assert (first[0], after) == (("Do not",), ((), EAT))
    assert first[1].startswith("Do not\n\n") and "drive" in first[1]


def test_cells_of_a_layout_stand_below_the_heading_above_the_table():
    cells = (p("Do", looks="b") + p("walk", num=1), DONT)
    assert [
        heading for heading, _ in read_word(word(TITLE, p("Later", "berschrift2"), table(cells), p(EAT))).passages
    ] == [
        ("Later", "Do"),
        ("Later", "Do not"),
        ("Later",),
    ]


def test_a_text_box_that_hangs_on_a_label_parts_it_from_no_list():
    body = p("Do not", looks="b") + HANGING.format(p("Call us any time.")) + p("drive", num=1) + p("swim", num=1)
    assert read_word(word(TITLE, body, p(EAT))).texts == ["Do not\n\n  • drive\n  • swim", "Call us any time.", EAT]


def test_a_text_box_that_hangs_on_an_item_is_read():
    item = p("Walk", num=1).replace("</w:p>", HANGING.format(p("Call us.")).removeprefix("<w:p>"))
    assert read_word(word(TITLE, item, p("Rest", num=1))).texts == ["  • Walk\n  • Rest", "Call us."]


@pytest.mark.parametrize("looks", ['<w:u w:val="single"/>', '<w:sz w:val="32"/>'], ids=["underlined", "large"])
def test_an_underlined_or_large_line_above_text_is_a_heading(looks):
    line = f"<w:p><w:r><w:rPr>{looks}</w:rPr><w:t>What to bring</w:t></w:r></w:p>"
    assert read_word(word(TITLE, line, p("A card."))).passages == [(("What to bring",), "A card.")]


def drawn(words: str, name: str, file: str = "r1") -> str:
    blip = '<a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:q="http://schemas.openxmlformats.org/officeDocument/2006/relationships" q:embed="{}"/>'
    return f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture" descr="{name}"/>{blip.format(file)}</wp:inline></w:drawing></w:r>{r(" " + words)}</w:p>'


def test_pictures_and_letters_that_are_signs_stay_before_their_words():
    letter = '<w:p><w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr><w:t>û</w:t></w:r>' + r(" Lift") + "</w:p>"
    signs = [
        drawn("Drive", "Close with solid fill"),
        drawn("Walk", "Checkmark with solid fill"),
        drawn("Swim", "Do not"),
    ]
    assert read_word(word(TITLE, *signs, letter)).texts == ["✗ Drive", "✓ Walk", "Do not Swim", "✗ Lift"]


def test_pictures_that_cannot_be_read_are_asked_about_where_they_differ():
    assert read_word(word(TITLE, drawn("Drive", "", "r1"), drawn("Walk", "", "r1"))).texts == ["Drive", "Walk"]
    found = read_word(word(TITLE, drawn("Drive", "", "r1"), drawn("Walk", "", "r2"), p("Text.")))
    assert (found.texts, len(found.warnings)) == (["Text."], 2)
    assert {"signs that cannot be read: Drive", "signs that cannot be read: Walk"} <= set(found.page.left_out)
