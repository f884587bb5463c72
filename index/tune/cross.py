"""Teaches the cross layers: read together with a passage, a question says whether that passage answers it.

A step is a clinic: some questions, each with the passages that retrieval finds nearest. The loss is how unlikely the right
passage is among those and "none", whose logit is 0. So what is of the same subject without an answer stands beside what
answers, as it does on any page.
"""

from __future__ import annotations

import random
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from index.encoding.embed import ReferenceEncoder, export_encoder
from index.encoding.encode import PASSAGE, PASSAGE_TOKENS, QUESTION, QUESTION_TOKENS, OnnxEncoder, Pair
from index.encoding.layers import CrossLayers, TunedLayers
from index.model import CROSS_LAYERS, QUESTION_LAYERS, find_model
from index.search import Searcher
from index.store import VectorStore
from index.teaching import shipped_sites, uncovered_questions
from index.tune.scale import EMPTY, Rows
from index.tune.states import SEED, States, Steps, in_parts, start, write_report
from index.units import UnitKind, units_of
from kb.asks import load_asks
from kb.clinics import Clinic, teaching_clinics
from kb.content import Content, load_content
from kb.labels import Label
from kb.reading.sentences import Span

STEPS = 550
SITE_SHARE = 0.15  # of the steps
RATE, HEAD_RATE, APART_RATE = 1e-4, 1e-3, 2e-2
NEAREST = 3  # passages of each question
MESSAGES, LINKED, UNANSWERED, UNLINKED = 12, 4, 6, 2  # of a step: what the page answers, and what it does not
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
    """What a clinic teaches with some of what visitors ask known to be answered: none of it is asked of the clinic then."""

    def __init__(self, content: Content, rows: Rows, groups: Sequence[tuple[Sequence[Asked], int]]) -> None:
        """groups: questions, and how many of each a step takes."""
        units = units_of(content)
        self._rows = rows
        self.groups = groups
        self.known = frozenset(one.text for one in units if one.asks)
        self._sentences = [one for one in units if one.kind is UnitKind.SENTENCE]
        self._searcher = Searcher(
            units, VectorStore.of(rows.of([one.text for one in units])), EMPTY, VectorStore.of(rows.of([]))
        )

    def drawn(self, draw: random.Random) -> list[Case]:
        """The cases of one step."""
        return [self.case(one) for asked, most in self.groups for one in draw.sample(asked, min(most, len(asked)))]

    def case(self, asked: Asked) -> Case:
        """A question with the passages found for it, one that answers it among them: read where its words stand."""
        text = self._searcher.corrected(asked.text)
        found = self._searcher.evidence(text, self._rows.of([text])[0])
        spans = dict(zip(found.passages[:NEAREST], found.spans, strict=False))
        known = dict(zip(found.passages, found.asked, strict=True))
        if asked.passages and not set(asked.passages) & set(spans):
            spans.popitem()
            spans[asked.passages[0]] = None
        spans |= {one: self._span(one, asked.words) or spans[one] for one in spans if one in asked.passages}
        windows = [self._searcher.window(passage, span, known.get(passage, "")) for passage, span in spans.items()]
        return Case(text, windows, [one in asked.passages for one in spans])

    def _span(self, passage: int, words: Sequence[str]) -> Span | None:
        """The sentence of a passage that begins what answers."""
        wanted = [" ".join(one.split()) for one in words]
        for one in self._sentences:
            said = " ".join(one.text.split())
            if one.passage == passage and any(said in some or some in said for some in wanted):
                return one.span
        return None


def clinic_lessons(clinic: Clinic, rows: Rows) -> list[Lesson]:
    """What a teaching clinic teaches by its page alone, and with its editor's answers to either half of the bank."""
    ids = [passage.passage_id for _, passage in clinic.content.passages()]
    single = [one for one in clinic.messages if not one.history]
    linked = {ask: clinic.passages_with(words) for ask, words in clinic.links.items()}
    messages = [Asked(m.text, right, m.gold) for m in single if m.gold and (right := clinic.passages_with(m.gold))]
    unanswered = [Asked(one.text) for one in single if one.label is Label.OUT_OF_KB]
    lessons = []
    for known in (None, 0, 1):
        choices = {ask: tuple(ids[row] for row in found) for ask, found in linked.items() if half_of(ask) == known}
        asked = [one for one in load_asks() if known is None or half_of(one.id) != known]
        answered = [
            Asked(text, linked[ask.id], clinic.links[ask.id])
            for ask in asked
            if ask.id in linked
            for text in ask.phrasings
        ]
        unlinked = [Asked(text) for ask in asked if ask.id not in linked for text in ask.phrasings]
        groups = ((messages, MESSAGES), (answered, LINKED), (unanswered, UNANSWERED), (unlinked, UNLINKED))
        lessons.append(Lesson(replace(clinic.content, checklist=choices), rows, groups))
    return lessons


def site_lessons(content: Content, rows: Rows) -> list[Lesson]:
    """What a site that ships teaches by its phrasings: with none known, and with either half, asked the other."""
    places = {passage.passage_id: row for row, (_, passage) in enumerate(content.passages())}
    answers: dict[str, dict[int, str | None]] = defaultdict(dict)  # the words, by passage, that answer each phrasing
    for one in content.phrasings:
        if one.passage_id in places:
            answers[one.text][places[one.passage_id]] = one.quote
    beyond = [Asked(text) for text in uncovered_questions(content)]
    lessons = []
    for known in (None, 0, 1):
        kept = tuple(one for one in content.phrasings if half_of(one.text) == known)
        asked = [
            Asked(text, tuple(found), tuple(filter(None, found.values())))
            for text, found in answers.items()
            if half_of(text) != known
        ]
        groups = ((asked, MESSAGES + LINKED), (beyond, UNANSWERED + UNLINKED))
        lessons.append(Lesson(replace(content, phrasings=kept), rows, groups))
    return lessons


def half_of(text: str) -> int:
    """Which half a text is in: by its own hash, so that adding one moves no other."""
    return zlib.crc32(text.encode()) % 2


def tune_cross() -> None:
    """Teach the cross layers and write them."""
    layers = tune_layers(teaching_clinics(), shipped_sites(), ReferenceEncoder(find_model(), tuned=False))
    layers.save(CROSS_LAYERS)
    settings = {"steps": STEPS, "nearest": NEAREST}
    sources = ("kb/starter/clinics", "kb/starter/asks", "kb/sites")
    write_report(CROSS_LAYERS, "python -m index.tune cross", settings, sources)


def tune_layers(clinics: Sequence[Clinic], sites: Sequence[Path], reference: ReferenceEncoder) -> CrossLayers:
    """Tune the layers above SHARED, from the question layers on."""
    start()
    draw = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(OnnxEncoder(export_encoder(ReferenceEncoder(find_model()), Path(folder)), threads=1))
        taught = [lesson for one in clinics for lesson in clinic_lessons(one, rows)]
        shipped = [lesson for one in sites for lesson in site_lessons(load_content(one), rows)]
        layers = CrossLayers(TunedLayers.load(QUESTION_LAYERS, reference.bert).layers, reference.bert.config).train()
        asked, said = States(reference, QUESTION_TOKENS), States(reference, PASSAGE_TOKENS)
        descent = Steps(_groups(layers), STEPS)
        total = 0.0
        for step in range(1, STEPS + 1):
            cases = draw.choice(shipped if draw.random() < SITE_SHARE else taught).drawn(draw)
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
