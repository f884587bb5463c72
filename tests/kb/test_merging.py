"""Importing again: what changed in one place is taken, what changed in both or vanished waits, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given

from kb.editing import (
    EditRefused,
    add_answer,
    add_paragraph,
    remove_passage,
    replace_text,
    set_dates,
    set_owner,
    set_reviewed,
    set_tags,
)
from kb.merging import Cause, Counts, LastImport, Merged, compare, merge, settle, undecided
from kb.pages import Page
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from tests.kb.test_editing import assert_whole, pages


def page_of(*blocks: Block, title: str = "Knees", url: str = "https://a.org/k") -> Page:
    return assemble([Block("heading", title, level=1), *blocks], page_id="knees", title=title, url=url)


def text(words: str) -> Block:
    return Block("paragraph", words)


def heading(words: str, level: int = 2) -> Block:
    return Block("heading", words, level=level)


def answer(question: str, words: str) -> Block:
    return Block("faq", words, question=question)


DRIVE, EAT, PARK = (
    text("Wait 24 hours before you drive."),
    text("You can eat as usual."),
    answer("Parking?", "It is free."),
)
OLD = page_of(heading("Before"), EAT, heading("After"), DRIVE, PARK)
EATING, DRIVING, PARKING = (one.passage_id for one in OLD.passages)
LAST = LastImport(OLD)


def texts(page: Page) -> list[str]:
    return [page.text_of(one) for one in page.passages]


def ids(page: Page) -> list[str]:
    return [one.passage_id for one in page.passages]


def reworded(*changed: tuple[str, str]) -> Page:
    """The source with other words."""
    blocks: Iterable[Block] = (heading("Before"), EAT, heading("After"), DRIVE, PARK)
    for old, new in changed:
        blocks = [Block(one.kind, one.text.replace(old, new), one.level, question=one.question) for one in blocks]
    return page_of(*blocks)


def test_the_same_source_again_changes_nothing_that_was_edited():
    edited = replace_text(OLD, DRIVING, "Wait two days.")
    edited, _ = add_answer(edited, "Is there tea?", "Yes.")
    edited = remove_passage(set_reviewed(set_tags(edited, EATING, ["risk"]), None), PARKING)
    again = merge(LAST, edited, OLD)
    assert again.page == edited
    assert again.counts == Counts(same=1, kept=3) and again.last == LAST


def test_what_only_the_source_changed_is_taken_under_the_id_it_had():
    found = merge(LAST, OLD, reworded(("24", "48"), ("free", "free for an hour")))
    assert texts(found.page) == ["You can eat as usual.", "Wait 48 hours before you drive.", "It is free for an hour."]
    assert ids(found.page) == [EATING, DRIVING, PARKING]
    assert found.counts == Counts(same=1, taken=2) and found.last.waiting == ()


def test_what_was_only_edited_here_stays():
    edited = replace_text(OLD, DRIVING, "Wait two days.")
    found = merge(LAST, edited, reworded(("free", "gratis")))
    assert texts(found.page) == ["You can eat as usual.", "Wait two days.", "It is gratis."]
    assert found.counts == Counts(same=1, taken=1, kept=1)


def test_what_changed_in_both_stays_as_it_is_here_and_waits():
    edited = replace_text(OLD, DRIVING, "Wait two days.")
    found = merge(LAST, edited, reworded(("24", "48")))
    (waiting,) = found.last.waiting
    assert texts(found.page)[1] == "Wait two days."
    assert (waiting.passage_id, waiting.cause) == (DRIVING, Cause.BOTH)
    assert waiting.last and waiting.last.text == "Wait 24 hours before you drive."
    assert waiting.new and waiting.new.text == "Wait 48 hours before you drive."


def test_the_same_change_in_both_places_is_no_question():
    edited = replace_text(OLD, DRIVING, "Wait 48 hours before you drive.")
    assert merge(LAST, edited, reworded(("24", "48"))).counts == Counts(same=3)


def test_a_passage_that_vanished_stays_under_its_own_heading_and_waits():
    found = merge(LAST, OLD, page_of(heading("Before"), EAT))
    assert ids(found.page) == ids(OLD) and found.counts == Counts(same=1, vanished=2)
    assert found.page.text == OLD.text
    assert [one.heading for one in found.page.passages] == [one.heading for one in OLD.passages]


def test_a_vanished_passage_never_comes_under_a_heading_that_says_the_opposite():
    old = page_of(
        heading("Do"), text("Rest."), heading("Do not"), text("Drive a car."), heading("Later"), text("Walk.")
    )
    found = merge(LastImport(old), old, page_of(heading("Do"), text("Rest."), heading("Later"), text("Walk.")))
    lines = found.page.text.split("\n\n")
    assert lines[lines.index("Drive a car.") - 1] == "Do not"


def test_what_was_removed_here_stays_removed_and_asks_only_when_the_source_changed_it():
    edited = remove_passage(OLD, DRIVING)
    assert merge(LAST, edited, reworded(("free", "gratis"))).counts == Counts(same=1, taken=1, kept=1)
    found = merge(LAST, edited, reworded(("24", "48")))
    assert DRIVING not in ids(found.page)
    assert [one.cause for one in found.last.waiting] == [Cause.REMOVED]


def test_what_the_source_adds_stands_where_it_stands_there_and_what_was_added_here_stays():
    edited, mine = add_paragraph(OLD, DRIVING, "Bring a friend.")
    found = merge(LAST, edited, page_of(heading("Before"), text("Wear shorts."), EAT, heading("After"), DRIVE, PARK))
    assert texts(found.page) == ["Wear shorts.", "You can eat as usual.", *texts(edited)[1:]]
    assert ids(found.page)[3] == mine and found.counts == Counts(same=3, added=1, kept=1)


def test_an_answer_with_other_words_is_known_by_its_question_and_one_with_another_question_by_its_words():
    new = page_of(
        heading("Before"), EAT, heading("After"), DRIVE, answer("Parking?", "Behind the house, three dollars.")
    )
    assert ids(merge(LAST, OLD, new).page) == ids(OLD)
    long = "The car park behind the house is free for patients all day."
    old = page_of(answer("Parking?", long))
    assert ids(merge(LastImport(old), old, page_of(answer("Where do I park?", long))).page) == ids(old)


def test_an_answer_to_another_question_never_takes_over_the_phrasings_of_one_that_is_gone():
    old = page_of(
        answer("Can I drive after a knee injection?", "Wait 24 hours, and do not drive if you had a sedative.")
    )
    new = page_of(answer("Can I drive after a hip injection?", "Wait three days, and ask the nurse before you drive."))
    found = merge(LastImport(old), old, new)
    assert found.counts == Counts(added=1, vanished=1) and len(set(ids(found.page))) == 2


def test_rows_of_a_sheet_that_move_up_keep_their_phrasings():
    rows = [Block("faq", f"Answer {n}.", question=f"Question {n}?", faq=str(n), passage_id=f"faq-{n}") for n in (1, 2)]
    moved = Block("faq", "Answer 2.", question="Question 2?", faq="1", passage_id="faq-1")
    fresh = Block("faq", "Tea.", question="Drinks?", faq="2", passage_id="faq-2")
    found = merge(LastImport(page_of(*rows)), page_of(*rows), page_of(moved, fresh))
    told = {one.passage_id: found.page.text_of(one) for one in found.page.passages}
    assert told["faq-2"] == "Answer 2." and told["faq-1"] == "Answer 1." and "Tea." in told.values()
    assert found.counts == Counts(same=1, added=1, vanished=1)


def test_a_tag_that_was_taken_off_stays_off_and_asks_when_the_words_change():
    sore = page_of(text("It may be sore for a day."))
    edited = set_tags(sore, sore.passages[0].passage_id, ["visits"])
    unchanged = merge(LastImport(sore), edited, page_of(text("It may be sore for a day."), EAT))
    assert unchanged.page.passages[0].tags == {"visits"}
    changed = merge(LastImport(sore), edited, page_of(text("It may be sore for two days.")))
    assert changed.counts == Counts(both=1) and changed.page.passages[0].tags == {"visits"}


def test_a_review_date_set_here_stays():
    from datetime import date

    edited = set_reviewed(OLD, date(2026, 1, 31))
    assert merge(LAST, edited, reworded(("24", "48"))).page.reviewed == "2026-01-31"


def test_when_it_is_not_known_what_the_source_gave_before_every_difference_waits():
    found = merge(None, OLD, reworded(("24", "48")))
    assert found.counts == Counts(same=2, both=1) and texts(found.page) == texts(OLD)


def test_a_waiting_passage_waits_until_it_is_decided():
    edited = replace_text(OLD, DRIVING, "Wait two days.")
    first = merge(LAST, edited, reworded(("24", "48")))
    again = merge(first.last, first.page, reworded(("24", "48")))
    assert (again.page, again.last, again.counts) == (first.page, first.last, first.counts)
    newer = merge(first.last, first.page, reworded(("24", "72")))
    assert newer.last.waiting[0].new and "72" in newer.last.waiting[0].new.text
    back = merge(first.last, first.page, OLD)
    assert back.last.waiting == () and texts(back.page)[1] == "Wait two days."


@pytest.mark.parametrize("take", [True, False])
def test_a_decision_holds_at_the_next_import(take):
    edited = remove_passage(replace_text(OLD, DRIVING, "Wait two days."), PARKING)
    new = page_of(heading("After"), text("Wait 48 hours before you drive."), answer("Parking?", "Three dollars."))
    found = merge(LAST, edited, new)
    assert {one.passage_id: one.cause for one in found.last.waiting} == {
        DRIVING: Cause.BOTH,
        EATING: Cause.VANISHED,
        PARKING: Cause.REMOVED,
    }
    last, page = found.last, found.page
    for one in (DRIVING, EATING, PARKING):
        last, page = settle(last, page, one, take=take)
        assert_whole(page)
    assert sorted(texts(page)) == sorted(texts(new) if take else texts(edited))
    again = merge(last, page, new)
    assert again.page == page and again.last.waiting == ()
    with pytest.raises(EditRefused, match="does not wait"):
        settle(last, page, DRIVING, take=take)


def test_what_was_remembered_is_read_back():
    found = merge(LAST, replace_text(OLD, DRIVING, "Wait two days."), page_of(heading("After"), DRIVE))
    assert LastImport.from_json(json.loads(json.dumps(found.last.as_json()))) == found.last


def test_ids_of_the_site_s_other_pages_are_not_given_again():
    assert merge(None, None, OLD, used_ids=[DRIVING]).page.passages[1].passage_id == f"{DRIVING}.2"


@given(pages, pages)
def test_whatever_the_source_becomes_nothing_of_the_page_is_lost(old: Page, new: Page):
    found = merge(LastImport(old), old, new)
    assert_whole(found.page)
    waiting = {one.passage_id for one in found.last.waiting}
    kept = set(ids(found.page))
    assert set(ids(old)) <= kept and {one.text for one in _words(new)} <= set(texts(found.page))
    assert len(kept) == len(found.page.passages) == sum(_all(found.counts))
    assert waiting == set(ids(old)) - set(ids(found.last.page))


@given(pages, pages)
def test_the_same_source_twice_is_the_same_as_once(old: Page, new: Page):
    once = merge(LastImport(old), old, new)
    twice: Merged = merge(once.last, once.page, new)
    assert (twice.page, twice.last.page) == (once.page, once.last.page)
    assert set(twice.last.waiting) == set(once.last.waiting)


def _words(page: Page) -> list[Block]:
    return [text(page.text_of(one)) for one in page.passages]


def _all(counts: Counts) -> list[int]:
    return [getattr(counts, name) for name in Counts.__slots__]


def test_the_days_between_which_a_passage_holds_and_its_owner_outlive_an_import():
    edited = set_owner(set_dates(OLD, DRIVING, effective=None, expires=date(2026, 3, 31)), "Front desk")
    found = merge(LAST, edited, reworded(("24", "48"))).page
    assert (found.passages[1].expires, found.owner) == ("2026-03-31", "Front desk")
    assert found.text_of(found.passages[1]) == "Wait 48 hours before you drive."


def test_a_comparison_takes_nothing_and_has_every_difference_wait_until_it_is_decided():
    today = page_of(
        heading("Before"), EAT, text("Bring a friend."), heading("After"), text("Wait 48 hours before you drive.")
    )
    found = compare(LAST, OLD, today)
    by_cause = {one.cause: one for one in found.waiting}
    assert set(by_cause) == {Cause.ADDED, Cause.THERE, Cause.VANISHED}
    assert (by_cause[Cause.THERE].passage_id, by_cause[Cause.VANISHED].passage_id) == (DRIVING, PARKING)
    assert undecided(found, OLD) == found.waiting == compare(found, OLD, today).waiting
    taken, page = settle(found, OLD, DRIVING, take=True)
    assert "Wait 48 hours before you drive." in texts(page)
    declined, page = settle(taken, page, by_cause[Cause.ADDED].passage_id, take=False)
    kept, page = settle(declined, page, PARKING, take=False)
    assert compare(kept, page, today).waiting == ()
    _, page = settle(found, OLD, by_cause[Cause.ADDED].passage_id, take=True)
    assert texts(page)[:2] == ["You can eat as usual.", "Bring a friend."]


def test_an_import_after_a_comparison_takes_what_it_would_have_taken_without_one():
    today = reworded(("24", "48"), ("free", "free for an hour"))
    without = merge(LAST, OLD, today)
    assert merge(compare(LAST, OLD, today), OLD, today) == without
    edited = replace_text(OLD, DRIVING, "Wait two days.")
    assert merge(compare(LAST, edited, today), edited, today) == merge(LAST, edited, today)


def test_what_another_page_of_the_site_says_is_nothing_new():
    today = page_of(heading("Before"), EAT, text("Call us to book."), heading("After"), DRIVE, PARK)
    assert compare(LAST, OLD, today, elsewhere=["Call us to book."]).waiting == ()
