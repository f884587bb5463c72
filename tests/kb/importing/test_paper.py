"""PDF layouts: leaflets with boxes, columns, question sheets, running heads, notes and words parted at a line's end."""

from __future__ import annotations

from kb.importing import import_source
from tests.kb.importing.paper import Sheet, paper, read_paper


def leaflet() -> Sheet:
    return Sheet().text("After your knee visit", size=22, bold=True).gap(14)


def test_bold_labels_and_bullets_of_a_leaflet_are_lists_with_their_labels():
    sheet = leaflet().text("How to ease the pain", size=15, bold=True).gap()
    sheet.text("Do", bold=True).text("• rest when you can").text(
        "• use ice for twenty minutes, with a towel between"
    ).text("the ice and your skin", x=67)
    sheet.gap().text("Don’t", bold=True).text("• walk barefoot on hard floors").text("• stand for long periods")
    found = read_paper(sheet)
    assert found.page.title == "After your knee visit"
    assert found.passages == [
        (
            ("How to ease the pain", "Do"),
            "Do\n\n  • rest when you can\n  • use ice for twenty minutes, with a towel between the ice and your skin",
        ),
        (("How to ease the pain", "Don’t"), "Don’t\n\n  • walk barefoot on hard floors\n  • stand for long periods"),
    ]


def test_boxes_side_by_side_are_read_one_after_the_other():
    sheet = leaflet().box(50, 110, 240, 90).box(310, 110, 240, 90)
    sheet.at(115).text("Do", bold=True).text("• rest").text("• drink water")
    sheet.at(115).text("Do not", x=320, bold=True).text("• drive", x=320).text("• swim", x=320)
    sheet.at(230).lines("You can eat as usual on the evening of your visit, and sleep as you like.")
    assert read_paper(sheet).passages == [
        (("Do",), "Do\n\n  • rest\n  • drink water"),
        (("Do not",), "Do not\n\n  • drive\n  • swim"),
        ((), "You can eat as usual on the evening of your visit, and sleep as you like."),
    ]


def test_what_stands_after_a_box_is_not_labelled_by_it():
    sheet = leaflet().box(50, 110, 500, 70)
    sheet.at(115).text("Call us if:", bold=True).text("• you have a fever").text("• it bleeds")
    sheet.at(200).lines("You can eat as usual on the evening of your visit.")
    assert read_paper(sheet).passages == [
        (("Call us if",), "Call us if:\n\n  • you have a fever\n  • it bleeds"),
        ((), "You can eat as usual on the evening of your visit."),
    ]


LEFT = [
    "We numb the skin before we begin, and",
    "most people feel very little of it. It",
    "takes ten minutes in all, and you may",
    "talk to us at any time. When we are",
]
RIGHT = [
    "done you rest for a while, and then",
    "you may go home. Someone should",
    "drive you, since your leg may feel",
    "weak for the rest of the day.",
]


def test_two_columns_are_read_one_after_the_other_and_a_sentence_goes_on():
    sheet = leaflet()
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        sheet.text(left, y=120 + 14 * number).text(right, x=320, y=120 + 14 * number)
    assert read_paper(sheet).texts == [" ".join(LEFT + RIGHT)]


def test_a_sheet_of_questions_is_pairs():
    sheet = leaflet()
    for question, answer in (("Where do I park?", "Behind the house."), ("Can I eat before?", "Yes, a light meal.")):
        sheet.text(question, bold=True).lines(answer)
    assert read_paper(sheet).passages == [
        (("Where do I park?",), "Behind the house."),
        (("Can I eat before?",), "Yes, a light meal."),
    ]


def test_questions_marked_by_letters_are_pairs():
    sheet = (
        leaflet().text("Q: Where do I park?").text("A: Behind the house.").gap().text("Q: Can I eat?").text("A: Yes.")
    )
    assert read_paper(sheet).passages == [(("Where do I park?",), "Behind the house."), (("Can I eat?",), "Yes.")]


