"""Fits the scale of retrieval scores and chooses its threshold on held-out questions of the site's own content.

Questions that should be quoted are the phrasings, each asked with itself taken out of the index. Questions that should
not are the examples labelled as not covered, and each phrasing once more with its whole passage taken out: as near to the
site's subject as an uncovered question can be, whatever that subject is. The examples may speak of things that this
site covers after all; so it will do if the other kind is hardly quoted to. No test question is ever used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from index.classify import FOLDS, fold_of
from index.encode import Vectors
from index.search import FEATURES, TERMS, Evidence, Scale, Searcher

# What retrieval alone may at most do (the gate stops much of it as well): quote to held-out questions that are not
# covered, of either kind; quote another passage to those that are; quote something when the right passage is missing. The
# last two are loose because pages repeat themselves: "another passage" often answers too.
UNCOVERED = {"outside": 0.02, "missing": 0.04}  # one of the two must hold
RATES = {"wrong": 0.25, "missing": 0.50}
LEAST = 0.25  # nothing is quoted with a lower chance of being right; held-out phrasings are harder than real questions
MISSING_WEIGHT = 0.3  # of a question whose passage was taken out, as some other passage may rightly answer it
MIN_QUESTIONS = 60  # fewer held-out questions say too little: the default scale is used
CANDIDATES = 5  # passages of each question that the scale is fitted on
# For a site with few phrasings: the scale was fitted as below on the KneeCare content with one phrasing left to each passage, on
# what is held out for calibration (508 phrasings, 1,917 uncovered examples, layers of 2026-11-26). The threshold was chosen on
# the validation questions asked of such a build (105 phrasings, layers of 2026-11-27): 21 of 148 quotes are of another
# passage, 1 of 90 uncovered questions is quoted to, 127 of 246 covered ones get the right quote.
DEFAULT_SCALE = Scale.linear((2.2, 1.7, 7.7, 2.95, 4.3, 0.1, 0.35, -4.4, 0.0), bias=-6.27)
DEFAULT_THRESHOLD = 0.35


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its vector, (dim,), and what a passage classifier that never saw it makes of it, by passage id."""

    text: str
    vector: Vectors
    chances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A scale, the threshold chosen on it, and the figures it was chosen from."""

    scale: Scale
    threshold: float
    report: dict[str, Any]


def calibrate(
    searcher: Searcher, phrased: Sequence[tuple[int, Asked]], outside: Sequence[tuple[int, Asked]]
) -> Calibration:
    """Fit the scale and choose the threshold.

    phrased: phrasings, each with its row among the searcher's units. outside: questions that must not be quoted to, each
    with its row among the searcher's.
    """
    if len(phrased) < MIN_QUESTIONS or len(outside) < MIN_QUESTIONS:
        return Calibration(
            DEFAULT_SCALE, DEFAULT_THRESHOLD, {"fitted": False, "questions": len(phrased), "outside": len(outside)}
        )
    trials = list(_trials(searcher, phrased, outside))
    best = _held_out(trials)
    threshold, curve = choose_threshold(best)
    right = [one.right for one in best if one.kind is Kind.COVERED]
    report = {
        "fitted": True,
        "questions": len(phrased),
        "right first": round(float(np.mean(right)), 4),
        "outside": len(outside),
        "rates allowed": {"uncovered": UNCOVERED, **RATES},
        "features": list(FEATURES),
        "curve": curve,
    }
    return Calibration(_fitted(trials), threshold, report)


class Kind(StrEnum):
    """Whether a passage answers a question: one does, none does, or the one that does was taken out."""

    COVERED = "covered"
    OUTSIDE = "outside"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Trial:
    """A question as it was searched for. features: (m, len(FEATURES)), of its best passages; right: (m,), which answers."""

    kind: Kind
    text: str
    features: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Best:
    """The best passage of a question: its held-out score, and whether it answers."""

    kind: Kind
    score: float
    right: bool


def _trials(
    searcher: Searcher, phrased: Sequence[tuple[int, Asked]], outside: Sequence[tuple[int, Asked]]
) -> Iterator[Trial]:
    for (row, one), near in zip(phrased, searcher.nearest(np.stack([one.vector for _, one in phrased])), strict=True):
        passage = searcher.passage_of(row)
        yield _trial(Kind.COVERED, one, searcher.evidence(one.text, near, one.chances, left_out=row), passage)
        without = searcher.evidence(one.text, near, one.chances, left_out=row, without=passage)
        yield _trial(Kind.MISSING, one, without, passage)
    beyond = searcher.nearest(np.stack([one.vector for _, one in outside]))
    for (row, one), near in zip(outside, beyond, strict=True):
        found = searcher.evidence(one.text, near, one.chances, left_outside=row)
        yield _trial(Kind.OUTSIDE, one, found, passage=None)


def _trial(kind: Kind, one: Asked, evidence: Evidence, passage: int | None) -> Trial:
    right = np.array([found == passage for found in evidence.passages[:CANDIDATES]], dtype=np.bool_)
    return Trial(kind, one.text, evidence.values[:CANDIDATES], right)


def choose_threshold(best: Sequence[Best]) -> tuple[float, list[dict[str, float]]]:
    """The lowest threshold from LEAST on that keeps all rates, and the whole curve.

    Coverage is the share of covered questions that would be quoted rightly. A site of one passage has none missing.
    """
    scores = {kind: np.array([one.score for one in best if one.kind is kind]) for kind in Kind}
    right = np.array([one.right for one in best if one.kind is Kind.COVERED])
    curve = []
    for step in range(1, 100):
        quoted = {kind: scores[kind] >= step / 100 for kind in Kind}
        asked = quoted[Kind.COVERED]
        beyond = {str(kind): quoted[kind].mean() for kind in (Kind.OUTSIDE, Kind.MISSING) if len(quoted[kind])}
        point = {
            "coverage": (asked & right).mean(),
            "wrong": (asked & ~right).sum() / max(1, asked.sum()),
            **beyond,
        }
        curve.append({"threshold": step / 100, **{name: round(float(value), 4) for name, value in point.items()}})
    kept = (one["threshold"] for one in curve if one["threshold"] >= LEAST and _keeps_rates(one))
    return next(kept, 0.99), curve


def _keeps_rates(point: Mapping[str, float]) -> bool:
    is_seldom = any(point.get(kind, 1.0) <= rate for kind, rate in UNCOVERED.items())
    return is_seldom and all(point.get(name, 0.0) <= rate for name, rate in RATES.items())


def _held_out(trials: Sequence[Trial]) -> list[Best]:
    """The best passage of each question, scored by a fit that never saw the question."""
    folds = [fold_of(f"scale {one.text}") for one in trials]  # what the layers never saw is all of one plain fold
    scales = [_fitted([one for one, its in zip(trials, folds, strict=True) if its != fold]) for fold in range(FOLDS)]
    best = []
    for one, fold in zip(trials, folds, strict=True):
        if not len(one.features):
            continue  # its passage was the only one near it
        scores = scales[fold].scores(one.features)
        row = int(np.argmax(scores))
        best.append(Best(one.kind, float(scores[row]), bool(one.right[row])))
    return best


def _fitted(trials: Sequence[Trial]) -> Scale:
    from sklearn.linear_model import LogisticRegression

    features = np.concatenate([one.features for one in trials])
    right = np.concatenate([one.right for one in trials])
    weights = np.concatenate(
        [np.full(len(one.right), MISSING_WEIGHT if one.kind is Kind.MISSING else 1.0) for one in trials]
    )
    deviations = np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    plain = Scale(tuple(features.mean(axis=0).tolist()), tuple(deviations.tolist()), (0.0,) * TERMS, bias=0.0)
    model = LogisticRegression(max_iter=3000).fit(plain.terms(features), right, sample_weight=weights)
    return replace(plain, weights=tuple(model.coef_[0].tolist()), bias=float(model.intercept_[0]))
