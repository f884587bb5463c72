"""What the eye sees on a clinic's page (a label, a box, a sign, a struck word) is never lost from what is quoted."""

from __future__ import annotations

import pytest

from tests.kb.importing.reading import main, read_html

DONT = "<ul><li>drive on the first day</li></ul>"
EAT = "<p>You can eat as usual on the evening of your visit.</p>"
SAID = "Don't\n\n  • drive on the first day"
EATEN = "You can eat as usual on the evening of your visit."


@pytest.mark.parametrize(
    "box",
    [
        f'<div class="card"><h3>Don\'t</h3>{DONT}</div>{EAT}',
        f"<section><div><h3>Don't</h3></div><div>{DONT}</div></section>{EAT}",
        f"<ul><li><h3>Don't</h3>{DONT}</li><li>{EAT}</li></ul>",
        f"<div class='row'><div class='col'><h3>Don't</h3>{DONT}</div><div class='col'>{EAT}</div></div>",
        f"<details open><summary>Don't</summary>{DONT}</details>{EAT}",
        f'<div role="alert"><strong>Don\'t</strong>{DONT}</div>{EAT}',
        f"<blockquote><p><b>Don't</b></p>{DONT}</blockquote>{EAT}",
        f"<table><tr><td><h3>Don't</h3>{DONT}</td><td>{EAT}</td></tr></table>",
        f'<div class="alert"><div class="alert-title">Don\'t</div>{DONT}</div>{EAT}',
        f"<dl><dt>Don't</dt><dd>drive on the first day</dd></dl>{EAT}",
    ],
)
def test_a_heading_labels_nothing_after_its_box(box):
    (labelled, said), *others, (after, eaten) = main(f"<h2>Afterwards</h2>{box}").passages
    assert (labelled, after, eaten) == (("Afterwards", "Don't"), ("Afterwards",), EATEN)
    assert said.startswith("Don't\n\n") and "drive on the first day" in said
    assert others == []


def test_a_heading_in_a_box_of_its_own_labels_what_follows():
    body = (
        "<div class='widget'><div><h2>Parking</h2></div></div><div class='widget'><p>It is free for patients.</p></div>"
    )
    assert main(body).passages == [(("Parking",), "It is free for patients.")]


@pytest.mark.parametrize("end", ["</body>", "</html>", "</body></html>"])
def test_what_follows_an_early_end_of_the_page_is_read(end):
    found = read_html(
        f"<body><header><p>Hillside Clinic looks after knees.</p></header>{end}<main><h1>Knee visits</h1><p>Do not drive on the day.</p></main></html>"
    )
    assert "Do not drive on the day." in found.texts
    assert found.page.title == "Knee visits"


@pytest.mark.parametrize(
    "struck",
    [
        "<del>24</del>",
        "<s>24</s>",
        "<strike>24</strike>",
        '<span style="text-decoration: line-through">24</span>',
        '<span style="text-decoration-line:line-through">24</span>',
        '<span class="strikethrough">24</span>',
    ],
)
def test_struck_words_are_left_out_and_listed(struck):
    found = main(f"<p>You may drive {struck}<ins>48</ins> hours after your visit.</p>")
    assert found.texts == ["You may drive 48 hours after your visit."]
    assert "struck out: 24" in found.page.left_out


def test_what_is_struck_out_as_a_whole_is_left_out_wherever_it_stands():
    found = main(
        "<del><p>You may drive at once, and swim.</p></del><p>You should not:</p><ul><li><s>walk</s></li><li>drive</li></ul>"
    )
    assert found.texts == ["You should not:\n\n  • drive"]
    assert found.page.left_out == ("struck out: You may drive at once, and swim.", "struck out: walk")


