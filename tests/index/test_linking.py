"""Asks are linked to the passages that probably answer them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from index import linking
from index.builds.manifest import BuildRefused
from index.linking import (
    LIKELY,
    POSSIBLE,
    AskTitles,
    Link,
    link_asks,
    load_links,
    mean_by_ask,
    passage_scores,
    save_links,
)
from index.units import units_of
from kb.asks import Ask
from kb.content import load_content

ASKS = (
    Ask("park", "Where can I park?", "any", ("is there parking for my car", "car park?")),
    Ask("drive", "May I drive home?", "any", ("who can drive me home", "driving after")),
    Ask("wifi", "Is there wifi?", "any", ("internet there?",)),
)
SHEET = """question,answer
Parking,You can park your car behind the house.
Getting home,A friend should drive you home.
Questions,Where is it? Is there a car? Can I drive? Who is there? May I?
"""


@pytest.fixture
def content(tmp_path, monkeypatch):
    for module in ("index.linking", "kb.content", "kb.checklist"):
        monkeypatch.setattr(f"{module}.load_asks", lambda: ASKS)
    (tmp_path / "faq.csv").write_text(SHEET)
    return load_content(tmp_path)


@pytest.fixture
def linked(embed):
    def link(content):
        units = units_of(content)
        asked = mean_by_ask(embed([text for ask in ASKS for text in ask.texts], dim=512))
        return link_asks(content, units, embed([unit.text for unit in units], dim=512), asked)

    return link


def test_every_ask_is_linked_to_its_nearest_passages_and_not_to_one_that_is_near_to_all(content, linked):
    links = {link.ask_id: [position for position, _ in link.best] for link in linked(content)}
    assert (links["park"][0], links["drive"][0]) == (0, 1)
    assert all(len(best) == 3 for best in links.values())


def test_scores_are_those_of_a_second_naive_computation(content, linked, embed):
    units = units_of(content)
    rows = embed([unit.text for unit in units], dim=512)
    naive = np.zeros((3, 3))
    for ask, text_rows in zip(range(3), [embed(ask.texts, dim=512) for ask in ASKS], strict=True):
        for passage in range(3):
            mine = [row for row, unit in zip(rows, units, strict=True) if unit.passage == passage]
            middle = text_rows.mean(axis=0)
            naive[ask, passage] = max(float(middle @ row) for row in mine) / np.linalg.norm(middle)
    naive -= naive.mean(axis=0)
    for row, link in enumerate(linked(content)):
        assert [score for _, score in link.best] == pytest.approx(sorted(naive[row], reverse=True), abs=1e-4)


def test_a_link_names_the_sentence_that_is_nearest_and_never_one_that_asks(content, linked, tmp_path):
    (tmp_path / "faq.csv").write_text(f"{SHEET}Both,You can pay here. May I drive home? Ask who can drive you home.\n")
    content = load_content(tmp_path)
    texts = [page.text_of(passage) for page, passage in content.passages()]
    found = {link.ask_id: dict(zip((at for at, _ in link.best), link.spans, strict=True)) for link in linked(content)}
    assert texts[3][slice(*found["drive"][3])] == "Ask who can drive you home."
    assert all(links.get(2) is None for links in found.values())  # a passage of questions alone


def test_a_choice_moves_no_proposal_and_is_told_beside_it(content, linked):
    before = linked(content)
    after = linked(replace(content, checklist={"park": ("faq-2",), "wifi": ()}))
    assert [one.best for one in after] == [one.best for one in before]
    assert [one.chosen for one in after] == [("faq-2",), None, ()]


def test_thousands_of_texts_are_scored_in_parts_as_they_are_at_once(content, embed, monkeypatch):
    units = units_of(content)
    rows = embed([unit.text for unit in units], dim=64)
    asked = embed([f"text {number} car home" for number in range(50)], dim=64)
    whole = passage_scores(asked, units, rows, 4)
    monkeypatch.setattr(linking, "AT_ONCE", 7)
    assert np.allclose(passage_scores(asked, units, rows, 4), whole)
    assert (whole[:, 3] == -1).all()  # a passage without units is near to nothing


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (LIKELY, (True, True)),
        (LIKELY - 0.01, (False, True)),
        (POSSIBLE, (False, True)),
        (POSSIBLE - 0.01, (False, False)),
    ],
)
def test_a_link_is_likely_possible_or_neither(score, said):
    link = Link("park", "Where can I park?", ((0, score),), None)
    assert (link.is_likely, link.is_possible) == said
    assert Link("park", "Where can I park?", (), None).is_possible is False


@pytest.mark.parametrize(
    ("scores", "is_likely", "certainty"),
    [
        ((LIKELY + 0.2, LIKELY + 0.15), True, 0.05),  # two passages are as good
        ((LIKELY + 0.02, 0.0), True, 0.02),
        ((LIKELY - 0.1, LIKELY - 0.11), False, 0.1),
        ((LIKELY + 0.3,), True, 0.3),  # the page's only passage
    ],
)
def test_a_proposal_near_the_bar_or_with_a_rival_is_the_least_certain(scores, is_likely, certainty):
    link = Link("park", "Where?", tuple(zip(count(), scores)), None)
    assert link.is_likely is is_likely
    assert link.certainty == pytest.approx(certainty)


def test_links_read_back_as_they_were_written_and_others_are_refused(content, linked, tmp_path):
    links = linked(replace(content, checklist={"park": ("faq-1",), "wifi": ()}))
    save_links(tmp_path, links, np.zeros((3, 4), dtype=np.float32))
    assert load_links(tmp_path) == links
    (tmp_path / "asks.json").write_text('[{"id": "park"}]')
    with pytest.raises(BuildRefused, match="Build again"):
        load_links(tmp_path)


def test_a_button_puts_the_ask_nearest_to_what_was_asked_of_those_its_passage_answers():
    links = [
        Link("park", "Where can I park?", ((0, LIKELY + 0.1),), None),
        Link("drive", "May I drive home?", ((0, LIKELY + 0.1),), ("p-1",)),  # an editor knew better
        Link("bus", "Which bus goes there?", ((0, LIKELY + 0.1),), None),
        Link("wifi", "Is there wifi?", ((1, LIKELY - 0.1),), None),
    ]
    titles = AskTitles(links, np.eye(4, dtype=np.float32), ["p-0", "p-1"])
    assert titles.title(0, np.array([0.2, 0.9, 0.3, 0.9], dtype=np.float32)) == "Which bus goes there?"
    assert titles.title(1, np.array([0.2, 0.1, 0.3, 0.9], dtype=np.float32)) == "May I drive home?"
    assert (
        AskTitles(links[3:], np.eye(4, dtype=np.float32)[3:], ["p-0", "p-1"]).title(1, np.ones(4, dtype=np.float32))
        is None
    )
