"""Links what visitors ask any clinic to the passages that probably answer it: proposals for the checklist, never quotes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.builds import layout
from index.builds.manifest import BuildRefused
from index.encoding.cache import VectorCache
from index.encoding.encode import Vectors
from index.model import ModelError, is_tuned, model_digest
from index.units import Unit, UnitKind
from kb.asks import asks_version, load_asks
from kb.content import Content
from kb.reading.sentences import Span, is_question

ASK_VECTORS = Path(__file__).parent / "ask_vectors.npz"  # of the default model, made by `index.tune`
PROPOSED = 3  # passages for an ask
AT_ONCE = 256  # texts scored together
DIGITS = 4
# Chosen on eight choosing clinics' pages and their editors' links, 4,680 asks of which the pages answer 695. Of those whose best
# link is at least LIKELY, half are answered by that passage: its words may stand on a button. Below POSSIBLE, as two
# thirds of all are, stands a sixth of the answered ones: it is proposed that the page does not say.
LIKELY, POSSIBLE = 0.30, 0.20


@dataclass(frozen=True, slots=True)
class Link:
    """An ask with its best passages, best first: position in the build and score (see `link_asks`).

    spans: of each of them, the sentence nearest to the ask.
    """

    ask_id: str
    title: str
    best: tuple[tuple[int, float], ...]
    chosen: tuple[str, ...] | None  # ids of the passages an editor chose when it was built; None: undecided
    spans: tuple[Span | None, ...] = ()

    @property
    def is_likely(self) -> bool:
        """Whether its best passage answers it as likely as not."""
        return bool(self.best) and self.best[0][1] >= LIKELY

    @property
    def is_possible(self) -> bool:
        """Whether its best passage may answer it."""
        return bool(self.best) and self.best[0][1] >= POSSIBLE

    @property
    def certainty(self) -> float:
        """How sure the proposal is, from 0: how far from the bar, and of what is above it how far from the next passage."""
        if not self.best:
            return LIKELY
        best = self.best[0][1]
        lead = best - self.best[1][1] if len(self.best) > 1 else 1.0
        return min(best - LIKELY, lead) if self.is_likely else LIKELY - best


def asked_texts(source: Path) -> list[str]:
    """The ways in which the asks are asked that a build needs rows of; none for the model whose asks' vectors ship."""
    return [] if is_tuned(source) else [text for ask in load_asks() for text in ask.texts]


def ask_vectors(source: Path, cache: VectorCache) -> Vectors:
    """What each ask is near to: the mean of the ways it is asked, (asks, dim), of length 1.

    Raises ModelError when the vectors that ship are not of these asks and layers.
    """
    if is_tuned(source):
        return load_ask_vectors(model_digest(source))
    rows = cache.vectors(asked_texts(source))
    return mean_by_ask(rows)


def mean_by_ask(rows: Vectors) -> Vectors:
    """Means of length 1, (asks, dim), of rows of every text of every ask, (texts, dim), in the bank's order."""
    asks = load_asks()
    starts = np.cumsum([0, *(len(ask.texts) for ask in asks[:-1])])
    means = np.add.reduceat(rows, starts, axis=0)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def load_ask_vectors(digest: str) -> Vectors:
    """The asks' vectors that ship, (asks, dim). digest: the model's. Raises ModelError."""
    try:
        with np.load(ASK_VECTORS, allow_pickle=False) as stored:
            made_for, rows = str(stored["made_for"]), stored["rows"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{ASK_VECTORS}: cannot be read ({error}). Reinstall the package.") from error
    if made_for != f"{digest} {asks_version()}":
        raise ModelError(f"{ASK_VECTORS}: made for other asks or layers. Run `python -m index.tune asks`.")
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def save_ask_vectors(rows: Vectors, digest: str) -> None:
    """Write the asks' vectors as they ship. rows: (asks, dim); digest: the model's."""
    np.savez(ASK_VECTORS, made_for=np.array(f"{digest} {asks_version()}"), rows=rows.astype(np.float16))


def link_asks(content: Content, units: Sequence[Unit], vectors: Vectors, asked: Vectors) -> list[Link]:
    """Every ask with the passages that probably answer it.

    vectors: (len(units), dim), of the site's units; asked: (asks, dim), as of `ask_vectors`. The score of a passage for an
    ask is the cosine of its nearest unit, less what that passage scores for the average ask: a passage that is itself put
    as questions ("How long will it take? Will it hurt?") is near to all of them. What the checklist added to the units is
    left out, so that one choice does not move the next proposal.
    """
    asks = load_asks()
    texts = {text for ask in asks for text in ask.texts}
    own = [row for row, unit in enumerate(units) if not (unit.asks and unit.text in texts)]
    count = sum(1 for _ in content.passages())
    by_ask = passage_scores(asked, [units[row] for row in own], vectors[own], count)
    scores = by_ask - by_ask.mean(axis=0)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :PROPOSED]
    sentences = _Sentences(units, vectors)
    return [
        Link(
            ask.id,
            ask.title,
            tuple((int(one), round(float(scores[row, one]), DIGITS)) for one in best[row]),
            content.checklist.get(ask.id),
            tuple(sentences.nearest(int(one), asked[row]) for one in best[row]),
        )
        for row, ask in enumerate(asks)
    ]


