"""Fits the scale of retrieval scores and chooses its threshold on held-out questions of the site's own content.

Questions that should be quoted are the phrasings, each asked with itself taken out of the index. Questions that should
not are the examples labelled as not covered, and each phrasing once more with its whole passage taken out: as near to the
site's subject as an uncovered question can be, whatever that subject is. No test question is ever used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from index.encode import Vectors
from index.search import FEATURES, Scale, Searcher

# What retrieval alone may at most do (the gate stops much of it as well): quote to held-out questions that are not
# covered; quote another passage to those that are; quote something when the right passage is missing. The last two are
# loose because pages repeat themselves: "another passage" often answers too.
RATES = {"outside": 0.08, "wrong": 0.25, "missing": 0.50}
LEAST = 0.25  # nothing is quoted with a lower chance of being right; held-out phrasings are harder than real questions
MISSING_WEIGHT = 0.3  # of a question whose passage was taken out, as some other passage may rightly answer it
MIN_QUESTIONS = 60  # fewer held-out questions say too little: the default scale is used
# Fitted on the KneeCare content (`advocate build`, report.json, 2026-11-22); used where a site has few phrasings.
DEFAULT_SCALE = Scale(weights=(0.0, 5.0, 1.0, 2.7, 6.5, 0.1, 1.2, 0.0, 0.0), bias=-6.35)
DEFAULT_THRESHOLD = 0.40


# A question, its vector (dim,), the held-out chance that it is covered, and its own row among units or outside examples.
Asked: TypeAlias = tuple[str, Vectors, float, int]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A scale, the threshold chosen on it, and the figures it was chosen from."""

    scale: Scale
    threshold: float
    report: dict[str, Any]


def calibrate(searcher: Searcher, asked: Sequence[Asked], outside: Sequence[Asked]) -> Calibration:
    """Fit the scale and choose the threshold. asked: the phrasings; outside: questions that must not be quoted to."""
    if len(asked) < MIN_QUESTIONS or len(outside) < MIN_QUESTIONS:
        return Calibration(
            DEFAULT_SCALE, DEFAULT_THRESHOLD, {"fitted": False, "questions": len(asked), "outside": len(outside)}
        )
    found = [searcher.evidence(text, vector, covered, left_out=row) for text, vector, covered, row in asked]
    right = [one.passages[0] == searcher.passage_of(row) for one, (*_, row) in zip(found, asked, strict=True)]
    found += [searcher.evidence(text, vector, covered, left_outside=row) for text, vector, covered, row in outside]
    missing = [
        searcher.evidence(text, vector, covered, left_out=row, without=searcher.passage_of(row))
        for text, vector, covered, row in asked
    ]
    found += [one for one in missing if one.passages]
    features = np.array([one.values[0] for one in found])
    wanted = np.array(right + [False] * (len(found) - len(right)))
    weights = np.full(len(found), MISSING_WEIGHT)
    weights[: len(asked) + len(outside)] = 1.0
    scores = _held_out_scores(features, wanted, weights)
    threshold, curve = choose_threshold(scores, wanted, covered=len(asked), outside=len(outside))
    report = {
        "fitted": True,
        "questions": len(asked),
        "right first": round(float(np.mean(right[: len(asked)])), 4),
        "outside": len(outside),
        "rates allowed": RATES,
        "features": list(FEATURES),
        "curve": curve,
    }
    return Calibration(_fitted(features, wanted, weights), threshold, report)


def choose_threshold(
    scores: npt.NDArray[Any], right: npt.NDArray[Any], *, covered: int, outside: int
) -> tuple[float, list[dict[str, float]]]:
    """The lowest threshold from LEAST on that keeps all rates, and the whole curve.

    scores: (n,), held out; right: (n,), whether the best passage answers. The first `covered` are covered questions, the
    next `outside` are not, the rest are covered ones whose passage was taken out. Coverage is the share of covered
    questions that would be quoted rightly.
    """
    curve = []
    for step in range(1, 100):
        quoted = scores >= step / 100
        asked = quoted[:covered]
        wrong = (asked & ~right[:covered]).sum() / max(1, asked.sum())
        point = {
            "coverage": (asked & right[:covered]).mean(),
            "wrong": wrong,
            "outside": quoted[covered : covered + outside].mean(),
            "missing": quoted[covered + outside :].mean() if len(quoted) > covered + outside else 0.0,
        }
        curve.append({"threshold": step / 100, **{name: round(float(value), 4) for name, value in point.items()}})
    kept = (
        one for one in curve if one["threshold"] >= LEAST and all(one[name] <= rate for name, rate in RATES.items())
    )
    return next((one["threshold"] for one in kept), 0.99), curve


def _held_out_scores(
    features: npt.NDArray[Any], wanted: npt.NDArray[Any], weights: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    from sklearn.model_selection import StratifiedKFold

    chances = np.zeros(len(wanted))
    for taught, held in StratifiedKFold(5, shuffle=True, random_state=0).split(features, wanted):
        scale = _fitted(features[taught], wanted[taught], weights[taught])
        logits = features[held] @ np.asarray(scale.weights) + scale.bias
        chances[held] = 1 / (1 + np.exp(-logits))
    return chances


def _fitted(features: npt.NDArray[Any], wanted: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Scale:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100, max_iter=2000).fit(features, wanted, sample_weight=weights)
    return Scale(tuple(float(one) for one in model.coef_[0]), float(model.intercept_[0]))
