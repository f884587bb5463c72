"""Teaches the question layers: a question comes near the passage that answers it and far from its neighbours on the page.

Two kinds of step. One is a page: its sentences and passages, many of the bank's questions with an editor's links, its visitors'
messages, and questions that it does not answer; the loss is how unlikely the right passage is among all of that page and
"none". The other is a set of questions by what they ask for: those alike come near (supervised contrast, Khosla et al. 2020).
What ships is the mean of the weights before and after, which keeps what they knew of other fields (Wortsman et al. 2022).
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from index.builds.manifest import canonical_digest
from index.classify import fold_of
from index.encoding.embed import ReferenceEncoder
from index.encoding.layers import TunedLayers
from index.model import QUESTION_LAYERS, find_model
from index.teaching import shipped_sites, uncovered_questions
from index.tune.states import OWN_LICENCE, SEED, States, Steps, start, top_layers, write_report
from index.units import units_of
from kb.asks import load_asks
from kb.clinics import Clinic, teaching_clinics
from kb.content import load_content, load_starter
from kb.labels import Label

PUBLIC_SETS = {
    "hwu64_train": "HWU64 (Liu et al. 2019), CC BY 4.0",
    "banking77_train": "BANKING77 (Casanueva et al. 2020), CC BY 4.0",
}
SOURCES = ("kb/starter/clinics", "kb/starter/asks", "kb/starter/*.jsonl", "kb/sites")
STEPS = 600
RATE = 1.5e-4
NONE_RATE = 3e-3
PAGE_SHARE = 0.6  # of the steps
MESSAGES, LINKED, UNLINKED = 21, 50, 24  # of a page step
INTENTS, ALIKE, UNLIKE = 20, 4, 16  # of a step of questions
TEMPERATURE = 0.05
MAX_TOKENS = 48
HELD_OUT = 0  # the fold of public intents that nothing here is taught, to be reported on
KEPT = 0.5  # of the tuned weights, beside the model's own

Intents = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class PageLesson:
    """A page and questions: those it answers with the passages that do, and those it does not."""

    units: Sequence[str]
    passages: torch.Tensor  # (len(units),), the passage of each unit
    count: int
    messages: Sequence[tuple[str, Sequence[int]]]
    linked: Sequence[tuple[Sequence[str], Sequence[int]]]  # an ask's phrasings, and what answers them
    unanswered: Sequence[str]
    unlinked: Sequence[Sequence[str]]  # phrasings of asks that the page does not answer

    def drawn(self, draw: random.Random) -> tuple[list[str], list[Sequence[int]]]:
        """Questions of one step with the passages that answer each, none for what the page does not say."""
        asked = [*draw.sample(self.messages, min(MESSAGES, len(self.messages)))]
        asked += [(draw.choice(some), right) for some, right in draw.sample(self.linked, min(LINKED, len(self.linked)))]
        beyond = draw.sample(self.unanswered, min(UNLINKED // 4, len(self.unanswered)))
        beyond += [draw.choice(some) for some in draw.sample(self.unlinked, min(UNLINKED, len(self.unlinked)))]
        return [*(text for text, _ in asked), *beyond], [*(right for _, right in asked), *([()] * len(beyond))]


def tune_questions(data: Path) -> None:
    """Teach the question layers and write them."""
    pages = [*map(clinic_lesson, teaching_clinics()), *map(site_lesson, shipped_sites())]
    intents = {**{name: by_intent(data / f"{name}.jsonl") for name in PUBLIC_SETS}, "asks": asked_alike()}
    layers = tune_layers(pages, intents, ReferenceEncoder(find_model(), tuned=False))
    layers.save(QUESTION_LAYERS)
    taught = [intents, *([one.units, one.messages, one.linked, one.unanswered] for one in pages)]
    settings = {"steps": STEPS, "pages": len(pages), "kept": KEPT, "texts sha256": canonical_digest(taught)}
    licence = f"{OWN_LICENCE}; public sets: {'; '.join(PUBLIC_SETS.values())}"
    write_report(
        QUESTION_LAYERS, "python -m index.tune questions DATA", settings, (*SOURCES, *PUBLIC_SETS), licence=licence
    )


def clinic_lesson(clinic: Clinic) -> PageLesson:
    """What a teaching clinic teaches."""
    units = units_of(clinic.content)
    single = [one for one in clinic.messages if not one.history]
    found = {ask: clinic.passages_with(words) for ask, words in clinic.links.items()}
    asks = load_asks()
    return PageLesson(
        units=[unit.text for unit in units],
        passages=torch.tensor([unit.passage for unit in units]),
        count=sum(1 for _ in clinic.content.passages()),
        messages=[(one.text, right) for one in single if one.gold and (right := clinic.passages_with(one.gold))],
        linked=[(ask.phrasings, passages) for ask in asks if (passages := found.get(ask.id))],
        unanswered=[one.text for one in single if one.label is Label.OUT_OF_KB],
        unlinked=[ask.phrasings for ask in asks if ask.id not in found],
    )


def site_lesson(folder: Path) -> PageLesson:
    """What a site that ships teaches by its phrasings."""
    content = load_content(folder)
    units = units_of(content)
    own = [unit for unit in units if not unit.asks]
    return PageLesson(
        units=[unit.text for unit in own],
        passages=torch.tensor([unit.passage for unit in own]),
        count=sum(1 for _ in content.passages()),
        messages=[(unit.text, (unit.passage,)) for unit in units if unit.asks],
        linked=[],
        unanswered=uncovered_questions(content),
        unlinked=[],
    )


def tune_layers(pages: Sequence[PageLesson], sets: Mapping[str, Intents], reference: ReferenceEncoder) -> TunedLayers:
    """Tune the layers above SHARED; gives the mean of their weights before and after."""
    start()
    draw = random.Random(SEED)
    beyond = sorted({one.text for one in load_starter() if one.label is Label.OUT_OF_KB and not one.history})
    states = States(reference, MAX_TOKENS)
    states.add(text for intents in sets.values() for some in intents.values() for text in some)
    states.add(text for page in pages for text in _texts(page))
    states.add(beyond)
    layers, none = top_layers(reference).train(), torch.nn.Parameter(torch.tensor(0.35))
    descent = Steps([{"params": list(layers.parameters()), "lr": RATE}, {"params": [none], "lr": NONE_RATE}], STEPS)
    names, sizes = list(sets), [sum(map(len, intents.values())) ** 0.5 for intents in sets.values()]
    totals: dict[bool, list[float]] = {True: [], False: []}
    for step in range(1, STEPS + 1):
        is_page = draw.random() < PAGE_SHARE
        if is_page:
            loss = page_loss(draw.choice(pages), layers, none, states, draw)
        else:
            loss = alike_loss(sets[draw.choices(names, sizes)[0]], draw.sample(beyond, UNLIKE), layers, states, draw)
        totals[is_page].append(descent.take(loss))
        if step % 20 == 0:
            means = [sum(some[-20:]) / max(1, len(some[-20:])) for some in totals.values()]
            print(f"step {step} of {STEPS}: page {means[0]:.3f}, alike {means[1]:.3f}", file=sys.stderr, flush=True)
    return midway(layers, top_layers(reference)).eval()


def page_loss(
    page: PageLesson, layers: TunedLayers, none: torch.Tensor, states: States, draw: random.Random
) -> torch.Tensor:
    """How unlikely the right passages are among all of a page and `none`, the cosine at which nothing answers."""
    questions, rights = page.drawn(draw)
    cosines = states.vectors(questions, layers) @ states.vectors(page.units, layers).T
    every = page.passages[None].expand(len(questions), -1)
    best = torch.full((len(questions), page.count), -1.0).scatter_reduce(1, every, cosines, "amax")
    chances = torch.log_softmax(torch.cat([best, none.expand(len(questions), 1)], dim=1) / TEMPERATURE, dim=1)
    wanted = torch.zeros_like(chances, dtype=torch.bool)
    for row, right in enumerate(rights):
        wanted[row, list(right) or [page.count]] = True
    return -torch.logsumexp(chances.masked_fill(~wanted, -1e9), dim=1).mean()


def alike_loss(
    intents: Intents, beyond: Sequence[str], layers: TunedLayers, states: States, draw: random.Random
) -> torch.Tensor:
    """How unlikely questions find those that ask for the same among others, and among questions like nothing else."""
    chosen = draw.sample(sorted(intents), min(INTENTS, len(intents)))
    groups = [draw.sample(list(intents[one]), min(ALIKE, len(intents[one]))) for one in chosen] + [
        [text] for text in beyond
    ]
    rows = torch.tensor([row for row, group in enumerate(groups) for _ in group])
    return contrast(states.vectors([text for group in groups for text in group], layers), rows)


def contrast(vectors: torch.Tensor, intents: torch.Tensor) -> torch.Tensor:
    """The supervised contrastive loss: how unlikely each text finds those of its own intent among all others.

    vectors: (n, dim), of length 1; intents: (n,). A text whose intent has no other counts for nothing of itself.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool)
    likeness = (vectors @ vectors.T / TEMPERATURE).masked_fill(itself, -1e9)
    chances = likeness - torch.logsumexp(likeness, dim=1, keepdim=True)
    alike = (intents[:, None] == intents[None, :]) & ~itself
    paired = alike.any(dim=1)
    return -((chances * alike).sum(1)[paired] / alike.sum(1)[paired]).mean()


@torch.no_grad()
def midway(one: TunedLayers, other: TunedLayers) -> TunedLayers:
    """The first layers with KEPT of their weights and the rest of the other's."""
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        mine.lerp_(theirs, 1 - KEPT)
    return one


def asked_alike() -> Intents:
    """The bank's phrasings by what they ask for."""
    return {ask.id: [ask.title, *ask.phrasings] for ask in load_asks()}


def is_held_out(intent: str) -> bool:
    """Whether a public set's intent is kept from the layers."""
    return fold_of(intent) == HELD_OUT


def by_intent(path: Path) -> Intents:
    """The texts of a public set by their intent, without the intents that are held out to be reported on."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not is_held_out(row["intent"]):
            found[row["intent"]].append(row["text"])
    return dict(found)


def _texts(page: PageLesson) -> list[str]:
    phrased = [text for some, _ in page.linked for text in some] + [text for some in page.unlinked for text in some]
    return [*page.units, *(text for text, _ in page.messages), *phrased, *page.unanswered]
