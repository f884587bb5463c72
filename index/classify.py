"""A plain text classifier: labelled examples in, calibrated scores out. It does not know what its labels mean.

Multinomial logistic regression over two views of a text: its sentence vector, and hashed word and character n-grams.
The vector knows meaning; the n-grams know that "my" and "mine" make a question personal.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from index.encoding.encode import Vectors

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


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Classifier:
    """Weights of a fitted classifier. dense: (labels, dim); hashed: (labels, BUCKETS or 0); bias: (labels,)."""

    labels: tuple[str, ...]
    dense: Vectors
    hashed: Vectors
    bias: Vectors

    def scores(self, text: str, vector: Vectors) -> dict[str, float]:
        """The calibrated chance of each label; they sum to 1. vector: (dim,), the text's."""
        logits = self.dense @ vector + self.bias
        if self.hashed.size:
            buckets, weights = hashed_features(text)
            logits = logits + self.hashed[:, buckets] @ weights
        return dict(zip(self.labels, _softmax(logits[None, :])[0].tolist(), strict=True))

    def save(self, path: Path) -> None:
        np.savez(
            path,
            labels=np.array(self.labels),
            dense=self.dense,
            hashed=self.hashed.astype(np.float16),
            bias=self.bias,
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
            )


def fit(
    texts: Sequence[str],
    vectors: Vectors,
    labels: Sequence[str],
    *,
    strength: float = INVERSE_REGULARISATION,
    prior: Classifier | None = None,
) -> Classifier:
    """Fit a classifier to examples; with a prior, move the prior as little as they ask for (a Gaussian prior on its weights).

    strength: of the fit to the examples, the inverse of its regularisation. Past MANY texts times labels the vectors must
    do: n-grams would take many gigabytes. Deterministic for the same input. Raises ValueError for a label the prior lacks.
    """
    known = prior.labels if prior is not None else tuple(sorted(set(labels)))
    if unknown := set(labels) - set(known):
        raise ValueError(f"labels {sorted(unknown)} are none of {', '.join(known)}")
    if prior is not None and not texts:
        return prior
    wanted = np.array([known.index(label) for label in labels])
    views: list[Any] = [vectors.astype(np.float64)]
    if len(texts) * len(known) <= MANY:
        views.append(_ngrams(texts))
    start = _weights_of(prior, len(views) > 1) if prior is not None else None
    with _one_thread():
        weights = _regression(views, wanted, len(known), strength, start)
    dense, hashed, bias = np.split(weights.T.astype(np.float32), [vectors.shape[1], -1], axis=1)
    return Classifier(known, dense, hashed.astype(np.float16).astype(np.float32), bias[:, 0])  # as it will be stored


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
    """The fold a text is held out in: by its own hash, so that adding one moves no other."""
    return zlib.crc32(text.encode()) % FOLDS


def _one_thread() -> Any:
    """Sums in one order, whatever the machine and its load."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _weights_of(prior: Classifier, with_ngrams: bool) -> Scores:
    """A classifier's weights as `_regression` has them: (features + 1, labels), the last row the bias."""
    views = [prior.dense, prior.hashed] if with_ngrams else [prior.dense]
    return np.hstack([*views, prior.bias[:, None]]).T.astype(np.float64)


def _regression(
    views: Sequence[Any], wanted: npt.NDArray[np.int64], labels: int, strength: float, prior: Scores | None = None
) -> Scores:
    """Multinomial logistic regression by L-BFGS: weights, (features + 1, labels), the last row the bias.

    views: matrices, dense or sparse, (rows, features) in all; wanted: (rows,), indices of labels. Least is the mean of
    the log loss and of the squared weights, or of how far they moved from the prior, over twice the strength. scikit-learn
    does the same, but takes vectors and n-grams as one sparse matrix: five times slower than each in its own form.
    """
    from scipy.optimize import minimize

    rows, every = len(wanted), np.arange(len(wanted))
    shape = (sum(view.shape[1] for view in views) + 1, labels)
    middle = np.zeros(shape) if prior is None else prior

    def loss(flat: Scores) -> tuple[float, Scores]:
        weights = flat.reshape(shape)
        chances = _softmax(_logits(views, weights))
        likelihood = np.log(chances[every, wanted] + 1e-300).mean()
        chances[every, wanted] -= 1
        slope = np.vstack([*(view.T @ chances for view in views), chances.sum(axis=0)]) / rows
        away = weights - middle
        if prior is None:
            away[-1] = 0  # how common each label is costs nothing; to move a prior's does
        slope += away / (strength * rows)
        return float((away**2).sum() / (2 * strength * rows) - likelihood), slope.ravel()

    best = minimize(
        loss, middle.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200, "maxls": 50, "gtol": 1e-3}
    )
    return np.asarray(best.x, dtype=np.float64).reshape(shape)


def _logits(views: Sequence[Any], weights: Scores) -> Scores:
    ends = np.cumsum([view.shape[1] for view in views])
    logits: Scores = weights[-1]
    for view, part in zip(views, np.split(weights[:-1], ends[:-1]), strict=True):
        logits = logits + view @ part
    return logits


def _softmax(logits: npt.NDArray[Any]) -> Scores:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)
