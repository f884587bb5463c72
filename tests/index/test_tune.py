"""What the question layers are taught, and the loss that teaches them."""

from __future__ import annotations

import math

import pytest
import torch

from index.layers import TunedLayers
from index.teaching import is_held_out, taught_to_layers
from index.tune import TEMPERATURE, contrast, midway, site_questions


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


def test_questions_kept_for_calibration_never_teach_the_question_layers():
    answered, uncovered = site_questions()
    taught = [
        *(text for texts in answered.values() for text in texts),
        *(text for texts in uncovered for text in texts),
    ]
    assert len(taught) > 8000
    assert not [text for text in taught if is_held_out(text)]
    assert {text for texts in uncovered for text in texts} <= taught_to_layers()


def test_a_fifth_of_what_ships_is_kept_for_calibration():
    from kb.content import load_content
    from kb.sites import SITES

    texts = [one.text for one in load_content(SITES / "kneecare").phrasings]
    assert 0.15 < sum(map(is_held_out, texts)) / len(texts) < 0.25


def test_midway_is_the_mean_of_both_layers_weights():
    one, other = (TunedLayers([torch.nn.Linear(3, 3)]) for _ in range(2))
    before = [(mine + theirs) / 2 for mine, theirs in zip(one.parameters(), other.parameters(), strict=True)]
    after = list(midway(one, other).parameters())
    assert all(torch.allclose(wanted, found) for wanted, found in zip(before, after, strict=True))
