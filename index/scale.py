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
from typing import Any

import numpy as np
import numpy.typing as npt

from index.model import ModelError

# What is known of a passage and a question. Of the passage: cosine of its best sentence, of its heading and text together, of
# its best question or phrasing, of its best ask of the bank, the means of the best three of each, how many of both it has; the
# share of the question's telling words it holds; how far it stands before the next. Of the question: its words that no passage
# holds, its length, the cosine of the nearest question known not to be covered.
FEATURES = (
    "statement",
    "whole",
    "question",
    "ask",
    "questions",
    "asks",
    "asked",
    "words",
    "lead",
    "unknown",
    "length",
    "outside",
)
SCALES = Path(__file__).parent / "scales.json"
Values = npt.NDArray[np.float64]


# What is known once the best passage was read together with the question: the logit of its nearness, that of the cross
# layers, and of the features above those that say how far either may be believed.
KEPT = ("question", "ask", "questions", "asks", "asked", "lead", "outside")
CROSS_FEATURES = ("near", "cross", *KEPT)
# Of the likeliest passages that many are read, and of those after the first the ones at least so likely beside it.
READ, BESIDE = 2, 0.25
_KEPT_COLUMNS = [FEATURES.index(name) for name in KEPT]


@dataclass(frozen=True, slots=True)
class Regression:
    """A logistic regression over some features, or over them and their products, two by two.

    means, deviations: (n,), of what it was fitted on; weights: one for each feature or each of `terms`.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def logits(self, values: Values) -> Values:
        """(m,). values: (m, n)."""
        found = terms(values, np.asarray(self.means), np.asarray(self.deviations))[:, : len(self.weights)]
        return np.asarray(found @ np.asarray(self.weights) + self.bias, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Scale:
    """The chance that quoting a passage is right; what reaches `threshold` may be quoted.

    near: over FEATURES and their products; cross: over CROSS_FEATURES alone, for the passages that were read together with the
    question, where the model has layers for that. A product would turn what speaks for a passage against it on a page unlike
    those it was fitted on: one with a single passage has a lead that none of them has.
    """

    near: Regression
    cross: Regression | None
    threshold: float

    def scores(self, values: Values) -> Values:
        """The chance, (m,), that each passage answers, by its nearness. values: (m, len(FEATURES))."""
        return chances(self.near.logits(values))

    def score_read(self, values: Values, logits: Values) -> Values:
        """The chance, (m,), that each passage answers, as `cross` has it. logits: (m,), what the cross layers say of each."""
        assert self.cross is not None
        return chances(self.cross.logits(read_values(self.near.logits(values), logits, values)))


def read_values(near: Values, cross: Values, values: Values) -> Values:
    """CROSS_FEATURES of passages, (m, len(CROSS_FEATURES)). near, cross: (m,), logits; values: (m, len(FEATURES))."""
    return np.column_stack([near, cross, values[:, _KEPT_COLUMNS]])


def worth_reading(near: Values) -> int:
    """How many of some passages are read together with the question. near: (m,), their chances by nearness, falling."""
    return int((near[:READ] >= BESIDE * near[:1]).sum())


def chances(logits: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float64)


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


def shipped_curve(threshold: float) -> list[dict[str, float]]:
    """What the scale with this threshold does on clinics that taught nothing (scales_report.json); empty for a foreign one.

    For each threshold: "right", the share of covered questions that get a right quote; "wrong", that of wrong quotes among
    those shown; "outside", that of uncovered questions that would be quoted to.
    """
    report = json.loads(SCALES.with_name("scales_report.json").read_text(encoding="utf-8"))
    kinds = (kind for kind, scale in load_scales().items() if scale.threshold == threshold)
    curve: list[dict[str, float]] = report["curves"].get(next(kinds, ""), [])
    return curve


def read_scale(stored: dict[str, Any]) -> Scale:
    """A scale from its JSON. Raises KeyError, TypeError or ValueError."""
    cross = stored["cross"] and _read(stored["cross"], len(CROSS_FEATURES))
    return Scale(_read(stored["near"], len(FEATURES)), cross, float(stored["threshold"]))


def _read(stored: dict[str, Any], n: int) -> Regression:
    means, deviations, weights = (tuple(map(float, stored[name])) for name in ("means", "deviations", "weights"))
    if not len(means) == len(deviations) == n or len(weights) not in {n, n + n * (n + 1) // 2}:
        raise ValueError(f"a scale of {len(means)} features, {n} expected")
    return Regression(means, deviations, weights, float(stored["bias"]))
