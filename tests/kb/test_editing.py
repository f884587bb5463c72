"""Edits of a page: what is edited changes, and nothing else does."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.editing import (
    EditRefused,
    add_answer,
    add_paragraph,
    get_passage,
    remove_passage,
    replace_text,
    set_dates,
    set_owner,
    set_reviewed,
    set_tags,
)
from kb.pages import Page, PassageKind
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.shaping.markdown import PageError, load_page, parse_markdown, render_markdown
from kb.shaping.words import section_of
from kb.sites import SITES

KNEECARE = load_page(SITES / "kneecare" / "pages" / "trigger-point-injections.md")
NEEDLES, SORENESS, DAY, BURSITIS = "p-e73b9088461f", "p-384f2b52d6c3", "p-37f18284d3b3", "p-fc547bf7b560"

words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).filter(str.strip)
texts = st.lists(words, min_size=1, max_size=3).map("\n".join)
blocks = st.one_of(
    st.builds(lambda text: Block("paragraph", text), words),
    st.builds(lambda text, level: Block("heading", text, level=level), words, st.integers(1, 4)),
    st.builds(lambda items: Block("list", items=tuple(items)), st.lists(words, min_size=1, max_size=3)),
    st.builds(lambda question, text: Block("faq", text, question=question), words, words),
)
pages = (
    st.lists(blocks, min_size=1, max_size=8)
    .map(lambda some: assemble(some, page_id="a", title="A page", url="/a"))
    .filter(lambda page: bool(page.passages))
)


def passage_texts(page: Page) -> dict[str, str]:
    return {one.passage_id: page.text_of(one) for one in page.passages}


def heading_texts(page: Page) -> list[str]:
    return [page.text[one.start : one.end] for one in page.headings]


def assert_whole(page: Page) -> None:
    """Nothing overlaps, everything stands in order, and the page survives being stored."""
    places = sorted((one.start, one.end) for spans in (page.headings, page.passages) for one in spans)
    assert all(end <= other for (_, end), (other, _) in pairwise(places))
    assert all(0 <= start <= end <= len(page.text) for start, end in places)
    assert Page.from_json(page.as_json()) == page


@given(pages, texts, st.data())
def test_new_words_in_one_passage_change_no_other_text(page, text, data):
    chosen = data.draw(st.sampled_from(page.passages)).passage_id
    edited = replace_text(page, chosen, text)
    assert_whole(edited)
    assert passage_texts(edited) == {**passage_texts(page), chosen: text}
    assert heading_texts(edited) == heading_texts(page)
    assert [one.tags for one in edited.passages] == [one.tags for one in page.passages]


@given(pages, texts, st.data())
def test_an_edit_taken_back_leaves_the_page_as_it_was(page, text, data):
    chosen = data.draw(st.sampled_from(page.passages))
    edited = replace_text(page, chosen.passage_id, text)
    back = replace_text(edited, chosen.passage_id, page.text_of(chosen))
    assert (back.text, back.headings) == (page.text, page.headings)
    assert passage_texts(back) == passage_texts(page)


@given(pages, texts, st.data())
def test_a_new_paragraph_changes_no_other_text(page, text, data):
    after = data.draw(st.sampled_from(page.passages))
    if after.kind is PassageKind.FAQ:
        with pytest.raises(EditRefused, match="Edit the answer"):
            add_paragraph(page, after.passage_id, text)
        return
    edited, fresh = add_paragraph(page, after.passage_id, text)
    assert_whole(edited)
    assert passage_texts(edited) == {**passage_texts(page), fresh: text}
    assert heading_texts(edited) == heading_texts(page)
    ids = [one.passage_id for one in edited.passages]
    assert ids[ids.index(after.passage_id) + 1] == fresh
    assert section_of(edited, get_passage(edited, fresh)) == section_of(page, after)


@given(pages, words, texts, st.data())
def test_a_new_answer_changes_no_other_text(page, question, text, data):
    after = data.draw(st.sampled_from([None, *(one.passage_id for one in page.passages)]))
    edited, fresh = add_answer(page, question, text, after=after)
    assert_whole(edited)
    assert passage_texts(edited) == {**passage_texts(page), fresh: text}
    added = get_passage(edited, fresh)
    assert (added.question, added.heading[-1]) == (question.strip(), question.strip())
    assert sorted(heading_texts(edited)) == sorted([*heading_texts(page), question.strip()])


@given(pages, words, texts, st.data())
def test_removing_what_was_added_leaves_the_page_as_it_was(page, question, text, data):
    after = data.draw(st.sampled_from(page.passages))
    edited, fresh = add_answer(page, question, text, after=after.passage_id)
    assert remove_passage(edited, fresh) == page
    if after.kind is not PassageKind.FAQ:
        edited, fresh = add_paragraph(page, after.passage_id, text)
        assert remove_passage(edited, fresh) == page


@given(pages, st.data())
def test_removing_a_passage_changes_no_other_text(page, data):
    chosen = data.draw(st.sampled_from(page.passages))
    if len(page.passages) == 1:
        with pytest.raises(EditRefused, match="at least one"):
            remove_passage(page, chosen.passage_id)
        return
    edited = remove_passage(page, chosen.passage_id)
    assert_whole(edited)
    left = passage_texts(page)
    del left[chosen.passage_id]
    assert passage_texts(edited) == left
    gone = [chosen.question] if chosen.question else []
    assert sorted([*heading_texts(edited), *gone]) == sorted(heading_texts(page))


def test_the_needle_answer_gets_new_words_and_keeps_its_id():
    edited = replace_text(KNEECARE, NEEDLES, "We numb the knee first.\r\nMost people feel little.")
    assert edited.text_of(get_passage(edited, NEEDLES)) == "We numb the knee first.\nMost people feel little."
    assert edited.text_of(get_passage(edited, DAY)) == KNEECARE.text_of(get_passage(KNEECARE, DAY))


@pytest.mark.parametrize("text", ["", "   ", "\n\r\n"])
def test_a_passage_without_words_is_refused(text):
    with pytest.raises(EditRefused, match="needs words"):
        replace_text(KNEECARE, NEEDLES, text)


def test_a_character_nobody_can_see_is_refused():
    with pytest.raises(EditRefused, match=r"U\+0000"):
        replace_text(KNEECARE, NEEDLES, "We numb\x00 the knee.")


def test_a_passage_of_novel_length_is_refused():
    with pytest.raises(EditRefused, match="20,000"):
        replace_text(KNEECARE, NEEDLES, "a" * 20_001)


def test_a_passage_that_is_gone_is_named_so():
    with pytest.raises(EditRefused, match="no longer on the page"):
        replace_text(KNEECARE, "p-gone", "Words.")


def test_an_answer_added_after_bursitis_stands_in_its_section_before_the_next_heading():
    edited, fresh = add_answer(KNEECARE, "What is bursitis?", "An irritated bursa.", after=BURSITIS)
    added = get_passage(edited, fresh)
    assert added.heading == ("Conditions We Treat", "Bursitis", "What is bursitis?")
    heading = next(one for one in edited.headings if one.end == added.start - 2)
    assert (edited.text[heading.start : heading.end], heading.level) == ("What is bursitis?", 4)
    assert edited.text[added.end :].startswith("\n\nWhen to Consider Trigger Point Injections")


def test_an_answer_on_soreness_is_tagged_as_an_importer_would():
    edited, fresh = add_answer(KNEECARE, "Will it bruise?", "Bruising may occur.", after=SORENESS)
    assert get_passage(edited, fresh).tags == {"risk"}
    assert get_passage(edited, fresh).needs_note


def test_a_question_of_two_lines_is_refused():
    with pytest.raises(EditRefused, match="one line"):
        add_answer(KNEECARE, "What?\nWhen?", "Now.")


def test_the_same_paragraph_twice_gets_two_ids():
    once, first = add_paragraph(KNEECARE, BURSITIS, "Ask us.")
    twice, second = add_paragraph(once, BURSITIS, "Ask us.")
    assert first != second
    assert passage_texts(twice)[first] == passage_texts(twice)[second]


def test_a_list_edited_into_a_sentence_is_a_paragraph_and_survives_export():
    symptoms = "p-f38e9902a3db"
    edited = replace_text(KNEECARE, symptoms, "Symptoms include aching and stiffness.")
    assert get_passage(edited, symptoms).kind is PassageKind.PARAGRAPH
    assert parse_markdown(render_markdown(edited), page_id=edited.page_id, where="export") == edited


def test_edited_added_and_removed_text_survives_export():
    page = replace_text(KNEECARE, NEEDLES, "We numb the knee first.")
    page, _ = add_answer(page, "Is parking free?", "Yes, behind the house.", after=DAY)
    page, _ = add_paragraph(page, BURSITIS, "Rest helps too.")
    page = remove_passage(page, SORENESS)
    assert parse_markdown(render_markdown(page), page_id=page.page_id, where="export") == page


def test_tags_are_set_exactly():
    edited = set_tags(KNEECARE, NEEDLES, ["risk"])
    assert get_passage(edited, NEEDLES).tags == {"risk"}
    assert get_passage(set_tags(edited, NEEDLES, []), NEEDLES).tags == frozenset()
    with pytest.raises(EditRefused, match="cannot be a tag"):
        set_tags(KNEECARE, NEEDLES, ["side effects!"])


def test_the_day_of_review_is_set_and_taken_back():
    reviewed = set_reviewed(KNEECARE, date(2026, 1, 31))
    assert reviewed.reviewed == "2026-01-31"
    assert set_reviewed(reviewed, None) == KNEECARE


def test_a_passage_holds_between_its_days_and_keeps_them_through_edits_storage_and_export():
    dated = set_dates(KNEECARE, DAY, effective=date(2026, 1, 1), expires=date(2026, 3, 31))
    page = replace_text(dated, DAY, "Until spring we see you in the evening too.")
    held = get_passage(page, DAY)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1)]
    assert [held.holds_on(one) for one in days] == [False, True, True, False]
    assert_whole(page)
    assert parse_markdown(render_markdown(page), page_id=page.page_id, where="export") == page
    assert set_dates(dated, DAY, effective=None, expires=None) == KNEECARE
    with pytest.raises(EditRefused, match="before the first"):
        set_dates(KNEECARE, DAY, effective=date(2026, 2, 1), expires=date(2026, 1, 1))


@pytest.mark.parametrize("marks", ["until=soon", "from=2026-02-30", "from=2026-02-01 until=2026-01-01"])
def test_days_between_which_nothing_holds_are_refused_with_the_file_that_says_so(marks):
    with pytest.raises(PageError, match=r"hours: .*(?:2026-01-31|later day)"):
        parse_markdown(f"# Hours\n\nWe close early. {{{marks}}}\n", page_id="hours", where="hours")


def test_a_day_beside_a_text_or_below_a_list_leaves_the_tags_to_its_words():
    page = parse_markdown(
        "# T\n\nIt may be sore. {until=2026-03-31}\n\n- Ice\n- Rest\n\n{from=2026-01-01}\n", page_id="t", where="t"
    )
    assert [(one.effective, one.expires) for one in page.passages] == [(None, "2026-03-31"), ("2026-01-01", None)]
    assert page.passages[0].tags == {"risk"}


def test_who_looks_after_a_page_is_kept_through_storage_and_export():
    page = set_owner(KNEECARE, "  Front  desk ")
    assert page.owner == "Front desk"
    assert_whole(page)
    assert parse_markdown(render_markdown(page), page_id=page.page_id, where="export") == page
    assert set_owner(page, " ") == KNEECARE
    with pytest.raises(EditRefused, match="at most 100"):
        set_owner(KNEECARE, "a" * 101)