@pytest.mark.parametrize(
    "pieces",
    [
        "<p style='mso-list:l0'><span style='mso-list:Ignore'>·&nbsp; </span>Drive</p><p><span style='mso-list: Ignore'>o </span>Swim</p>",
        "<ul><li>Drive</li></ul><p>or</p><ul><li>Swim</li></ul>",
        "<p>For a day</p><ul><li>Drive</li></ul><p>For a week</p><ul><li>Swim</li></ul>",
        "<h4>For a day</h4><ul><li>Drive</li></ul><h4>For a week</h4><ul><li>Swim</li></ul>",
        "<ul><li>Drive</li></ul><ul><li>Swim</li></ul>",
        "<p>- Drive</p><p>- Swim</p>",
        "<p>• Drive<br>• Swim</p>",
        "<div>● Drive</div><div>● Swim</div>",
        "<p>Drive</p><p>Swim</p>",
    ],
)
def test_a_list_in_pieces_keeps_its_introduction(pieces):
    (text,) = main(f"<p>You should not:</p>{pieces}").texts
    assert text.startswith("You should not:\n\n")
    assert "Drive" in text and "Swim" in text


def test_neighbouring_lists_without_an_introduction_stay_apart():
    assert len(main("<ul><li>Drive</li></ul><ul><li>Swim</li></ul>").texts) == 2


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ('<i class="fa fa-times"></i> Drive a car', "✗ Drive a car"),
        ('<i class="fas fa-check-circle"></i> Walk', "✓ Walk"),
        ('<span class="material-icons">close</span> Swim', "✗ Swim"),
        ('<svg class="icon"><use href="#icon-cross"/></svg> Swim', "✗ Swim"),
        ('<img alt="Do not" src="a.png"> Swim', "Do not Swim"),
        ('<img alt="cross" src="a.png"> Swim', "cross Swim"),
        ('<img alt="" src="/img/tick.svg"> Walk', "✓ Walk"),
        ('<span aria-hidden="true">✗</span> Swim', "✗ Swim"),
        ('<span class="visually-hidden">Do not </span>drive a car', "Do not drive a car"),
        ('<span class="sr-only">Avoid:</span> long walks', "Avoid: long walks"),
        ('<i class="fa fa-phone"></i> 555-1234', "555-1234"),
        ('<img alt="A woman on a bench" src="b.jpg"> Rest', "Rest"),
        ('<a href="/x">Bus <span class="sr-only">(opens in new tab)</span></a>', "Bus"),
    ],
)
def test_a_sign_beside_words_stays(item, text):
    assert main(f"<h2>Afterwards</h2><ul><li>{item}</li></ul>").texts == [f"  • {text}"]


def test_a_list_takes_the_sign_that_its_class_shows():
    lists = '<ul class="list-cross"><li>Swim</li></ul><ul class="check-list"><li>Walk</li></ul>'
    assert main(lists).texts == ["  • ✗ Swim", "  • ✓ Walk"]


@pytest.mark.parametrize(
    ("style", "lists"),
    [
        (
            "",
            '<ul style="list-style-image:url(cross.png)"><li>Swim</li></ul><ul style="list-style:none url(/tick.svg)"><li>Walk</li></ul>',
        ),
        (
            "",
            "<ul style=\"list-style-type:'✗ '\"><li>Swim</li></ul><ul style=\"list-style-type:'✓'\"><li>Walk</li></ul>",
        ),
        (
            '.no li::before{content:"✗"} ul.yes li:before{content:"\\2713"}',
            '<ul class="no"><li>Swim</li></ul><ul class="yes"><li>Walk</li></ul>',
        ),
        ("", '<ul class="donts"><li>Swim</li></ul><ul class="dos"><li>Walk</li></ul>'),
    ],
    ids=["pictures", "letters", "style sheet", "names"],
)
def test_a_list_takes_the_sign_that_its_style_shows(style, lists):
    found = read_html(
        f"<html><head><style>{style}</style></head><body><main><h1>Visits</h1>{lists}</main></body></html>"
    )
    assert found.texts == ["  • ✗ Swim", "  • ✓ Walk"]


@pytest.mark.parametrize(
    "box",
    [
        '<section aria-label="Do not"><ul><li>swim</li></ul></section>',
        '<ul aria-label="Do not"><li>swim</li></ul>',
        "<fieldset><legend>Do not</legend><ul><li>swim</li></ul></fieldset>",
        "<table><tr><td><b>Do not</b><br>swim</td><td><b>Do</b><br>walk</td></tr></table>",
        '<input type="checkbox" id="c"><label for="c">Do not</label><div><ul><li>swim</li></ul></div>',
        '<div class="question">Do not</div><div class="answer"><ul><li>swim</li></ul></div>',
    ],
    ids=["aria", "aria list", "fieldset", "lines of a cell", "fold without scripts", "fold by class"],
)
def test_a_label_of_any_box_is_part_of_what_it_labels(box):
    found = main(f"{box}{EAT}").passages
    assert found[0] == (("Do not",), "Do not\n\n  • swim")
    assert found[-1] == ((), EATEN)


