"""Web pages: main text as its page words it, folded questions, and a list of everything that was not taken."""

from __future__ import annotations

import json

import pytest

from kb.importing.web.page import pairs_of, parse_page
from kb.shaping.blocks import Block

HONEYPOT = "This field is for validation purposes and should be left unchanged."
FIRST = "Trigger point injections are <b>quick</b>, and most pa&shy;tients drive&nbsp;home the very same day."
PAGE = f"""<?xml version="1.0" encoding="utf-8"?><!doctype html>
<html><head><title>Knee care | KneeCare</title><link rel="canonical" href="https://k.org/knee"></head><body>
<a class="skip-link" href="#m">Skip to content</a>
<div id="cookie-banner">We use cookies. <button>Accept</button></div>
<header><nav><ul><li><a href="/">Home</a></li><li>About us</li></ul></nav>
<button aria-expanded="false" aria-controls="mobile">Menu</button><div id="mobile"><nav>Home again</nav></div></header>
<main id="m"><h1>Knee<br>pain</h1><!-- a note --><p>{FIRST}</p>
<h2>What to bring</h2><p>Please bring your insurance card to the first visit, and a list of your medicines.</p>
<ul><li>Insurance card<li>Shorts <ul><li>loose ones</li></ul></ul><ol><li>Sit</li><li>Breathe</li></ol>
<h2>Hours</h2><table><tr><th>Day</th><th>Time</th></tr><tr><td>Monday</td><td>9-5</td></tr></table>
<address>12 Main St<br>St. Louis</address>
<form><label>Name</label><input><div style="display:none">{HONEYPOT}</div><button>Send</button></form>
<h2>Contact Your Patient Advocate</h2></main><footer>Copyright KneeCare</footer>
<script>var hidden = "words"</script></body></html>"""


def page_with(body: str, data: object = None) -> str:
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>' if data else ""
    return f"<html><head>{script}</head><body><main><h1>Care</h1><p>{FIRST}</p>{body}</main></body></html>"


def pairs_in(body: str, data: object = None) -> list[tuple[str | None, str]]:
    return [(one.question, one.text) for one in parse_page(page_with(body, data)).blocks if one.kind == "faq"]


