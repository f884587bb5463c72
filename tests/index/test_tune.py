"""What the layers are taught, and the losses that teach them."""

from __future__ import annotations

import math
import random

import pytest
import torch

from index.encoding.layers import TunedLayers
from index.tune.questions import KEPT, TEMPERATURE, clinic_lesson, contrast, midway, page_loss
from index.tune.states import States
from kb.clinics import teaching_clinics


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
