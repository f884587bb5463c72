import numpy as np
import pytest

from index.classify import BUCKETS, Classifier, bar_curves, fit, hashed_features

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
    classifier, held_out = fitted
    scores = classifier.scores("my elbow hurts", embed(["my elbow hurts"])[0])
    assert scores["red"] > 0.5
    assert sum(scores.values()) == pytest.approx(1.0)
    assert (held_out.argmax(axis=1) == [classifier.labels.index(one) for one in LABELS]).mean() > 0.9


def test_the_same_examples_give_the_same_weights(fitted, embed):
    again, _ = fit(TEXTS, embed(TEXTS), LABELS)
    assert np.array_equal(again.dense, fitted[0].dense) and np.array_equal(again.hashed, fitted[0].hashed)


def test_what_is_saved_scores_the_same_to_the_last_bit(fitted, embed, tmp_path):
    fitted[0].save(tmp_path / "gate.npz")
    loaded = Classifier.load(tmp_path / "gate.npz")
    vector = embed(["does my knee click"])[0]
    assert loaded.scores("does my knee click", vector) == fitted[0].scores("does my knee click", vector)


def test_features_are_unit_length_fold_case_and_see_whole_words_before_parts():
    buckets, weights = hashed_features("My knee")
    assert (weights**2).sum() == pytest.approx(1.0)
    assert buckets.max() < BUCKETS
    assert set(buckets) == set(hashed_features("my KNEE")[0])
    assert set(hashed_features("mine")[0]) != set(hashed_features("my")[0])


def test_an_empty_text_has_features_too():
    buckets, weights = hashed_features("")
    assert len(buckets) == len(weights) == 1


def test_bar_curves_count_what_reaches_each_bar():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    curve = {one["bar"]: one for one in bar_curves(("a", "b"), scores, ["a", "a", "b"])["a"]}
    assert curve[0.5] == {"bar": 0.5, "reached by its own": 0.5, "reached by others": 0.0}
    assert curve[0.2]["reached by others"] == 1.0
