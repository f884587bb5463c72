"""Turns what speaks for a passage into one chance that quoting it is right: the same scale for every site.

It was fitted on visitors' questions to teaching clinics, each asked of an encoder that had not been taught that clinic
(`python -m index.tune scale`), and its threshold was chosen on other clinics by other writers. A site's own phrasings are
evidence that raises a score; they never change the scale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.model import ModelError

# What is known of a passage and a question. Of the passage: cosine of its best sentence, of its heading and text together, of
# its best question or phrasing, the mean of its best three, how many it has; the share of the question's telling words
# it holds; how far it stands before the next. Of the question: its words that no passage holds, its length, the cosine of
# the nearest question known not to be covered.
FEATURES = (
    "statement",
    "whole",
    "question",
    "questions",
    "asked",
    "words",
    "lead",
    "unknown",
    "length",
    "outside",
)
SCALES = Path(__file__).parent / "scales.json"
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """A logistic regression over FEATURES and their products, two by two; what reaches `threshold` may be quoted.

    means, deviations: (len(FEATURES),), of what it was fitted on; weights: one for each of `terms`.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float

    def scores(self, values: Values) -> Values:
        """The chance, (m,), that each passage answers. values: (m, len(FEATURES))."""
        logits = terms(values, np.asarray(self.means), np.asarray(self.deviations)) @ np.asarray(self.weights)
        return np.asarray(1 / (1 + np.exp(-(logits + self.bias))), dtype=np.float64)


def terms(values: Values, means: Values, deviations: Values) -> Values:
    """The standardised features, then their products and squares, (m, n + n (n + 1) / 2). values: (m, n)."""
    standard = (values - means) / deviations
    one, other = np.triu_indices(values.shape[1])
    return np.hstack([standard, standard[:, one] * standard[:, other]])


@lru_cache(maxsize=1)
def load_scales(path: Path = SCALES) -> dict[str, Scale]:
    """The scales that ship: "tuned" for the default model with its tuned layers, "plain" for any other. Raises ModelError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {name: read_scale(stored[name]) for name in ("tuned", "plain")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: no scales here ({error}). Reinstall the package; `index.tune` makes the file."
        ) from error


def read_scale(stored: dict[str, object]) -> Scale:
    """A scale from its JSON. Raises KeyError, TypeError or ValueError."""
    means, deviations, weights = (
        tuple(float(one) for one in stored[name])  # type: ignore[attr-defined]
        for name in ("means", "deviations", "weights")
    )
    n = len(FEATURES)
    if not len(means) == len(deviations) == n or len(weights) != n + n * (n + 1) // 2:
        raise ValueError(f"a scale of {len(means)} features, {len(FEATURES)} expected")
    return Scale(means, deviations, weights, float(str(stored["bias"])), float(str(stored["threshold"])))