def test_signs_that_cannot_be_read_are_asked_about_and_not_quoted():
    body = '<h2>After</h2><ul><li><i class="icon-a1"></i> Drive</li><li><i class="icon-a2"></i> Walk</li></ul><p>Call us with questions, any day.</p>'
    found = main(body)
    assert found.texts == ["Call us with questions, any day."]
    assert "signs that cannot be read: Drive Walk" in found.page.left_out
    assert "may turn their sense" in found.warnings[0]


def test_signs_of_a_table_stay_in_their_cells():
    table = '<table><tr><th>Food</th><th>Allowed</th></tr><tr><td>Soup</td><td><i class="fa fa-check"></i></td></tr><tr><td>Nuts</td><td><img src="x.png" alt="No"></td></tr></table>'
    assert main(table).texts == ["  • Food | Allowed\n  • Soup | ✓\n  • Nuts | No"]


TABS = [
    '<ul class="tabs"><li><a href="#t1">Do</a></li><li><a href="#t2">Don\'t</a></li></ul><div id="t1">{}</div><div id="t2">{}</div>',
    '<div class="tab-titles"><div>Do</div><div>Don\'t</div></div><div class="tab-content"><div>{}</div><div>{}</div></div>',
    '<div><button data-tab="a">Do</button><button data-tab="b">Don\'t</button></div><div><div id="a">{}</div><div id="b">{}</div></div>',
    '<div role="tablist"><a role="tab" aria-controls="a">Do</a><a role="tab" aria-controls="b">Don\'t</a></div><div role="tabpanel" id="a">{}</div><div role="tabpanel" hidden id="b">{}</div>',
    '<div class="tabset"><input type="radio" id="r"><label for="r">Do</label><input type="radio" id="s"><label for="s">Don\'t</label><div>{}</div><div>{}</div></div>',
    '<input type="radio" id="r"><label for="r">Do</label><input type="radio" id="s"><label for="s">Don\'t</label><div>{}</div><div>{}</div>',
]


@pytest.mark.parametrize("tabs", TABS, ids=["links", "classes", "data", "aria", "radio", "loose radio"])
def test_tabs_keep_their_labels(tabs):
    body = tabs.format("<ul><li>Walk every day</li></ul>", "<ul><li>Drive a car</li></ul>")
    assert main(f"{body}{EAT}").passages == [
        (("Do",), "Do\n\n  • Walk every day"),
        (("Don't",), "Don't\n\n  • Drive a car"),
        ((), EATEN),
    ]


def test_empty_and_merged_cells_keep_their_place():
    table = "<table><tr><th>Medicine<th>Stop before<th>Restart after<tr><td rowspan=2>Warfarin<td><td>2 days<tr><td>5 days<td>never</table>"
    (text,) = main(table).texts
    assert text.split("\n")[1:] == ["  • Warfarin | – | 2 days", "  • Warfarin | 5 days | never"]


@pytest.mark.parametrize(
    "table",
    [
        "<tr><td><h3>Do</h3><ul><li>Walk</ul></td><td><h3>Do not</h3><ul><li>Drive<li>Swim</ul></td></tr>",
        "<tr><th>Do</th><th>Do not</th></tr><tr><td><ul><li>Walk</ul></td><td><ul><li>Drive<li>Swim</ul></td></tr>",
        "<tr><th>Do</th><th>Do not</th></tr><tr><td>Walk</td><td>Drive</td></tr><tr><td></td><td>Swim</td></tr>",
        "<tr><th colspan=2>Do</th></tr><tr><td colspan=2>Walk</td></tr>",
    ],
)
def test_the_columns_of_a_table_keep_their_labels(table):
    found = main(f"<table>{table}</table>").passages
    assert found[0] == (("Do",), "Do\n\n  • Walk")
    assert found[1:] in ([], [(("Do not",), "Do not\n\n  • Drive\n  • Swim")])


