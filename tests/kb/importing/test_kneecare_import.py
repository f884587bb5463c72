"""The KneeCare page, pasted as plain text, becomes the page that is kept in kb/sites/kneecare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kb.content import load_content
from kb.importing import import_source
from kb.importing.coverage import coverage
from kb.pages import Page, PassageKind
from kb.reading.sentences import sentence_spans
from kb.sites import SITES

SOURCE = Path(__file__).parent / "data" / "kneecare_page.txt"
QUESTIONS = [
    "Are there any side effects with knee injections?",
    "How long does it take before I notice an improvement?",
    "What if I hate needles?",
    "What if this treatment does not work?",
    "What can I expect on the day of an injection?",
]
FORM_LINE = "This field is for validation purposes and should be left unchanged."


@pytest.fixture(scope="module")
def imported():
    return import_source(SOURCE, url="/sites/kneecare", page_id="trigger-point-injections")


@pytest.fixture(scope="module")
def page(imported):
    return imported.pages[0]


def spaced(text: str) -> str:
    return " ".join(text.split())


def without_tags(page: Page) -> Page:
    return replace(page, passages=tuple(replace(one, tags=frozenset()) for one in page.passages))


def test_ten_copies_of_questions_become_five_passages(imported, page):
    assert [one.question for one in page.passages if one.kind is PassageKind.FAQ] == QUESTIONS
    assert imported.merged == 5
    assert {f"second copy of: {question}" for question in QUESTIONS} <= set(imported.left_out)


def test_the_form_line_and_the_bare_button_are_left_out_and_listed(imported, page):
    for line in (FORM_LINE, "Contact Your Patient Advocate"):
        assert line in imported.left_out
        assert line not in page.text
    assert len(imported.left_out) == 7


def test_headings_lead_to_their_passages(page):
    paths = {one.heading for one in page.passages}
    assert {("Conditions We Treat", part) for part in ("Bone on Bone", "Arthritis", "Bursitis")} <= paths
    assert ("Frequently Asked Questions", "What if I hate needles?") in paths
    assert () in paths  # what stands under the title alone
    assert [page.text[one.start : one.end] for one in page.headings if one.level == 1] == [page.title]


def test_lists_keep_the_sentence_that_introduces_them(page):
    symptoms, gains = [page.text_of(one) for one in page.passages if one.kind is PassageKind.LIST]
    assert symptoms.startswith("Symptoms include:\n\n  • Aching leg muscle")
    assert symptoms.count("•") == 5
    assert gains.startswith("Many patients with knee osteoarthritis not only experience relief")
    assert gains.endswith("  • Improved mood")


def test_every_passage_stands_in_the_source_word_for_word(page):
    source = spaced(SOURCE.read_text(encoding="utf-8"))
    for passage in page.passages:
        text = page.text_of(passage)
        assert spaced(text) in source
        assert all(text[start:end] in source for start, end in sentence_spans(text))


def test_nothing_of_the_source_is_lost(imported, page):
    assert imported.uncovered == ()
    found = coverage(page)
    assert found.is_whole
    assert found.covered + found.headings + found.questions == found.total
    assert len(page.left_out) == 7


def test_what_speaks_of_harm_or_the_time_after_is_tagged(page):
    tags = {one.question: one.tags for one in page.passages if one.question}
    assert tags["Are there any side effects with knee injections?"] == {"risk", "aftercare"}
    assert tags["What can I expect on the day of an injection?"] == {"risk", "aftercare"}
    assert tags["How long does it take before I notice an improvement?"] == set()


def test_the_page_in_the_repository_is_what_the_importer_gives(page):
    kept = load_content(SITES / "kneecare").pages
    assert [one.page_id for one in kept] == ["trigger-point-injections"]
    assert without_tags(kept[0]) == without_tags(page)


def test_what_warns_in_the_repository_carries_the_standing_note():
    page = load_content(SITES / "kneecare").pages[0]
    noted = " ".join(page.text_of(one) for one in page.passages if one.needs_note)
    for words in ("may cause mild pain", "Numbness or bruising", "a little soreness", "plan to avoid high impact"):
        assert words in noted


def test_every_phrasing_points_at_the_sentence_it_quotes():
    content = load_content(SITES / "kneecare")
    texts = {passage.passage_id: spaced(page.text_of(passage)) for page, passage in content.passages()}
    assert len(content.phrasings) > 100
    assert all(one.quote is None or spaced(one.quote) in texts[one.passage_id] for one in content.phrasings)
