"""The checklist: what an editor chose of the asks that ship, and what of it teaches."""

from __future__ import annotations

import json

import pytest

from index.teaching import uncovered_questions
from index.units import units_of
from kb.asks import Ask, load_asks
from kb.checklist import as_lines, standing_choices
from kb.content import load_content
from kb.labels import Label
from kb.lines import ContentError

SHEET = (
    "id,question,answer\npark,Is there parking?,Behind the house.\nride,How do I get home?,Let a friend drive you.\n"
)
PARKING, DRIVING, WIFI = load_asks()[:3]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "faq.csv").write_text(SHEET)
    return tmp_path


def choose(folder, *lines):
    (folder / "asks.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return load_content(folder)


def test_the_bank_that_ships_is_whole():
    asks = load_asks()
    assert len(asks) >= 500 and len({ask.id for ask in asks}) == len(asks)
    assert min(len(ask.phrasings) for ask in asks) >= 6
    assert len({ask.title for ask in asks}) == len(asks)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"id": "a", "title": "A?"}\n', 'line 1: an ask needs "id", "title" and a list of "phrasings"'),
        ('{"id": "a", "title": "A?", "phrasings": ["  "]}\n', "none of them empty"),
        ('{"id": "a", "title": "A?", "phrasings": ["a"]}\n' * 2, "line 2: a is also in pack any"),
    ],
)
def test_a_bank_that_is_not_whole_is_refused_with_its_line(tmp_path, lines, message):
    (tmp_path / "any.jsonl").write_text(lines)
    with pytest.raises(ContentError, match=message):
        load_asks(tmp_path)


def test_an_answered_ask_gives_its_phrasings_to_every_passage_that_answers_it(folder):
    content = choose(folder, {"id": PARKING.id, "passages": ["faq-park", "faq-ride", "faq-park"]})
    asked = [(one.text, one.passage_id) for one in content.asked_phrasings()]
    texts = [PARKING.title, *PARKING.phrasings]
    assert asked == [(text, passage) for passage in ("faq-park", "faq-ride") for text in texts]
    units = [(one.text, one.passage, one.span) for one in units_of(content) if one.asks]
    assert units[2:] == [(text, passage, None) for passage in (0, 1) for text in texts]


def test_an_ask_the_page_does_not_answer_teaches_that_it_does_not(folder):
    content = choose(folder, {"id": WIFI.id, "passages": []}, {"id": DRIVING.id, "passages": "none"})
    texts = [text for ask in (DRIVING, WIFI) for text in (ask.title, *ask.phrasings)]
    assert [(one.text, one.label) for one in content.unsaid_examples()] == [(text, Label.OUT_OF_KB) for text in texts]
    assert not [*content.asked_phrasings()]
    assert uncovered_questions(content) == texts


def test_an_ask_nobody_decided_teaches_nothing(folder):
    content = load_content(folder)
    assert not [*content.asked_phrasings(), *content.unsaid_examples()]
    assert not uncovered_questions(content)


def test_a_phrasing_that_is_the_sites_own_too_counts_once_and_keeps_its_sentence(folder):
    own = {"text": PARKING.phrasings[0], "faq": "park", "quote": "Behind the house."}
    (folder / "phrasings.jsonl").write_text(json.dumps(own))
    content = choose(folder, {"id": PARKING.id, "passages": ["faq-park"]})
    found = [one.span for one in units_of(content) if one.text == PARKING.phrasings[0]]
    assert found == [(0, len("Behind the house."))]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"id": "no-such-ask", "passages": []}, "there is no ask 'no-such-ask'.*advocate asks"),
        ({"id": WIFI.id, "passages": ["faq-gone"]}, "no passage 'faq-gone'.*advocate export"),
        ({"id": PARKING.id, "passages": []}, "chosen for in an earlier line"),
        ({"id": WIFI.id}, 'needs the "id" of an ask and a list of "passages"'),
        ({"id": WIFI.id, "passages": "faq-park"}, 'list of "passages"'),
        ({"id": WIFI.id, "passages": [3]}, "should hold ids"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_its_line(folder, line, message):
    with pytest.raises(ContentError, match=message) as refused:
        choose(folder, {"id": PARKING.id, "passages": ["faq-park"]}, line)
    assert "asks.jsonl, line 2" in str(refused.value)


def test_a_passage_that_is_gone_is_gone_from_the_choices_and_an_ask_left_with_none_is_undecided(folder):
    kept = [
        {"id": PARKING.id, "passages": ["faq-park", "faq-gone"]},
        {"id": DRIVING.id, "passages": ["faq-gone"]},
        {"id": WIFI.id, "passages": []},
        {"id": "an-ask-that-ships-no-more", "passages": []},
    ]
    assert standing_choices(kept, {"faq-park"}) == {PARKING.id: ("faq-park",), WIFI.id: ()}


def test_choices_read_back_as_they_were_written(folder):
    lines = [{"id": WIFI.id, "passages": []}, {"id": PARKING.id, "passages": ["faq-ride", "faq-park"]}]
    content = choose(folder, *lines)
    assert as_lines(content.checklist) == sorted(lines, key=lambda one: str(one["id"]))
    assert choose(folder, *as_lines(content.checklist)) == content


def test_a_bank_is_read_from_any_folder(tmp_path):
    (tmp_path / "any.jsonl").write_text(json.dumps({"id": "a", "title": "A?", "phrasings": ["b"]}))
    assert load_asks(tmp_path) == (Ask("a", "A?", "any", ("b",)),)
