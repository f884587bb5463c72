"""Tunes copies of the encoder's top layers. Run it after the examples in `kb` changed much; minutes on two cores.

    python -m index.tune gate               tells kinds of messages apart: a linear head over the labels, thrown away after
    python -m index.tune questions DATA     questions that ask for the same thing come near, others go apart

Each writes `NAME_layers.npz`, with `NAME_layers.json` beside it: the settings, the seed, the sources and their digest. DATA is
the folder of the public sets named in PUBLIC_SETS; only the weights learned from them ship.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from index.classify import SEED
from index.embed import ReferenceEncoder
from index.layers import SHARED, TunedLayers, shared_states
from index.manifest import canonical_digest
from index.model import DEFAULT_WEIGHTS_SHA256, GATE_LAYERS, QUESTION_LAYERS, digest_of, find_model
from index.teaching import UNANSWERED, gate_examples, is_held_out, shipped_sites, teaching_examples
from index.units import units_of
from kb.content import load_content, load_starter

WARM_UP = 0.1
OWN_LICENCE = "same as this repository; the starting weights are all-MiniLM-L6-v2's (Apache-2.0)"
OWN_SOURCES = ["kb/starter/*.jsonl", "kb/sites/*/phrasings.jsonl", "kb/sites/*/examples.jsonl"]

EPOCHS = 5
BATCH = 32
GATE_RATE = 2e-4
HEAD_RATE = 1e-3
SMOOTHING = 0.05
DROPOUT = 0.1
MAX_TOKENS = 96

PUBLIC_SETS = {
    "hwu64_train": "HWU64 (Liu et al. 2019), CC BY 4.0",
    "banking77_train": "BANKING77 (Casanueva et al. 2020), CC BY 4.0",
}
STEPS = 900
QUESTION_RATE = 1e-4
INTENTS = 20  # in a batch
ALIKE = 4  # questions of each
UNCOVERED = 16  # questions that no page covers in a batch of a site's own, of the starter pack and of the site each
TEMPERATURE = 0.05
MAX_QUESTION_TOKENS = 40

Hidden: TypeAlias = list[torch.Tensor]
Intents: TypeAlias = Mapping[str, Sequence[str]]


def main() -> int:
    """Tune on what `kb` and the public sets hold, and write the layers and their report."""
    if sys.argv[1:] == ["gate"]:
        tune_gate()
    elif len(sys.argv) == 3 and sys.argv[1] == "questions":
        tune_questions(Path(sys.argv[2]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def tune_gate() -> None:
    """Teach the gate's layers the labels of every text that teaches the gate."""
    texts, labels = teaching_texts()
    layers = tune_to_labels(texts, labels, ReferenceEncoder(find_model(), tuned=False))
    settings = {
        "epochs": EPOCHS,
        "texts": len(texts),
        "texts by label": {label: labels.count(label) for label in sorted(set(labels))},
        "texts sha256": canonical_digest([texts, labels]),
    }
    _write(GATE_LAYERS, layers, "python -m index.tune gate", settings, OWN_SOURCES, OWN_LICENCE)


def tune_questions(data: Path) -> None:
    """Teach the question layers which questions ask for the same, in public sets and on our sites' pages."""
    sets = {name: _by_intent(data / f"{name}.jsonl") for name in PUBLIC_SETS}
    own, uncovered = site_questions()
    layers = tune_to_intents({**sets, "sites": own}, uncovered, ReferenceEncoder(find_model(), tuned=False))
    settings = {
        "steps": STEPS,
        "texts": {name: sum(map(len, intents.values())) for name, intents in {**sets, "sites": own}.items()},
        "uncovered texts": sum(map(len, uncovered)),
        "texts sha256": canonical_digest([sets, own, uncovered]),
    }
    licence = f"{OWN_LICENCE}; public sets: {'; '.join(PUBLIC_SETS.values())}"
    sources = [*OWN_SOURCES, *(f"{name}.jsonl" for name in PUBLIC_SETS)]
    _write(QUESTION_LAYERS, layers, "python -m index.tune questions DATA", settings, sources, licence)


def teaching_texts() -> tuple[list[str], list[str]]:
    """Every text that teaches the gate, with the label it is to read in it, in a fixed order."""
    taught: dict[str, str] = {}
    for site in shipped_sites():
        taught |= gate_examples(teaching_examples(load_content(site)))
    texts = sorted(taught)
    return texts, [taught[text] for text in texts]


def site_questions() -> tuple[Intents, list[list[str]]]:
    """Phrasings of our sites by the words they are answered with, and what no page answers, of starter pack and sites.

    Without what is held out for calibration.
    """
    answered: dict[str, list[str]] = defaultdict(list)
    near = []
    for site in shipped_sites():
        content = load_content(site)
        for unit in units_of(content):
            if unit.asks and not is_held_out(unit.text):
                answered[f"{site.name} {unit.passage} {unit.span}"].append(unit.text)
        near += list(content.examples)
    uncovered = [
        sorted({one.text for one in examples if one.label in UNANSWERED and not one.history})
        for examples in (load_starter(), near)
    ]
    return dict(answered), [[text for text in texts if not is_held_out(text)] for texts in uncovered]


