"""What teaches a build: the starter pack, the site's own examples, and the questions its pages answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.classify import fold_of
from index.encode import Vectors
from index.search import NONE
from index.units import Unit
from kb.content import Content, Example, load_content, load_starter
from kb.labels import Label
from kb.reading.messages import sentences_in
from kb.sites import SITES

ENOUGH_QUESTIONS = 3  # of a passage, to learn it by
# The gate cannot tell these apart, and need not: retrieval decides whether a page covers a question.
UP_TO_RETRIEVAL = frozenset({Label.ANSWER, Label.OUT_OF_KB})
UNANSWERED = frozenset({Label.OUT_OF_KB, Label.SMALLTALK})


HELD_OUT = 0  # the fold of what ships that the question layers are never taught, so that scores can be calibrated on it


def shipped_sites() -> list[Path]:
    """The folders of the sites that ship."""
    return sorted(path.parent for path in SITES.glob("*/site.toml"))


def is_held_out(text: str) -> bool:
    """Whether a text that ships is kept from the question layers."""
    return fold_of(text) == HELD_OUT


def taught_to_layers() -> frozenset[str]:
    """Every text that ships and that the question layers may have been taught: its scores flatter the index."""
    shipped = [one.text for one in load_starter()]
    for site in shipped_sites():
        content = load_content(site)
        shipped += [one.text for one in content.phrasings]
        shipped += [one.text for one in content.examples]
    return frozenset(text for text in shipped if not is_held_out(text))


def teaching_examples(content: Content) -> list[Example]:
    """The starter pack, the site's own examples, what its checklist says is not answered, and every question its pages
    answer, each text once.

    What the starter pack holds for uncovered a site's own phrasing makes covered; any other example outranks it.
    """
    asked = [passage.question for _, passage in content.passages() if passage.question]
    answered = dict.fromkeys(
        [*asked, *(one.text for one in content.phrasings), *(one.text for one in content.asked_phrasings())]
    )
    given = [
        one
        for one in [*load_starter(), *content.unsaid_examples(), *content.examples]
        if one.label is not Label.OUT_OF_KB or one.text not in answered
    ]
    return list({one.as_read: one for one in [*(Example(text, Label.ANSWER) for text in answered), *given]}.values())


def gate_examples(examples: Sequence[Example]) -> dict[str, str]:
    """The texts that teach the gate, with the label it is to read in each.

    Whether a page covers a question is not the gate's to say: both kinds are `answer` to it. As messages are read
    sentence by sentence too, each sentence of a harmless message is taught as harmless.
    """
    taught: dict[str, str] = {}
    for one in examples:
        if one.label in UP_TO_RETRIEVAL:
            sentences = [] if one.history else sentences_in(one.text)
            taught |= dict.fromkeys([one.as_read, *sentences], str(Label.ANSWER))
    return taught | {one.as_read: str(one.label) for one in examples if one.label not in UP_TO_RETRIEVAL}


@dataclass(frozen=True, slots=True)
class Taught:
    """What teaches, with its rows, (n, width): sentence vectors of `dim` components, then readings if there are any."""

    examples: Sequence[Example]
    rows: Vectors
    lessons: Mapping[str, str]  # of the gate: text and label
    lesson_rows: Vectors
    dim: int

    def outside(self) -> tuple[list[str], Vectors]:
        """Texts and sentence vectors of what no passage answers: questions that are not covered, and small talk."""
        kept = [row for row, one in enumerate(self.examples) if one.label in UNANSWERED and not one.history]
        return [self.examples[row].text for row in kept], self.rows[kept, : self.dim]

    def uncovered(self) -> frozenset[str]:
        """The questions among them."""
        return frozenset(one.text for one in self.examples if one.label is Label.OUT_OF_KB)


@dataclass(frozen=True, slots=True)
class Asking:
    """Questions with what they ask for, a passage's id or NONE. vectors: (n, dim)."""

    texts: Sequence[str]
    vectors: Vectors
    wanted: Sequence[str]

    @classmethod
    def of(cls, units: Sequence[Unit], vectors: Vectors, passages: Sequence[str], taught: Taught) -> Asking:
        """The questions and phrasings of passages that have enough of them, then what no passage answers."""
        asked = Counter(unit.passage for unit in units if unit.asks)
        rows = [row for row, unit in enumerate(units) if unit.asks and asked[unit.passage] >= ENOUGH_QUESTIONS]
        outside, beyond = taught.outside()
        return cls(
            texts=[*(units[row].text for row in rows), *outside],
            vectors=np.vstack([vectors[rows], beyond]),
            wanted=[*(passages[units[row].passage] for row in rows), *[NONE] * len(outside)],
        )

    def outside(self) -> tuple[list[str], Vectors]:
        """Texts and vectors of the questions that no passage answers."""
        rows = [row for row, wanted in enumerate(self.wanted) if wanted == NONE]
        return [self.texts[row] for row in rows], self.vectors[rows]
