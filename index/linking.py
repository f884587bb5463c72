"""Links what visitors ask any clinic to the passages that probably answer it: proposals for the checklist, never quotes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import layout
from index.cache import VectorCache
from index.encode import Vectors
from index.manifest import BuildRefused
from index.units import Unit
from kb.asks import load_asks
from kb.content import Content

PROPOSED = 3  # passages for an ask
AT_ONCE = 256  # texts scored together
DIGITS = 4
# A link at least this strong is proposed as an answer; below it, that the page does not say. Read off the KneeCare page
# without its phrasings: above it about half of the best passages answer, below it few do.
LIKELY = 0.12


@dataclass(frozen=True, slots=True)
class Link:
    """An ask with its best passages, best first: position in the build and score (see `link_asks`)."""

    ask_id: str
    title: str
    best: tuple[tuple[int, float], ...]
    chosen: tuple[str, ...] | None  # ids of the passages an editor chose when it was built; None: undecided

    @property
    def is_likely(self) -> bool:
        """Whether its best passage probably answers it."""
        return bool(self.best) and self.best[0][1] >= LIKELY

    @property
    def certainty(self) -> float:
        """How sure the proposal is, from 0: how far from the bar, and of what is above it how far from the next passage."""
        if not self.best:
            return LIKELY
        best = self.best[0][1]
        lead = best - self.best[1][1] if len(self.best) > 1 else 1.0
        return min(best - LIKELY, lead) if self.is_likely else LIKELY - best


def asked_texts() -> list[str]:
    """Every way in which the asks are asked: what a build needs rows of."""
    return [text for ask in load_asks() for text in ask.texts]


def link_asks(content: Content, units: Sequence[Unit], vectors: Vectors, cache: VectorCache) -> list[Link]:
    """Every ask with the passages that probably answer it.

    vectors: (len(units), dim), of the site's units. cache: has a row for each of `asked_texts`. The score of a passage for
    an ask is the mean, over the ways it is asked, of `passage_scores`, less what that passage scores for the average ask:
    a passage that is itself put as questions ("How long will it take? Will it hurt?") is near to all of them. What the
    checklist added to the units is left out, so that one choice does not move the next proposal.
    """
    asks, texts = load_asks(), asked_texts()
    asked = {*texts}
    own = [row for row, unit in enumerate(units) if not (unit.asks and unit.text in asked)]
    count = sum(1 for _ in content.passages())
    rows = cache.vectors(texts)[:, : vectors.shape[1]]
    by_text = passage_scores(rows, [units[row] for row in own], vectors[own], count)
    starts = np.cumsum([0, *(len(ask.texts) for ask in asks[:-1])])
    by_ask = np.add.reduceat(by_text, starts, axis=0) / np.array([[len(ask.texts)] for ask in asks])
    scores = by_ask - by_ask.mean(axis=0)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :PROPOSED]
    return [
        Link(
            ask.id,
            ask.title,
            tuple((int(one), round(float(scores[row, one]), DIGITS)) for one in best[row]),
            content.checklist.get(ask.id),
        )
        for row, ask in enumerate(asks)
    ]


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


def save_links(folder: Path, links: Sequence[Link]) -> None:
    """Write the links of a build."""
    lines = [{"id": one.ask_id, "title": one.title, "best": one.best, "chosen": one.chosen} for one in links]
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
    return Link(line["id"], line["title"], best, None if line["chosen"] is None else tuple(line["chosen"]))
