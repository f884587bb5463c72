"""What the layers are taught, and the losses that teach them."""

from __future__ import annotations

import math
import random
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from index.encoding.encode import PADDING, PASSAGE, QUESTION
from index.encoding.layers import CrossLayers, TunedLayers
from index.tune.cross import Asked, Case, clinic_lessons, half_of, loss_of, site_lessons
from index.tune.questions import KEPT, TEMPERATURE, clinic_lesson, contrast, midway, page_loss
from index.tune.scale import Rows
from index.tune.states import States
from kb.asks import load_asks
from kb.clinics import teaching_clinics
from kb.content import load_content
from kb.sites import SITES


class Hashed(Rows):
    """Rows by the words of a text, without an encoder."""

    def __init__(self):
        pass

    def of(self, texts):
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                rows[row, zlib.crc32(word.encode()) % 64] += 1
        return rows / np.maximum(1e-6, np.linalg.norm(rows, axis=1, keepdims=True))


class Given(States):
    """States that stand for themselves: each text's vector is given."""

    def __init__(self, vectors):
        self.given = vectors

    def vectors(self, texts, layers, parts=4):
        return torch.stack([torch.nn.functional.normalize(torch.tensor(self.given[text]), dim=0) for text in texts])


def test_the_loss_is_how_unlikely_a_text_finds_those_of_its_own_intent():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [0.9, 0.2], [0.8, 0.3], [-0.2, 1.0]]), dim=1)
    intents = [0, 0, 1, 2]
    losses = []
    for row in (0, 1):  # the others have no text of their own intent
        likeness = {other: float(vectors[row] @ vectors[other]) / TEMPERATURE for other in range(4) if other != row}
        total = math.log(sum(math.exp(one) for one in likeness.values()))
        alike = [one for other, one in likeness.items() if intents[other] == intents[row]]
        losses.append(-sum(one - total for one in alike) / len(alike))
    assert float(contrast(vectors, torch.tensor(intents))) == pytest.approx(sum(losses) / 2, rel=1e-5)


def test_a_page_teaches_which_passage_answers_and_that_none_does():
    from index.tune.questions import PageLesson

    page = PageLesson(
        units=("a", "b", "c"), passages=torch.tensor([0, 0, 1]), count=2, messages=[("ask", (1,))], linked=[],
        unanswered=[], unlinked=[("beyond",)],
    )  # fmt: skip
    given = Given({"a": [1.0, 0.0], "b": [0.9, 0.3], "c": [0.0, 1.0], "ask": [0.2, 1.0], "beyond": [1.0, 1.0]})
    layers = TunedLayers([])
    loss = float(page_loss(page, layers, torch.tensor(0.3), given, random.Random(1)))

    def cosine(one, other):
        return sum(x * y for x, y in zip(one, other, strict=True)) / math.hypot(*one) / math.hypot(*other)

    total = 0.0
    for text, wanted in (("ask", 1), ("beyond", 2)):
        asked = given.given[text]
        best = [max(cosine(asked, given.given[one]) for one in "ab"), cosine(asked, given.given["c"]), 0.3]
        weights = [math.exp(one / TEMPERATURE) for one in best]
        total -= math.log(weights[wanted] / sum(weights))
    assert loss == pytest.approx(total / 2, rel=1e-4)


def test_every_teaching_clinic_has_messages_and_links_that_its_page_answers():
    for clinic in teaching_clinics():
        lesson = clinic_lesson(clinic)
        assert len(lesson.messages) >= 20 and len(lesson.linked) >= 50 and len(lesson.unlinked) >= 300, clinic.name
        covered = [one for one in clinic.messages if one.gold]
        assert all(clinic.passages_with(one.gold) for one in covered), clinic.name


def test_midway_keeps_its_share_of_the_weights():
    one, other = (TunedLayers([torch.nn.Linear(3, 3)]) for _ in range(2))
    before = [
        mine * KEPT + theirs * (1 - KEPT) for mine, theirs in zip(one.parameters(), other.parameters(), strict=True)
    ]
    after = list(midway(one, other).parameters())
    assert all(torch.allclose(wanted, found) for wanted, found in zip(before, after, strict=True))


