"""Fits the scale of retrieval scores and chooses its threshold on held-out questions of the site's own content.

Questions that should be quoted are the phrasings, each asked with itself taken out of the index. Questions that should
not are the examples labelled as not covered. No test question is ever used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.encode import Vectors
from index.search import FEATURES, Scale, Searcher
from index.units import Unit

# Retrieval alone may quote at most this share of the held-out questions that are not covered (the gate stops most of
# them as well), and of what it quotes to covered ones at most this share may be another passage. The second is loose
# because pages repeat themselves: "another passage" often answers too.
OUTSIDE_RATE = 0.10
WRONG_RATE = 0.25
MIN_QUESTIONS = 60  # fewer held-out questions say too little: the default scale is used
# Fitted on the KneeCare content (`advocate build`, report.json, 2026-11-22); used where a site has few phrasings.
DEFAULT_SCALE = Scale(weights=(0.0, 5.0, 1.0, 2.7, 6.5, 0.1, 1.2), bias=-6.35)
DEFAULT_THRESHOLD = 0.40


@dataclass(frozen=True, slots=True)
class Calibration:
    """A scale, the threshold chosen on it, and the figures it was chosen from."""

    scale: Scale
    threshold: float
    report: dict[str, Any]


def calibrate(
    searcher: Searcher, units: Sequence[Unit], vectors: Vectors, outside: Sequence[tuple[str, Vectors]]
) -> Calibration:
    """Fit the scale and choose the threshold. vectors: (units, dim), theirs; outside: texts that must not be quoted."""
    asked = [row for row, unit in enumerate(units) if unit.asks and unit.span is not None]
    if len(asked) < MIN_QUESTIONS or len(outside) < MIN_QUESTIONS:
        return Calibration(
            DEFAULT_SCALE, DEFAULT_THRESHOLD, {"fitted": False, "questions": len(asked), "outside": len(outside)}
        )
    found = [(searcher.evidence(units[row].text, vectors[row], left_out=row), units[row].passage) for row in asked]
    values = [one.values[0] for one, _ in found] + [
        searcher.evidence(text, vector).values[0] for text, vector in outside
    ]
    right = [one.passages[0] == passage for one, passage in found] + [False] * len(outside)
    features, wanted = np.array(values), np.array(right)
    scores = _held_out_scores(features, wanted)
    threshold, curve = choose_threshold(scores, wanted, covered=len(asked))
    report = {
        "fitted": True,
        "questions": len(asked),
        "right first": round(float(np.mean(right[: len(asked)])), 4),
        "outside": len(outside),
        "outside rate allowed": OUTSIDE_RATE,
        "wrong rate allowed": WRONG_RATE,
        "features": list(FEATURES),
        "curve": curve,
    }
    return Calibration(_fitted(features, wanted), threshold, report)


def choose_threshold(
    scores: npt.NDArray[Any], right: npt.NDArray[Any], *, covered: int
) -> tuple[float, list[dict[str, float]]]:
    """The lowest of 99 thresholds that keeps both rates, and the whole curve.

    scores: (n,), held out; right: (n,), whether the best passage answers. The first `covered` are covered questions,
    the rest are not. Coverage is the share of covered questions that would be quoted rightly.
    """
    curve = []
    for step in range(1, 100):
        quoted = scores >= step / 100
        asked, outside = quoted[:covered], quoted[covered:]
        wrong = (asked & ~right[:covered]).sum() / max(1, asked.sum())
        point = {"coverage": (asked & right[:covered]).mean(), "wrong": wrong, "outside": outside.mean()}
        curve.append({"threshold": step / 100, **{name: round(float(value), 4) for name, value in point.items()}})
    kept = (one for one in curve if one["wrong"] <= WRONG_RATE and one["outside"] <= OUTSIDE_RATE)
    return next((one["threshold"] for one in kept), 0.99), curve


def _held_out_scores(features: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    chances = cross_val_predict(
        LogisticRegression(C=100, max_iter=2000), features, wanted, cv=folds, method="predict_proba"
    )
    return np.asarray(chances[:, 1], dtype=np.float64)


def _fitted(features: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Scale:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100, max_iter=2000).fit(features, wanted)
    return Scale(tuple(float(one) for one in model.coef_[0]), float(model.intercept_[0]))
