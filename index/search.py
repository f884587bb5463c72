"""Ranks passages for a question: dense and lexical evidence, joined into one score that means the same on every site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.encoding.encode import Vectors
from index.lexical import Spelling, WordCounts
from index.scale import Scale, worth_reading
from index.store import VectorStore
from index.units import Unit, UnitKind, window
from kb.reading.sentences import Span, is_question

NEAREST_UNITS = 256
CANDIDATES = 16  # passages whose evidence is gathered
BEST_QUESTIONS = 3  # of a passage, whose mean cosine counts
PLACE = {
    UnitKind.SENTENCE: 0,
    UnitKind.WHOLE: 1,
    UnitKind.QUESTION: 2,
    UnitKind.PHRASING: 2,
    UnitKind.ASK: 3,
}  # of a unit among its passage's rows
DENSE = 7  # of the features, those that nearness gives
MANY_QUESTIONS = 20  # a passage with so many is as well known as can be


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. `score` is the calibrated chance that quoting it is right; `span` what answers.

    asked: the nearest of the questions that the passage is known to answer; near: the score by nearness alone; values:
    (len(FEATURES),), what speaks for it.
    """

    passage: int
    score: float
    span: Span | None
    asked: str
    near: float
    values: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each of some passages: `values` is (m, len(FEATURES)), the nearest passage first.

    spans: what of each answers; asked: the nearest of the questions that each is known to answer, "" where there is none.
    """

    passages: tuple[int, ...]
    values: npt.NDArray[np.float64]
    spans: tuple[Span | None, ...]
    asked: tuple[str, ...]


class Searcher:
    """Finds the passages of one build."""

    def __init__(self, units: Sequence[Unit], store: VectorStore, scale: Scale, outside: VectorStore) -> None:
        """store: the units' vectors, in their order. outside: those of questions that no passage answers."""
        self._units = units
        self._store = store
        self._vectors = store.vectors
        self._scale = scale
        self._outside = outside
        self._passages = _Parts.of(units)
        self._spelling = Spelling(unit.text for unit in units if not unit.asks)
        self._counts = WordCounts(len(self._passages), ((unit.passage, unit.text) for unit in units))

    @property
    def threshold(self) -> float:
        """The score from which on a passage may be quoted."""
        return self._scale.threshold

    def corrected(self, text: str) -> str:
        """The text as it should be searched for: slips in words of the site's pages put right."""
        return self._spelling.corrected(text)

    def search(self, text: str, vector: Vectors, *, without: Collection[int] = ()) -> list[Hit]:
        """Passages near a question, best first. vector: (dim,), the question's. Ties keep the order of nearness.

        without: passages that count as not there.
        """
        evidence = self.evidence(text, vector, without=without)
        scores = self._scale.scores(evidence.values)
        order = np.argsort(-scores, kind="stable")
        return [
            Hit(
                evidence.passages[row],
                score=(score := float(scores[row])),
                span=evidence.spans[row],
                asked=evidence.asked[row],
                near=score,
                values=evidence.values[row],
            )
            for row in order
        ]

    @property
    def reads(self) -> bool:
        """Whether the scale knows what to make of a passage that was read together with the question."""
        return self._scale.cross is not None

    def worth_reading(self, hits: Sequence[Hit]) -> int:
        """How many of the hits are to be read together with the question."""
        return worth_reading(np.array([one.near for one in hits]))

    def window(self, passage: int, span: Span | None, asked: str) -> str:
        """What is to be read of a passage together with a question: around what answers, after what else it answers."""
        part = self._passages[passage]
        spans = [found for row in part.sentences.tolist() if (found := self._units[row].span)]
        return window(self._units[int(part.whole[0])], spans, span, asked)

    def read(self, hits: Sequence[Hit], logits: npt.NDArray[np.float64]) -> list[Hit]:
        """The hits, best first, when the cross layers, having read the windows of the first few with the question, say `logits`.

        The others were not read: none of them scores more than those that were.
        """
        read = hits[: len(logits)]
        scores = self._scale.score_read(np.array([one.values for one in read]), logits)
        known = [replace(read[at], score=float(scores[at])) for at in np.argsort(-scores, kind="stable")]
        return [*known, *(replace(one, score=min(known[-1].score, one.near)) for one in hits[len(logits) :])]

    def evidence(self, text: str, vector: Vectors, *, without: Collection[int] = ()) -> Evidence:
        """What speaks for the passages nearest to a question. vector: (dim,), the question's."""
        rows, _ = self._store.nearest(vector.reshape(1, -1), NEAREST_UNITS)
        every = dict.fromkeys(self._units[row].passage for row in rows[0].tolist())
        near = [one for one in every if one not in without][:CANDIDATES]
        found = [self._dense(passage, vector) for passage in near]
        dense = np.array([values for values, _, _ in found], dtype=np.float64).reshape(len(near), DENSE)
        nearness = dense[:, :4].max(axis=1) if near else np.zeros(0)
        held, unknown = self._counts.shares(text, near)
        beyond = self._outside.nearest(vector.reshape(1, -1), 1)[1][0]
        of_question = [unknown, min(len(text.split()), 30) / 10, float(beyond[0]) if len(beyond) else 0.0]
        values = np.column_stack([dense, held, _lead(nearness), np.tile(of_question, (len(near), 1))])
        return Evidence(
            tuple(near), values, spans=tuple(span for _, span, _ in found), asked=tuple(asked for _, _, asked in found)
        )

    def _dense(self, passage: int, vector: Vectors) -> tuple[tuple[float, ...], Span | None, str]:
        """Cosines of a passage's best sentence, whole, best question, best of the bank, of its best three of each, and how
        many questions it has; what of it answers; the nearest of its questions.
        """
        part = self._passages[passage]
        stated, whole = self._vectors[part.sentences] @ vector, self._vectors[part.whole] @ vector
        rows = np.concatenate([part.questions, part.asks])
        asked = self._vectors[rows] @ vector
        own, bank = (np.sort(some)[::-1] for some in np.split(asked, [len(part.questions)]))
        known = min(1.0, float(np.log1p(len(asked)) / np.log1p(MANY_QUESTIONS)))
        values = (
            float(stated.max(initial=0.0)),
            float(whole.max(initial=0.0)),
            float(own.max(initial=0.0)),
            float(bank.max(initial=0.0)),
            float(own[:BEST_QUESTIONS].mean()) if len(own) else 0.0,
            float(bank[:BEST_QUESTIONS].mean()) if len(bank) else 0.0,
            known,
        )
        nearest: Unit | None = self._units[int(rows[int(asked.argmax())])] if len(asked) else None
        is_nearer = nearest is not None and asked.max() > stated.max(initial=-1.0)
        return values, self._span(part, stated, nearest if is_nearer else None), nearest.text if nearest else ""

    def _span(self, part: _Part, stated: Vectors, unit: Unit | None) -> Span | None:
        """What of the passage answers: what its nearest phrasing points at, where that, `unit`, is nearer than any sentence."""
        if unit is not None:
            questions = [self._units[row].span for row in part.sentences.tolist() if is_question(self._units[row].text)]
            is_answer = unit.span is not None and unit.span not in questions
            if is_answer or unit.kind is UnitKind.QUESTION:  # the page's own question is answered by the whole
                return unit.span
        nearest: list[int] = part.sentences[np.argsort(-stated, kind="stable")].tolist()
        answers = [self._units[row] for row in nearest if not is_question(self._units[row].text)]
        return answers[0].span if answers else None


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one passage's units, by kind."""

    sentences: npt.NDArray[np.int64]
    whole: npt.NDArray[np.int64]
    questions: npt.NDArray[np.int64]
    asks: npt.NDArray[np.int64]


class _Parts(tuple[_Part, ...]):
    """Every passage's rows."""

    @classmethod
    def of(cls, units: Sequence[Unit]) -> _Parts:
        rows: list[tuple[list[int], list[int], list[int], list[int]]] = [
            ([], [], [], []) for _ in range(1 + max((unit.passage for unit in units), default=-1))
        ]
        for row, unit in enumerate(units):
            rows[unit.passage][PLACE[unit.kind]].append(row)
        return cls(_Part(*(np.array(kind, dtype=np.int64) for kind in one)) for one in rows)


def _lead(nearness: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each passage stands before the best of the others; behind it, below zero."""
    if len(nearness) < 2:
        return nearness
    best, second = np.sort(nearness)[::-1][:2]
    first = np.arange(len(nearness)) == int(nearness.argmax())
    return np.asarray(nearness - np.where(first, second, best))
