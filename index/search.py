"""Ranks passages for a question: dense and lexical evidence, joined into one calibrated score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.classify import Classifier
from index.encode import Vectors
from index.store import VectorStore
from index.units import Unit
from index.words import Spelling, WordCounts
from kb.reading.sentences import Span

NEAREST_UNITS = 256
BEST_QUESTIONS = 3  # of a passage, whose mean cosine counts
AT_ONCE = 256  # questions searched for together
FEATURES = ("question", "questions", "statement", "words", "lead", "unknown", "length", "outside", "chance")
TERMS = len(FEATURES) + len(FEATURES) * (len(FEATURES) + 1) // 2  # the features, their products and squares
NONE = "none"  # what the passage classifier calls a question that no passage answers
LEAST_CHANCE = 1e-6  # chances of the passage classifier below this are all alike


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. `score` is the calibrated chance that quoting it is right; `span` what answers."""

    passage: int
    score: float
    span: Span | None


@dataclass(frozen=True, slots=True)
class Nearest:
    """Rows nearest to a question, best first, with their cosine: of units, and of questions known not to be covered."""

    units: Sequence[tuple[int, float]]
    outside: Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each of some passages: `values` is (m, len(FEATURES)), best first by `blend`."""

    passages: tuple[int, ...]
    values: npt.NDArray[np.float64]
    spans: tuple[Span | None, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns evidence into a chance: a logistic regression over FEATURES and their products, two by two.

    The products know that a telling word counts for more where a question is near, too. means, deviations:
    (len(FEATURES),), of what it was fitted on; weights: one for each of `terms`.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def linear(cls, weights: Sequence[float], bias: float) -> Scale:
        """A scale that heeds no products. weights: (len(FEATURES),), of the features as they are."""
        even, rest = (1.0,) * len(FEATURES), (0.0,) * (TERMS - len(FEATURES))
        return cls(means=(0.0,) * len(FEATURES), deviations=even, weights=(*weights, *rest), bias=bias)

    def scores(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The chance, (m,), that each passage answers. values: (m, len(FEATURES))."""
        logits = self.terms(values) @ np.asarray(self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float64)

    def terms(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The standardised features, then their products and squares: (m, TERMS). values: (m, len(FEATURES))."""
        standard = (values - np.asarray(self.means)) / np.asarray(self.deviations)
        one, other = np.triu_indices(len(FEATURES))
        return np.hstack([standard, standard[:, one] * standard[:, other]])


class Searcher:
    """Finds the passages of one build."""

    def __init__(
        self,
        units: Sequence[Unit],
        passages: Sequence[str],
        store: VectorStore,
        scale: Scale,
        classifier: Classifier,
        outside: VectorStore,
    ) -> None:
        """passages: their ids. classifier: tells by whole questions which passage is asked for, or NONE. outside:
        questions that no passage answers."""
        self._units = units
        self._passages = passages
        self._classifier = classifier
        self._outside = outside
        self._store = store
        self._scale = scale
        self._spelling = Spelling(unit.text for unit in units if not unit.asks)
        self._counts = WordCounts(len(passages), ((unit.passage, unit.text) for unit in units))

    def corrected(self, text: str) -> str:
        """The text as it should be searched for: slips in words of the site's pages put right."""
        return self._spelling.corrected(text)

    def search(self, text: str, vector: Vectors) -> list[Hit]:
        """Passages near a question, best first. vector: (dim,), the question's. Ties keep the order of the blend."""
        near = next(self.nearest(vector.reshape(1, -1)))
        evidence = self.evidence(text, near, self._classifier.scores(text, vector))
        scores = self._scale.scores(evidence.values)
        order = np.argsort(-scores, kind="stable")
        return [Hit(evidence.passages[row], float(scores[row]), evidence.spans[row]) for row in order]

    def passage_of(self, row: int) -> int:
        """The passage a unit belongs to."""
        return self._units[row].passage

    def nearest(self, vectors: Vectors) -> Iterator[Nearest]:
        """What stands nearest to each question. vectors: (n, dim), the questions'."""
        for start in range(0, len(vectors), AT_ONCE):
            asked = vectors[start : start + AT_ONCE]
            found, beyond = self._store.nearest(asked, NEAREST_UNITS + 1), self._outside.nearest(asked, 2)
            for units, cosines, outside, likeness in zip(*found, *beyond, strict=True):
                yield Nearest(_pairs(units, cosines), _pairs(outside, likeness))

    def evidence(
        self,
        text: str,
        near: Nearest,
        chances: Mapping[str, float],
        *,
        left_out: int | None = None,
        left_outside: int | None = None,
        without: int | None = None,
    ) -> Evidence:
        """What speaks for the passages nearest to a question.

        chances: what the passage classifier makes of it, by passage id and NONE. left_out, left_outside: position of a
        unit, or of an uncovered example, that must not count, when it is itself the question being tested. without: a
        passage to search as if the pages had not held it.
        """
        pairs = [(row, cosine) for row, cosine in near.units if row != left_out and self._units[row].passage != without]
        passages, dense, spans = self._by_passage(pairs)
        blend = dense @ np.array([0.3, 0.5, 0.2])
        order = np.argsort(-blend, kind="stable")
        unit = self._units[left_out] if left_out is not None else None
        held, unknown = self._counts.shares(text, passages, (unit.passage, unit.text) if unit else None)
        lead = blend - np.where(
            np.arange(len(order)) == order[0], blend[order[1]] if len(order) > 1 else 0.0, blend[order[0]]
        )
        outside = next((cosine for row, cosine in near.outside if row != left_outside), 0.0)
        length = min(len(text.split()), 30) / 10
        of_question = np.tile([unknown, length, outside], (len(order), 1))
        # A passage that nobody phrased a question for is part of NONE to the classifier.
        chance = [chances.get(self._passages[one], chances[NONE]) for one in passages]
        values = np.column_stack([dense, held, lead, of_question, np.log(np.maximum(chance, LEAST_CHANCE))])
        return Evidence(tuple(passages[row] for row in order), values[order], tuple(spans[row] for row in order))

    def _by_passage(
        self, pairs: Sequence[tuple[int, float]]
    ) -> tuple[list[int], npt.NDArray[np.float64], list[Span | None]]:
        """Per passage: cosine of its best question, mean of its best three, of its best statement; and what answers."""
        asked: dict[int, list[float]] = {}
        stated: dict[int, float] = {}
        spans: dict[int, Span | None] = {}
        for row, cosine in pairs:
            unit = self._units[row]
            best = asked.setdefault(unit.passage, [])
            if not unit.asks:
                stated.setdefault(unit.passage, cosine)
            elif len(best) < BEST_QUESTIONS:
                best.append(cosine)
            if unit.span is not None or (unit.asks and unit.passage not in spans):
                spans.setdefault(unit.passage, unit.span)  # an FAQ's own question is answered by the whole
        floor = pairs[-1][1] if pairs else 0.0
        dense = [
            (max(best, default=floor), sum(best) / len(best) if best else floor, stated.get(passage, floor))
            for passage, best in asked.items()
        ]
        return [*asked], np.array(dense, dtype=np.float64).reshape(len(asked), 3), [spans.get(one) for one in asked]


def _pairs(rows: npt.NDArray[np.int64], cosines: Vectors) -> list[tuple[int, float]]:
    return list(zip(rows.tolist(), cosines.tolist(), strict=True))
