"""A plain text classifier: labelled examples in, calibrated scores out. It does not know what its labels mean.

Multinomial logistic regression over two views of a text: its sentence vector, and hashed word and character n-grams.
The vector knows meaning; the n-grams know that "my" and "mine" make a question personal.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from index.encode import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUCKETS = 1 << 15
WORD_WEIGHT = 2.0
CHARACTERS = (3, 4, 5)
INVERSE_REGULARISATION = 5.0
FOLDS = 5
MANY = 4_000_000
SEED = 20261122
Scores = npt.NDArray[np.float64]
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|\?")


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights of a fitted classifier. dense: (labels, dim); hashed: (labels, BUCKETS or 0); bias: (labels,)."""

    labels: tuple[str, ...]
    dense: Vectors
    hashed: Vectors
    bias: Vectors
    temperature: float

    def scores(self, text: str, vector: Vectors) -> dict[str, float]:
        """The calibrated chance of each label; they sum to 1. vector: (dim,), the text's."""
        logits = self.dense @ vector + self.bias
        if self.hashed.size:
            buckets, weights = hashed_features(text)
            logits = logits + self.hashed[:, buckets] @ weights
        return dict(zip(self.labels, _softmax(logits[None, :] / self.temperature)[0].tolist(), strict=True))

    def save(self, path: Path) -> None:
        np.savez(
            path,
            labels=np.array(self.labels),
            dense=self.dense,
            hashed=self.hashed.astype(np.float16),
            bias=self.bias,
            temperature=np.array(self.temperature),
        )

    @classmethod
    def load(cls, path: Path) -> Classifier:
        """Read a saved classifier. Raises OSError, KeyError or ValueError for anything else."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return cls(
                labels=tuple(stored["labels"].tolist()),
                dense=stored["dense"],
                hashed=stored["hashed"].astype(np.float32),
                bias=stored["bias"],
                temperature=float(stored["temperature"]),
            )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier, and the scores, (n, labels), that fits which never saw them gave its examples.

    None are scored, (0, labels), where nothing can be held out.
    """

    classifier: Classifier
    held_out: Scores


def fit(
    texts: Sequence[str],
    vectors: Vectors,
    labels: Sequence[str],
    *,
    strength: float = INVERSE_REGULARISATION,
    holds_out: bool = True,
) -> Fitted:
    """Fit a classifier and, where holds_out, score its own examples held out: in 5 folds, each by a fit that never saw it.

    The temperature is the one that makes the held-out scores most likely, else 1. strength: of the fit to the examples,
    the inverse of its regularisation. Past MANY texts times labels the vectors must do: n-grams would take many gigabytes.
    Deterministic for the same input.
    """
    known = tuple(sorted(set(labels)))
    wanted = np.array([known.index(label) for label in labels])
    views: list[Any] = [vectors.astype(np.float64)]
    if len(texts) * len(known) <= MANY:
        views.append(_ngrams(texts))
    folds = np.array([fold_of(text) for text in texts])
    shown = [folds != fold for fold in range(FOLDS)] if holds_out else []
    *models, model = _fitted_on([*shown, folds >= 0], views, wanted, len(known), strength)
    held_out, temperature = np.zeros((0, len(known))), 1.0
    if holds_out:
        logits = np.zeros((len(texts), len(known)))
        for rows, weights in zip(shown, models, strict=True):
            logits[~rows] = _logits([view[~rows] for view in views], weights)
        temperature = _best_temperature(logits, wanted)
        held_out = _softmax(logits / temperature)
    dense, hashed, bias = np.split(model.T.astype(np.float32), [vectors.shape[1], -1], axis=1)
    hashed = hashed.astype(np.float16).astype(np.float32)  # as it will be stored
    return Fitted(Classifier(known, dense, hashed, bias[:, 0], temperature), held_out)


def blank(dim: int, labels: tuple[str, ...]) -> Classifier:
    """A classifier that knows nothing: every label is as likely as the others."""
    rows = len(labels)
    zeros = np.zeros
    return Classifier(
        labels, zeros((rows, dim), np.float32), zeros((rows, BUCKETS), np.float32), zeros(rows, np.float32), 1.0
    )