def test_running_heads_feet_and_page_numbers_are_left_out_and_listed():
    sheets = []
    for number, text in enumerate(
        ["You may go home when the nurse says so, but you must not", "drive on the day of your visit."], 1
    ):
        sheet = (
            Sheet()
            .text("Hillside Clinic - Knee leaflet", y=30, size=9)
            .text(f"Page {number} of 2", x=280, y=760, size=9)
        )
        sheets.append(sheet.at(100).lines(text))
    found = read_paper(*sheets)
    assert found.texts == ["You may go home when the nurse says so, but you must not drive on the day of your visit."]
    assert "running head or foot: Hillside Clinic - Knee leaflet" in found.page.left_out
    assert "running head or foot: Page 1 of 2" in found.page.left_out


def test_justified_lines_are_one_sentence():
    sheet = leaflet().lines(
        "You  may  go  home  if  the  nurse  says  so,  but  you  must  not",
        "drive if you had a sedative, and you should wait two days before you",
        "swim.",
    )
    assert read_paper(sheet).texts == [
        "You may go home if the nurse says so, but you must not drive if you had a sedative, and you should wait two days before you swim."
    ]


def test_words_parted_at_a_line_s_end_are_joined_and_listed():
    found = read_paper(
        leaflet().lines(
            "We numb the skin before the proce-",
            "dure begins, and it is a well-",
            "known way of doing so in all clinics.",
        )
    )
    assert found.texts == [
        "We numb the skin before the procedure begins, and it is a well-known way of doing so in all clinics."
    ]
    assert "word joined at the end of a line: proce- dure → procedure" in found.warnings


def test_a_footnote_goes_with_its_paragraph():
    sheet = leaflet().text("You may drive on the next day.").text("1", x=213, y=sheet_top(leaflet()), size=6)
    sheet.gap(300).text("1 Not if you had a sedative.", size=8)
    assert read_paper(sheet).texts == ["You may drive on the next day.\nNot if you had a sedative."]


def sheet_top(sheet: Sheet) -> float:
    return sheet.y - 1


def test_rows_of_a_table_stay_together():
    sheet = leaflet()
    for number, row in enumerate((("Day", "Open"), ("Monday", "8 am to 5 pm"), ("Saturday", "9 am to noon"))):
        sheet.text(row[0], y=120 + 16 * number).text(row[1], x=200, y=120 + 16 * number)
    assert read_paper(sheet).texts == ["  • Day | Open\n  • Monday | 8 am to 5 pm\n  • Saturday | 9 am to noon"]


def test_steps_keep_their_numbers():
    sheet = (
        leaflet()
        .text("1. Wash your hands.")
        .text("2. Take off the bandage, slowly and with warm water, since it may")
        .text("stick.", x=72)
        .text("3. Rest.")
    )
    assert read_paper(sheet).texts == [
        "  1. Wash your hands.\n  2. Take off the bandage, slowly and with warm water, since it may stick.\n  3. Rest."
    ]


def test_an_imported_leaflet_raises_no_false_alarms(tmp_path):
    sheet = (
        leaflet()
        .text("Parking", size=15, bold=True)
        .lines("It is free for all patients, and stands be-", "hind the house.")
    )
    (tmp_path / "a.pdf").write_bytes(paper(sheet))
    found = import_source(tmp_path / "a.pdf")
    assert (found.uncovered, len(found.warnings), found.coverage.share) == ((), 2, 1.0)
    assert found.pages[0].passages[0].heading == ("Parking",)


