import os
import subprocess
import sys

import numpy as np
import pytest

from index.classify import Classifier, fit

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
    scores = fitted.scores("my elbow hurts", embed(["my elbow hurts"])[0])
    assert scores["red"] > 0.5
    assert sum(scores.values()) == pytest.approx(1.0)


def test_the_same_examples_give_the_same_weights(fitted, embed):
    again = fit(TEXTS, embed(TEXTS), LABELS)
    assert np.array_equal(again.dense, fitted.dense)
    assert np.array_equal(again.hashed, fitted.hashed)


def test_what_is_saved_scores_the_same_to_the_last_bit(fitted, embed, tmp_path):
    fitted.save(tmp_path / "gate.npz")
    loaded = Classifier.load(tmp_path / "gate.npz")
    vector = embed(["does my knee click"])[0]
    assert loaded.scores("does my knee click", vector) == fitted.scores("does my knee click", vector)


@pytest.mark.parametrize("text", ["MY KNEE HURTS", "My knee, hurts!", "my  knee\nhurts"])
def test_capitals_stops_and_gaps_change_nothing(fitted, embed, text):
    vector = embed(["my knee hurts"])[0]
    assert fitted.scores(text, vector) == fitted.scores("my knee hurts", vector)


def test_words_tell_labels_apart_where_the_vectors_do_not(fitted, embed):
    vector = embed(["something else"])[0]
    mine, asked = (fitted.scores(text, vector)["red"] for text in ("my hip aches", "does the hip ache"))
    assert mine > asked


def test_a_text_has_the_same_features_in_every_process():
    code = "from index.classify import hashed_features as f; print([one.tolist() for one in f('does my knee hurt')])"
    seeds = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    given = {subprocess.check_output([sys.executable, "-c", code], env=seed) for seed in seeds}
    assert len(given) == 1


def test_a_text_without_words_is_scored_too(fitted, embed):
    assert sum(fitted.scores("...", embed(["..."])[0]).values()) == pytest.approx(1.0)


def test_a_prior_moves_only_as_far_as_its_new_examples_ask_for(fitted, embed):
    text = "does the ferry run"  # of no kind that the prior knows
    vector = embed([text])[0]
    moved = fit([text], embed([text]), ["red"], prior=fitted)
    assert moved.scores(text, vector)["red"] > fitted.scores(text, vector)["red"]
    elbow = embed(["my elbow hurts"])[0]
    assert moved.scores("my elbow hurts", elbow)["red"] == pytest.approx(
        fitted.scores("my elbow hurts", elbow)["red"], abs=0.1
    )


def test_a_prior_without_examples_stays_as_it_is(fitted, embed):
    same = fit([], np.zeros((0, 64), dtype=np.float32), [], prior=fitted)
    vector = embed(["my knee clicks"])[0]
    assert same.scores("my knee clicks", vector) == pytest.approx(fitted.scores("my knee clicks", vector), abs=1e-6)


def test_a_label_that_the_prior_lacks_is_refused(fitted, embed):
    with pytest.raises(ValueError, match="green"):
        fit(["grass"], embed(["grass"]), ["green"], prior=fitted)


def test_past_many_texts_times_labels_the_vectors_do_alone(embed, monkeypatch):
    monkeypatch.setattr("index.classify.MANY", 1)
    fitted = fit(TEXTS, embed(TEXTS), LABELS)
    assert fitted.hashed.shape == (2, 0)
    words, vectors = ("my knee hurts", "does the hip ache"), embed(["my knee hurts"])
    first, second = (fitted.scores(text, vectors[0]) for text in words)
    assert first == second and sum(first.values()) == pytest.approx(1.0)