def hashed_features(text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Buckets and weights, of length 1, of a text's words, word pairs, and characters within words."""
    words = _WORD.findall(text.casefold().replace("’", "'"))
    pairs = zip(["^", *words], [*words, "$"], strict=True)
    # Each once, in the order read: the same text must give the same sums in every process.
    found = dict.fromkeys([*(f"w {word}" for word in words), *(f"p {one} {other}" for one, other in pairs)])
    gathered: dict[int, float] = {}
    for feature in found:
        bucket = zlib.crc32(feature.encode()) % BUCKETS
        gathered[bucket] = gathered.get(bucket, 0.0) + WORD_WEIGHT
    for feature in dict.fromkeys(f"c {part}" for word in words for part in _parts(f"<{word[:40]}>")):
        bucket = zlib.crc32(feature.encode()) % BUCKETS
        gathered[bucket] = gathered.get(bucket, 0.0) + 1.0
    weights = np.array(list(gathered.values()), dtype=np.float32)
    length = float(np.sqrt((weights**2).sum())) or 1.0
    return np.array(list(gathered), dtype=np.int64), weights / np.float32(length)


def _parts(word: str) -> list[str]:
    return [word[start : start + size] for size in CHARACTERS for start in range(len(word) - size + 1)]


def _ngrams(texts: Sequence[str]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    rows = [hashed_features(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    columns = np.concatenate([buckets for buckets, _ in rows])
    values = np.concatenate([weights for _, weights in rows]).astype(np.float64)
    return csr_matrix((values, columns, starts), shape=(len(texts), BUCKETS))


def fold_of(text: str) -> int:
    """The fold a text is held out in: by its own hash, so that adding an example moves no other."""
    return zlib.crc32(text.encode()) % FOLDS


def _fitted_on(
    subsets: Sequence[npt.NDArray[np.bool_]],
    views: Sequence[Any],
    wanted: npt.NDArray[np.int64],
    labels: int,
    strength: float,
) -> list[Scores]:
    """Weights of a fit to each subset of the rows, side by side; see `_regression`."""
    from threadpoolctl import threadpool_limits

    def fitted(rows: npt.NDArray[np.bool_]) -> Scores:
        return _regression([view[rows] for view in views], wanted[rows], labels, strength)

    # One thread a fit: sums in one order, whatever the machine and its load.
    with threadpool_limits(limits=1), ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(fitted, subsets))


def _regression(views: Sequence[Any], wanted: npt.NDArray[np.int64], labels: int, strength: float) -> Scores:
    """Multinomial logistic regression by L-BFGS: weights, (features + 1, labels), the last row the bias.

    views: matrices, dense or sparse, (rows, features) in all; wanted: (rows,), indices of labels. Least is the mean of
    the log loss and of the squared weights over twice the strength, as in scikit-learn, which would take vectors and
    n-grams as one sparse matrix: five times slower than each in its own form.
    """
    from scipy.optimize import minimize

    rows, every = len(wanted), np.arange(len(wanted))
    shape = (sum(view.shape[1] for view in views) + 1, labels)
    if not rows:
        return np.zeros(shape)

    def loss(flat: Scores) -> tuple[float, Scores]:
        weights = flat.reshape(shape)
        chances = _softmax(_logits(views, weights))
        likelihood = np.log(chances[every, wanted] + 1e-300).mean()
        chances[every, wanted] -= 1
        slope = np.vstack([*(view.T @ chances for view in views), chances.sum(axis=0)]) / rows
        slope[:-1] += weights[:-1] / (strength * rows)
        return float((weights[:-1] ** 2).sum() / (2 * strength * rows) - likelihood), slope.ravel()

    start = np.zeros(shape).ravel()
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "maxls": 50, "gtol": 1e-3})
    return np.asarray(best.x, dtype=np.float64).reshape(shape)


def _logits(views: Sequence[Any], weights: Scores) -> Scores:
    ends = np.cumsum([view.shape[1] for view in views])
    logits: Scores = weights[-1]
    for view, part in zip(views, np.split(weights[:-1], ends[:-1]), strict=True):
        logits = logits + view @ part
    return logits


def _best_temperature(logits: Scores, wanted: npt.NDArray[np.int64]) -> float:
    candidates = np.geomspace(0.3, 3.0, 47)
    rows = np.arange(len(wanted))
    losses = [-np.log(_softmax(logits / one)[rows, wanted] + 1e-12).mean() for one in candidates]
    return float(candidates[int(np.argmin(losses))])


def _softmax(logits: npt.NDArray[Any]) -> Scores:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)