def tune_to_labels(texts: Sequence[str], labels: Sequence[str], reference: ReferenceEncoder) -> TunedLayers:
    """Tune the layers above SHARED to tell the labels of texts apart. The lower ones are left as they are."""
    numbers = _start()
    hidden = _hidden(texts, reference)
    known = sorted(set(labels))
    wanted = torch.tensor([known.index(label) for label in labels])
    layers = TunedLayers(reference.bert.encoder.layer[SHARED:]).train()
    head = torch.nn.Sequential(torch.nn.Dropout(DROPOUT), torch.nn.Linear(hidden[0].shape[1], len(known)))
    groups = [{"params": layers.parameters(), "lr": GATE_RATE}, {"params": head.parameters(), "lr": HEAD_RATE}]
    steps = EPOCHS * -(-len(texts) // BATCH)
    optimizer, schedule = _optimizer(groups, steps)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in _batches(hidden, numbers):
            loss = loss_of(head(layers.pooled(*_padded([hidden[row] for row in rows]))), wanted[rows])
            _step(loss, optimizer, schedule)
            total += float(loss.detach()) * len(rows)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / len(texts):.4f}", file=sys.stderr, flush=True)
    return layers.eval()


def tune_to_intents(
    sets: Mapping[str, Intents], uncovered: Sequence[Sequence[str]], reference: ReferenceEncoder
) -> TunedLayers:
    """Tune the layers above SHARED so that texts of one intent come near, by supervised contrast (Khosla et al. 2020), and give
    the mean of their weights before and after, which keeps what they knew of other fields (Wortsman et al. 2022).

    A batch holds some intents of one set, as those of another might mean the same; one of "sites" holds some uncovered
    questions too, each of them like nothing else.
    """
    _start()
    draw = random.Random(SEED)
    texts = sorted({text for intents in sets.values() for some in intents.values() for text in some}.union(*uncovered))
    hidden = dict(zip(texts, _hidden(texts, reference, MAX_QUESTION_TOKENS), strict=True))
    layers = TunedLayers(reference.bert.encoder.layer[SHARED:]).train()
    optimizer, schedule = _optimizer([{"params": layers.parameters(), "lr": QUESTION_RATE}], STEPS)
    names = list(sets)
    sizes = [sum(map(len, sets[name].values())) ** 0.5 for name in names]
    total = 0.0
    for step in range(1, STEPS + 1):
        [name] = draw.choices(names, sizes)
        chosen = draw.sample(sorted(sets[name]), min(INTENTS, len(sets[name])))
        groups = [draw.sample(sets[name][one], min(ALIKE, len(sets[name][one]))) for one in chosen]
        if name == "sites":
            groups += [[text] for some in uncovered for text in draw.sample(some, min(UNCOVERED, len(some)))]
        intents = torch.tensor([row for row, group in enumerate(groups) for _ in group])
        vectors = layers(*_padded([hidden[text] for group in groups for text in group]))
        loss = contrast(vectors, intents)
        _step(loss, optimizer, schedule)
        total += float(loss.detach())
        if step % 100 == 0:
            print(f"step {step} of {STEPS}: loss {total / 100:.4f}", file=sys.stderr, flush=True)
            total = 0.0
    return midway(layers, TunedLayers(reference.bert.encoder.layer[SHARED:])).eval()


@torch.no_grad()
def midway(one: TunedLayers, other: TunedLayers) -> TunedLayers:
    """The first layers with the mean of both layers' weights."""
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        mine.lerp_(theirs, 0.5)
    return one


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


def _by_intent(path: Path) -> Intents:
    """The texts of a public set by their intent, without the intents that are held out to be reported on."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not is_held_out(row["intent"]):
            found[row["intent"]].append(row["text"])
    return dict(found)


def _write(
    path: Path, layers: TunedLayers, command: str, settings: Mapping[str, Any], sources: Sequence[str], licence: str
) -> None:
    layers.save(path)
    report = {
        "command": command,
        "seed": SEED,
        "layers tuned above": SHARED,
        **settings,
        "sources": sources,
        "licence": licence,
        "model sha256": DEFAULT_WEIGHTS_SHA256,
        "layers sha256": digest_of(path),
    }
    path.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _start() -> np.random.Generator:
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(SEED)
    return np.random.default_rng(SEED)


def _optimizer(groups: Sequence[dict[str, Any]], steps: int) -> tuple[torch.optim.AdamW, Any]:
    """AdamW, and a rate that warms up and falls to a fiftieth."""
    optimizer = torch.optim.AdamW(groups)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
    )


def _step(loss: torch.Tensor, optimizer: torch.optim.AdamW, schedule: Any) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_([one for group in optimizer.param_groups for one in group["params"]], 1.0)
    optimizer.step()
    schedule.step()


@torch.no_grad()
def _hidden(texts: Sequence[str], reference: ReferenceEncoder, longest: int = MAX_TOKENS) -> Hidden:
    """What the shared layers make of each text, (tokens, dim): computed once, as they are not tuned."""
    found: Hidden = [torch.empty(0)] * len(texts)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        ids, mask = (one[:, :longest] for one in reference.tokens([texts[row] for row in rows]))
        shared = shared_states(reference.bert, ids, mask)
        for row, states, length in zip(rows, shared, mask.sum(1).tolist(), strict=True):
            found[row] = states[:length].clone()
    return found


def _batches(hidden: Hidden, numbers: np.random.Generator) -> Iterator[Any]:
    """Rows in batches of about equal length, in random order."""
    lengths = np.array([len(one) for one in hidden])
    rows = numbers.permutation(len(hidden))
    batches = []
    for start in range(0, len(rows), BATCH * 8):
        near = rows[start : start + BATCH * 8]
        near = near[np.argsort(lengths[near], kind="stable")]
        batches += [near[first : first + BATCH] for first in range(0, len(near), BATCH)]
    return (batches[place] for place in numbers.permutation(len(batches)))


def _padded(hidden: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    states = torch.nn.utils.rnn.pad_sequence(list(hidden), batch_first=True)
    lengths = torch.tensor([len(one) for one in hidden])
    return states, (torch.arange(states.shape[1])[None, :] < lengths[:, None]).to(states.dtype)


if __name__ == "__main__":
    raise SystemExit(main())