def test_a_line_below_columns_or_a_table_is_none_of_theirs():
    sheet = leaflet()
    for number, (left, right) in enumerate((("Do", "Do not"), ("• rest", "• drive"), ("• walk", "• swim"))):
        sheet.text(left, bold=not number, y=120 + 14 * number).text(right, x=320, bold=not number, y=120 + 14 * number)
    sheet.text("See you soon.", y=185)
    for number, row in enumerate((("Visit", "Price"), ("First", "120 dollars"), ("Second", "80 dollars"))):
        sheet.text(row[0], y=220 + 16 * number).text(row[1], x=200, y=220 + 16 * number)
    sheet.text("Prices hold all year.", y=290)
    assert read_paper(sheet).texts == [
        "Do\n\n  • rest\n  • walk",
        "Do not\n\n  • drive\n  • swim",
        "See you soon.",
        "  • Visit | Price\n  • First | 120 dollars\n  • Second | 80 dollars",
        "Prices hold all year.",
    ]


def test_without_sizes_and_weights_a_lone_first_line_is_the_title():
    found = read_paper(Sheet().lines("How to find us").lines("We are on the ground floor."))
    assert (found.page.title, found.texts) == ("How to find us", ["We are on the ground floor."])
    label = read_paper(Sheet().lines("Do not").lines("Drive on the day of your visit."))
    assert label.passages == [(("Do not",), "Do not\n\nDrive on the day of your visit.")]


def rows_of(*rows: tuple[str, ...]) -> Sheet:
    sheet = leaflet()
    for number, row in enumerate(rows):
        for cell, x in zip(row, (60, 200, 340), strict=False):
            if cell:
                sheet.text(cell, x=x, y=120 + 16 * number)
    return sheet


def test_empty_cells_of_a_table_keep_their_place():
    sheet = rows_of(
        ("Medicine", "Stop before", "Restart after"), ("Warfarin", "", "2 days"), ("Aspirin", "5 days", "1 day")
    )
    assert read_paper(sheet).texts == [
        "  • Medicine | Stop before | Restart after\n  • Warfarin | – | 2 days\n  • Aspirin | 5 days | 1 day"
    ]
    assert read_paper(rows_of(("Do", "Do not"), ("rest", "drive"), ("", "swim"))).texts == [
        "Do\n\n  • rest",
        "Do not\n\n  • drive\n  • swim",
    ]


def test_struck_words_are_left_out_and_listed():
    sheet = leaflet()
    top = sheet.y
    found = read_paper(sheet.text("You may drive 24 48 hours after your visit.").strike(128, top, 14))
    assert found.texts == ["You may drive 48 hours after your visit."]
    assert found.page.left_out == ("struck out: 24",)


def test_an_underlined_word_stays():
    sheet = leaflet()
    top = sheet.y
    assert read_paper(sheet.text("You may drive 24 hours after.").strike(128, top + 5, 14)).texts == [
        "You may drive 24 hours after."
    ]


def test_pictures_that_differ_before_lines_are_asked_about():
    sheet = leaflet()
    for name, words in (("P1", "Drive a car"), ("P2", "Walk")):
        sheet.picture(name, x=60, y=sheet.y + 1).text(words, x=75)
    found = read_paper(sheet.gap().text("You may eat as usual."))
    assert found.texts == ["You may eat as usual."]
    assert found.page.left_out == ("signs that cannot be read: Drive a car", "signs that cannot be read: Walk")
    assert "may turn their sense" in found.warnings[0]
    one = leaflet()
    for words in ("Drive a car", "Swim"):
        one.picture("P1", x=60, y=one.y + 1).text(words, x=75)
    assert "Drive a car" in " ".join(read_paper(one).texts)


def test_a_line_that_cannot_end_goes_on():
    assert read_paper(leaflet().text("Call Dr Jones or ask at").text("Molar House on the day.")).texts == [
        "Call Dr Jones or ask at Molar House on the day."
    ]
    halves = (leaflet().gap(500).text("You may eat, but you must not"), Sheet().text("Drive or swim."))
    assert read_paper(*halves).texts == ["You may eat, but you must not Drive or swim."]


def test_letters_before_items_stay():
    assert read_paper(leaflet().text("You should:").text("a) sit").text("b) breathe")).texts == [
        "You should:\n\n  • a) sit\n  • b) breathe"
    ]