def test_titles_across_a_table_label_the_rows_below_them_only():
    table = "<tr><th colspan=2>Do not take</th></tr><tr><td>Aspirin</td><td>7 days</td></tr><tr><th colspan=2>Take</th></tr><tr><td>Iron</td><td>daily</td></tr>"
    assert main(f"<table>{table}</table>").texts == ["Do not take\n\n  • Aspirin | 7 days", "Take\n\n  • Iron | daily"]


def test_a_table_by_its_roles_is_a_table():
    rows = "".join(
        f'<div role="row">{"".join(f"<div role=cell>{cell}</div>" for cell in row)}</div>'
        for row in (("Medicine", "Before", "After"), ("Warfarin", "", "2 days"))
    )
    assert main(f'<div role="table">{rows}</div>').texts == ["  • Medicine | Before | After\n  • Warfarin | – | 2 days"]


@pytest.mark.parametrize(
    ("lists", "texts"),
    [
        ("<ol><li>Sit</li><li value=5>Stand</li></ol>", ["  1. Sit\n  5. Stand"]),
        ("<ol><li>Sit</li></ol><p>We wait.</p><ol start=2><li>Stand</li></ol>", ["  1. Sit", "We wait.", "  2. Stand"]),
        ("<ol type=a><li>Sit</li><li>Stand</li></ol>", ["  • a. Sit\n  • b. Stand"]),
        ('<ol style="list-style-type: upper-roman"><li>Sit</li><li>Stand</li></ol>', ["  • I. Sit\n  • II. Stand"]),
        ("<ol reversed><li>Sit</li><li>Stand</li></ol>", ["  2. Sit\n  1. Stand"]),
    ],
)
def test_items_have_the_numbers_and_letters_that_the_page_shows(lists, texts):
    assert main(lists).texts == texts


def test_a_page_that_is_one_form_is_read_without_its_fields():
    found = read_html(
        '<body><form id="aspnetForm"><div><h2>Knee visits</h2><p>Do not drive on the day.</p><label>Name</label><input></div></form>'
    )
    assert (found.texts, found.page.left_out) == (["Do not drive on the day."], ("form: Name",))


def test_a_row_is_read_with_the_heads_of_its_columns():
    table = "<table><thead><tr><th>Day</th><th>Open</th></tr></thead><tr><td>Saturday</td><td>9 am to noon</td></tr></table>"
    assert main(f"<h2>Hours</h2>{table}").passages == [(("Hours",), "  • Day | Open\n  • Saturday | 9 am to noon")]


def test_a_table_of_questions_is_pairs_and_its_heads_no_answer():
    table = "<table><tr><th>Question</th><th>Answer</th></tr><tr><td>Where do I park?</td><td>Behind.</td></tr></table>"
    assert main(table).passages == [(("Where do I park?",), "Behind.")]


def test_every_section_of_main_is_read():
    body = """<div class="box"><h3>Hours</h3><p>Mon to Fri, 8 to 5</p></div><div class="box"><h3>Cancelling</h3>
    <p>Call a day before.</p></div><article><h2>Questions</h2>"""
    body += (
        "".join(f"<h3>Question {n} about visits?</h3><p>{'A long answer to it. ' * 12}</p>" for n in range(8))
        + "</article>"
    )
    texts = main(body).texts
    assert "Mon to Fri, 8 to 5" in texts and "Call a day before." in texts
    assert len(texts) == 10


def test_answers_in_a_nav_that_holds_sentences_are_read():
    body = "<nav><details><summary>Where do I park?</summary><p>You park behind the house. It is free.</p></details><p>We look forward to it. Come by bus.</p></nav>"
    assert main(body).passages[0] == (("Where do I park?",), "You park behind the house. It is free.")