def faqpage(*pairs: tuple[str, str]) -> dict[str, object]:
    questions = [
        {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": text}} for name, text in pairs
    ]
    return {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions}


def test_headings_paragraphs_lists_and_tables_of_the_main_text_are_kept_in_order():
    assert list(parse_page(PAGE).blocks) == [
        Block("heading", "Knee pain", level=1),
        Block("paragraph", "Trigger point injections are quick, and most patients drive home the very same day."),
        Block("heading", "What to bring", level=2),
        Block("paragraph", "Please bring your insurance card to the first visit, and a list of your medicines."),
        Block("list", items=("Insurance card", "Shorts", "loose ones")),
        Block("list", items=("Sit", "Breathe"), first=1),
        Block("heading", "Hours", level=2),
        Block("list", items=("Day | Time", "Monday | 9-5")),
        Block("paragraph", "12 Main St\nSt. Louis"),
    ]


def test_menus_forms_banners_and_bare_headings_are_left_out_and_listed():
    found = parse_page(PAGE)
    assert set(found.left_out) == {
        "menu: Skip to content",
        "banner: We use cookies. Accept",
        "menu: Home About us",
        "button: Menu",
        "menu: Home again",
        f"form: Name {HONEYPOT} Send",
        "footer: Copyright KneeCare",
        "beside the main text: Contact Your Patient Advocate",
    }
    assert (found.title, found.url, found.warnings) == ("Knee pain", "https://k.org/knee", ())


ASKS, ANSWERS = "Does it hurt?", "<p>A little.</p><p>Not long.</p>"


@pytest.mark.parametrize(
    "body",
    [
        f"<details><summary>{ASKS}</summary>A little.<p>Not long.</p></details>",
        f'<h3><button aria-controls="a">{ASKS}</button></h3><div><div id="a" hidden>{ANSWERS}</div></div>',
        f'<div><button>{ASKS}</button><div class="panel" style="display:none">A little.<p>Not long.</p></div></div>',
        f'<h3><a data-toggle="collapse" href="#a">{ASKS}</a></h3><div id="a" class="collapse">{ANSWERS}</div>',
        f"<dl><dt>{ASKS}</dt><dd>A little.</dd><dd>Not long.</dd></dl>",
        f"<ul><li><b>{ASKS}</b>{ANSWERS}</li></ul>",
        f'<div><b class="faq-question">{ASKS}</b><div class="faq-answer">A little.<br><br>Not long.</div></div>',
        f'<div itemtype="https://schema.org/Question"><h3 itemprop="name">{ASKS}</h3>'
        f'<div itemprop="acceptedAnswer">{ANSWERS}</div></div>',
        f"<p>Question:</p><p>{ASKS}</p><p>Answer:</p>{ANSWERS}",
        f"<p>Q: {ASKS}</p><p>A: A little.</p><p>Not long.</p>",
    ],
)
def test_a_question_and_its_answer_are_one_however_they_are_folded(body):
    assert pairs_in(f"{body}<h2>More</h2>") == [("Does it hurt?", "A little.\n\nNot long.")]


def test_a_fold_that_asks_nothing_is_a_heading_with_its_text():
    blocks = parse_page(
        page_with("<h2>Visits</h2><details><summary>Parking</summary><p>It is free.</p></details>")
    ).blocks
    assert blocks[-2:] == (Block("heading", "Parking", level=3), Block("paragraph", "It is free."))


def test_a_button_that_books_takes_no_text_with_it():
    found = parse_page(page_with("<button>Book now</button><p>We will call you back on the same day, or the next.</p>"))
    assert found.blocks[-1].text == "We will call you back on the same day, or the next."
    assert found.left_out == ("button: Book now",)


def test_stated_pairs_that_visitors_see_are_taken_as_they_see_them():
    body = "<h2>FAQ</h2><h3>Does it hurt?</h3><p>A little.</p><ul><li>a day</li></ul><h3>Can I drive?</h3><p>Yes.</p>"
    data = {"@graph": [{"@type": "WebPage"}, faqpage(("Does it hurt?", "<p>A little.</p><ul><li>a day</li></ul>"))]}
    data["@graph"].append([faqpage(("can I drive?", "Yes."))])
    found = parse_page(page_with(body, data))
    assert [(one.question, one.text) for one in found.blocks if one.kind == "faq"] == [
        ("Does it hurt?", "A little.\n\n  • a day"),
        ("Can I drive?", "Yes."),
    ]
    assert found.warnings == ()


@pytest.mark.parametrize(
    "body", ["<details><summary>Can I drive?</summary>Mostly.</details>", "<h2>Can I drive?</h2><p>Mostly.</p>"]
)
def test_a_stated_answer_that_differs_from_the_page_is_warned_of_and_not_taken(body):
    found = parse_page(page_with(body, faqpage(("Can I drive?", "Yes, always."))))
    assert not any("always" in one.text for one in found.blocks)
    assert [one for one in found.warnings if "“Can I drive?”" in one and "differs" in one]


def test_a_stated_pair_that_the_page_shows_nowhere_is_taken_with_a_warning():
    found = parse_page(page_with("", faqpage(("Is there <b>parking</b>?", "Yes &amp; free."))))
    assert found.blocks[1] == Block("faq", "Yes & free.", question="Is there parking?")
    assert "stands only in the page's FAQPage data" in found.warnings[0]


def test_data_that_cannot_be_read_is_warned_of():
    page = page_with("").replace("<head>", '<head><script type="application/ld+json">{"@type": FAQPage}</script>')
    assert "cannot be read" in parse_page(page).warnings[0]


def test_pairs_of_other_kinds_of_data_are_not_taken():
    assert pairs_of(json.dumps({"@type": "QAPage", "mainEntity": faqpage(("a?", "b"))["mainEntity"]})) == []
    assert [one.question for one in pairs_of(json.dumps([{"mainEntityOfPage": faqpage(("a?", "b"))}]))] == ["a?"]
    assert pairs_of("[" * 400 + "]" * 400) == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "<details><summary></summary>The text of a fold without a title.</details>",
            "The text of a fold without a title.",
        ),
        ("<ul>Loose words in a list <li>and an item of it</li></ul>", "and an item of it"),
        ("<p>Words with&#1; a sign\x02 nobody sees.</p><form>Name</form>", "Words with a sign nobody sees."),
    ],
)
def test_broken_pages_lose_no_words(body, text):
    assert parse_page(page_with(body)).blocks[-1].text == text


@pytest.mark.parametrize("source", ["", "   ", "<html></html>", "<!-- nothing -->", "<body><script>x</script></body>"])
def test_a_page_without_text_has_no_blocks(source):
    assert parse_page(source).blocks == ()


def test_a_page_nested_very_deeply_is_read():
    found = parse_page(
        page_with("<div>" * 150 + "<p>Deep down there is a sentence of some length.</p>" + "</div>" * 150)
    )
    assert found.blocks[-1].text.startswith("Deep down")


def test_nothing_a_page_shows_is_lost():
    found = parse_page(PAGE)
    taken = " ".join(piece for one in found.blocks for piece in (one.text, *one.items))
    known = "".join((taken + " " + " ".join(found.left_out)).split())
    cells = ("Day", "Time", "Monday", "9-5")
    assert [line for line in found.lines if "".join(line.split()) not in known and line not in cells] == []
