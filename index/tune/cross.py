"""Teaches the cross layers: read together with a passage, a question says whether that passage answers it.

A step is a clinic: some questions, each with the passages that retrieval finds nearest. The loss is how unlikely the right
passage is among those and "none", whose logit is 0. So what is of the same subject without an answer stands beside what
answers, as it does on any page.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from index.encoding.embed import ReferenceEncoder, export_encoder
from index.encoding.encode import PASSAGE, PASSAGE_TOKENS, QUESTION, QUESTION_TOKENS, OnnxEncoder, Pair
from index.encoding.layers import CrossLayers, TunedLayers
from index.model import CROSS_LAYERS, QUESTION_LAYERS, find_model
from index.search import Searcher
from index.store import VectorStore
from index.tune.scale import EMPTY, Rows
from index.tune.states import SEED, States, Steps, in_parts, start, write_report
from index.units import UnitKind, units_of
from kb.asks import load_asks
from kb.clinics import Clinic, teaching_clinics
from kb.labels import Label
from kb.reading.sentences import Span

STEPS = 500
RATE, HEAD_RATE, APART_RATE = 1e-4, 1e-3, 2e-2
NEAREST = 3  # passages of each question
MESSAGES, LINKED, UNANSWERED, UNLINKED = 9, 6, 6, 3  # of a step: what the page answers, and what it does not
PARTS = 2  # a step's pairs, by length, so that few tokens are padding


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the passages that answer it, and the words that do; none of either where the page does not say."""

    text: str
    passages: Sequence[int] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the windows it is read with, and which of them answer it."""

    text: str
    windows: Sequence[str]
    right: Sequence[bool]


class Lesson:
    """What one clinic teaches."""

    def __init__(self, clinic: Clinic, rows: Rows) -> None:
        units = units_of(clinic.content)
        single = [one for one in clinic.messages if not one.history]
        linked = {ask: clinic.passages_with(words) for ask, words in clinic.links.items()}
        self._rows = rows
        self._sentences = [one for one in units if one.kind is UnitKind.SENTENCE]
        self._searcher = Searcher(
            units, VectorStore.of(rows.of([one.text for one in units])), EMPTY, VectorStore.of(rows.of([]))
        )
        self.messages = [
            Asked(m.text, right, m.gold) for m in single if m.gold and (right := clinic.passages_with(m.gold))
        ]
        self.linked = [
            Asked(text, passages, clinic.links[ask.id])
            for ask in load_asks()
            if (passages := linked.get(ask.id))
            for text in ask.phrasings
        ]
        self.unanswered = [Asked(one.text) for one in single if one.label is Label.OUT_OF_KB]
        self.unlinked = [Asked(text) for ask in load_asks() if ask.id not in linked for text in ask.phrasings]

    def drawn(self, draw: random.Random) -> list[Case]:
        """The cases of one step."""
        some = (
            (self.messages, MESSAGES),
            (self.linked, LINKED),
            (self.unanswered, UNANSWERED),
            (self.unlinked, UNLINKED),
        )
        return [self.case(one) for asked, most in some for one in draw.sample(asked, min(most, len(asked)))]

    def case(self, asked: Asked) -> Case:
        """A question with the passages found for it, one that answers it among them: read where its words stand."""
        text = self._searcher.corrected(asked.text)
        found = self._searcher.evidence(text, self._rows.of([text])[0])
        spans = dict(zip(found.passages[:NEAREST], found.spans, strict=False))
        if asked.passages and not set(asked.passages) & set(spans):
            spans.popitem()
            spans[asked.passages[0]] = None
        spans |= {one: self._span(one, asked.words) or spans[one] for one in spans if one in asked.passages}
        windows = [self._searcher.window(passage, span) for passage, span in spans.items()]
        return Case(text, windows, [one in asked.passages for one in spans])

    def _span(self, passage: int, words: Sequence[str]) -> Span | None:
        """The sentence of a passage that begins what answers."""
        wanted = [" ".join(one.split()) for one in words]
        for one in self._sentences:
            said = " ".join(one.text.split())
            if one.passage == passage and any(said in some or some in said for some in wanted):
                return one.span
        return None


def tune_cross() -> None:
    """Teach the cross layers and write them."""
    layers = tune_layers(teaching_clinics(), ReferenceEncoder(find_model(), tuned=False))
    layers.save(CROSS_LAYERS)
    settings = {"steps": STEPS, "nearest": NEAREST}
    write_report(CROSS_LAYERS, "python -m index.tune cross", settings, ("kb/starter/clinics", "kb/starter/asks"))


def tune_layers(clinics: Sequence[Clinic], reference: ReferenceEncoder) -> CrossLayers:
    """Tune the layers above SHARED, from the question layers on."""
    start()
    draw = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(OnnxEncoder(export_encoder(ReferenceEncoder(find_model()), Path(folder)), threads=1))
        lessons = [Lesson(one, rows) for one in clinics]
        layers = CrossLayers(TunedLayers.load(QUESTION_LAYERS, reference.bert).layers, reference.bert.config).train()
        asked, said = States(reference, QUESTION_TOKENS), States(reference, PASSAGE_TOKENS)
        descent = Steps(_groups(layers), STEPS)
        total = 0.0
        for step in range(1, STEPS + 1):
            cases = draw.choice(lessons).drawn(draw)
            total += descent.take(loss_of(cases, layers, asked, said))
            if step % 20 == 0:
                print(f"step {step} of {STEPS}: loss {total / 20:.3f}", file=sys.stderr, flush=True)
                total = 0.0
    return layers.eval()


def loss_of(cases: Sequence[Case], layers: CrossLayers, asked: States, said: States) -> torch.Tensor:
    """How unlikely what answers each question is among what it was read with, and none."""
    pairs = [(case.text, window) for case in cases for window in case.windows]
    asked.add(text for text, _ in pairs)
    said.add(window for _, window in pairs)
    logits = torch.split(logits_of(pairs, layers, asked, said), [len(case.windows) for case in cases])
    losses = []
    for case, some in zip(cases, logits, strict=True):
        every = torch.cat([some, torch.zeros(1)])
        wanted = torch.tensor([*case.right, not any(case.right)])
        losses.append(torch.logsumexp(every, 0) - torch.logsumexp(every[wanted], 0))
    return torch.stack(losses).mean()


def logits_of(pairs: Sequence[Pair], layers: CrossLayers, asked: States, said: States) -> torch.Tensor:
    """What the layers say of each pair, (pairs,)."""
    lengths = [asked.length(question) + said.length(window) for question, window in pairs]
    return in_parts(lengths, PARTS, lambda group: _logits([pairs[row] for row in group], layers, asked, said))


def _logits(pairs: Sequence[Pair], layers: CrossLayers, asked: States, said: States) -> torch.Tensor:
    both = [(asked.of(question), said.of(window)) for question, window in pairs]
    segments = [torch.tensor([QUESTION] * len(one) + [PASSAGE] * len(other)) for one, other in both]
    padded = torch.nn.utils.rnn.pad_sequence
    states = padded([torch.cat(pair) for pair in both], batch_first=True)
    logits: torch.Tensor = layers(states, padded(segments, batch_first=True))
    return logits


def _groups(layers: CrossLayers) -> list[dict[str, object]]:
    """Parameters by how fast they may change."""
    rates: dict[float, list[torch.nn.Parameter]] = {RATE: [], HEAD_RATE: [], APART_RATE: []}
    for name, value in layers.named_parameters():
        is_layer, is_scalar = name.startswith("layers"), name in {"apart", "slope"}
        rates[RATE if is_layer else APART_RATE if is_scalar else HEAD_RATE].append(value)
    return [{"params": some, "lr": rate} for rate, some in rates.items()]
