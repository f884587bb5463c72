import re
from dataclasses import replace
from hashlib import sha256
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from server.core.linking import link_to
from server.core.quoting import cut_quote

PAGE = assemble(
    [
        Block("heading", "Our page", level=1),
        Block("paragraph", "Plan to rest. The full procedure takes about 8-12 minutes, most days."),
        Block("paragraph", "Ice helps. Plan to rest."),
        Block("faq", "It is safe to drive.", question="Can I drive?", tags=frozenset({"aftercare"})),
    ],
    page_id="page", title="Our page", url="https://clinic.example/knees",
)  # fmt: skip
FIRST, SECOND, DRIVING = PAGE.passages


def test_a_quote_is_the_passage_byte_for_byte_with_its_digest():
    quote = cut_quote(PAGE, FIRST, (14, 69))
    assert quote.text == PAGE.text[FIRST.start : FIRST.end]
    assert quote.sha256 == sha256(quote.text.encode()).hexdigest()
    assert quote.text[slice(*quote.highlight)] == "The full procedure takes about 8-12 minutes, most days."


def test_the_link_opens_the_page_at_the_highlighted_words_with_dashes_and_commas_encoded():
    link = cut_quote(PAGE, FIRST, (14, 69)).source.link
    assert link == (
        "https://clinic.example/knees#:~:text=The%20full%20procedure%20takes%20about%208%2D12%20minutes%2C%20most%20days."
    )


def test_words_that_stand_twice_on_the_page_are_linked_with_what_comes_before_them():
    start = PAGE.text_of(SECOND).index("Plan")
    link = cut_quote(PAGE, SECOND, (start, start + 13)).source.link
    assert unquote(link.split("text=")[1]) == "Ice helps.-,Plan to rest."


LISTS = "Before you come:\n• Eat well\n• Sleep well\n\nAfter you leave:\n• Eat well\n• Sleep well\n\nAfter you leave:\n• Eat well\n\nCall us."


@pytest.mark.parametrize(
    ("words", "nth", "fragment"),
    [
        ("Before you come:\n• Eat well\n• Sleep well", 1, "Before you come:,Sleep well"),
        ("After you leave:\n• Eat well\n• Sleep well", 1, "Sleep well-,After you leave:,Sleep well"),
        ("• Eat well", 1, "Before you come:-,Eat well"),
        ("• Eat well", 3, "After you leave:-,Eat well,-Call us."),
    ],
)
def test_the_lines_beside_tell_apart_what_stands_twice_and_bullets_are_left_out(words, nth, fragment):
    start = [found.start() for found in re.finditer(re.escape(words), LISTS)][nth - 1]
    link = link_to("/p", LISTS, (start, start + len(words)))
    assert ",".join(map(unquote, link.split("text=")[1].split(","))) == fragment


def test_a_long_highlight_is_linked_by_its_first_and_last_words():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    assert link_to("/p", text, (0, len(text))) == (
        "/p#:~:text=one%20two%20three%20four,thirteen%20fourteen%20fifteen%20sixteen"
    )


def test_the_last_words_of_a_long_highlight_are_as_many_as_tell_its_end():
    text = "When it hurts you may call us any day at all, and when it does not hurt you may call us any day at all"
    fragment = link_to("/p", text, (0, len(text))).split("text=")[1]
    assert unquote(fragment) == "When it hurts you,you may call us any day at all"


def test_an_address_with_an_anchor_keeps_it():
    assert link_to("/p#risks", "Words.", (0, 6)) == "/p#risks:~:text=Words."


def test_a_page_without_an_address_has_no_link():
    page = assemble([Block("paragraph", "Words.")], page_id="p", title="P", url="")
    assert cut_quote(page, page.passages[0], None).source.link == ""


def test_a_document_without_an_address_is_read_where_this_server_shows_it():
    page = assemble([Block("paragraph", "Words.")], page_id="p", title="P", url="")
    source = cut_quote(page, page.passages[0], None, own_page="/sites/knees").source
    assert (source.url, source.link) == ("", "/sites/knees#:~:text=Words.")


def test_quotes_that_differ_in_their_link_alone_say_the_same():
    quote = cut_quote(PAGE, FIRST, None)
    assert (
        quote
        == replace(quote, source=replace(quote.source, link="/knees#:~:text=Plan"))
        != cut_quote(PAGE, SECOND, None)
    )


def test_an_answer_is_headed_by_its_question():
    assert cut_quote(PAGE, DRIVING, None).source.heading == "Can I drive?"


DAY = "Will it hurt? Most tolerate it well. It takes 8 minutes. Avoid high impact activities. It is safe to drive. Ice helps."
AVOIDED = "Avoid high impact activities."


@pytest.mark.parametrize(
    ("tags", "asked", "highlighted"),
    [
        ({"aftercare"}, "It is safe to drive.", f"{AVOIDED} It is safe to drive."),
        ({"risk"}, "It takes 8 minutes.", f"It takes 8 minutes. {AVOIDED}"),
        ({"aftercare"}, AVOIDED, AVOIDED),
        (set(), "It is safe to drive.", "It is safe to drive."),
        ({"aftercare"}, "Will it hurt?", DAY),  # a question never answers
        (set(), "Will it hurt?", DAY),
    ],
)
def test_what_restricts_is_within_the_highlight_of_a_text_on_risk_or_aftercare(tags, asked, highlighted):
    page = assemble([Block("paragraph", DAY, tags=frozenset(tags))], page_id="p", title="P", url="/p")
    start = DAY.index(asked)
    quote = cut_quote(page, page.passages[0], (start, start + len(asked)))
    assert quote.text == DAY and quote.text[slice(*quote.highlight)] == highlighted


def test_a_label_that_restricts_is_highlighted_with_its_list():
    text = "You can walk.\nFor two days do not:\n• swim\n• drive"
    page = assemble(
        [Block("faq", text, question="And then?", tags=frozenset({"aftercare"}))], page_id="p", title="P", url="/p"
    )
    quote = cut_quote(page, page.passages[0], (0, 13))
    assert quote.text[slice(*quote.highlight)] == text


def test_a_whole_passage_is_linked_from_its_first_words_to_its_last():
    page = assemble([Block("paragraph", DAY)], page_id="p", title="P", url="/p")
    link = cut_quote(page, page.passages[0], None).source.link
    assert unquote(link) == "/p#:~:text=Will it hurt? Most,to drive. Ice helps."


@pytest.mark.parametrize("span", [None, (0, 0), (30, 14), (-5, 14), (14, 10_000)])
def test_a_span_that_does_not_fit_highlights_the_whole(span):
    quote = cut_quote(PAGE, FIRST, span)
    assert quote.text[slice(*quote.highlight)] == quote.text


@given(st.integers(-5, 90), st.integers(-5, 90))
def test_whatever_span_is_asked_for_words_of_the_passage_are_highlighted_and_linked(start, end):
    quote = cut_quote(PAGE, FIRST, (start, end))
    assert quote.text == PAGE.text_of(FIRST) and quote.text[slice(*quote.highlight)]
    assert quote.source.link.startswith("https://clinic.example/knees#:~:text=")