@pytest.mark.parametrize(
    "pair",
    [
        '<div class="faq-questions">Where do I park?</div><div class="faq-content">Behind.</div>',
        '<div class="faq-q"><h4>Where do I park?</h4></div><div class="faq-a">Behind.</div>',
        '<div class="accordion-title">Where do I park?</div><div class="accordion-body"><p>Behind.</p></div>',
        '<div class="item"><p class="toggle">Where do I park?</p><div>Behind.</div></div>',
        "<p><b>Where do I park?</b></p><p>Behind.</p>",
        "<p><strong>Where do I park?</strong><br>Behind.</p>",
        "<p><strong>Where do I park?</strong> Behind.</p>",
        "<p>Q: Where do I park?<br>A: Behind.</p>",
        '<p><span style="font-weight: 700">Where do I park?</span></p><p>Behind.</p>',
        "<p>1. Where do I park?</p><p>Behind.</p>",
        "<ol><li><p>Where do I park?</p><p>Behind.</p></li></ol>",
        "<ol><li>Where do I park?</li></ol><p>Behind.</p>",
        "<dl><dt>Where do I park?</dt><dd>Behind.</dd></dl>",
        '<div><input type="checkbox" id="c"><label for="c">Where do I park?</label><div>Behind.</div></div>',
    ],
)
def test_a_question_is_a_pair_with_its_answer_however_it_is_marked(pair):
    assert main(f"{pair}<h2>More</h2><p>Text of another kind.</p>").passages[0] == (("Where do I park?",), "Behind.")


def test_the_main_element_of_a_block_theme_is_no_skip_link():
    text = "".join(f"<h2>Part {n}</h2><p>Words of part {n} of the page.</p>" for n in range(9))
    found = read_html(
        f'<body><header>Clinic</header><div class="wp-site-blocks"><main id="wp--skip-link--target"><h1>Knee</h1>{text}</main></div></body>'
    )
    assert len(found.texts) == 9


@pytest.mark.parametrize(
    "name", ["gdpr-wrap", "cookie-page", "breadcrumb-layout", "skip-to-top", "author-page", "sr-only"]
)
def test_what_holds_most_of_the_words_is_left_out_by_no_name(name):
    text = "".join(f"<h2>Part {n}</h2><p>Words of part {n} of the page, and some more of them.</p>" for n in range(9))
    found = read_html(f'<body><nav>{"<a href=/>Menu entry</a> " * 300}</nav><div class="{name}">{text}</div></body>')
    assert len(found.texts) == 9


RESIDUE = [
    ("<p>Home / Questions</p>", "path"),
    ('<ul><li><a href="#a">Hours</a></li><li><a href="#b">Fees</a></li></ul>', "page list"),
    ('<h4>On this page</h4><ul><li><a href="#a">Hours</a></li><li><a href="#b">Fees</a></li></ul>', "page list"),
    ("<div><p>We use cookies to improve this site.</p><button>Accept all</button></div>", "banner"),
    ('<div>Share this: <a href="x">Facebook</a> <a href="y">Email</a></div>', "share"),
    ("<section><h3>Our newsletter</h3><p>Get tips every month.</p><input></section>", "newsletter"),
    ('<section><h3>Related posts</h3><a href="/a">Hips</a><p>All of hips.</p></section>', "links to elsewhere"),
    ('<div class="author-box"><h4>About the author</h4><p>Kim likes knees.</p></div>', "author"),
    ("<p>Last updated: 3 May 2025</p>", "date"),
    ('<p><a href="/book">Book an appointment</a></p>', "call to action"),
]


@pytest.mark.parametrize(("residue", "reason"), RESIDUE, ids=[reason for _, reason in RESIDUE])
def test_residue_is_known_by_place_and_kind_and_listed(residue, reason):
    found = main(f"{residue}<h2>Parking</h2><p>It is free for patients of ours.</p>")
    assert found.passages == [(("Parking",), "It is free for patients of ours.")]
    assert any(one.startswith(f"{reason}: ") for one in found.page.left_out)


def test_a_plain_day_of_review_is_kept():
    assert main("<p>Last reviewed on 3rd May 2025.</p><p>Text.</p>").page.reviewed == "2025-05-03"
    assert main("<p>Last updated: May 2025</p><p>Text.</p>").page.reviewed is None


def test_a_number_to_call_is_no_call_to_action():
    assert main('<p><a href="tel:1">Call 314 555 0100</a></p>').texts == ["Call 314 555 0100"]


@pytest.mark.parametrize(
    "alone",
    [
        "<p>You should not have this if:</p><h2>More</h2>",
        "<p>Does it hurt?</p><h2>More</h2>",
        "<h3>Avoid</h3><h2>More</h2>",
    ],
)
def test_what_only_leads_on_is_never_quoted(alone):
    found = main(f"{alone}<p>Text of another kind.</p>")
    assert found.passages == [(("More",), "Text of another kind.")]