class Same(torch.nn.Module):
    """A layer that looks at nothing: each token stays what it is."""

    def forward(self, hidden, attention_mask):
        self.added = attention_mask
        return hidden


def cross_layers(layer):
    return CrossLayers([layer], SimpleNamespace(num_attention_heads=2, hidden_size=4))


def test_cross_layers_begin_with_the_likeness_of_two_texts_and_see_the_other_as_far_as_each_head_may():
    layer = Same()
    layers = cross_layers(layer)
    states = torch.tensor([[[1.0, 0, 0, 0], [0, 1.0, 0, 0], [1.0, 1.0, 0, 0], [9.0, 9, 9, 9]]])
    segments = torch.tensor([[QUESTION, QUESTION, PASSAGE, PADDING]])
    assert float(layers(states, segments).detach()) == pytest.approx(15.0 * 1.0 - 7.0)  # two means in one direction
    with torch.no_grad():
        layers.layers[0].added = None
        layers.apart.copy_(torch.tensor([[-3.0, 0.5]]))
    layers(states, segments)
    added = layers.layers[0].added
    assert added.shape == (1, 2, 4, 4)
    assert added[0, :, 0, :3].tolist() == [[0, 0, -3.0], [0, 0, 0.5]]
    assert added[0, :, 2, :3].tolist() == [[-3.0, -3.0, 0], [0.5, 0.5, 0]]
    assert (added[0, :, :, 3] < -1e30).all()


def test_pairs_are_taught_by_how_unlikely_what_answers_is_among_what_was_read_and_none():
    given = {"drive?": [1.0, 0, 0, 0], "You may drive.": [1.0, 0.2, 0, 0], "It costs $40.": [0, 1.0, 0, 0]}

    class Read(States):
        def __init__(self):
            self._found = {text: torch.tensor([vector]) for text, vector in given.items()}

        def add(self, texts):
            assert set(texts) <= set(given)

    layers, windows = cross_layers(Same()), ("You may drive.", "It costs $40.")
    cases = [Case("drive?", windows, (True, False)), Case("drive?", windows, (False, False))]
    logits = [15 * 1 / math.hypot(1, 0.2) - 7, -7.0]
    total = math.log(sum(math.exp(one) for one in (*logits, 0.0)))
    loss = float(loss_of(cases, layers, Read(), Read()).detach())
    assert loss == pytest.approx(((total - logits[0]) + total) / 2, rel=1e-5)


def test_a_case_is_read_where_it_is_answered_and_beside_what_is_as_near():
    clinic = teaching_clinics()[0]
    alone, *halves = clinic_lessons(clinic, Hashed())
    cases = alone.drawn(random.Random(3))
    assert len(cases) == 24 and all(len(case.windows) == 3 for case in cases)
    assert [any(case.right) for case in cases] == [True] * 16 + [False] * 8
    asked = next(one for one in clinic.messages if one.gold and not one.history)
    found = Asked(asked.text, clinic.passages_with(asked.gold), asked.gold)
    for lesson in (alone, *halves):
        case = lesson.case(found)
        read = next(window for window, is_right in zip(case.windows, case.right, strict=True) if is_right)
        assert any(one.split()[0] in read for one in asked.gold)


def test_what_is_asked_of_a_page_is_never_among_what_it_is_known_to_answer():
    clinic, knee = teaching_clinics()[0], load_content(SITES / "kneecare")
    taught = ((clinic_lessons(clinic, Hashed()), 300), (site_lessons(knee, Hashed()), 1500))
    for (alone, *halves), least in taught:
        assert len(alone.known) < 40
        for lesson in halves:
            asked = {one.text for group, _ in lesson.groups for one in group}
            assert len(asked) >= least and len(lesson.known) >= least and not asked & lesson.known
    ids = {text: ask.id for ask in load_asks() for text in ask.phrasings}
    for lesson in taught[0][0][1:]:
        assert len({half_of(ids[one.text]) for group, _ in lesson.groups for one in group if one.text in ids}) == 1
