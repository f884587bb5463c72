"""Small sources of every kind that clinics have, read whole: each passage, each heading, and everything left out."""

from __future__ import annotations

from collections import Counter

import pytest

from kb.importing.coverage import coverage
from kb.reading.sentences import sentence_spans
from kb.shaping.markdown import parse_markdown, render_markdown
from tests.kb.importing.corpus import KINDS, Case, load_cases

CORPUS = [pytest.param(case, id=f"{case.kind}: {case.name}") for kind in KINDS for case in load_cases(kind)]


def test_the_corpus_has_what_clinics_have():
    counts = Counter(one.values[0].kind for one in CORPUS)
    assert counts == {"html": 16, "markdown": 6, "word": 16, "paper": 10, "sheets": 8, "exports": 4}
    assert all(len(one.values[0].asked) == 5 for one in CORPUS)


@pytest.mark.parametrize("case", CORPUS)
def test_a_source_is_read_as_a_person_reads_it(case: Case):
    assert case.found == case.passages
    assert list(case.page.left_out) == case.left_out
    assert (case.page.title, case.page.reviewed) == (case.title, case.reviewed)


@pytest.mark.parametrize("case", CORPUS)
def test_no_passage_only_leads_on_or_asks(case: Case):
    for _, text in case.found:
        assert not text.endswith((":", "?"))


@pytest.mark.parametrize("case", CORPUS)
def test_what_was_read_is_whole_and_is_written_and_read_back_the_same(case: Case):
    page = case.page
    assert coverage(page).is_whole
    assert parse_markdown(render_markdown(page), page_id=page.page_id, where="page.md") == page
    for passage in page.passages:
        text = page.text_of(passage)
        assert all(text[start:end] in page.text for start, end in sentence_spans(text))