def test_an_icon_font_box_with_a_title_keeps_its_title():
    body = '<div class="notice red"><p class="notice__title">Do not come if:</p><p>you have a fever</p><p>you have a cough</p></div><p>See you soon.</p>'
    assert main(body).passages == [
        (("Do not come if",), "Do not come if:\n\nyou have a fever\n\nyou have a cough"),
        ((), "See you soon."),
    ]


@pytest.mark.parametrize(
    "note",
    [
        '<p>You may drive.<sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup></p>{}<div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a> Not if you had a sedative.</p></div>',
        '<p>You may drive.<a href="#fn:1">1</a></p>{}<ol><li id="fn:1">Not if you had a sedative. <a href="#fnref:1">↩</a></li></ol>',
        '<p>You may drive.<a href="#_ftn1" name="_ftnref1">[1]</a></p>{}<div id="ftn1"><p><a href="#_ftnref1" name="_ftn1">[1]</a> Not if you had a sedative.</p></div>',
        "<p>You may drive.<sup>1</sup></p>{}<p><sup>1</sup> Not if you had a sedative.</p>",
    ],
    ids=["docs", "markdown", "word", "typed"],
)
def test_a_footnote_goes_with_its_paragraph(note):
    assert main(note.format(EAT)).texts == ["You may drive.\nNot if you had a sedative.", EATEN]


def test_comments_of_an_export_are_left_out_and_listed():
    body = '<p>You may drive.<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup></p><div><p><a href="#cmnt_ref1" id="cmnt1">[a]</a>Colleague, is this still right?</p></div>'
    found = main(body)
    assert found.texts == ["You may drive."]
    assert "comment: Colleague, is this still right?" in found.page.left_out


@pytest.mark.parametrize(
    ("body", "passages"),
    [
        (
            "<h2>What not to do</h2><h3>At home</h3><ul><li>lift boxes</li></ul>",
            [(("What not to do",), "What not to do\n\nAt home\n\n  • lift boxes")],
        ),
        (
            "<table><caption>Do not take these</caption><tr><td>Aspirin</td><td>7 days</td></tr></table>",
            [(("Do not take these",), "Do not take these\n\n  • Aspirin | 7 days")],
        ),
        (
            "<ul><li>Do not:<ul><li>run</li></ul></li><li>Do:<ul><li>rest</li></ul></li></ul>",
            [(("Do not",), "Do not:\n\n  • run"), (("Do",), "Do:\n\n  • rest")],
        ),
        (
            "<ul><li><strong>Can I drive?</strong> No.</li><li><strong>Can I walk?</strong> Yes.</li></ul>",
            [(("Can I drive?",), "No."), (("Can I walk?",), "Yes.")],
        ),
        (
            "<table><tr><th>Do not eat</th><td>Nuts</td></tr><tr><th>Eat</th><td>Soup</td></tr></table>",
            [((), "  • Do not eat | Nuts\n  • Eat | Soup")],
        ),
        (
            "<ol><li>Wash<ul><li>with soap</li></ul></li><li>Rest</li></ol>",
            [((), "  1. Wash\n  • with soap\n  2. Rest")],
        ),
        ("<p>✅ Walk</p><p>❌ Drive</p>", [((), "✅ Walk"), ((), "❌ Drive")]),
    ],
    ids=["below headings", "caption", "lists in lists", "list of questions", "row heads", "numbers", "signs"],
)
def test_neighbours_of_these_kinds_keep_their_sense_too(body, passages):
    assert main(body).passages == passages


def test_the_words_below_a_picture_are_listed():
    found = main(
        '<figure><img src="a.png" alt="Two legs"><figcaption>Never sit like this</figcaption></figure><p>Text.</p>'
    )
    assert found.texts == ["Text."]
    assert "picture: Never sit like this" in found.page.left_out


def test_a_label_that_only_screen_readers_read_out_stays():
    body = '<h2 class="visually-hidden">Do not</h2><ul><li>swim</li></ul><p class="sr-only">Main menu starts</p>'
    assert main(body).passages == [(("Do not",), "Do not\n\n  • swim")]
