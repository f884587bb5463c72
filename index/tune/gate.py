"""Teaches the gate: layers that read what kind of message a text is, then the head that reads the label out of it."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

import torch

from index.builds.manifest import canonical_digest
from index.classify import fit
from index.encoding.embed import ReferenceEncoder, export_encoder
from index.encoding.encode import OnnxEncoder, Vectors
from index.encoding.layers import TunedLayers
from index.linking import mean_by_ask, save_ask_vectors
from index.model import GATE_HEAD, GATE_LAYERS, find_model, model_digest
from index.teaching import gate_lessons, shipped_examples
from index.tune.states import SEED, States, Steps, start, top_layers, write_report
from kb.asks import load_asks
from kb.clinics import teaching_messages
from kb.labels import Label

SOURCES = ("kb/starter", "kb/sites/*/phrasings.jsonl", "kb/sites/*/examples.jsonl")
EPOCHS = 3
BATCH = 32
LAYERS_RATE = 1.5e-4
HEAD_RATE = 1e-3
SMOOTHING = 0.05
DROPOUT = 0.1
MAX_TOKENS = 96
# Of harmless texts that no visitor typed there are many alike: some of them in each epoch, others in the next.
HARMLESS = 4000
URGENT_TWICE = 2  # how often an emergency is shown in an epoch
HEAD_STRENGTH = 0.3


def tune_gate() -> None:
    """Teach layers and head what everything that ships says, and write both."""
    lessons = gate_lessons(shipped_examples())
    reference = ReferenceEncoder(find_model(), tuned=False)
    layers = tune_layers(lessons, frozenset(gate_lessons(one.as_example for one in teaching_messages())), reference)
    layers.save(GATE_LAYERS)
    labels = [*lessons.values()]
    settings = {
        "epochs": EPOCHS,
        "texts by label": {label: labels.count(label) for label in sorted(set(labels))},
        "asks": len(load_asks()),
        "texts sha256": canonical_digest([[*lessons], labels]),
    }
    write_report(GATE_LAYERS, "python -m index.tune gate", settings, SOURCES)


def tune_head(lessons: dict[str, str]) -> None:
    """Fit the head to what the layers as stored make of every lesson, and write it."""
    texts = sorted(lessons)
    fit(texts, _rows(texts), [lessons[text] for text in texts], strength=HEAD_STRENGTH).save(GATE_HEAD)
    write_report(GATE_HEAD, "python -m index.tune head", {"strength": HEAD_STRENGTH, "texts": len(texts)}, SOURCES)


def write_ask_vectors() -> None:
    """Write the vectors of the bank's asks, as the question layers make them."""
    rows = _rows([text for ask in load_asks() for text in ask.texts])
    save_ask_vectors(mean_by_ask(rows[:, : rows.shape[1] // 2]), model_digest(find_model()))


def _rows(texts: Sequence[str]) -> Vectors:
    """Vectors and readings of texts, (n, 2 dim), by the layers as they are stored."""
    with tempfile.TemporaryDirectory() as folder:
        return OnnxEncoder(export_encoder(ReferenceEncoder(find_model()), Path(folder)), threads=2).encode(texts)


def tune_layers(lessons: dict[str, str], typed: Set[str], reference: ReferenceEncoder) -> TunedLayers:
    """Tune the layers above SHARED to tell the labels of texts apart; the lower ones are left as they are.

    typed: what clinics' visitors typed, which is shown in every epoch.
    """
    start()
    draw = random.Random(SEED)
    states = States(reference, MAX_TOKENS)
    states.add(lessons)
    labels = sorted(set(lessons.values()))
    layers = top_layers(reference).train()
    head = torch.nn.Sequential(
        torch.nn.Dropout(DROPOUT), torch.nn.Linear(reference.bert.config.hidden_size, len(labels))
    )
    steps = EPOCHS * -(-len(_shown(lessons, typed, draw)) // BATCH)
    descent = Steps(
        [
            {"params": list(layers.parameters()), "lr": LAYERS_RATE},
            {"params": list(head.parameters()), "lr": HEAD_RATE},
        ],
        steps,
    )
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for epoch in range(EPOCHS):
        total = 0.0
        for texts in _batches(_shown(lessons, typed, draw), states, draw):
            wanted = torch.tensor([labels.index(lessons[text]) for text in texts])
            total += descent.take(loss_of(head(layers.pooled(*states.padded(texts))), wanted)) * len(texts)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / steps / BATCH * EPOCHS:.4f}", file=sys.stderr, flush=True)
    return layers.eval()


def _shown(lessons: dict[str, str], typed: Set[str], draw: random.Random) -> list[str]:
    """The texts of one epoch."""
    alike = [text for text, label in lessons.items() if label == Label.ANSWER and text not in typed]
    left_out = set(alike) - set(draw.sample(alike, min(HARMLESS, len(alike))))
    return [
        text
        for text, label in lessons.items()
        if text not in left_out
        for _ in range(URGENT_TWICE if label == Label.EMERGENCY else 1)
    ]


def _batches(texts: list[str], states: States, draw: random.Random) -> Iterator[Sequence[str]]:
    """Texts in batches of about equal length, in random order."""
    draw.shuffle(texts)
    batches = []
    for begin in range(0, len(texts), BATCH * 16):
        near = sorted(texts[begin : begin + BATCH * 16], key=states.length)
        batches += [near[first : first + BATCH] for first in range(0, len(near), BATCH)]
    draw.shuffle(batches)
    yield from batches