class _Sentences:
    """The sentences of each passage that are no questions themselves."""

    def __init__(self, units: Sequence[Unit], vectors: Vectors) -> None:
        self._units, self._vectors = units, vectors
        self._rows: dict[int, list[int]] = {}
        for row, unit in enumerate(units):
            if unit.kind is UnitKind.SENTENCE and not is_question(unit.text):
                self._rows.setdefault(unit.passage, []).append(row)

    def nearest(self, passage: int, vector: Vectors) -> Span | None:
        """The sentence of a passage nearest to a vector, (dim,); None where it has none."""
        rows = self._rows.get(passage)
        return self._units[rows[int((self._vectors[rows] @ vector).argmax())]].span if rows else None


def passage_scores(asked: Vectors, units: Sequence[Unit], vectors: Vectors, count: int) -> npt.NDArray[np.float32]:
    """How near each of `count` passages is to each text: the cosine of its nearest unit, (n, count), -1 for one without.

    asked: (n, dim) and vectors: (len(units), dim), rows of length 1.
    """
    owners = np.array([unit.passage for unit in units], dtype=np.int64)
    order = np.argsort(owners, kind="stable")
    present, starts = np.unique(owners[order], return_index=True)
    columns = vectors[order].T
    scores = np.full((len(asked), count), -1.0, dtype=np.float32)
    for start in range(0, len(asked), AT_ONCE):
        cosines = asked[start : start + AT_ONCE] @ columns
        scores[start : start + AT_ONCE, present] = np.maximum.reduceat(cosines, starts, axis=1)
    return scores


def save_links(folder: Path, links: Sequence[Link], asked: Vectors) -> None:
    """Write the links of a build, and beside them the asks' vectors, (asks, dim)."""
    np.save(folder / layout.ASK_VECTORS, asked)
    lines = [
        {"id": one.ask_id, "title": one.title, "best": one.best, "chosen": one.chosen, "spans": one.spans}
        for one in links
    ]
    (folder / layout.ASKS).write_text(json.dumps(lines, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def load_links(folder: Path) -> list[Link]:
    """The links of a build. Raises BuildRefused."""
    try:
        lines = json.loads((folder / layout.ASKS).read_text(encoding="utf-8"))
        return [_link(line) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildRefused(
            f"{folder}: what visitors ask cannot be read ({type(error).__name__}). Build again."
        ) from error


def _link(line: Mapping[str, Any]) -> Link:
    best = tuple((int(position), float(score)) for position, score in line["best"])
    spans = tuple(one and (int(one[0]), int(one[1])) for one in line["spans"])
    return Link(line["id"], line["title"], best, None if line["chosen"] is None else tuple(line["chosen"]), spans)


class AskTitles:
    """Puts a question on a button: of the asks that a passage answers, the title nearest to what was asked."""

    def __init__(self, links: Sequence[Link], asked: Vectors, passage_ids: Sequence[str]) -> None:
        """asked: (len(links), dim), the asks' vectors. A passage answers what it was chosen for, else what it likely does."""
        self._titles = [one.title for one in links]
        self._asked = asked
        positions = {one: row for row, one in enumerate(passage_ids)}
        self._rows: dict[int, list[int]] = {}
        for row, one in enumerate(links):
            likely = (one.best[0][0],) if one.is_likely else ()
            answered = likely if one.chosen is None else (positions[name] for name in one.chosen if name in positions)
            for passage in answered:
                self._rows.setdefault(passage, []).append(row)

    def title(self, passage: int, vector: Vectors) -> str | None:
        """The title for a passage, or None. vector: (dim,), the message's."""
        rows = self._rows.get(passage)
        return self._titles[rows[int((self._asked[rows] @ vector).argmax())]] if rows else None
