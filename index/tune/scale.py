"""Fits the scale of scores and chooses its threshold, on clinics and questions that taught nothing else.

    python -m index.tune scale CLINICS QUESTIONS...

CLINICS is a folder of clinics, each asked twice: with its page alone, and with its editor's links as a checklist. QUESTIONS
are files about the KneeCare page, asked of it with its phrasings. Before the threshold is chosen a message's passages are
scored by fits that never saw its clinic. Where the model has cross layers, a second fit says what to make of the best passage
once it was read with the question.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.builds.manifest import canonical_digest
from index.encoding.embed import ReferenceEncoder, export_encoder
from index.encoding.encode import OnnxEncoder, Pair, Vectors
from index.model import find_model
from index.scale import (
    CROSS_FEATURES,
    FEATURES,
    SCALES,
    Regression,
    Scale,
    Values,
    chances,
    read_values,
    terms,
    worth_reading,
)
from index.search import Searcher
from index.store import VectorStore
from index.teaching import uncovered_questions
from index.tune.states import write_report
from index.units import units_of
from kb.asks import load_asks
from kb.clinics import Clinic, load_clinic, load_messages
from kb.content import load_content
from kb.labels import Label
from kb.sites import SITES

CANDIDATES = 5  # passages of each question that the scale is fitted on
# Of the fits, the inverse of their regularisation: some thousand rows, and products of ten features, or seven by themselves.
STRENGTH, CROSS_STRENGTH = 0.03, 0.3
# What may at most be wrong at the threshold, of messages that were held out: quotes of another passage among those shown, and
# uncovered messages that are quoted to. The gate stops some of both as well.
WRONG, OUTSIDE = 0.05, 0.05
# How much less, in logits, is believed of a passage that nobody phrased a question for. On the choosing clinics' pages alone a
# fifth of what a chance of one half would quote is another passage, and an eighth of what is not covered would be quoted to.
# What was read with the question may be believed more.
CAUTION, CROSS_CAUTION = 0.6, 0.3
LEAST = 0.3  # nothing is quoted with a lower chance of being right
EMPTY = Scale(Regression((0.0,) * len(FEATURES), (1.0,) * len(FEATURES), (), 0.0), None, 1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """A question as it was searched for.

    values: (m, len(FEATURES)), of the nearest passages; logits: (m,), what the cross layers say of each, if there are any;
    right: (m,), which answer.
    """

    group: str
    is_covered: bool
    values: Values
    logits: Values | None
    right: npt.NDArray[np.bool_]


def tune_scale(sources: Sequence[Path]) -> None:
    """Fit both scales, for the tuned model and for a plain one, and write them with their report."""
    clinics = [
        load_clinic(one) for source in sources if source.is_dir() for one in sorted(source.iterdir()) if one.is_dir()
    ]
    knee = load_content(SITES / "kneecare")
    asked = [Clinic(path.stem, knee, load_messages(path), {}) for path in sources if path.is_file()]
    every = [*clinics, *(with_checklist(one) for one in clinics if one.links), *asked]
    written, reports = {}, {}
    for name, is_tuned in (("tuned", True), ("plain", False)):
        trials = list(_trials(every, is_tuned=is_tuned))
        scale, reports[name] = fitted(trials)
        written[name] = asdict(scale)
    SCALES.write_text(json.dumps(written) + "\n", encoding="utf-8")
    messages = [[clinic.name, [one.text for one in clinic.messages]] for clinic in every]
    settings = {"features": [*FEATURES, *CROSS_FEATURES], "curves": reports, "texts sha256": canonical_digest(messages)}
    named = [str(one) for one in sources]
    write_report(SCALES, "python -m index.tune scale SOURCES", settings, named, name="scales_report.json")


def with_checklist(clinic: Clinic) -> Clinic:
    """The clinic after its editor went through the whole checklist."""
    ids = [passage.passage_id for _, passage in clinic.content.passages()]
    found = {ask: clinic.passages_with(words) for ask, words in clinic.links.items()}
    choices = {ask.id: tuple(ids[row] for row in found.get(ask.id, ())) for ask in load_asks()}
    content = replace(clinic.content, checklist=choices)
    return Clinic(f"{clinic.name}, checklist", content, clinic.messages, clinic.links)


def fitted(trials: Sequence[Trial]) -> tuple[Scale, list[dict[str, float]]]:
    """The scale of all trials, with the threshold chosen on what each group got from a fit to the others, and the curve."""
    groups = sorted({one.group for one in trials})
    held_out: list[tuple[bool, float, bool]] = []
    for group in groups:
        scale = _fit([one for one in trials if one.group != group])
        for one in trials:
            if one.group == group and len(one.values):
                best, score = _best(scale, one)
                held_out.append((one.is_covered, score, bool(one.right[best])))
    threshold, curve = choose_threshold(held_out)
    return replace(_fit(trials), threshold=threshold), curve


def choose_threshold(best: Sequence[tuple[bool, float, bool]]) -> tuple[float, list[dict[str, float]]]:
    """The lowest threshold from LEAST on that keeps both rates, and the whole curve. best: covered, score, right."""
    curve = []
    covered = sum(is_covered for is_covered, _, _ in best)
    for step in range(5, 100):
        shown = [right for is_covered, score, right in best if is_covered and score >= step / 100]
        outside = [score >= step / 100 for is_covered, score, _ in best if not is_covered]
        point = {
            "threshold": step / 100,
            "right": round(sum(shown) / max(1, covered), 4),
            "wrong": round(shown.count(False) / max(1, len(shown)), 4),
            "outside": round(sum(outside) / max(1, len(outside)), 4),
        }
        curve.append(point)
    kept = (
        one["threshold"]
        for one in curve
        if one["threshold"] >= LEAST and one["wrong"] <= WRONG and one["outside"] <= OUTSIDE
    )
    return next(kept, 0.99), curve


def _trials(clinics: Sequence[Clinic], *, is_tuned: bool) -> Iterator[Trial]:
    reference = ReferenceEncoder(find_model(), tuned=is_tuned)
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(OnnxEncoder(export_encoder(reference, Path(folder)), threads=2))
        for clinic in clinics:
            yield from _asked(clinic, rows)
            print(f"{clinic.name}: asked", file=sys.stderr, flush=True)


class Rows:
    """Vectors by text, each made once: the bank's phrasings come with every checklist."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self._read: dict[Pair, float] = {}

    def of(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, (n, dim)."""
        fresh = list(dict.fromkeys(text for text in texts if text not in self._known))
        for text, row in zip(fresh, self._encoder.encode(fresh) if fresh else (), strict=True):
            self._known[text] = row[: self._encoder.dim]
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(len(texts), self._encoder.dim)

    def logits(self, pairs: Sequence[Pair]) -> Values | None:
        """What the cross layers say of each pair, (n,); None where the model has none."""
        if self._encoder.cross is None:
            return None
        fresh = list(dict.fromkeys(pair for pair in pairs if pair not in self._read))
        for pair, row in zip(fresh, self._encoder.cross.encode(fresh) if fresh else (), strict=True):
            self._read[pair] = float(row[0])
        return np.array([self._read[pair] for pair in pairs], dtype=np.float64)


def _asked(clinic: Clinic, rows: Rows) -> Iterator[Trial]:
    units, beyond = units_of(clinic.content), uncovered_questions(clinic.content)
    vectors, outside = rows.of([unit.text for unit in units]), rows.of(beyond)
    searcher = Searcher(units, VectorStore.of(vectors), EMPTY, VectorStore.of(outside))
    for one in clinic.messages:
        right = clinic.passages_with(one.gold)
        if one.history or not (right or one.label is Label.OUT_OF_KB):
            continue
        text = searcher.corrected(one.text)
        found = searcher.evidence(text, rows.of([text])[0])
        near = found.passages[:CANDIDATES]
        answers = np.array([row in right for row in near], dtype=np.bool_)
        read = [(text, searcher.window(*place)) for place in zip(near, found.spans, found.asked, strict=False)]
        yield Trial(clinic.name.split(",")[0], bool(right), found.values[:CANDIDATES], rows.logits(read), answers)


def _best(scale: Scale, trial: Trial) -> tuple[int, float]:
    """The best passage of a trial and the chance that it answers: of those that are read, where there are cross layers."""
    near = scale.scores(trial.values)
    if trial.logits is None:
        return int(near.argmax()), float(near.max())
    read = _to_read(near)
    scores = scale.score_read(trial.values[read], trial.logits[read])
    return int(read[scores.argmax()]), float(scores.max())


def _to_read(near: Values) -> npt.NDArray[np.int64]:
    """Which passages are read with the question, the likeliest first. near: (m,), their chances by nearness."""
    order = np.argsort(-near, kind="stable")
    return order[: worth_reading(near[order])]


def _fit(trials: Sequence[Trial]) -> Scale:
    some = [one for one in trials if len(one.values)]
    values, right = np.concatenate([one.values for one in some]), np.concatenate([one.right for one in some])
    near = _regression(values, right, FEATURES, STRENGTH, CAUTION)
    read: list[Values] = []
    answers: list[npt.NDArray[np.bool_]] = []
    for one in some:
        if one.logits is not None:
            rows = _to_read(chances(near.logits(one.values)))
            read.append(read_values(near.logits(one.values[rows]), one.logits[rows], one.values[rows]))
            answers.append(one.right[rows])
    if not read:
        return Scale(near, None, threshold=1.0)
    found, right = np.concatenate(read), np.concatenate(answers)
    cross = _regression(found, right, CROSS_FEATURES, CROSS_STRENGTH, CROSS_CAUTION, products=False)
    return Scale(near, cross, threshold=1.0)


def _regression(
    values: Values,
    right: npt.NDArray[np.bool_],
    features: Sequence[str],
    strength: float,
    caution: float,
    *,
    products: bool = True,
) -> Regression:
    """A fit of which passages are right, less `caution` for what nobody asks. values: (n, len(features)); right: (n,)."""
    from sklearn.linear_model import LogisticRegression

    means, deviations = values.mean(axis=0), np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
    every = terms(values, means, deviations)[:, : None if products else len(features)]
    model = LogisticRegression(C=strength, max_iter=3000).fit(every, right)
    weights, asked = model.coef_[0].copy(), features.index("asked")
    weights[asked] += caution * deviations[asked]  # caution times how little it is asked for, 1 - asked, is taken away
    bias = float(model.intercept_[0]) + caution * (means[asked] - 1)
    middle, spread, slopes = (tuple(map(float, one)) for one in (means, deviations, weights))
    return Regression(middle, spread, slopes, bias)
