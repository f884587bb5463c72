"""Fits the scale of scores and chooses its threshold, on clinics and questions that taught nothing else.

    python -m index.tune scale CLINICS QUESTIONS...

CLINICS is a folder of clinics, each asked twice: with its page alone, and with its editor's links as a checklist. QUESTIONS
are files about the KneeCare page, asked of it with its phrasings. Before the threshold is chosen a message's passages are
scored by fits that never saw its clinic.
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
from index.encoding.encode import OnnxEncoder, Vectors
from index.model import find_model
from index.scale import FEATURES, SCALES, Scale, terms
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
STRENGTH = 0.03  # of the fit, the inverse of its regularisation: some thousand rows, and products of ten features
# What may at most be wrong at the threshold, of messages that were held out: quotes of another passage among those shown, and
# uncovered messages that are quoted to. The gate stops some of both as well.
WRONG, OUTSIDE = 0.06, 0.08
# How much less, in logits, is believed of a passage that nobody phrased a question for. On the choosing clinics' pages alone a
# fifth of what a chance of one half would quote is another passage, and an eighth of what is not covered would be quoted to.
CAUTION = 0.6
LEAST = 0.3  # nothing is quoted with a lower chance of being right
EMPTY = Scale((0.0,) * len(FEATURES), (1.0,) * len(FEATURES), (), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """A question as it was searched for. values: (m, len(FEATURES)), of the nearest passages; right: (m,), which answer."""

    group: str
    is_covered: bool
    values: npt.NDArray[np.float64]
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
    settings = {"features": list(FEATURES), "curves": reports, "texts sha256": canonical_digest(messages)}
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
                scores = scale.scores(one.values)
                held_out.append((one.is_covered, float(scores.max()), bool(one.right[int(scores.argmax())])))
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
        rows = _Rows(OnnxEncoder(export_encoder(reference, Path(folder)), threads=2))
        for clinic in clinics:
            yield from _asked(clinic, rows)
            print(f"{clinic.name}: asked", file=sys.stderr, flush=True)


class _Rows:
    """Vectors by text, each made once: the bank's phrasings come with every checklist."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}

    def of(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, (n, dim)."""
        fresh = list(dict.fromkeys(text for text in texts if text not in self._known))
        for text, row in zip(fresh, self._encoder.encode(fresh) if fresh else (), strict=True):
            self._known[text] = row[: self._encoder.dim]
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(len(texts), self._encoder.dim)


def _asked(clinic: Clinic, rows: _Rows) -> Iterator[Trial]:
    units, beyond = units_of(clinic.content), uncovered_questions(clinic.content)
    vectors, outside = rows.of([unit.text for unit in units]), rows.of(beyond)
    searcher = Searcher(units, VectorStore.of(vectors), EMPTY, VectorStore.of(outside))
    for one in clinic.messages:
        right = clinic.passages_with(one.gold)
        if one.history or not (right or one.label is Label.OUT_OF_KB):
            continue
        text = searcher.corrected(one.text)
        found = searcher.evidence(text, rows.of([text])[0])
        answers = np.array([row in right for row in found.passages[:CANDIDATES]], dtype=np.bool_)
        yield Trial(clinic.name.split(",")[0], bool(right), found.values[:CANDIDATES], answers)


def _fit(trials: Sequence[Trial]) -> Scale:
    from sklearn.linear_model import LogisticRegression

    values = np.concatenate([one.values for one in trials])
    right = np.concatenate([one.right for one in trials])
    means, deviations = values.mean(axis=0), np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
    model = LogisticRegression(C=STRENGTH, max_iter=3000).fit(terms(values, means, deviations), right)
    weights, asked = model.coef_[0].copy(), FEATURES.index("asked")
    weights[asked] += CAUTION * deviations[asked]  # CAUTION times how little it is asked for, 1 - asked, is taken away
    bias = float(model.intercept_[0]) + CAUTION * (means[asked] - 1)
    middle, spread, slopes = (tuple(map(float, one)) for one in (means, deviations, weights))
    return Scale(middle, spread, slopes, bias=bias, threshold=1.0)
