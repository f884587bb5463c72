"""Tunes the gate's layers: `python -m index.tune`. Run it after the examples in `kb` changed much; minutes on two cores.

It reads the starter pack and every site's own examples and phrasings, tunes copies of the encoder's top layers to tell
their labels apart (a linear head, label smoothing, AdamW), and writes `gate_layers.npz` with `gate_layers.json` beside
it: the settings, the seed, the sources and their digest. The head is thrown away: each build fits its own on the readings.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from index.classify import SEED
from index.embed import ReferenceEncoder
from index.layers import SHARED, GateLayers, hidden_states
from index.manifest import canonical_digest
from index.model import DEFAULT_WEIGHTS_SHA256, GATE_LAYERS, digest_of, find_model
from index.teaching import gate_examples, teaching_examples
from kb.content import load_content
from kb.sites import SITES

EPOCHS = 5
BATCH = 32
LAYER_RATE = 2e-4
HEAD_RATE = 1e-3
WARM_UP = 0.1
SMOOTHING = 0.05
DROPOUT = 0.1
MAX_TOKENS = 96
LICENCE = "same as this repository; the starting weights are all-MiniLM-L6-v2's (Apache-2.0)"
Hidden = list[torch.Tensor]


def main() -> int:
    """Tune on what `kb` holds, and write the layers and their report."""
    texts, labels = teaching_texts()
    layers = tune(texts, labels, ReferenceEncoder(find_model(), reads=False))
    layers.save(GATE_LAYERS)
    report = {
        "command": "python -m index.tune",
        "seed": SEED,
        "epochs": EPOCHS,
        "layers tuned above": SHARED,
        "texts": len(texts),
        "texts by label": {label: labels.count(label) for label in sorted(set(labels))},
        "texts sha256": canonical_digest([texts, labels]),
        "sources": ["kb/starter/*.jsonl", "kb/sites/*/phrasings.jsonl", "kb/sites/*/examples.jsonl"],
        "licence": LICENCE,
        "model sha256": DEFAULT_WEIGHTS_SHA256,
        "layers sha256": digest_of(GATE_LAYERS),
    }
    GATE_LAYERS.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def teaching_texts() -> tuple[list[str], list[str]]:
    """Every text that teaches, with the label the gate is to read in it, in a fixed order."""
    taught: dict[str, str] = {}
    for site in sorted(path.parent for path in SITES.glob("*/site.toml")):
        taught |= gate_examples(teaching_examples(load_content(site)))
    texts = sorted(taught)
    return texts, [taught[text] for text in texts]


def tune(texts: Sequence[str], labels: Sequence[str], reference: ReferenceEncoder) -> GateLayers:
    """Tune the layers above SHARED to tell the labels of texts apart. The lower ones are left as they are."""
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    hidden = _hidden(texts, reference)
    known = sorted(set(labels))
    wanted = torch.tensor([known.index(label) for label in labels])
    layers = GateLayers(reference.bert.encoder.layer[SHARED:]).train()
    head = torch.nn.Sequential(torch.nn.Dropout(DROPOUT), torch.nn.Linear(hidden[0].shape[1], len(known)))
    groups = [{"params": layers.parameters(), "lr": LAYER_RATE}, {"params": head.parameters(), "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups)
    steps = EPOCHS * -(-len(texts) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
    )
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in _batches(hidden, random):
            loss = loss_of(head(layers.pooled(*_padded([hidden[row] for row in rows]))), wanted[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*layers.parameters(), *head.parameters()], 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / len(texts):.4f}", file=sys.stderr, flush=True)
    return layers.eval()


@torch.no_grad()
def _hidden(texts: Sequence[str], reference: ReferenceEncoder) -> Hidden:
    """What the shared layers make of each text, (tokens, dim): computed once, as they are not tuned."""
    found: Hidden = [torch.empty(0)] * len(texts)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        ids, mask = (one[:, :MAX_TOKENS] for one in reference.tokens([texts[row] for row in rows]))
        shared, _ = hidden_states(reference.bert, ids, mask)
        for row, states, length in zip(rows, shared, mask.sum(1).tolist(), strict=True):
            found[row] = states[:length].clone()
    return found


def _batches(hidden: Hidden, random: np.random.Generator) -> Iterator[Any]:
    """Rows in batches of about equal length, in random order."""
    lengths = np.array([len(one) for one in hidden])
    rows = random.permutation(len(hidden))
    batches = []
    for start in range(0, len(rows), BATCH * 8):
        near = rows[start : start + BATCH * 8]
        near = near[np.argsort(lengths[near], kind="stable")]
        batches += [near[first : first + BATCH] for first in range(0, len(near), BATCH)]
    return (batches[place] for place in random.permutation(len(batches)))


def _padded(hidden: Hidden) -> tuple[torch.Tensor, torch.Tensor]:
    states = torch.nn.utils.rnn.pad_sequence(hidden, batch_first=True)
    lengths = torch.tensor([len(one) for one in hidden])
    return states, (torch.arange(states.shape[1])[None, :] < lengths[:, None]).to(states.dtype)


if __name__ == "__main__":
    raise SystemExit(main())
