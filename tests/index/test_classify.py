import os
import subprocess
import sys

import numpy as np
import pytest

from index.classify import Classifier, blank, fit

MINE = [
    f"my {part} {verb}" for part in ("knee", "leg", "hip", "calf") for verb in ("hurts", "clicks", "aches", "burns")
]
ASKED = [
    f"does the {part} {verb}" for part in ("knee", "leg", "hip", "calf") for verb in ("hurt", "click", "ache", "burn")
]
TEXTS, LABELS = [*MINE, *ASKED], ["red"] * len(MINE) + ["blue"] * len(ASKED)


@pytest.fixture
def fitted(embed):
    return fit(TEXTS, embed(TEXTS), LABELS)


def test_it_learns_what_tells_the_labels_apart(fitted, embed):
    classifier, held_out = fitted.classifier, fitted.held_out
    scores = classifier.scores("my elbow hurts", embed(["my elbow hurts"])[0])
    assert scores["red"] > 0.5
    assert sum(scores.values()) == pytest.approx(1.0)
    assert (held_out.argmax(axis=1) == [classifier.labels.index(one) for one in LABELS]).mean() > 0.9


def test_the_same_examples_give_the_same_weights(fitted, embed):
    again = fit(TEXTS, embed(TEXTS), LABELS).classifier
    assert np.array_equal(again.dense, fitted.classifier.dense)
    assert np.array_equal(again.hashed, fitted.classifier.hashed)


def test_what_is_saved_scores_the_same_to_the_last_bit(fitted, embed, tmp_path):
    fitted.classifier.save(tmp_path / "gate.npz")
    loaded = Classifier.load(tmp_path / "gate.npz")
    vector = embed(["does my knee click"])[0]
    assert loaded.scores("does my knee click", vector) == fitted.classifier.scores("does my knee click", vector)


@pytest.mark.parametrize("text", ["MY KNEE HURTS", "My knee, hurts!", "my  knee\nhurts"])
def test_capitals_stops_and_gaps_change_nothing(fitted, embed, text):
    vector = embed(["my knee hurts"])[0]
    assert fitted.classifier.scores(text, vector) == fitted.classifier.scores("my knee hurts", vector)


def test_words_tell_labels_apart_where_the_vectors_do_not(fitted, embed):
    vector = embed(["something else"])[0]
    mine, asked = (fitted.classifier.scores(text, vector)["red"] for text in ("my hip aches", "does the hip ache"))
    assert mine > asked


def test_a_text_has_the_same_features_in_every_process():
    code = "from index.classify import hashed_features as f; print([one.tolist() for one in f('does my knee hurt')])"
    seeds = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    given = {subprocess.check_output([sys.executable, "-c", code], env=seed) for seed in seeds}
    assert len(given) == 1


def test_a_text_without_words_is_scored_too(fitted, embed):
    assert sum(fitted.classifier.scores("...", embed(["..."])[0]).values()) == pytest.approx(1.0)


def test_where_nothing_is_held_out_it_still_tells_the_labels_apart(embed):
    fitted = fit(TEXTS, embed(TEXTS), LABELS, holds_out=False)
    assert len(fitted.held_out) == 0
    assert fitted.classifier.scores("my elbow hurts", embed(["my elbow hurts"])[0])["red"] > 0.5


def test_a_blank_classifier_finds_every_label_as_likely(embed):
    assert blank(64, ("a", "b")).scores("my knee", embed(["my knee"])[0]) == {"a": 0.5, "b": 0.5}


def test_past_many_texts_times_labels_the_vectors_do_alone(embed, monkeypatch):
    monkeypatch.setattr("index.classify.MANY", 1)
    fitted = fit(TEXTS, embed(TEXTS), LABELS)
    assert fitted.classifier.hashed.shape == (2, 0)
    words, vectors = ("my knee hurts", "does the hip ache"), embed(["my knee hurts"])
    first, second = (fitted.classifier.scores(text, vectors[0]) for text in words)
    assert first == second and sum(first.values()) == pytest.approx(1.0)
